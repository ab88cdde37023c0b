"""Every kind that the API server serves before any CustomResourceDefinition is created."""

from netcore_cluster.kinds.access_control import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ROLE,
    ROLE_BINDING,
)
from netcore_cluster.kinds.config import CONFIG_MAP, SECRET
from netcore_cluster.kinds.controller_revision import CONTROLLER_REVISION
from netcore_cluster.kinds.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION
from netcore_cluster.kinds.daemon_set import DAEMON_SET
from netcore_cluster.kinds.deployment import DEPLOYMENT
from netcore_cluster.kinds.device import DEVICE_CLASS, RESOURCE_CLAIM, RESOURCE_SLICE
from netcore_cluster.kinds.disruption_budget import POD_DISRUPTION_BUDGET
from netcore_cluster.kinds.endpoints import ENDPOINT_SLICE, ENDPOINTS
from netcore_cluster.kinds.event import EVENT, EVENTS_EVENT
from netcore_cluster.kinds.job import JOB
from netcore_cluster.kinds.kind import Column, JsonObject, Kind, ScalePaths, Verb
from netcore_cluster.kinds.lease import LEASE
from netcore_cluster.kinds.namespace import NAMESPACE
from netcore_cluster.kinds.node import NODE
from netcore_cluster.kinds.persistent_volume import PERSISTENT_VOLUME
from netcore_cluster.kinds.persistent_volume_claim import PERSISTENT_VOLUME_CLAIM
from netcore_cluster.kinds.pod import POD
from netcore_cluster.kinds.priority_class import PRIORITY_CLASS
from netcore_cluster.kinds.replica_set import REPLICA_SET
from netcore_cluster.kinds.replication_controller import REPLICATION_CONTROLLER
from netcore_cluster.kinds.resource_limits import LIMIT_RANGE, RESOURCE_QUOTA
from netcore_cluster.kinds.review import REVIEWS
from netcore_cluster.kinds.service import SERVICE
from netcore_cluster.kinds.service_account import SERVICE_ACCOUNT
from netcore_cluster.kinds.stateful_set import STATEFUL_SET
from netcore_cluster.kinds.storage_attachment import (
    CSI_DRIVER,
    CSI_NODE,
    CSI_STORAGE_CAPACITY,
    VOLUME_ATTACHMENT,
)
from netcore_cluster.kinds.storage_class import STORAGE_CLASS

__all__ = ["BUILTIN", "Column", "JsonObject", "Kind", "ScalePaths", "Verb"]

BUILTIN: tuple[Kind, ...] = (
    NAMESPACE,
    NODE,
    POD,
    CONFIG_MAP,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    EVENT,
    ENDPOINTS,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    REPLICATION_CONTROLLER,
    LIMIT_RANGE,
    RESOURCE_QUOTA,
    DEPLOYMENT,
    REPLICA_SET,
    STATEFUL_SET,
    DAEMON_SET,
    CONTROLLER_REVISION,
    JOB,
    EVENTS_EVENT,
    LEASE,
    ENDPOINT_SLICE,
    POD_DISRUPTION_BUDGET,
    PRIORITY_CLASS,
    STORAGE_CLASS,
    CSI_NODE,
    CSI_DRIVER,
    CSI_STORAGE_CAPACITY,
    VOLUME_ATTACHMENT,
    RESOURCE_CLAIM,
    RESOURCE_SLICE,
    DEVICE_CLASS,
    ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    CUSTOM_RESOURCE_DEFINITION,
    *REVIEWS,
)
