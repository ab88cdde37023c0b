"""Metrics in Prometheus' text format (version 0.0.4), written by hand: an agent stays small."""

from collections.abc import Mapping
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Exposition:
    """Collects samples and renders them.

    Args:
        prefix: Begin of each name, with the underscore.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._lines: list[str] = []

    def counter(self, name: str, text: str, value: float) -> None:
        """Add a count since the start; by convention its name ends in `_total`."""
        self._add(name, text, "counter", {"": value})

    def gauge(self, name: str, text: str, value: float) -> None:
        """Add a value that goes up and down."""
        self._add(name, text, "gauge", {"": value})

    def counters(self, name: str, text: str, label: str, values: Mapping[str, float]) -> None:
        """Add counts told apart by one label."""
        labelled = {f'{{{label}="{_escape(key)}"}}': values[key] for key in sorted(values)}
        self._add(name, text, "counter", labelled)

    def render(self) -> bytes:
        """The whole page."""
        return ("\n".join(self._lines) + "\n").encode()

    def _add(
        self,
        name: str,
        text: str,
        kind: Literal["counter", "gauge"],
        values: Mapping[str, float],
    ) -> None:
        full = self._prefix + name
        self._lines += [f"# HELP {full} {text}", f"# TYPE {full} {kind}"]
        self._lines += [f"{full}{labels} {value:.15g}" for labels, value in values.items()]


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
