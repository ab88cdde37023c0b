"""YAML bodies, read as the JSON that they stand for."""

from typing import Any

import yaml

from netcore_cluster.schema.errors import BadRequestError

_FAST: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _JsonLoader(_FAST):  # type: ignore[misc]
    """Loads only what JSON can say: keys are strings, and a date is a string like any other."""

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self.repeated: list[str] = []

    def json_object(self, node: yaml.MappingNode) -> dict[str, Any]:
        """Return a mapping as a JSON object; the last of equal keys wins."""
        self.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _key(self.construct_object(key_node, deep=True))
            if key in result:
                line = key_node.start_mark.line + 1
                self.repeated.append(f'line {line}: key "{key}" already set in map')
            result[key] = self.construct_object(value_node, deep=True)
        return result


def _key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise BadRequestError(
        f"error converting YAML to JSON: a key must be a string or a number, not {value!r}"
    )


_JsonLoader.add_constructor("tag:yaml.org,2002:map", _JsonLoader.json_object)
_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _FAST.yaml_implicit_resolvers.items()  # type: ignore[attr-defined]
}


def load_yaml(body: bytes) -> tuple[Any, list[str]]:
    """Return the value of a YAML body, and a complaint for each key that it has twice.

    Raises:
        BadRequestError: the body is not YAML, or says what JSON cannot.
    """
    loader = _JsonLoader(body)
    try:
        value = loader.get_single_data()
    except (yaml.YAMLError, ValueError) as error:
        raise BadRequestError(f"error converting YAML to JSON: {error}") from error
    finally:
        loader.dispose()
    return value, [f"yaml: unmarshal errors: {text}" for text in loader.repeated]
