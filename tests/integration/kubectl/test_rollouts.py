"""rollout, wait, and commands that go on watching."""

from integration import manifests
from integration.kubectl.conftest import Kubectl, newest


def image(tag: str) -> str:
    return f"main=registry.example/app:{tag}"


def test_rollout_from_status_to_undo(kubectl: Kubectl, node: str) -> None:
    body = manifests.deployment("web", replicas=2, nodeName=node)
    kubectl("apply", "-f", "-", manifest=body)
    told = kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert 'deployment "web" successfully rolled out' in told
    kubectl("annotate", "deployment/web", "kubernetes.io/change-cause=first")
    kubectl("set", "image", "deployment/web", image("2"))
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    history = kubectl("rollout", "history", "deployment/web").split()
    assert history[history.index("CHANGE-CAUSE") + 1 :] == ["1", "first", "2", "first"]
    told = kubectl("rollout", "history", "deployment/web", "--revision=2")
    assert "registry.example/app:2" in told
    assert kubectl("rollout", "undo", "deployment/web") == "deployment.apps/web rolled back\n"
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    [container] = kubectl.json("get", "deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/app:1"
    kubectl("rollout", "undo", "deployment/web", "--to-revision=2")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    history = kubectl("rollout", "history", "deployment/web").split()
    assert history[history.index("CHANGE-CAUSE") + 1 :: 2] == ["3", "4"]


@newest
def test_restart_pause_resume(kubectl: Kubectl, node: str) -> None:
    kubectl("apply", "-f", "-", manifest=manifests.deployment("web", nodeName=node))
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    kubectl("rollout", "pause", "deployment/web")
    message = kubectl.fails("rollout", "restart", "deployment/web")
    assert "can't restart paused deployment" in message
    kubectl("rollout", "resume", "deployment/web")
    [before] = kubectl.json("get", "pods")["items"]
    kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    kubectl("wait", f"pod/{before['metadata']['name']}", "--for=delete", "--timeout=30s")


def test_scale_and_wait(kubectl: Kubectl, node: str) -> None:
    kubectl("apply", "-f", "-", manifest=manifests.deployment("web", nodeName=node))
    kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=30s")
    kubectl("wait", "deployment/web", "--for=condition=Available", "--timeout=30s")
    [row] = kubectl.table("deployment", "web")
    assert (row["READY"], row["UP-TO-DATE"], row["AVAILABLE"]) == ("3/3", "3", "3")


@newest
def test_wait_runs_out(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", manifest=manifests.pod("p"))
    message = kubectl.fails("wait", "pod/p", "--for=condition=Ready", "--timeout=1s")
    assert "timed out waiting for the condition" in message


def test_wait_for_deletion(kubectl: Kubectl) -> None:
    body = manifests.config_map("one", finalizers=["example.com/hold"])
    kubectl("create", "-f", "-", manifest=body)
    kubectl("delete", "configmap", "one", "--wait=false")
    with kubectl.following("wait", "configmap/one", "--for=delete", "--timeout=30s") as waiting:
        patch = '{"metadata":{"finalizers":null}}'
        kubectl("patch", "configmap", "one", "--type=merge", "-p", patch)
        told, _ = waiting.communicate(timeout=30)
    assert waiting.returncode == 0
    assert "configmap/one condition met" in told or told == ""


def test_watching_a_table(kubectl: Kubectl, node: str) -> None:
    with kubectl.following("get", "pods", "--watch") as watching:
        kubectl("create", "-f", "-", manifest=manifests.pod("p", nodeName=node))
        lines = []
        while not lines or "Running" not in lines[-1]:
            lines.append(watching.stdout.readline())
            assert lines[-1], lines
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert all(line.split()[0] == "p" for line in lines[1:])
