"""Endpoints and EndpointSlices: the pure core."""

from cluster.world import World, merged, pod
from netcore_cluster.controllers.actions import Create, Delete, Update
from netcore_cluster.controllers.endpoints import ObservedService, reconcile

SLICES = "endpointslices.discovery.k8s.io"


def service(**spec) -> dict:
    ports = [{"port": 80, "targetPort": 8080}]
    metadata = {"name": "web", "namespace": "ns", "uid": "0123456789", "labels": {"a": "b"}}
    return {"metadata": metadata, "spec": {"selector": {"app": "rs"}, "ports": ports, **spec}}


def serving(name: str, *, ready: bool = True, address: str = "10.0.0.1", **metadata) -> dict:
    found = pod(name, ready=ready, node="n1", uid=f"uid-{name}", **metadata)
    found["status"]["podIP"] = address
    return found


class Net(World):
    def look(self, pods: list, **spec) -> list:
        found = service(**spec)
        observed = ObservedService(
            found, pods, {"n1": "zone-a"}, self.get("endpoints", "web"), self.all(SLICES)
        )
        actions = reconcile(observed)
        self.perform(actions)
        return actions

    def addresses(self, kind: str = "addresses") -> list[str]:
        subsets = self.get("endpoints", "web").get("subsets", ())
        return [each["ip"] for subset in subsets for each in subset.get(kind, ())]

    def endpoints(self) -> list[dict]:
        return [each for found in self.all(SLICES) for each in found["endpoints"]]


def test_ready_pods_serve_and_others_are_listed_apart():
    net = Net()
    net.look([serving("a"), serving("b", ready=False, address="10.0.0.2")])
    assert net.addresses() == ["10.0.0.1"]
    assert net.addresses("notReadyAddresses") == ["10.0.0.2"]
    first, second = net.endpoints()
    assert first["conditions"] == {"ready": True, "serving": True, "terminating": False}
    assert second["conditions"]["ready"] is False
    assert (first["nodeName"], first["zone"]) == ("n1", "zone-a")
    assert first["targetRef"] == {"kind": "Pod", "namespace": "ns", "name": "a", "uid": "uid-a"}
    (found,) = net.all(SLICES)
    assert found["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert found["metadata"]["ownerReferences"][0]["uid"] == "0123456789"


def test_the_second_look_finds_nothing_to_do():
    net = Net()
    pods = [serving("a"), serving("b", address="10.0.0.2")]
    assert [type(a) for a in net.look(pods)] == [Create, Create]
    assert net.look(pods) == []
    assert [type(a) for a in net.look(pods[:1])] == [Update, Update]


def test_a_pod_that_is_ending_leaves_the_endpoints_and_shows_in_the_slice():
    net = Net()
    net.look([serving("a", deletionTimestamp="2023-11-14T22:13:20Z")])
    assert net.addresses() == []
    (endpoint,) = net.endpoints()
    assert endpoint["conditions"] == {"ready": False, "serving": True, "terminating": True}


def test_not_ready_addresses_may_be_published():
    net = Net()
    net.look([serving("a", ready=False)], publishNotReadyAddresses=True)
    assert net.addresses() == ["10.0.0.1"]
    assert net.endpoints()[0]["conditions"]["ready"] is True


def test_a_named_port_is_looked_up_in_each_pod():
    net = Net()
    one = serving("a")
    one["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8000}]
    other = merged(serving("b", address="10.0.0.2"), {"spec": {}})
    other["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 9000}]
    net.look([one, other], ports=[{"name": "web", "port": 80, "targetPort": "http"}])
    subsets = net.get("endpoints", "web")["subsets"]
    found = {s["addresses"][0]["ip"]: s["ports"][0]["port"] for s in subsets}
    assert found == {"10.0.0.1": 8000, "10.0.0.2": 9000}
    assert len(net.all(SLICES)) == 2


def test_slices_hold_a_hundred_and_go_when_they_are_empty():
    net = Net()
    pods = [serving(f"p{i:03}", address=f"10.0.{i // 250}.{i % 250 + 1}") for i in range(250)]
    net.look(pods)
    assert [len(found["endpoints"]) for found in net.all(SLICES)] == [100, 100, 50]
    actions = net.look(pods[:20])
    assert [type(a) for a in actions if not isinstance(a, Update)] == [Delete, Delete]
    assert [len(found["endpoints"]) for found in net.all(SLICES)] == [20]
    net.look([])
    assert [found["endpoints"] for found in net.all(SLICES)] == [[]]
    assert net.addresses() == []


def test_endpoints_beyond_a_thousand_are_cut_and_say_so():
    net = Net()
    net.look([serving(f"p{i:04}", address=f"10.1.{i // 250}.{i % 250 + 1}") for i in range(1001)])
    assert len(net.addresses()) == 1000
    annotations = net.get("endpoints", "web")["metadata"]["annotations"]
    assert annotations == {"endpoints.kubernetes.io/over-capacity": "truncated"}
    assert len(net.endpoints()) == 1001


def test_a_headless_service_says_so_and_names_its_pods():
    net = Net()
    found = serving("a")
    found["spec"] |= {"hostname": "a", "subdomain": "web"}
    net.look([found], clusterIP="None", ports=[])
    assert net.endpoints()[0]["hostname"] == "a"
    for resource in ("endpoints", SLICES):
        assert "service.kubernetes.io/headless" in net.all(resource)[0]["metadata"]["labels"]
