"""Label and field selectors: which objects a list or a watch is about.

Source: apimachinery ``pkg/labels/selector.go``, ``pkg/fields/selector.go``.
"""

import re
from collections.abc import Callable, Mapping

from netcore_cluster.api.errors import Object, bad_request
from netcore_cluster.api.resource import Resource
from netcore_cluster.kinds.selectors import LabelMatch, label_test
from netcore_cluster.storage.entry import Entry

Match = Callable[[Entry], bool]

_TOKEN = re.compile(r"\s*(==|=|!=|!|,|\(|\)|<|>|[^\s=!,()<>]+)")
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = re.compile(rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}")
_VALUE = re.compile(rf"({_NAME})?")
_WORD_END = {"", ",", ")"}


def selection(resource: Resource, labels: str, fields: str) -> Match | None:
    """Returns a test of stored objects; None where both selectors let everything pass.

    Raises:
        ApiError: 400, a selector is malformed or asks for a field that cannot be selected by.
    """
    label_tests = parse_label_selector(labels) if labels else []
    field_tests = _parse_field_selector(resource, fields) if fields else []
    if not label_tests and not field_tests:
        return None
    selectable = resource.kind.selectable

    def match(entry: Entry) -> bool:
        for test in label_tests:
            if not test(entry.labels):
                return False
        if field_tests:
            found = entry.fields
            if found is None or resource.to_served is not None:
                found = selectable(resource.served(entry))
                if resource.to_served is None:
                    entry.fields = found
            for name, value, wants_equal in field_tests:
                if (found.get(name, "") == value) is not wants_equal:
                    return False
        return True

    return match


def selected_field(fields: str, name: str) -> str | None:
    """Returns the value to which a field selector pins a field, or None."""
    for part in fields.split(",") if fields else ():
        key, _, value = part.partition("=")
        if key == name and not part.startswith(f"{name}!"):
            return value.removeprefix("=")
    return None


def parse_label_selector(text: str) -> list[LabelMatch]:
    """Returns the tests of a label selector; all of them have to pass.

    Raises:
        ApiError: 400, it is malformed.
    """
    return _LabelParser(text).requirements()


class _LabelParser:
    """A reader of ``a=b,c!=d,e in (f, g),h,!i,j>1``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def requirements(self) -> list[LabelMatch]:
        found = []
        while self._peek():
            found.append(self._requirement())
            following = self._next()
            if following not in {"", ","}:
                raise self._error(f"found '{following}', expected: ',' or 'end of string'")
            if following == "," and not self._peek():
                raise self._error("found '', expected: identifier after ','")
        return found

    def _requirement(self) -> LabelMatch:
        is_negated = self._peek() == "!"
        if is_negated:
            self._next()
        key = self._next()
        if not _KEY.fullmatch(key):
            if key in {"", ",", "=", "==", "!=", "(", ")", "<", ">"}:
                raise self._error(f"found '{key}', expected: identifier")
            raise self._error(
                f'<nil>: Invalid value: "{key}": name part must consist of alphanumeric '
                "characters, '-', '_' or '.', and must start and end with an alphanumeric "
                "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
                "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            )
        operator = self._peek()
        if is_negated:
            if operator not in _WORD_END:
                raise self._error(f"found '{operator}', expected: ',' or 'end of string'")
            return label_test(key, "DoesNotExist")
        if operator in _WORD_END:
            return label_test(key, "Exists")
        self._next()
        if operator in {"in", "notin"}:
            return label_test(key, "In" if operator == "in" else "NotIn", self._values())
        if operator in {"=", "==", "!="}:
            value = self._value()
            return label_test(key, "NotIn" if operator == "!=" else "In", {value})
        if operator in {"<", ">"}:
            return self._bound(key, operator)
        raise self._error(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _value(self) -> str:
        if self._peek() in _WORD_END:
            return ""
        value = self._next()
        if not _VALUE.fullmatch(value) or len(value) > 63:
            raise self._error(
                f'<nil>: Invalid value: "{value}": a valid label must be an empty string or '
                "consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
                "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
                "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            )
        return value

    def _values(self) -> set[str]:
        if self._next() != "(":
            raise self._error("found no '(' after the operator, expected: '('")
        values = {self._value()}
        while (end := self._next()) == ",":
            values.add(self._value())
        if end != ")":
            raise self._error(f"found '{end}', expected: ',' or ')'")
        return values

    def _bound(self, key: str, operator: str) -> LabelMatch:
        value = self._value()
        if not re.fullmatch(r"-?\d+", value):
            raise self._error(
                f"<nil>: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, "
                "the value must be an integer"
            )
        bound = int(value)

        def test(labels: Mapping[str, str]) -> bool:
            found = labels.get(key, "")
            if not re.fullmatch(r"-?\d+", found):
                return False
            return int(found) > bound if operator == ">" else int(found) < bound

        return test

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _error(self, problem: str) -> Exception:
        return bad_request(f"unable to parse requirement: {problem}")


def _parse_field_selector(resource: Resource, text: str) -> list[tuple[str, str, bool]]:
    blank: Object = {"metadata": {"name": "", "namespace": ""}, "spec": {}, "status": {}}
    known = resource.kind.selectable(blank).keys()
    found = []
    for part in _split_terms(text):
        term = re.fullmatch(r"([^=!]*)(==|!=|=)(.*)", part, re.DOTALL)
        if term is None:
            raise bad_request(
                f"invalid field selector: invalid selector: '{text}'; can't understand '{part}'"
            )
        name, operator, value = term.groups()
        if name not in known:
            raise bad_request(f"field label not supported: {name}")
        found.append((name, _unescaped(value), operator != "!="))
    return found


def _split_terms(text: str) -> list[str]:
    return [part for part in re.split(r"(?<!\\),", text) if part]


def _unescaped(value: str) -> str:
    return re.sub(r"\\([\\,=])", r"\1", value)
