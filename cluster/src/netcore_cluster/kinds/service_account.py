"""ServiceAccount."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Kind
from netcore_cluster.kinds.table import created


def _cells(obj: dict[str, Any], now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], created(obj, now)]


SERVICE_ACCOUNT = Kind(
    group="",
    version="v1",
    kind="ServiceAccount",
    plural="serviceaccounts",
    short_names=("sa",),
    subresources=("token",),
    columns=(NAME, AGE),
    cells=_cells,
)
