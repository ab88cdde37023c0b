"""apply, diff and validation, computed by the client and by the server."""

import json

import pytest

from integration import manifests
from integration.client import Object
from integration.kubectl.conftest import Kubectl, newest

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def deployment() -> Object:
    body = manifests.deployment("web", replicas=0)
    side = {"name": "side", "image": "registry.example/side:1"}
    body["spec"]["template"]["spec"]["containers"].append(side)
    return body


def test_client_side(kubectl: Kubectl) -> None:
    apply = ("apply", "-f", "-")
    assert kubectl(*apply, manifest=deployment()) == "deployment.apps/web created\n"
    assert kubectl(*apply, manifest=deployment()) == "deployment.apps/web unchanged\n"
    kubectl("annotate", "deployment", "web", "by=hand")
    body = deployment()
    body["spec"]["template"]["spec"]["containers"].pop()
    body["spec"]["paused"] = True
    assert kubectl(*apply, manifest=body) == "deployment.apps/web configured\n"
    held = kubectl.json("get", "deployment", "web")
    # What left the manifest is gone, what another set stays.
    names = [entry["name"] for entry in held["spec"]["template"]["spec"]["containers"]]
    assert names == ["main"]
    assert held["spec"]["paused"] is True
    assert held["metadata"]["annotations"]["by"] == "hand"
    assert LAST_APPLIED in held["metadata"]["annotations"]
    managers = {
        entry["manager"]
        for entry in kubectl.json("get", "deployment", "web", "--show-managed-fields")["metadata"][
            "managedFields"
        ]
    }
    assert {"kubectl-client-side-apply", "kubectl-annotate"} <= managers


def test_server_side(kubectl: Kubectl) -> None:
    apply = ("apply", "--server-side", "-f", "-")
    assert kubectl(*apply, manifest=deployment()) == "deployment.apps/web serverside-applied\n"
    kubectl("scale", "deployment", "web", "--replicas=3")
    message = kubectl.fails(*apply, manifest=deployment())
    assert "conflict" in message
    assert ".spec.replicas" in message
    kubectl(*apply, "--force-conflicts", manifest=deployment())
    assert kubectl.json("get", "deployment", "web")["spec"]["replicas"] == 0
    body = deployment()
    body["spec"]["template"]["spec"]["containers"].pop()
    kubectl(*apply, manifest=body)
    held = kubectl.json("get", "deployment", "web")
    assert LAST_APPLIED not in held["metadata"].get("annotations", {})
    names = [entry["name"] for entry in held["spec"]["template"]["spec"]["containers"]]
    assert names == ["main"]


@newest
def test_from_client_side_to_server_side(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    body = deployment()
    body["spec"]["template"]["spec"]["containers"].pop()
    kubectl("apply", "--server-side", "-f", "-", manifest=body)
    held = kubectl.json("get", "deployment", "web", "--show-managed-fields")
    names = [entry["name"] for entry in held["spec"]["template"]["spec"]["containers"]]
    assert names == ["main"]
    managers = {entry["manager"] for entry in held["metadata"]["managedFields"]}
    assert "kubectl" in managers
    assert "kubectl-client-side-apply" not in managers


@newest
def test_many_objects_at_once(kubectl: Kubectl) -> None:
    items = [manifests.config_map(name, {"a": "1"}, labels={"set": "x"}) for name in "abc"]
    told = kubectl("apply", "-f", "-", manifest=items)
    assert told == "".join(f"configmap/{name} created\n" for name in "abc")
    told = kubectl(
        "apply",
        "-f",
        "-",
        "--prune",
        "-l",
        "set=x",
        "--prune-allowlist=core/v1/ConfigMap",
        manifest=items[:2],
    )
    assert "configmap/c pruned" in told
    assert kubectl("delete", "-f", "-", manifest=items[:2]).count("deleted") == 2


@newest
def test_diff(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=manifests.config_map("one", {"a": "1"}))
    body = manifests.config_map("one", {"a": "2"})
    done = kubectl.run("diff", "-f", "-", text=json.dumps(body))
    assert done.returncode == 1, done.stderr
    assert '-  a: "1"' in done.stdout
    assert '+  a: "2"' in done.stdout
    assert kubectl.json("get", "cm", "one")["data"] == {"a": "1"}


@pytest.mark.parametrize("flags", [[], ["--server-side"]])
def test_unknown_fields_are_refused(kubectl: Kubectl, flags: list[str]) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"][0]["imagePullPolciy"] = "Always"
    message = kubectl.fails("apply", *flags, "--validate=strict", "-f", "-", manifest=body)
    assert "imagePullPolciy" in message
    kubectl.fails("get", "deployment", "web")


def test_unknown_fields_are_refused_by_default(kubectl: Kubectl) -> None:
    body = manifests.config_map("one") | {"dat": {}}
    message = kubectl.fails("create", "-f", "-", manifest=body)
    assert 'strict decoding error: unknown field "dat"' in message


@newest
def test_unknown_fields_may_be_warned_of_or_ignored(kubectl: Kubectl) -> None:
    body = manifests.config_map("one") | {"dat": {}}
    text = json.dumps(body)
    done = kubectl.run("create", "--validate=warn", "-f", "-", text=text)
    assert done.returncode == 0
    assert 'Warning: unknown field "dat"' in done.stderr
    kubectl("delete", "configmap", "one")
    done = kubectl.run("create", "--validate=ignore", "-f", "-", text=text)
    assert (done.returncode, done.stderr) == (0, "")


@newest
def test_values_that_are_wrong(kubectl: Kubectl) -> None:
    body = deployment()
    body["spec"]["replicas"] = "many"
    assert "replicas" in kubectl.fails("apply", "-f", "-", manifest=body)
    body["spec"]["replicas"] = -1
    message = kubectl.fails("apply", "-f", "-", manifest=body)
    assert 'The Deployment "web" is invalid' in message
    assert "must be greater than or equal to 0" in message


@newest
def test_what_may_not_change(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    body = deployment()
    body["spec"]["selector"]["matchLabels"] = {"app": "x"}
    body["spec"]["template"]["metadata"]["labels"] = {"app": "x"}
    assert "field is immutable" in kubectl.fails("apply", "-f", "-", manifest=body)
