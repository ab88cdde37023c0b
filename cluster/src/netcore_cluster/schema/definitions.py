"""The published API definitions, as the package kubernetes-validate carries them.

The package holds, for each Kubernetes version, every definition of the API's OpenAPI document
with its merge and list extensions. One file of 1.5 MB has them all; it is read where it is
needed (a few hundredths of a second) and not kept, since its texts would cost more memory than
the rest of the server.
"""

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

VERSION = "v1.35.0"

Definitions = dict[str, dict[str, Any]]


@lru_cache(maxsize=1)
def _file() -> Path:
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package kubernetes-validate is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
    return folder / f"{VERSION}-local" / "_definitions.json"


def load_definitions() -> Definitions:
    """Return every definition by its full name, such as `io.k8s.api.core.v1.Pod`."""
    definitions: Definitions = orjson.loads(_file().read_bytes())["$defs"]
    return definitions


def reference(schema: dict[str, Any]) -> str | None:
    """Return the name of the definition that a property refers to, if it does."""
    found = schema.get("$ref")
    return found.rpartition("/")[2] if isinstance(found, str) else None


def type_of(schema: dict[str, Any]) -> str:
    """Return the JSON type of a property; the package adds null to each."""
    found = schema.get("type", "")
    if isinstance(found, list):
        return next((name for name in found if name != "null"), "")
    return str(found)


def kinds_of(definition: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the (group, version, kind) triples that a definition is the structure of."""
    return [
        (kind["group"], kind["version"], kind["kind"])
        for kind in definition.get("x-kubernetes-group-version-kind", ())
    ]
