"""A custom resource for the API suite, with each feature of a schema that it asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from integration.client import Api, Object
from integration.conftest import Namespace
from integration.server import DEFINITIONS, is_established


def widget_definition(group: str) -> Object:
    """A kind with each feature of a schema that the suite asks for."""
    text = {"type": "string"}
    spec = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 10},
            "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
            "label": {"type": "string", "maxLength": 5, "pattern": "^[a-z]*$"},
            "tags": {
                "type": "array",
                "maxItems": 3,
                "items": text,
                "x-kubernetes-list-type": "set",
            },
            "ports": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": text,
                        "protocol": {"type": "string", "default": "TCP"},
                        "number": {"x-kubernetes-int-or-string": True},
                    },
                },
            },
            "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
            "when": {"type": "string", "format": "date-time"},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "empty": {"type": "string", "nullable": True},
        },
    }
    status = {"type": "object", "properties": {"phase": text, "count": {"type": "integer"}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
            {"name": "Hidden", "type": "string", "jsonPath": ".spec.color", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "required": ["spec"],
                "properties": {"spec": spec, "status": status},
            }
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
            "versions": [version],
        },
    }


@dataclass(frozen=True, slots=True)
class Widgets:
    """A custom resource, established, and the path of it in the test's namespace."""

    group: str
    namespace: Namespace

    @property
    def definition(self) -> str:
        return f"{DEFINITIONS}/widgets.{self.group}"

    @property
    def group_version(self) -> str:
        return f"{self.group}/v1"

    @property
    def path(self) -> str:
        return self.namespace.group(self.group_version, "widgets")

    def widget(self, name: str, **spec: object) -> Object:
        return {
            "apiVersion": self.group_version,
            "kind": "Widget",
            "metadata": {"name": name},
            "spec": {"size": 1, **spec},
        }


@pytest.fixture
async def widgets(api: Api, namespace: Namespace) -> Widgets:
    """The kind that most tests share: the first one defines it."""
    kind = Widgets("suite.example.com", namespace)
    answer = await api.request("POST", DEFINITIONS, widget_definition(kind.group))
    assert answer.status in {201, 409}
    await api.until(kind.definition, is_established)
    return kind


@pytest.fixture
async def own_widgets(api: Api, namespace: Namespace) -> AsyncIterator[Widgets]:
    """A kind that no other test knows."""
    kind = Widgets(f"{namespace.name}.example.com", namespace)
    await api.create(DEFINITIONS, widget_definition(kind.group))
    await api.until(kind.definition, is_established)
    yield kind
    await api.request("DELETE", kind.definition)
