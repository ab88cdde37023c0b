"""What the rest of the cluster has to say about a write: admission, as the default plugins do it.

Source: kubernetes ``plugin/pkg/admission``; each function names its plugin.
"""

import time

from netcore_cluster.api import definitions, errors
from netcore_cluster.api.catalog import Catalog
from netcore_cluster.api.errors import Object
from netcore_cluster.api.metadata import timestamp
from netcore_cluster.api.resource import Resource
from netcore_cluster.api.service_addresses import ServiceAddresses
from netcore_cluster.storage.store import Store

IMMORTAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})

_EVICTED_AFTER_S = 300
"""Source: kube-apiserver ``--default-not-ready-toleration-seconds``, ``…-unreachable-…``."""


class Admission:
    """Checks and completes writes with what other objects say."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        """Reads the latest state of other objects in `store`."""
        self._store = store
        self._definitions = definitions.Definitions(store, catalog)
        self._addresses = ServiceAddresses(store)

    def check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        """Refuses a new object in a namespace that is missing or on its way out.

        Raises:
            ApiError: 404 or 403.
        """
        kind = resource.kind
        if not kind.namespaced:
            return
        entry = self._store.latest("namespaces", namespace)
        if entry is None:
            raise errors.not_found("namespaces", "", namespace)
        if "deletionTimestamp" in entry.obj["metadata"]:
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            problem = (
                f"unable to create new content in namespace {namespace} "
                "because it is being terminated"
            )
            raise errors.forbidden(kind.plural, kind.group, name, problem, causes=[cause])

    def check_delete(self, resource: Resource, obj: Object) -> None:
        """Refuses the deletion of what a cluster cannot be without.

        Raises:
            ApiError: 403.
        """
        name = obj["metadata"]["name"]
        if resource.storage == "namespaces" and name in IMMORTAL_NAMESPACES:
            raise errors.forbidden("namespaces", "", name, "this namespace may not be deleted")
        if resource.storage == "priorityclasses.scheduling.k8s.io" and name.startswith("system-"):
            problem = "this is a system priority class and cannot be deleted"
            raise errors.forbidden(resource.kind.plural, resource.kind.group, name, problem)

    def hold(self, resource: Resource, obj: Object) -> Object:
        """Returns an object that is about to be deleted, with what must happen before it goes."""
        return definitions.held(obj) if resource.storage == definitions.RESOURCE else obj

    def complete(self, resource: Resource, obj: Object, old: Object | None) -> list[str]:
        """Fills in what follows from other objects; returns warnings for the client.

        Raises:
            ApiError: 403, what the object asks for does not exist.
        """
        match resource.storage:
            case "pods" if old is None:
                self._set_priority(obj)
                _tolerate_node_trouble(obj)
            case "persistentvolumeclaims" if old is None:
                self._set_storage_class(obj)
            case definitions.RESOURCE:
                self._definitions.complete(obj, timestamp(time.time()))
            case _:
                pass
        return []

    def allocate(
        self, resource: Resource, obj: Object, old: Object | None, *, is_dry_run: bool
    ) -> None:
        """Gives the object what only one can have; the last step before it is stored.

        Raises:
            ApiError: it is taken, or there is none left.
        """
        if resource.storage == "services":
            self._addresses.allocate(obj, old, is_dry_run=is_dry_run)

    def release(self, resource: Resource, obj: Object) -> None:
        """Takes back what `allocate` gave."""
        if resource.storage == "services":
            self._addresses.release(obj)

    def _set_priority(self, pod: Object) -> None:
        """Resolves the pod's priority class.

        Source: ``plugin/pkg/admission/priority`` (admitPod).
        """
        spec = pod["spec"]
        name = spec.get("priorityClassName")
        chosen: Object | None = None
        if name:
            entry = self._store.latest("priorityclasses.scheduling.k8s.io", name)
            if entry is None:
                raise errors.forbidden(
                    "pods",
                    "",
                    pod["metadata"]["name"],
                    f"no PriorityClass with name {name} was found",
                )
            chosen = entry.obj
        else:
            defaults = [
                entry.obj
                for entry in self._store.entries("priorityclasses.scheduling.k8s.io")
                if entry.obj.get("globalDefault")
            ]
            if defaults:
                chosen = min(defaults, key=lambda found: int(found["value"]))
                spec["priorityClassName"] = chosen["metadata"]["name"]
        value = int(chosen["value"]) if chosen else 0
        policy = (chosen or {}).get("preemptionPolicy", "PreemptLowerPriority")
        name = pod["metadata"]["name"]
        if spec.get("priority") not in {None, value}:
            problem = (
                "the integer value of priority "
                f"({spec['priority']}) must not be provided in pod spec; "
                "priority admission controller computed "
                f"{value} from the given PriorityClass name"
            )
            raise errors.forbidden("pods", "", name, problem)
        if spec.get("preemptionPolicy") not in {None, policy}:
            problem = (
                f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be "
                f"provided in pod spec; priority admission controller computed {policy} "
                "from the given PriorityClass name"
            )
            raise errors.forbidden("pods", "", name, problem)
        spec["priority"] = value
        spec["preemptionPolicy"] = policy

    def _set_storage_class(self, claim: Object) -> None:
        """Gives a claim that names no class the default one.

        Source: ``plugin/pkg/admission/storage/storageclass/setdefault``.
        """
        spec = claim["spec"]
        annotations = claim["metadata"].get("annotations") or {}
        if "storageClassName" in spec or "volume.beta.kubernetes.io/storage-class" in annotations:
            return
        defaults = [
            entry.obj["metadata"]
            for entry in self._store.entries("storageclasses.storage.k8s.io")
            if (entry.obj["metadata"].get("annotations") or {}).get(
                "storageclass.kubernetes.io/is-default-class"
            )
            == "true"
        ]
        if defaults:
            newest = max(defaults, key=lambda meta: (meta["creationTimestamp"], meta["name"]))
            spec["storageClassName"] = newest["name"]


def _tolerate_node_trouble(pod: Object) -> None:
    """Lets a pod stay a while on a node that stops answering.

    Source: ``plugin/pkg/admission/defaulttolerationseconds``.
    """
    spec = pod["spec"]
    found = spec.get("tolerations") or []
    missing = [
        {
            "key": key,
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": _EVICTED_AFTER_S,
        }
        for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        if not any(
            toleration.get("key") in {key, None, ""}
            and toleration.get("effect") in {"NoExecute", None, ""}
            for toleration in found
        )
    ]
    if missing:
        spec["tolerations"] = [*found, *missing]
