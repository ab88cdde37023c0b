"""PodDisruptionBudget."""

from netcore_cluster.kinds.kind import Kind

POD_DISRUPTION_BUDGET = Kind(
    group="policy",
    version="v1",
    kind="PodDisruptionBudget",
    plural="poddisruptionbudgets",
    short_names=("pdb",),
    subresources=("status",),
    has_generation=True,
)
