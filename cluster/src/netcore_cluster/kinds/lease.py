"""Lease."""

from netcore_cluster.kinds.kind import Kind

LEASE = Kind(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases")
