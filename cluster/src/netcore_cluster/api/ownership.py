"""Patches, and who owns which field: the schema's functions in the words of requests."""

import contextlib

from netcore_cluster.api import errors
from netcore_cluster.api.errors import Object
from netcore_cluster.api.options import FieldValidation, WriteOptions
from netcore_cluster.kinds import Kind
from netcore_cluster.schema.apply import Applier, managed_fields_after_update, server_side_apply
from netcore_cluster.schema.apply.items import UnidentifiedItemError
from netcore_cluster.schema.decode import Decoded
from netcore_cluster.schema.errors import RefusedError
from netcore_cluster.schema.patch import apply_patch
from netcore_cluster.schema.structure import ObjectSchema


def record_create(kind: Kind, obj: Object, manager: str, now: str) -> None:
    """Notes who set the fields of a new object, in place."""
    # A list without the keys that tell its items apart has no owners; validation refuses it.
    with contextlib.suppress(UnidentifiedItemError):
        managed_fields_after_update(kind.schema, obj, None, manager=manager, time=now)


def record_update(
    kind: Kind, obj: Object, old: Object, manager: str, now: str, subresource: str
) -> None:
    """Notes who changed which fields of an object, in place."""
    with contextlib.suppress(UnidentifiedItemError):
        managed_fields_after_update(
            kind.schema, obj, old, manager=manager, time=now, subresource=subresource
        )


def patched(
    schema: ObjectSchema,
    old: Object,
    patch: bytes,
    content_type: str,
    validation: FieldValidation = "Warn",
) -> Decoded:
    """Returns what a patch makes of an object.

    Raises:
        ApiError: the patch is malformed or does not fit.
    """
    try:
        return apply_patch(schema, old, patch, content_type, field_validation=validation)
    except RefusedError as error:
        raise errors.refused(error) from error


def applied(
    kind: Kind, old: Object | None, patch: bytes, options: WriteOptions, now: str, subresource: str
) -> Decoded:
    """Returns what an applied configuration makes of an object, or of none.

    Raises:
        ApiError: it is malformed, or its fields belong to others.
    """
    applier = Applier(
        options.manager,
        now,
        force=options.forces,
        subresource=subresource,
        ignored=kind.ignored_fields(subresource),
    )
    try:
        return server_side_apply(
            kind.schema, old, patch, applier, field_validation=options.field_validation
        )
    except RefusedError as error:
        raise errors.refused(error) from error
