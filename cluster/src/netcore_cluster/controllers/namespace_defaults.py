"""What every namespace has: the ServiceAccount `default`, and the cluster's root certificate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Action, Create, Patch
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import Key, is_deleting, key_of

_ACCOUNT: Final = "default"
_CERTIFICATE: Final = "kube-root-ca.crt"
_CERTIFICATE_KEY: Final = "ca.crt"


@dataclass(frozen=True, slots=True)
class ObservedDefaults:
    """What a namespace has of it; the certificate to have is empty where the cluster has none."""

    namespace: str
    account: Object | None
    certificate: Object | None
    root_certificate: str


def reconcile(observed: ObservedDefaults) -> list[Action]:
    """Create what is missing, and set the certificate right."""
    actions: list[Action] = []
    if observed.account is None:
        metadata = {"name": _ACCOUNT, "namespace": observed.namespace}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        actions.append(Create("serviceaccounts", account))
    data = {_CERTIFICATE_KEY: observed.root_certificate}
    if not observed.root_certificate:
        return actions
    if observed.certificate is None:
        metadata = {"name": _CERTIFICATE, "namespace": observed.namespace}
        config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        actions.append(Create("configmaps", config_map))
    elif observed.certificate.get("data") != data:
        key = key_of(observed.certificate)
        actions.append(Patch("configmaps", *key, {"data": data}))
    return actions


class NamespaceDefaultsController(Controller[str, ObservedDefaults]):
    """Watches namespaces, and the two objects by their names."""

    name: ClassVar = "serviceaccount-controller"

    def __init__(self, hub: Hub, *, root_certificate: str) -> None:
        """`root_certificate` is PEM; empty where the API server has none."""
        self._namespaces = hub.cache("namespaces")
        self._accounts = hub.cache("serviceaccounts")
        self._config_maps = hub.cache("configmaps")
        self._root_certificate = root_certificate

    def interests(self) -> Mapping[str, Interest[str]]:
        """Namespaces, and what bears one of the two names."""
        return {
            "namespaces": lambda change: (key_of(change.newest).name,),
            "serviceaccounts": self._on_default,
            "configmaps": self._on_default,
        }

    def _on_default(self, change: Change) -> Iterable[str]:
        key = key_of(change.newest)
        return (key.namespace,) if key.name in {_ACCOUNT, _CERTIFICATE} else ()

    async def observe(self, key: str) -> ObservedDefaults | None:
        """The two objects of the namespace; nothing is owed to one that is being deleted."""
        namespace = self._namespaces.get(Key("", key))
        if namespace is None or is_deleting(namespace):
            return None
        return ObservedDefaults(
            key,
            self._accounts.get(Key(key, _ACCOUNT)),
            self._config_maps.get(Key(key, _CERTIFICATE)),
            self._root_certificate,
        )

    def reconcile(self, observed: ObservedDefaults, now: float) -> list[Action]:  # noqa: ARG002
        """See `reconcile` of this module."""
        return reconcile(observed)
