"""Events of both groups: one store, two views, found as `kubectl describe` looks for them."""

from integration.client import Api, Object
from integration.conftest import Namespace

TIME = "2026-01-01T00:00:00.000000Z"


def regarding(namespace: Namespace, name: str, kind: str = "Pod") -> Object:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "namespace": namespace.name,
        "name": name,
        "uid": f"uid-of-{name}",
    }


def core_event(namespace: Namespace, name: str, about: str, **fields: object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": regarding(namespace, about),
        "reason": "Started",
        "message": "It started.",
        "type": "Normal",
        "source": {"component": "kubelet", "host": "node-1"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "count": 2,
        **fields,
    }


def new_event(namespace: Namespace, name: str, about: str) -> Object:
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name},
        "eventTime": TIME,
        "reportingController": "netcore",
        "reportingInstance": "netcore-1",
        "action": "Binding",
        "reason": "Scheduled",
        "type": "Normal",
        "note": "Successfully assigned it.",
        "regarding": regarding(namespace, about),
    }


async def test_a_core_event_in_the_new_group(api: Api, namespace: Namespace) -> None:
    created = await api.create(namespace.core("events"), core_event(namespace, "e", "p"))
    seen = await api.get(namespace.group("events.k8s.io/v1", "events/e"))
    assert seen["apiVersion"] == "events.k8s.io/v1"
    assert seen["metadata"]["uid"] == created["metadata"]["uid"]
    assert seen["regarding"] == created["involvedObject"]
    assert seen["note"] == "It started."
    assert seen["deprecatedSource"] == {"component": "kubelet", "host": "node-1"}
    assert seen["deprecatedCount"] == 2
    assert seen["deprecatedFirstTimestamp"] == "2026-01-01T00:00:00Z"
    assert seen["deprecatedLastTimestamp"] == "2026-01-01T00:00:00Z"
    assert not {"involvedObject", "message", "source", "count"} & seen.keys()


async def test_a_new_event_in_the_core_group(api: Api, namespace: Namespace) -> None:
    created = await api.create(
        namespace.group("events.k8s.io/v1", "events"), new_event(namespace, "e", "p")
    )
    assert created["eventTime"] == TIME
    seen = await api.get(namespace.core("events/e"))
    assert (seen["apiVersion"], seen["kind"]) == ("v1", "Event")
    assert seen["involvedObject"] == created["regarding"]
    assert seen["message"] == "Successfully assigned it."
    assert seen["reportingComponent"] == "netcore"
    assert seen["reportingInstance"] == "netcore-1"
    assert (seen["action"], seen["reason"], seen["type"]) == ("Binding", "Scheduled", "Normal")
    assert seen["eventTime"] == TIME
    assert not {"regarding", "note", "reportingController"} & seen.keys()


async def test_both_groups_list_both(api: Api, namespace: Namespace) -> None:
    await api.create(namespace.core("events"), core_event(namespace, "old", "p"))
    await api.create(
        namespace.group("events.k8s.io/v1", "events"), new_event(namespace, "new", "p")
    )
    for path in (namespace.core("events"), namespace.group("events.k8s.io/v1", "events")):
        listed = await api.get(path)
        assert [item["metadata"]["name"] for item in listed["items"]] == ["new", "old"]


async def test_both_groups_watch_both(api: Api, namespace: Namespace) -> None:
    new = namespace.group("events.k8s.io/v1", "events")
    async with api.watch(new) as events:
        await api.create(namespace.core("events"), core_event(namespace, "old", "p"))
        event = await events.next()
    assert event["object"]["apiVersion"] == "events.k8s.io/v1"
    assert event["object"]["note"] == "It started."


async def test_a_series_is_patched(api: Api, namespace: Namespace) -> None:
    """As client-go's broadcaster counts a repeated event."""
    path = namespace.group("events.k8s.io/v1", "events")
    await api.create(path, new_event(namespace, "e", "p"))
    series = {"count": 2, "lastObservedTime": TIME}
    patched = await api.patch(f"{path}/e", {"series": series}, kind="strategic")
    assert patched["series"] == series
    assert (await api.get(namespace.core("events/e")))["series"] == series


async def test_the_selectors_of_kubectl_describe(api: Api, namespace: Namespace) -> None:
    path = namespace.core("events")
    for name, about in (("a", "p"), ("b", "p"), ("c", "q")):
        await api.create(path, core_event(namespace, name, about))
    warning = core_event(namespace, "d", "p", type="Warning", reason="Failed")
    await api.create(path, warning)

    async def found(selector: str) -> str:
        listed = await api.get(path, fieldSelector=selector)
        return "".join(item["metadata"]["name"] for item in listed["items"])

    described = (
        "involvedObject.name=p,"
        f"involvedObject.namespace={namespace.name},"
        "involvedObject.kind=Pod,involvedObject.uid=uid-of-p"
    )
    assert await found(described) == "abd"
    assert await found("involvedObject.name=q") == "c"
    assert await found("involvedObject.kind=Node") == ""
    assert await found("type=Warning") == "d"
    assert await found("type!=Warning") == "abc"
    assert await found("reason=Failed") == "d"
    assert await found("source=kubelet") == "abcd"
    assert await found("involvedObject.apiVersion=v1,reason=Started") == "abc"
    assert await found("reportingComponent=") == "abcd"
    status = await api.refused(400, "GET", path, fieldSelector="message=x")
    assert status["reason"] == "BadRequest"


async def test_the_selectors_of_the_new_group(api: Api, namespace: Namespace) -> None:
    path = namespace.group("events.k8s.io/v1", "events")
    await api.create(path, new_event(namespace, "a", "p"))
    await api.create(path, new_event(namespace, "b", "q"))
    for selector, expected in {
        "regarding.name=p": ["a"],
        "regarding.kind=Pod,regarding.name=q": ["b"],
        "reportingController=netcore": ["a", "b"],
    }.items():
        listed = await api.get(path, fieldSelector=selector)
        assert [item["metadata"]["name"] for item in listed["items"]] == expected


async def test_new_events_are_checked(api: Api, namespace: Namespace) -> None:
    path = namespace.group("events.k8s.io/v1", "events")
    body = new_event(namespace, "e", "p")
    status = await api.refused(422, "POST", path, body | {"type": "Strange"})
    assert status["reason"] == "Invalid"
    status = await api.refused(422, "POST", path, body | {"reportingController": ""})
    assert "reportingController" in status["message"]
