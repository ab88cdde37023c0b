"""Custom resources: schema, defaults, pruning, columns, status, discovery and OpenAPI."""

from itertools import count

import pytest

from integration import manifests
from integration.api.conftest import Widgets, widget_definition
from integration.api.test_discovery import aggregated
from integration.client import Api, Object, causes
from integration.conftest import Namespace
from integration.server import DEFINITIONS, netcore_definitions

APP_GROUPS = "appgroup.diktyo.x-k8s.io/v1alpha1"
TOPOLOGIES = "networktopology.diktyo.x-k8s.io/v1alpha1"
NODE_NETWORKS = "/apis/netcore.dev/v1alpha1/nodenetworks"


# A definition.


async def test_a_definition_is_filled_in_and_established(api: Api, own_widgets: Widgets) -> None:
    held = await api.get(own_widgets.definition)
    assert held["spec"]["names"] == {
        "kind": "Widget",
        "listKind": "WidgetList",
        "plural": "widgets",
        "singular": "widget",
        "shortNames": ["wd"],
    }
    assert held["spec"]["conversion"] == {"strategy": "None"}
    assert held["status"]["acceptedNames"] == held["spec"]["names"]
    assert held["status"]["storedVersions"] == ["v1"]
    conditions = {c["type"]: (c["status"], c["reason"]) for c in held["status"]["conditions"]}
    assert conditions == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }


async def test_a_kind_is_discovered(api: Api, own_widgets: Widgets) -> None:
    # kube-apiserver shows it a moment after the kind is established.
    while not (resources := await aggregated(api, own_widgets.group_version)):
        pass
    widget = resources["widgets"]
    assert widget["responseKind"]["kind"] == "Widget"
    assert widget["scope"] == "Namespaced"
    assert widget["singularResource"] == "widget"
    assert widget["shortNames"] == ["wd"]
    assert [item["subresource"] for item in widget["subresources"]] == ["status"]
    legacy = await api.get(f"/apis/{own_widgets.group_version}")
    assert {item["name"] for item in legacy["resources"]} == {"widgets", "widgets/status"}


async def test_a_kind_is_published_in_openapi(api: Api, own_widgets: Widgets) -> None:
    async def published() -> Object | None:
        index = await api.get("/openapi/v3")
        link = index["paths"].get(f"apis/{own_widgets.group_version}")
        return await api.get(link["serverRelativeURL"]) if link else None

    # kube-apiserver publishes a moment after the kind is established.
    openapi = None
    while openapi is None:
        openapi = await published()
    schemas = openapi["components"]["schemas"]
    reverse = ".".join(reversed(own_widgets.group.split(".")))
    schema = schemas[f"{reverse}.v1.Widget"]
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": own_widgets.group, "kind": "Widget", "version": "v1"}
    ]
    assert schema["properties"]["spec"]["properties"]["size"]["maximum"] == 10
    patches = [path["patch"] for path in openapi["paths"].values() if "patch" in path]
    assert patches
    for operation in patches:
        named = operation["x-kubernetes-group-version-kind"]
        assert named == {"group": own_widgets.group, "kind": "Widget", "version": "v1"}
        assert "fieldValidation" in {item.get("name") for item in operation["parameters"]}
        content = operation["requestBody"]["content"]
        assert "application/strategic-merge-patch+json" not in content
        assert "application/merge-patch+json" in content


async def test_a_deleted_kind_is_gone(api: Api, own_widgets: Widgets) -> None:
    await api.create(own_widgets.path, own_widgets.widget("one"))
    await api.delete(own_widgets.definition)
    await api.until_gone(own_widgets.definition)
    # kube-apiserver stops to serve the kind a moment after its definition is gone.
    while (await api.request("GET", own_widgets.path)).status != 404:
        pass
    while own_widgets.group in {group["name"] for group in (await api.get("/apis"))["groups"]}:
        pass


async def test_a_changed_schema_counts_at_once(api: Api, own_widgets: Widgets) -> None:
    definition = await api.get(own_widgets.definition)
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["extra"] = {"type": "string", "default": "here"}
    await api.create(own_widgets.path, own_widgets.widget("old"))
    await api.replace(own_widgets.definition, definition)
    # Until the new schema serves, the field is pruned; the stored object shows the default too.
    names = (f"new-{index}" for index in count())
    created = {"spec": {}}
    while "extra" not in created["spec"]:
        created = await api.create(own_widgets.path, own_widgets.widget(next(names)))
    assert created["spec"]["extra"] == "here"
    assert (await api.get(f"{own_widgets.path}/old"))["spec"]["extra"] == "here"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scope": "Somewhere"}, "spec.scope"),
        ({"names": {"kind": "widget!", "plural": "widgets"}}, "spec.names.kind"),
        ({"group": "other.example.com"}, "metadata.name"),
    ],
)
async def test_definitions_that_are_none(
    api: Api, namespace: Namespace, change: Object, field: str
) -> None:
    body = widget_definition(f"{namespace.name}.example.com")
    body["spec"] |= change
    status = await api.refused(422, "POST", DEFINITIONS, body)
    assert field in causes(status)


async def test_a_schema_must_be_structural(api: Api, namespace: Namespace) -> None:
    body = widget_definition(f"{namespace.name}.example.com")
    schema = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["size"] = {"minimum": 1}
    status = await api.refused(422, "POST", DEFINITIONS, body)
    [(field, message)] = causes(status).items()
    assert field.endswith(".openAPIV3Schema.properties[spec].properties[size].type")
    assert "must not be empty for specified object fields" in message
    body["spec"]["versions"][0].pop("schema")
    status = await api.refused(422, "POST", DEFINITIONS, body)
    assert causes(status) == {"spec.versions[0].schema.openAPIV3Schema": "Required value"}


# Objects under a schema.


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        ({"size": 11}, "spec.size", "should be less than or equal to 10"),
        ({"size": 0}, "spec.size", "should be greater than or equal to 1"),
        ({"size": "big"}, "spec.size", 'must be of type integer: "string"'),
        ({"size": 1.5}, "spec.size", 'must be of type integer: "number"'),
        ({"color": "green"}, "spec.color", 'supported values: "red", "blue"'),
        ({"label": "toolong"}, "spec.label", "may not be more than 5"),
        ({"label": "ABC"}, "spec.label", "should match '^[a-z]*$'"),
        ({"tags": ["a", "b", "c", "d"]}, "spec.tags", "must have at most 3 items"),
        ({"tags": ["a", "a"]}, "spec.tags[1]", 'Duplicate value: "a"'),
        ({"ports": [{"number": 80}]}, "spec.ports[0].name", "Required value"),
        ({"ports": [{"name": "a"}, {"name": "a"}]}, "spec.ports[1]", "Duplicate value: "),
        ({"limits": {"cpu": "x"}}, "spec.limits.cpu", 'must be of type integer: "string"'),
        ({"when": "yesterday"}, "spec.when", "must be of type date-time"),
        ({"ports": [{"name": "a", "number": True}]}, "spec.ports[0].number", "integer,string"),
    ],
)
async def test_values_against_the_schema(
    api: Api, widgets: Widgets, spec: Object, field: str, message: str
) -> None:
    body = widgets.widget("one", **spec)
    status = await api.refused(422, "POST", widgets.path, body)
    assert status["reason"] == "Invalid"
    assert status["details"]["kind"] == "Widget"
    assert status["details"]["group"] == widgets.group
    assert message in causes(status)[field]


async def test_a_required_field(api: Api, widgets: Widgets) -> None:
    body = widgets.widget("one")
    del body["spec"]["size"]
    status = await api.refused(422, "POST", widgets.path, body)
    kind = f"Widget.{widgets.group}"
    assert status["message"] == f'{kind} "one" is invalid: spec.size: Required value'


async def test_defaults_and_pruning(api: Api, widgets: Widgets) -> None:
    body = widgets.widget(
        "one",
        ports=[{"name": "web", "unknown": 1}],
        unknown={"a": 1},
        free={"anything": {"goes": [1, "two"]}},
    )
    created = await api.create(widgets.path, body | {"other": True})
    assert "other" not in created
    assert created["spec"] == {
        "size": 1,
        "color": "red",
        "ports": [{"name": "web", "protocol": "TCP"}],
        "free": {"anything": {"goes": [1, "two"]}},
    }
    assert await api.get(f"{widgets.path}/one") == created


async def test_null_gives_way_to_a_default(api: Api, widgets: Widgets) -> None:
    created = await api.create(widgets.path, widgets.widget("one", color=None, empty=None))
    assert created["spec"] == {"size": 1, "color": "red", "empty": None}


async def test_a_patch_is_checked_too(api: Api, widgets: Widgets) -> None:
    await api.create(widgets.path, widgets.widget("one"))
    status = await api.refused(
        422,
        "PATCH",
        f"{widgets.path}/one",
        {"spec": {"size": 100}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert "should be less than or equal to 10" in causes(status)["spec.size"]


async def test_metadata_is_kept_to_its_own_schema(api: Api, widgets: Widgets) -> None:
    body = widgets.widget("one")
    body["metadata"] |= {"labels": {"a": "b"}, "unknown": "field"}
    created = await api.create(widgets.path, body)
    assert created["metadata"]["labels"] == {"a": "b"}
    assert "unknown" not in created["metadata"]
    await api.refused(422, "POST", widgets.path, widgets.widget("Not_A_Name"))


async def test_field_selectors_of_custom_resources(api: Api, widgets: Widgets) -> None:
    for name in ("a", "b"):
        await api.create(widgets.path, widgets.widget(name))
    listed = await api.get(widgets.path, fieldSelector="metadata.name=b")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["b"]
    assert (listed["kind"], listed["apiVersion"]) == ("WidgetList", widgets.group_version)
    await api.refused(400, "GET", widgets.path, fieldSelector="spec.size=1")


async def test_generation_follows_everything_but_metadata(api: Api, widgets: Widgets) -> None:
    path = f"{widgets.path}/one"
    created = await api.create(widgets.path, widgets.widget("one"))
    assert created["metadata"]["generation"] == 1
    item = await api.patch(path, {"metadata": {"labels": {"a": "b"}}}, kind="merge")
    assert item["metadata"]["generation"] == 1
    item = await api.patch(path, {"spec": {"size": 2}}, kind="merge")
    assert item["metadata"]["generation"] == 2


async def test_columns(api: Api, widgets: Widgets) -> None:
    await api.create(widgets.path, widgets.widget("one", size=3))
    await api.patch(f"{widgets.path}/one/status", {"status": {"phase": "Busy"}}, kind="merge")
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = (await api.request("GET", widgets.path, headers=accept)).expect(200)
    columns = [(column["name"], column["priority"]) for column in table["columnDefinitions"]]
    assert columns == [("Name", 0), ("Size", 0), ("Phase", 0), ("Hidden", 1), ("Age", 0)]
    [row] = table["rows"]
    assert row["cells"][:4] == ["one", 3, "Busy", "red"]
    assert row["cells"][4].endswith("s")


# netcore's own kinds.


@pytest.mark.parametrize(
    "definition", netcore_definitions(), ids=lambda d: d["spec"]["names"]["kind"]
)
async def test_netcore_kinds_are_accepted(api: Api, definition: Object) -> None:
    """`netcore up` brings them; a real cluster is given the same files."""
    held = await api.get(f"{DEFINITIONS}/{definition['metadata']['name']}")
    conditions = {c["type"]: c["status"] for c in held["status"]["conditions"]}
    # No complaint of a schema that is not structural, and no missing approval.
    assert conditions.pop("KubernetesAPIApprovalPolicyConformant", "True") == "True"
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    for asked, stored in zip(definition["spec"]["versions"], held["spec"]["versions"], strict=True):
        assert stored["schema"] == asked["schema"]


async def test_app_groups(api: Api, namespace: Namespace) -> None:
    path = namespace.group(APP_GROUPS, "appgroups")
    body = manifests.app_group(minBandwidth="100Mi", weight=0.5)
    created = await api.create(path, body)
    assert created["spec"] == body["spec"]
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = (await api.request("GET", path, headers=accept)).expect(200)
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == ["Name", "Members", "Running", "Order", "Age"]
    assert table["rows"][0]["cells"][:2] == ["shop", 2]
    await api.delete(f"{path}/shop")


@pytest.mark.parametrize(
    ("where", "wrong", "field", "message"),
    [
        (("spec", "numMembers"), 0, "spec.numMembers", "greater than or equal to 1"),
        (("spec", "workloads", 1), {}, "spec.workloads[1].workload", "Required value"),
        (
            ("spec", "workloads", 0, "dependencies", 0, "minBandwidth"),
            "wide",
            "spec.workloads[0].dependencies[0].minBandwidth",
            "should match",
        ),
    ],
)
async def test_app_groups_that_are_none(
    api: Api, namespace: Namespace, where: tuple, wrong: object, field: str, message: str
) -> None:
    body = manifests.app_group()
    place = body
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = wrong
    path = namespace.group(APP_GROUPS, "appgroups")
    status = await api.refused(422, "POST", path, body)
    assert message in causes(status)[field]


async def test_misspelt_fields_of_app_groups(api: Api, namespace: Namespace) -> None:
    path = namespace.group(APP_GROUPS, "appgroups")
    body = manifests.app_group()
    body["spec"]["numMember"] = 1
    status = await api.refused(400, "POST", path, body, fieldValidation="Strict")
    assert 'unknown field "spec.numMember"' in status["message"]


async def test_network_topologies(api: Api, namespace: Namespace) -> None:
    path = namespace.group(TOPOLOGIES, "networktopologies")
    cost = {"destination": "z2", "networkCost": 5, "bandwidthCapacity": "1Gi"}
    origins = [{"origin": "z1", "costList": [cost]}]
    topology = {"topologyKey": "topology.kubernetes.io/zone", "originList": origins}
    body = {
        "apiVersion": TOPOLOGIES,
        "kind": "NetworkTopology",
        "metadata": {"name": "net"},
        "spec": {
            "configmapName": "none",
            "weights": [{"name": "UserDefined", "topologyList": [topology]}],
        },
    }
    created = await api.create(path, body)
    assert created["spec"] == body["spec"]
    patched = await api.patch(f"{path}/net", {"status": {"nodeCount": 3}}, kind="merge")
    # Without a status subresource, status is written with the rest.
    assert patched["status"] == {"nodeCount": 3}


async def test_node_networks_by_apply(api: Api, namespace: Namespace) -> None:
    """As the aggregator writes them: status alone, by server-side apply, again and again."""
    name = f"node-{namespace.name}"
    path = f"{NODE_NETWORKS}/{name}"
    head = {"apiVersion": "netcore.dev/v1alpha1", "kind": "NodeNetwork", "metadata": {"name": name}}
    await api.apply(path, head | {"spec": {"node": name}}, manager="aggregator")
    status = {
        "observedAt": "2030-01-01T00:00:00Z",
        "peers": ["a", "b"],
        "rttMicros": [1000, 2000],
        "medianRtt": "1.5ms",
        "peerCount": 2,
    }
    await api.apply(f"{path}/status", head | {"status": status}, manager="aggregator")
    fewer = status | {"peers": ["b"], "rttMicros": [2000], "peerCount": 1}
    item = await api.apply(f"{path}/status", head | {"status": fewer}, manager="aggregator")
    assert item["status"] == fewer
    assert item["spec"] == {"node": name}
    answer = await api.request(
        "PATCH",
        f"{path}/status",
        head | {"status": {"rttMicros": [-1]}},
        headers={"Content-Type": "application/apply-patch+yaml"},
        fieldManager="aggregator",
    )
    assert (
        "should be greater than or equal to 0" in causes(answer.expect(422))["status.rttMicros[0]"]
    )
    await api.delete(path)
    await api.until_gone(path)
