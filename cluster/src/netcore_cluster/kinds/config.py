"""ConfigMap and Secret."""

import base64
from datetime import datetime
from typing import Any

import orjson

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind, name_and_namespace
from netcore_cluster.kinds.names import config_key
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, required, too_long

JsonObject = dict[str, Any]

_OPAQUE = "Opaque"
_ACCOUNT = "kubernetes.io/service-account.name"
_BASIC_AUTH = ("username", "password")
_LARGEST = 1024 * 1024
# Keys that a secret of a type must hold.
_NEEDED = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _immutable_errors(obj: JsonObject, old: JsonObject | None, *keys: str) -> list[FieldError]:
    if old is None or not old.get("immutable"):
        return []
    detail = "field is immutable when `immutable` is set"
    errors = [forbidden("immutable", detail)] if not obj.get("immutable") else []
    errors += [
        forbidden(key, detail) for key in keys if (obj.get(key) or {}) != (old.get(key) or {})
    ]
    return errors


def _key_errors(obj: JsonObject, field: str) -> list[FieldError]:
    return [
        invalid(f"{field}[{key}]", key, text)
        for key in obj.get(field) or {}
        for text in config_key(key)
    ]


def _check_config_map(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = _key_errors(obj, "data") + _key_errors(obj, "binaryData")
    twice = (obj.get("data") or {}).keys() & (obj.get("binaryData") or {}).keys()
    errors += [
        invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        for key in sorted(twice)
    ]
    errors += _size_errors(obj, "", "data", "binaryData")
    return errors + _immutable_errors(obj, old, "data", "binaryData")


def _size_errors(obj: JsonObject, path: str, *fields: str) -> list[FieldError]:
    size = sum(len(text.encode()) for field in fields for text in (obj.get(field) or {}).values())
    # What base64 makes of bytes is a third longer than they are.
    return (
        [too_long(path or "[]", _LARGEST)]
        if size > _LARGEST * 4 // 3 or ("binaryData" in fields and size > _LARGEST)
        else []
    )


def _count(obj: JsonObject, *fields: str) -> int:
    return sum(len(obj.get(field) or {}) for field in fields)


def _config_map_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], _count(obj, "data", "binaryData"), created(obj, now)]


def _default_secret(obj: JsonObject) -> None:
    """Give it a type, and put the plain texts among the data."""
    obj.setdefault("type", _OPAQUE)
    texts = obj.pop("stringData", None)
    if texts:
        data = obj.get("data") or {}
        data |= {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        obj["data"] = data


def _check_secret(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = _key_errors(obj, "data")
    data = obj.get("data") or {}
    kind = obj["type"]
    errors += [required(f"data[{key}]") for key in _NEEDED.get(kind, ()) if key not in data]
    if kind == "kubernetes.io/basic-auth" and not data.keys() & set(_BASIC_AUTH):
        errors += [required(f"data[{key}]") for key in _BASIC_AUTH]
    if kind == "kubernetes.io/service-account-token":
        owner = (obj["metadata"].get("annotations") or {}).get(_ACCOUNT)
        errors += [] if owner else [required(f"metadata.annotations[{_ACCOUNT}]")]
    if kind.startswith("kubernetes.io/dockerc"):
        errors += _docker_errors(data, _NEEDED[kind][0]) if kind in _NEEDED else []
    errors += _size_errors(obj, "data", "data")
    if old is not None and obj["type"] != old.get("type"):
        errors.append(invalid("type", obj["type"], "field is immutable"))
    return errors + _immutable_errors(obj, old, "data")


def _docker_errors(data: JsonObject, key: str) -> list[FieldError]:
    """Credentials of registries are JSON; what is wrong with them is not repeated."""
    if key not in data:
        return []
    try:
        orjson.loads(base64.b64decode(data[key]))
    except orjson.JSONDecodeError as error:
        return [invalid(f"data[{key}]", "<secret contents redacted>", str(error))]
    return []


def _secret_fields(obj: JsonObject) -> dict[str, str]:
    return {**name_and_namespace(obj), "type": obj.get("type", "")}


def _secret_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], obj.get("type", ""), _count(obj, "data"), created(obj, now)]


_DATA = Column("Data", description="Number of keys.")

CONFIG_MAP = Kind(
    group="",
    version="v1",
    kind="ConfigMap",
    plural="configmaps",
    short_names=("cm",),
    columns=(NAME, _DATA, AGE),
    cells=_config_map_cells,
    check=_check_config_map,
)
SECRET = Kind(
    group="",
    version="v1",
    kind="Secret",
    plural="secrets",
    columns=(NAME, Column("Type", description="What it is for."), _DATA, AGE),
    cells=_secret_cells,
    defaults=_default_secret,
    check=_check_secret,
    selectable=_secret_fields,
)
