"""netcore's own kinds, as people look at them."""

from integration import manifests
from integration.kubectl.conftest import Kubectl


def test_app_groups(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=manifests.app_group(order="TrafficSort"))
    assert kubectl("apply", "-f", "-", manifest=manifests.app_group(order="TrafficSort")).endswith(
        "unchanged\n"
    )
    [row] = kubectl.table("appgroups")
    assert (row["NAME"], row["MEMBERS"], row["ORDER"]) == ("shop", "2", "TrafficSort")
    assert kubectl("get", "ag", "shop", "-o", "name") == (
        "appgroup.appgroup.diktyo.x-k8s.io/shop\n"
    )
    assert "TrafficSort" in kubectl("describe", "appgroup", "shop")
    told = kubectl("explain", "appgroup.spec.workloads")
    assert "dependencies" in told
    assert "The workloads that this one calls." in told
    message = kubectl.fails(
        "apply", "-f", "-", manifest=manifests.app_group(order="TrafficSort") | {"specs": {}}
    )
    assert 'unknown field "specs"' in message
    wrong = manifests.app_group(order="TrafficSort")
    wrong["spec"]["numMembers"] = 0
    message = kubectl.fails("apply", "-f", "-", manifest=wrong)
    assert "spec.numMembers" in message
    assert "should be greater than or equal to 1" in message


def test_node_networks(kubectl: Kubectl) -> None:
    name = f"node-{kubectl.namespace}"
    body = {
        "apiVersion": "netcore.dev/v1alpha1",
        "kind": "NodeNetwork",
        "metadata": {"name": name},
        "spec": {"node": name},
    }
    kubectl("apply", "--server-side", "-f", "-", manifest=body)
    status = '{"status":{"peers":["a","b"],"rttMicros":[900,1100],"peerCount":2,"medianRtt":"1ms"}}'
    kubectl("patch", "nodenetwork", name, "--subresource=status", "--type=merge", "-p", status)
    [row] = kubectl.table("nodenetworks", name)
    assert (row["NAME"], row["PEERS"], row["MEDIAN RTT"]) == (name, "2", "1ms")
    assert kubectl("get", "nn", name, "-o", "jsonpath={.status.rttMicros}") == "[900,1100]"
    assert kubectl("delete", "nodenetwork", name) == (f'nodenetwork.netcore.dev "{name}" deleted\n')


def test_api_resources(kubectl: Kubectl) -> None:
    told = kubectl("api-resources", "--no-headers").splitlines()
    rows = {line.split()[0]: line.split() for line in told}
    assert rows["appgroups"] == [
        "appgroups",
        "ag",
        "appgroup.diktyo.x-k8s.io/v1alpha1",
        "true",
        "AppGroup",
    ]
    assert rows["networktopologies"][1] == "nt"
    assert rows["nodenetworks"][2:4] == ["netcore.dev/v1alpha1", "false"]
