"""Namespace deletion: the pure core."""

from cluster.world import merged
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.controllers.actions import Delete, Requeue, Update
from netcore_cluster.controllers.namespace import ObservedNamespace, reconcile
from netcore_cluster.controllers.objects import condition_of
from netcore_cluster.controllers.resources import KindName, ResourceTable, ServedResource

NOW = 1_700_000_000.0
PODS = ServedResource("pods", KindName("", "Pod"), "pods", namespaced=True)
WIDGETS = ServedResource(
    "widgets.example.com", KindName("example.com", "Widget"), "widgets", namespaced=True
)
GOING = {"deletionTimestamp": timestamp(NOW)}


def namespace(*finalizers: str, **metadata) -> dict:
    return {
        "metadata": {"name": "shop", "resourceVersion": "5", **metadata},
        "spec": {"finalizers": list(finalizers)},
        "status": {"phase": "Terminating" if metadata else "Active"},
    }


def thing(name: str, **metadata) -> dict:
    return {"metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", **metadata}}


def test_a_living_namespace_is_left_alone():
    observed = ObservedNamespace(namespace("kubernetes"), [(PODS, [thing("p")])])
    assert reconcile(observed, NOW) == []


def test_everything_in_it_is_deleted_in_the_version_seen():
    contents = [(PODS, [thing("p"), thing("q")]), (WIDGETS, [thing("w")])]
    actions = reconcile(ObservedNamespace(namespace("kubernetes", **GOING), contents), NOW)
    deletes = [a for a in actions if isinstance(a, Delete)]
    assert [(a.resource, a.name, a.uid) for a in deletes] == [
        ("pods", "p", "uid-p"),
        ("pods", "q", "uid-q"),
        ("widgets.example.com", "w", "uid-w"),
    ]
    assert isinstance(actions[-1], Requeue)


def test_what_is_going_already_is_waited_for_and_told():
    held = thing("w", **GOING, finalizers=["example.com/hold", "example.com/more"])
    contents = [(PODS, [thing("p", **GOING)]), (WIDGETS, [held])]
    stored = namespace("kubernetes", **GOING)
    update, requeue = reconcile(ObservedNamespace(stored, contents), NOW)
    assert isinstance(update, Update)
    assert isinstance(requeue, Requeue)
    assert (
        condition_of(update.obj, "NamespaceContentRemaining")["message"]
        == "Some resources are remaining: pods. has 1 resource instances, "
        "widgets.example.com has 1 resource instances"
    )
    assert (
        condition_of(update.obj, "NamespaceFinalizersRemaining")["message"]
        == "Some content in the namespace has finalizers remaining: "
        "example.com/hold in 1 resource instances, example.com/more in 1 resource instances"
    )
    again = ObservedNamespace(merged(stored, {"status": update.obj["status"]}), contents)
    assert [type(a) for a in reconcile(again, NOW + 5)] == [Requeue]


def test_an_empty_one_is_let_go_and_finalizers_of_others_stay():
    observed = ObservedNamespace(namespace("kubernetes", "other", **GOING), [(PODS, [])])
    (update,) = reconcile(observed, NOW)
    assert (update.subresource, update.obj["spec"]["finalizers"]) == ("finalize", ["other"])


def test_one_that_was_let_go_is_left_alone():
    observed = ObservedNamespace(namespace("other", **GOING), [(PODS, [thing("p")])])
    assert reconcile(observed, NOW) == []


def test_the_table_of_what_is_served_follows_the_definitions():
    table = ResourceTable()
    assert table.named("events").is_watched is False
    assert table.named("events.events.k8s.io") is None
    assert table.of_kind(KindName("apps", "Deployment")).name == "deployments.apps"
    established = {"type": "Established", "status": "True"}
    definition = {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
        },
        "status": {"conditions": [established]},
    }
    table.define([definition])
    assert table.named("widgets.example.com") == WIDGETS
    table.define([merged(definition, {"status": {"conditions": []}})])
    assert table.of_kind(KindName("example.com", "Widget")) is None
