"""The structure of custom kinds, as their CustomResourceDefinition gives it."""

from typing import Any

from netcore_cluster.schema.structure import ObjectSchema


def settle_custom(schema: ObjectSchema, obj: dict[str, Any], unknown: list[str]) -> None:
    """Prune and default."""
    raise NotImplementedError
