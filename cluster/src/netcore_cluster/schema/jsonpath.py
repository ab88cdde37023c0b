"""JSON paths, as custom columns, scale subresources and field selectors use them.

Supported is what Kubernetes documents for them: names after dots or in brackets, indexes, slices,
wildcards, recursive descent and filters (`?(@.type=="Ready")`). A path that leads nowhere gives
nothing; it is no error.

Source: Kubernetes documentation, "JSONPath support".
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Step = Callable[[Any], Iterator[Any]]

_NAME = re.compile(r"(?:\\.|[^.\[\]{}\\])+")
_FILTER = re.compile(
    r"\?\(\s*@(?P<left>[^=!<>\s)]*)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<right>[^)]*?)\s*)?\)"
)
_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")


class JsonPath:
    """A parsed path.

    Raises:
        ValueError: the text is not a path.
    """

    __slots__ = ("_steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = tuple(_parse(text))

    def find(self, value: Any) -> list[Any]:
        """Return every value that the path leads to, from `value` on."""
        found = [value]
        for step in self._steps:
            found = [result for start in found for result in step(start)]
        return found

    def first(self, value: Any) -> Any:
        """Return the first value that the path leads to, or None."""
        found = self.find(value)
        return found[0] if found else None


def _parse(text: str) -> Iterator[Step]:
    rest = text.removeprefix("$")
    if rest and rest[0] not in ".[":
        raise ValueError(f"{text!r} is no JSON path: it must begin with a dot")
    while rest:
        if rest.startswith(".."):
            yield _descend
            rest = rest[2:] if rest.startswith("..[") else rest[1:]
        elif rest.startswith("["):
            inside, rest = _bracket(text, rest)
            yield _bracketed(text, inside)
        elif rest.startswith(".*"):
            yield _every
            rest = rest[2:]
        else:
            match = _NAME.match(rest, 1)
            if match is None:
                if rest in {".", ".["} or rest.startswith(".["):
                    rest = rest[1:]
                    continue
                raise ValueError(f"{text!r} is no JSON path: a name is missing at {rest!r}")
            yield _named(re.sub(r"\\(.)", r"\1", match[0]))
            rest = rest[match.end() :]


def _bracket(text: str, rest: str) -> tuple[str, str]:
    """Split off what stands between brackets; quotes may hold brackets of their own."""
    quote = ""
    for index, char in enumerate(rest[1:], start=1):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "]":
            return rest[1:index].strip(), rest[index + 1 :]
    raise ValueError(f"{text!r} is no JSON path: a bracket is not closed")


def _bracketed(text: str, inside: str) -> Step:
    if inside == "*":
        return _every
    if len(inside) > 1 and inside[0] == inside[-1] and inside[0] in "'\"":
        return _named(inside[1:-1])
    if inside.startswith("?"):
        return _filter(text, inside)
    if slice_match := _SLICE.fullmatch(inside):
        start, stop, step = (int(part) if part else None for part in slice_match.groups())
        return _sliced(slice(start, stop, step))
    try:
        return _indexed(int(inside))
    except ValueError as error:
        raise ValueError(f"{text!r} is no JSON path: {inside!r} is no index") from error


def _named(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _indexed(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _sliced(part: slice) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value[part]

    return step


def _every(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(value: Any) -> Iterator[Any]:
    yield value
    for part in _every(value):
        yield from _descend(part)


def _filter(text: str, inside: str) -> Step:
    match = _FILTER.fullmatch(inside)
    if match is None:
        raise ValueError(f"{text!r} is no JSON path: {inside!r} is no filter")
    left = JsonPath(match["left"])
    operator, right = match["operator"], _literal(match["right"] or "")

    def step(value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            return
        for item in value:
            found = left.find(item)
            if not found:
                continue
            if operator is None or _holds(found[0], operator, right):
                yield item

    return step


def _literal(text: str) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _holds(left: Any, operator: str, right: Any) -> bool:
    if operator == "==":
        return bool(left == right)
    if operator == "!=":
        return bool(left != right)
    try:
        return bool(
            {
                "<": left < right,
                "<=": left <= right,
                ">": left > right,
                ">=": left >= right,
            }[operator]
        )
    except TypeError:
        return False
