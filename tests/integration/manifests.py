"""Small objects that many tests need, as plain dicts to be widened in place."""

from typing import Any

Object = dict[str, Any]

# No scheduler serves this name: the pod waits until the test binds it.
NOBODY = "nobody"


def config_map(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": data or {},
    }


def pod_spec(**spec: Any) -> Object:
    container = {"name": "main", "image": "registry.example/app:1"}
    return {"schedulerName": NOBODY, "containers": [container], **spec}


def pod(name: str, *, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": pod_spec(**spec),
    }


def deployment(name: str, *, replicas: int = 1, **spec: Any) -> Object:
    """A Deployment; pods of one with a `nodeName` run there without a scheduler."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(**spec)},
        },
    }


def replica_set(name: str, *, replicas: int = 1, **spec: Any) -> Object:
    return deployment(name, replicas=replicas, **spec) | {"kind": "ReplicaSet"}


def binding(pod_name: str, node: str, **metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": pod_name, **metadata},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }


def priority_class(name: str, value: int, **fields: Any) -> Object:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        **fields,
    }


def app_group(*, order: str = "KahnSort", **dependency: Any) -> Object:
    """`front` calls `back`; the arguments are what that dependency asks for."""

    def workload(name: str) -> Object:
        return {"kind": "Deployment", "apiVersion": "apps/v1", "name": name, "selector": name}

    needs = {"workload": workload("back"), **dependency}
    return {
        "apiVersion": "appgroup.diktyo.x-k8s.io/v1alpha1",
        "kind": "AppGroup",
        "metadata": {"name": "shop"},
        "spec": {
            "numMembers": 2,
            "topologySortingAlgorithm": order,
            "workloads": [
                {"workload": workload("front"), "dependencies": [needs]},
                {"workload": workload("back")},
            ],
        },
    }
