"""What is wrong in a configuration, worded as the Kubernetes API words it."""

from collections.abc import Iterable
from typing import Any

import orjson


class ConfigurationError(ValueError):
    """A key, name or value is not what it must be; the message gives its path and the remedy."""


def invalid(path: str, value: Any, detail: str) -> ConfigurationError:
    """The error for a value that its field must not have."""
    return ConfigurationError(f"{path}: Invalid value: {shown(value)}: {detail}")


def unsupported(path: str, value: str, supported: Iterable[str]) -> ConfigurationError:
    """The error for a value that is none of those a field knows."""
    known = ", ".join(shown(name) for name in sorted(supported))
    return ConfigurationError(
        f"{path}: Unsupported value: {shown(value)}: supported values: {known}"
    )


def shown(value: Any) -> str:
    """A value as a message shows it."""
    return orjson.dumps(value, default=str).decode()
