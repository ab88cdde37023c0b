"""What a pod gets where its author said nothing; also for the templates of pods.

Source: `SetDefaults_*` of Kubernetes' core/v1.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

JsonObject = dict[str, Any]

# A reference to an image: an optional registry, a path in lower case, a tag, a digest.
# Source: the grammar of distribution references.
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?:localhost|{_LABEL}(?:\.{_LABEL})+|{_LABEL}(?=:[0-9]+/))(?::[0-9]+)?/)?"
    rf"{_PART}(?:/{_PART})*(?::(?P<tag>\w[\w.-]{{0,127}}))?(?P<digest>@\w+:[0-9a-fA-F]{{32,}})?"
)
_DEFAULT_MODE = 0o644
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_TOKEN_EXPIRATION_S = 3600


def default_pod(pod: JsonObject) -> None:
    """Fill in a pod."""
    spec = pod.setdefault("spec", {})
    spec.setdefault("enableServiceLinks", True)
    default_pod_spec(spec)
    status = pod.get("status")
    if status:
        _pair_addresses(status, "podIP", "podIPs")
        _pair_addresses(status, "hostIP", "hostIPs")


def _pair_addresses(status: JsonObject, one: str, many: str) -> None:
    """The one address is the first of the many."""
    if status.get(one):
        listed = status.get(many) or ()
        if not listed or listed[0].get("ip") != status[one]:
            status[many] = [{"ip": status[one]}]
    elif status.get(many):
        status[one] = status[many][0]["ip"]


def default_pod_spec(spec: JsonObject) -> None:
    """Fill in the spec of a pod or of a template."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for container in _containers(spec):
        _default_container(container, is_on_host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        _default_volume(volume)


def _containers(spec: JsonObject) -> Iterator[JsonObject]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def _default_container(container: JsonObject, *, is_on_host_network: bool) -> None:
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    if image := container.get("image"):
        container.setdefault("imagePullPolicy", _pull_policy(image))
    resources = container.setdefault("resources", {})
    if limits := resources.get("limits"):
        requests = resources.setdefault("requests", {})
        for name, quantity in limits.items():
            requests.setdefault(name, quantity)
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if is_on_host_network and "containerPort" in port:
            port.setdefault("hostPort", port["containerPort"])
    for name in _PROBES:
        if probe := container.get(name):
            _default_probe(probe)
    for variable in container.get("env") or ():
        _default_reference((variable.get("valueFrom") or {}).get("fieldRef"))
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict):
            _default_http_get(handler.get("httpGet"))


@lru_cache(maxsize=1024)
def _pull_policy(image: str) -> str:
    """Always for the moving tag `latest`, also where it goes without saying."""
    found = _IMAGE.fullmatch(image)
    if found is None:
        return "IfNotPresent"
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _default_probe(probe: JsonObject) -> None:
    probe.setdefault("timeoutSeconds", 1)
    probe.setdefault("periodSeconds", 10)
    probe.setdefault("successThreshold", 1)
    probe.setdefault("failureThreshold", 3)
    _default_http_get(probe.get("httpGet"))
    if (grpc := probe.get("grpc")) is not None:
        grpc.setdefault("service", "")


def _default_http_get(action: JsonObject | None) -> None:
    if action is not None:
        action.setdefault("path", "/")
        action.setdefault("scheme", "HTTP")


def _default_reference(reference: JsonObject | None) -> None:
    if reference is not None:
        reference.setdefault("apiVersion", "v1")


def _default_volume(volume: JsonObject) -> None:
    for kind in ("configMap", "secret", "downwardAPI", "projected"):
        if volume.get(kind) is not None:
            volume[kind].setdefault("defaultMode", _DEFAULT_MODE)
    if volume.get("hostPath") is not None:
        volume["hostPath"].setdefault("type", "")
    if not volume.keys() - {"name"}:
        volume["emptyDir"] = {}
    sources = (volume.get("projected") or {}).get("sources") or ()
    for source in sources:
        if token := source.get("serviceAccountToken"):
            token.setdefault("expirationSeconds", _TOKEN_EXPIRATION_S)
        _default_items(source.get("downwardAPI"))
    _default_items(volume.get("downwardAPI"))


def _default_items(source: JsonObject | None) -> None:
    for item in (source or {}).get("items") or ():
        _default_reference(item.get("fieldRef"))
