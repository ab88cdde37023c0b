"""Patches other than apply: JSON patch, JSON merge patch and strategic merge patch.

Source: RFC 6902, RFC 7386; what a failure answers is the real server's.
"""

from typing import Any, cast

import jsonpatch
import jsonpointer
import orjson

from netcore_cluster.schema.decode import Decoded, FieldValidation, load, settle
from netcore_cluster.schema.errors import BadRequestError, RefusedError, invalid
from netcore_cluster.schema.strategic import strategic_merge
from netcore_cluster.schema.structure import ObjectSchema

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"

_MOST_OPERATIONS = 10_000

JsonObject = dict[str, Any]


def apply_patch(
    schema: ObjectSchema,
    current: JsonObject,
    patch: bytes,
    patch_type: str,
    *,
    field_validation: FieldValidation = "Warn",
) -> Decoded:
    """Return the object that a patch makes of the stored one, without new defaults.

    Args:
        schema: the structure of the object.
        current: the stored object; it is not changed.
        patch: the body of the request.
        patch_type: its media type, without parameters.
        field_validation: what to do about unknown and duplicate fields.

    Raises:
        BadRequestError: the body is not a patch of its type.
        RefusedError: 415, the kind takes no such patch; 422, the patch does not fit the object,
            or its outcome is not of the kind.
    """
    complaints: list[str] = []
    if patch_type == JSON_PATCH:
        patched = _json_patch(current, patch)
    elif patch_type == MERGE_PATCH:
        changes, complaints = _loaded(patch, field_validation, "error decoding patch: ")
        patched = merge(clone(current), changes)
    elif patch_type == STRATEGIC_MERGE_PATCH and not schema.is_custom:
        changes, complaints = _loaded(patch, field_validation, "")
        patched = strategic_merge(schema.root, clone(current), changes)
    else:
        raise _not_taken(schema)
    return _settled(schema, patched, complaints, field_validation)


def clone(value: JsonObject) -> JsonObject:
    """Return a deep copy of a JSON object; a trip through text is the fastest way to one."""
    copied: JsonObject = orjson.loads(orjson.dumps(value))
    return copied


def merge(target: JsonObject, patch: JsonObject) -> JsonObject:
    """Merge `patch` into `target`, in place, and return it; null removes.

    Source: RFC 7386, section 2.
    """
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            old = target.get(key)
            target[key] = merge(old if isinstance(old, dict) else {}, value)
        else:
            target[key] = value
    return target


def _loaded(
    patch: bytes, field_validation: FieldValidation, prefix: str
) -> tuple[JsonObject, list[str]]:
    try:
        value, complaints = load(
            patch,
            content_type="application/json",
            look_for_duplicates=field_validation != "Ignore",
        )
    except BadRequestError as error:
        raise BadRequestError(f"{prefix}{error.message}") from error
    if type(value) is not dict:
        raise BadRequestError(f"{prefix}the patch must be a JSON object")
    return value, complaints


def _json_patch(current: JsonObject, patch: bytes) -> JsonObject:
    try:
        operations = orjson.loads(patch)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"error decoding patch: {error}") from error
    if type(operations) is not list or any(type(part) is not dict for part in operations):
        raise BadRequestError("error decoding patch: the patch must be a JSON list of operations")
    if len(operations) > _MOST_OPERATIONS:
        raise RefusedError(
            413,
            "RequestEntityTooLarge",
            f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got "
            f"{len(operations)}",
        )
    patched = clone(current)
    for operation in operations:
        patched = _operate(patched, operation)
    return patched


def _operate(target: JsonObject, operation: JsonObject) -> JsonObject:
    """Return the object after one operation; like upstream, `replace` may add a field."""
    try:
        return _one(operation, target)
    except jsonpatch.JsonPatchConflict as error:
        if operation.get("op") == "replace":
            try:
                return _one(operation | {"op": "add"}, target)
            except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException):
                pass
        raise _misfit() from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        raise _misfit() from error


def _one(operation: JsonObject, target: JsonObject) -> JsonObject:
    patched = jsonpatch.JsonPatch(cast("Any", [operation])).apply(target, in_place=True)
    if type(patched) is not dict:
        raise _misfit()
    return patched


def _misfit() -> RefusedError:
    text = "the server rejected our request due to an error in our request"
    return RefusedError(422, "Invalid", text)


def _not_taken(schema: ObjectSchema) -> RefusedError:
    taken = [JSON_PATCH, MERGE_PATCH, "application/apply-patch+yaml"]
    if not schema.is_custom:
        taken.insert(2, STRATEGIC_MERGE_PATCH)
    return RefusedError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(taken)}",
    )


def _settled(
    schema: ObjectSchema,
    patched: JsonObject,
    complaints: list[str],
    field_validation: FieldValidation,
) -> Decoded:
    """Check that the outcome of a patch is an object of the kind."""
    text = orjson.dumps(patched).decode()
    kind, api_version = patched.get("kind"), patched.get("apiVersion")
    if kind != schema.kind or api_version != schema.api_version:
        raise _not_of_kind(text, f'no kind "{kind}" is registered for version "{api_version}"')
    try:
        return settle(schema, patched, complaints=complaints, field_validation=field_validation)
    except BadRequestError as error:
        why = error.message.partition(" cannot be handled as a ")[2].partition(": ")[2]
        raise _not_of_kind(text, why) from error


def _not_of_kind(text: str, why: str) -> RefusedError:
    problem = invalid("patch", text, why)
    return RefusedError(422, "Invalid", f' "" is invalid: {problem}', [problem.cause()])
