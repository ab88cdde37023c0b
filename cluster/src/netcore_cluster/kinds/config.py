"""ConfigMap and Secret."""

import base64
from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind, name_and_namespace
from netcore_cluster.kinds.names import config_key
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, required

JsonObject = dict[str, Any]

_OPAQUE = "Opaque"
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
    return errors + _immutable_errors(obj, old, "data", "binaryData")


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
    errors += [
        required(f"data[{key}]")
        for key in _NEEDED.get(obj["type"], ())
        if key not in (obj.get("data") or {})
    ]
    if old is not None and obj["type"] != old.get("type"):
        errors.append(invalid("type", obj["type"], "field is immutable"))
    return errors + _immutable_errors(obj, old, "data")


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
