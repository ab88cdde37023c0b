"""create, get, describe, label, annotate, patch, explain, delete: one object at a time."""

from integration import manifests
from integration.kubectl.conftest import Kubectl, newest


def test_create_get_delete(kubectl: Kubectl) -> None:
    assert kubectl("create", "configmap", "one", "--from-literal=a=1") == (
        "configmap/one created\n"
    )
    [row] = kubectl.table("configmap", "one")
    assert (row["NAME"], row["DATA"]) == ("one", "1")
    assert row["AGE"]
    assert kubectl("get", "cm", "one", "-o", "jsonpath={.data.a}") == "1"
    assert 'a: "1"' in kubectl("get", "cm/one", "-o", "yaml")
    assert kubectl("delete", "configmap", "one") == 'configmap "one" deleted\n'
    assert 'configmaps "one" not found' in kubectl.fails("get", "configmap", "one")


@newest
def test_imperative_creation_of_many_kinds(kubectl: Kubectl) -> None:
    kubectl("create", "secret", "generic", "s", "--from-literal=key=value")
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods")
    kubectl("create", "rolebinding", "readers", "--role=reader", "--serviceaccount=default:robot")
    kubectl("create", "service", "clusterip", "web", "--tcp=80:8080")
    kubectl("create", "poddisruptionbudget", "b", "--selector=app=web", "--min-available=1")
    kubectl("create", "deployment", "web", "--image=registry.example/app:1", "--replicas=0")
    kubectl("expose", "deployment", "web", "--name=exposed", "--port=80")
    kubectl("run", "lone", "--image=registry.example/app:1", "--restart=Never")
    found = kubectl("get", "secret,sa,role,rolebinding,svc,pdb,deploy,pod", "-o", "name").split()
    assert {
        "secret/s",
        "serviceaccount/robot",
        "role.rbac.authorization.k8s.io/reader",
        "rolebinding.rbac.authorization.k8s.io/readers",
        "service/web",
        "service/exposed",
        "poddisruptionbudget.policy/b",
        "deployment.apps/web",
        "pod/lone",
    } <= set(found)


@newest
def test_get_all(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=registry.example/app:1", "--replicas=0")
    assert "deployment.apps/web" in kubectl("get", "all")
    assert "No resources found in" in kubectl.run("get", "pods").stderr


@newest
def test_output_forms(kubectl: Kubectl, node: str) -> None:
    for name in ("b", "a"):
        kubectl("create", "-f", "-", manifest=manifests.pod(name, nodeName=node))
    kubectl("wait", "pod", "--all", "--for=condition=Ready", "--timeout=30s")
    rows = kubectl.table("pods", "-o", "wide")
    assert [row["NAME"] for row in rows] == ["a", "b"]
    assert {row["NODE"] for row in rows} == {node}
    assert all(row["STATUS"] == "Running" and row["IP"] for row in rows)
    by_name = kubectl("get", "pods", "--sort-by=.metadata.name", "--no-headers")
    assert [line.split()[0] for line in by_name.splitlines()] == ["a", "b"]
    custom = kubectl("get", "pods", "-o", "custom-columns=N:.metadata.name,P:.status.phase")
    assert custom.split() == ["N", "P", "a", "Running", "b", "Running"]
    assert kubectl("get", "pods", "-l", "app=none", "-o", "name") == ""
    one = kubectl("get", "pods", "--field-selector", "metadata.name=a", "-o", "name")
    assert one == "pod/a\n"
    assert kubectl("get", "pods", "--chunk-size=1", "-o", "name").split() == ["pod/a", "pod/b"]
    assert "NAMESPACE" in kubectl("get", "pods", "--all-namespaces")
    raw = kubectl("get", "--raw", f"/api/v1/namespaces/{kubectl.namespace}/pods/a")
    assert '"kind":"Pod"' in raw


def test_label_and_annotate(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "one")
    assert kubectl("label", "cm", "one", "a=b") == "configmap/one labeled\n"
    assert "already has a value" in kubectl.fails("label", "cm", "one", "a=c")
    kubectl("label", "cm", "one", "a=c", "--overwrite")
    assert kubectl("get", "cm", "-l", "a=c", "-o", "name") == "configmap/one\n"
    kubectl("label", "cm", "one", "a-")
    assert "configmap/one annotate" in kubectl("annotate", "cm", "one", "why=because")
    metadata = kubectl.json("get", "cm", "one")["metadata"]
    assert "labels" not in metadata
    assert metadata["annotations"] == {"why": "because"}


def test_patch(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=registry.example/app:1", "--replicas=0")
    container = '{"name":"app","image":"registry.example/app:2"}'
    strategic = f'{{"spec":{{"template":{{"spec":{{"containers":[{container}]}}}}}}}}'
    assert kubectl("patch", "deploy", "web", "-p", strategic) == "deployment.apps/web patched\n"
    kubectl("patch", "deploy", "web", "--type=merge", "-p", '{"spec":{"paused":true}}')
    scale = '[{"op":"replace","path":"/spec/replicas","value":2}]'
    kubectl("patch", "deploy", "web", "--type=json", "-p", scale)
    kubectl(
        "patch",
        "deploy",
        "web",
        "--subresource=scale",
        "--type=merge",
        "-p",
        '{"spec":{"replicas":3}}',
    )
    spec = kubectl.json("get", "deploy", "web")["spec"]
    assert (spec["paused"], spec["replicas"]) == (True, 3)
    [container] = spec["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/app:2"
    kubectl("set", "env", "deployment/web", "A=1")
    kubectl("set", "image", "deployment/web", "app=registry.example/app:3")
    [container] = kubectl.json("get", "deploy", "web")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/app:3"
    assert container["env"] == [{"name": "A", "value": "1"}]


@newest
def test_replace_and_edit(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "one", "--from-literal=a=1")
    body = kubectl.json("get", "cm", "one")
    assert kubectl("replace", "-f", "-", manifest=body | {"data": {"a": "2"}}) == (
        "configmap/one replaced\n"
    )
    stale = kubectl.fails("replace", "-f", "-", manifest=body)
    assert "the object has been modified" in stale
    # `edit` with an editor that is a stream editor.
    editing = Kubectl(
        kubectl.binary, kubectl.environment | {"EDITOR": "sed -i s/two/three/"}, kubectl.namespace
    )
    kubectl("patch", "cm", "one", "--type=merge", "-p", '{"data":{"a":"two"}}')
    assert editing("edit", "cm", "one") == "configmap/one edited\n"
    assert kubectl("get", "cm", "one", "-o", "jsonpath={.data.a}") == "three"


def test_describe(kubectl: Kubectl, node: str) -> None:
    kubectl("create", "-f", "-", manifest=manifests.deployment("web", nodeName=node))
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    told = kubectl("describe", "deployment", "web")
    assert "1 desired | 1 updated | 1 total | 1 available" in told
    assert "NewReplicaSet:" in told
    assert "ScalingReplicaSet" in told
    pod = kubectl("get", "pods", "-o", "name").strip()
    told = kubectl("describe", pod)
    assert f" {node}/" in told
    assert "Controlled By:  ReplicaSet/web-" in told
    told = kubectl("describe", "node", node)
    assert "Non-terminated Pods:" in told
    assert pod.partition("/")[2] in told
    assert "Allocated resources:" in told
    assert "Labels:" in kubectl("describe", "namespace", kubectl.namespace)
    assert 'pods "none" not found' in kubectl.fails("describe", "pod", "none")


def test_describe_shows_the_events_of_an_object(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", manifest=manifests.pod("p"))
    pod = kubectl.json("get", "pod", "p")
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": kubectl.namespace},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "netcore",
        "reportingInstance": "netcore-1",
        "action": "Scheduling",
        "reason": "FailedScheduling",
        "type": "Warning",
        "note": "0/3 nodes are available: 3 Insufficient cpu.",
        "regarding": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": "p",
            "namespace": kubectl.namespace,
            "uid": pod["metadata"]["uid"],
        },
    }
    kubectl("create", "-f", "-", manifest=event)
    told = kubectl("describe", "pod", "p")
    assert "FailedScheduling" in told
    assert "0/3 nodes are available: 3 Insufficient cpu." in told
    [row] = kubectl.table("events")
    assert (row["TYPE"], row["REASON"], row["OBJECT"]) == (
        "Warning",
        "FailedScheduling",
        "pod/p",
    )
    assert "FailedScheduling" in kubectl("events", "--for", "pod/p")
    assert "FailedScheduling" in kubectl("get", "events", "--field-selector", "type=Warning")


def test_explain(kubectl: Kubectl) -> None:
    told = kubectl("explain", "pod.spec.containers")
    assert "Container" in told
    assert "imagePullPolicy" in told
    assert "restartPolicy" in kubectl("explain", "pods", "--recursive")
    assert "maxSurge" in kubectl("explain", "deployment.spec.strategy.rollingUpdate")
    told = kubectl("explain", "deployments", "--api-version=apps/v1")
    assert "VERSION:" in told
    assert "does not exist" in kubectl.fails("explain", "pod.spec.nothing")


def test_delete_in_its_ways(kubectl: Kubectl, node: str) -> None:
    for name in ("a", "b", "c"):
        kubectl(
            "create", "-f", "-", manifest=manifests.pod(name, nodeName=node, labels={"x": name})
        )
    assert kubectl("delete", "pod", "a") == 'pod "a" deleted\n'
    forced = kubectl("delete", "pod", "b", "--force", "--grace-period=0")
    assert 'pod "b" force deleted' in forced
    assert "deleted" in kubectl("delete", "pod", "-l", "x=c", "--now")
    assert kubectl("get", "pods", "-o", "name") == ""
    assert kubectl("delete", "pod", "none", "--ignore-not-found") == ""
    kubectl("create", "configmap", "one")
    kubectl("delete", "configmap", "--all")
    kubectl("create", "deployment", "web", "--image=registry.example/app:1", "--replicas=0")
    kubectl("wait", "deployment/web", "--for=condition=Available", "--timeout=30s")
    kubectl("delete", "deployment", "web", "--cascade=foreground")
    assert kubectl("get", "replicasets", "-o", "name") == ""


@newest
def test_delete_leaves_orphans(kubectl: Kubectl, node: str) -> None:
    kubectl("create", "-f", "-", manifest=manifests.deployment("web", nodeName=node))
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    kubectl("delete", "deployment", "web", "--cascade=orphan")
    [replica_set] = kubectl.json("get", "replicasets")["items"]
    assert "ownerReferences" not in replica_set["metadata"]


@newest
def test_dry_runs(kubectl: Kubectl) -> None:
    told = kubectl("create", "configmap", "one", "--dry-run=server", "-o", "name")
    assert told == "configmap/one\n"
    kubectl.fails("get", "configmap", "one")


@newest
def test_drain_and_cordon(kubectl: Kubectl, node: str) -> None:
    """Through evictions, as `kubectl drain` does it."""
    body = manifests.replica_set("web", nodeName=node)
    body["spec"]["template"]["metadata"]["labels"] = {"app": "web", "drain": "me"}
    kubectl("create", "-f", "-", manifest=body)
    kubectl("wait", "replicaset/web", "--for=jsonpath={.status.readyReplicas}=1", "--timeout=30s")
    [before] = kubectl.json("get", "pods")["items"]
    try:
        told = kubectl("drain", node, "--pod-selector=drain=me", "--timeout=30s")
        assert f"pod/{before['metadata']['name']} evicted" in told
        [row] = [row for row in kubectl.table("nodes") if row["NAME"] == node]
        assert row["STATUS"] == "Ready,SchedulingDisabled"
    finally:
        kubectl("uncordon", node)
    kubectl("taint", "node", node, "example.com/t=v:NoSchedule")
    assert kubectl.json("get", "node", node)["spec"]["taints"][0]["key"] == "example.com/t"
    kubectl("taint", "node", node, "example.com/t-")


@newest
def test_auth(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    assert kubectl("auth", "can-i", "*", "*", "--all-namespaces").strip() == "yes"
    assert "*" in kubectl("auth", "can-i", "--list")
    assert "system:masters" in kubectl("auth", "whoami")


def test_discovery(kubectl: Kubectl) -> None:
    rows = kubectl("api-resources", "--no-headers").splitlines()
    kinds = {line.split()[-1] for line in rows}
    assert {"Pod", "Deployment", "PodDisruptionBudget", "Lease", "Event", "Node"} <= kinds
    assert "deployments.apps" in kubectl("api-resources", "--namespaced", "-o", "name").split()
    assert "po" in kubectl("api-resources", "--api-group=", "-o", "wide").split()
    assert {"v1", "apps/v1", "policy/v1"} <= set(kubectl("api-versions").split())
    versions = kubectl.json("version")
    assert versions["serverVersion"]["major"] == "1"
    assert "is running at" in kubectl("cluster-info")
    message = kubectl.fails("get", "nothings")
    assert 'the server doesn\'t have a resource type "nothings"' in message


def test_scale_and_autoscaling_targets(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=registry.example/app:1", "--replicas=0")
    assert kubectl("scale", "deployment", "web", "--replicas=2") == "deployment.apps/web scaled\n"
    assert kubectl.json("get", "deployment", "web")["spec"]["replicas"] == 2
    message = kubectl.fails("scale", "deployment", "web", "--current-replicas=5", "--replicas=1")
    assert "expected replicas to be 5" in message.lower()
