"""The structure of the built-in kinds."""

from netcore_cluster.schema.structure import ObjectSchema


def builtin_schema(group: str, version: str, kind: str) -> ObjectSchema:
    """Return the structure of a built-in kind."""
    return ObjectSchema(group, version, kind)
