"""Strict decoding of nested mappings: each value by its path, unknown keys refused by name."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from netcore_scheduler.config._errors import ConfigurationError, invalid

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_UNIT_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Reader:
    """One mapping of a document, and where in the document it stands."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise ConfigurationError(f"{path or 'configuration'}: must be a mapping")
        self._value = value
        self._path = path
        self._known: set[str] = set()

    def at(self, key: str) -> str:
        """Path of a key."""
        return f"{self._path}.{key}" if self._path else key

    def get(self, key: str) -> Any:
        """The value of a key as it is, None where absent; the key counts as known."""
        self._known.add(key)
        return self._value.get(key)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Every key with its value as it is; all of them count as known."""
        for key, value in self._value.items():
            self._known.add(key)
            yield key, value

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise ConfigurationError(f"{self.at(key)}: must be a string")
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """A boolean."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ConfigurationError(f"{self.at(key)}: must be true or false")
        return value

    def integer(self, key: str, default: int) -> int:
        """An integer."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(self.at(key), value, "must be an integer")
        return value

    def number(self, key: str, default: float) -> float:
        """An integer or a fraction."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise invalid(self.at(key), value, "must be a number")
        return float(value)

    def texts(self, key: str) -> list[str]:
        """A list of strings; empty where absent."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid(self.at(key), value, "must be a list of strings")
        return list(value)

    def seconds(self, key: str, default: float) -> float:
        """A duration as Go writes it, such as `15s` or `1m30s`, in seconds."""
        value = self.get(key)
        if value is None:
            return default
        parts = _DURATION.findall(value) if isinstance(value, str) else []
        if not parts or "".join(number + unit for number, unit in parts) != value:
            raise ConfigurationError(f"{self.at(key)}: must be a duration such as 15s")
        return sum(float(number) * _UNIT_S[unit] for number, unit in parts)

    def child(self, key: str) -> "Reader":
        """A mapping; empty where absent."""
        value = self.get(key)
        return Reader({} if value is None else value, self.at(key))

    def children(self, key: str) -> Iterator["Reader"]:
        """The mappings of a list; none where absent."""
        value = self.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            raise ConfigurationError(f"{self.at(key)}: must be a list")
        for index, item in enumerate(value):
            yield Reader(item, f"{self.at(key)}[{index}]")

    def finish(self) -> None:
        """Refuse what nobody asked for."""
        for key in self._value:
            if key not in self._known:
                near = difflib.get_close_matches(str(key), self._known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ConfigurationError(f"{self.at(str(key))}: unknown key{hint}")
