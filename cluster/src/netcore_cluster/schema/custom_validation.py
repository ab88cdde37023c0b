"""Whether the values of a custom object are those that its schema allows.

A schema is compiled once into a tree of checks; a check returns the errors of one value and of
what is below it, in the words of the real server.

Rules in the Common Expression Language (`x-kubernetes-validations`) are not evaluated; a
definition that has them is accepted with a warning.

Source: OpenAPI v3.0 schema objects, as far as structural schemas allow them.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    invalid,
    required,
    shown,
    too_long,
    too_many,
    type_invalid,
    unsupported,
)
from netcore_cluster.schema.formats import format_check

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}

Rule = Callable[[Any, str], Iterator[FieldError]]


class Check:
    """The checks of one schema, and those of its parts."""

    __slots__ = ("fields", "items", "nullable", "required", "rest", "rules", "type_text", "types")

    def __init__(self, schema: dict[str, Any]) -> None:
        rest = schema.get("additionalProperties")
        items = schema.get("items")
        if schema.get("x-kubernetes-int-or-string"):
            self.type_text = "integer,string"
        else:
            self.type_text = schema.get("type", "")
        names = [name for name in self.type_text.split(",") if name]
        self.types = tuple(kind for name in names for kind in _TYPES[name])
        self.nullable = bool(schema.get("nullable"))
        self.required: tuple[str, ...] = tuple(schema.get("required", ()))
        self.fields = {name: Check(part) for name, part in schema.get("properties", {}).items()}
        self.rest = Check(rest) if isinstance(rest, dict) else None
        self.items = Check(items) if isinstance(items, dict) else None
        self.rules = tuple(_rules(schema))

    def errors(self, value: Any, path: str) -> Iterator[FieldError]:
        """Yield what is wrong with a value.

        Args:
            value: the value.
            path: where it stands; empty for the root.
        """
        if value is None:
            if self.types and not self.nullable:
                yield self._mistyped(value, path)
            return
        if self.types and not self._fits(value):
            yield self._mistyped(value, path)
            if type(value) is float and self.type_text == "integer":
                text = f"Checked value must be of type integer (default format) in {path}"
                yield invalid("<nil>", "", text)
            return
        for rule in self.rules:
            yield from rule(value, path)
        if type(value) is dict:
            yield from self._object_errors(value, path)
        elif type(value) is list and self.items is not None:
            yield from self._list_errors(value, path, self.items)

    def _fits(self, value: Any) -> bool:
        kind = type(value)
        if kind in self.types:
            return True
        return kind is float and int in self.types and value.is_integer()

    def _object_errors(self, value: dict[str, Any], path: str) -> Iterator[FieldError]:
        prefix = f"{path}." if path else ""
        for key, item in value.items():
            part = self.fields.get(key) or self.rest
            if part is not None:
                yield from part.errors(item, f"{prefix}{key}")
        for key in self.required:
            if key not in value:
                yield required(f"{prefix}{key}")

    @staticmethod
    def _list_errors(value: list[Any], path: str, items: "Check") -> Iterator[FieldError]:
        types, plain = items.types, not items.rules and not items.fields
        for index, item in enumerate(value):
            if not (plain and type(item) in types and type(item) not in {dict, list}):
                yield from items.errors(item, f"{path}[{index}]")

    def _mistyped(self, value: Any, path: str) -> FieldError:
        found = "null" if value is None else _type_name(value)
        text = f"{path} in body must be of type {self.type_text}: {shown(found)}"
        return type_invalid(path or "<nil>", found, text)


def _type_name(value: Any) -> str:
    for name in ("boolean", "integer", "number", "string", "array", "object"):
        if type(value) in _TYPES[name]:
            return name
    raise TypeError(f"{type(value).__name__} is no type of JSON")


def _rules(schema: dict[str, Any]) -> Iterator[Rule]:
    """Yield the checks of a value itself, in the order in which the API reports them."""
    yield from _combinations(schema)
    yield from _string_rules(schema)
    yield from _number_rules(schema)
    yield from _size_rules(schema)
    yield from _list_rules(schema)
    if schema.get("enum"):
        yield _one_of(schema["enum"])


def _when(
    kinds: tuple[type, ...], fails: Callable[[Any], bool], error: Callable[[Any, str], FieldError]
) -> Rule:
    def rule(value: Any, path: str) -> Iterator[FieldError]:
        if type(value) in kinds and fails(value):
            yield error(value, path)

    return rule


def _says(text: str) -> Callable[[Any, str], FieldError]:
    return lambda value, path: invalid(path, value, f"{path} in body {text}")


def _string_rules(schema: dict[str, Any]) -> Iterator[Rule]:
    text = (str,)
    if "maxLength" in schema:
        longest = schema["maxLength"]
        yield _when(
            text, lambda value: len(value) > longest, lambda _, path: too_long(path, longest)
        )
    if "minLength" in schema:
        least = schema["minLength"]
        yield _when(
            text, lambda value: len(value) < least, _says(f"should be at least {least} chars long")
        )
    if schema.get("pattern"):
        search = compile_pattern(schema["pattern"]).search
        yield _when(
            text, lambda value: search(value) is None, _says(f"should match '{schema['pattern']}'")
        )
    name = schema.get("format", "")
    check = format_check(name) if name else None
    if check is not None:
        yield _when(
            text,
            lambda value: not check(value),
            lambda value, path: type_invalid(
                path, value, f"{path} in body must be of type {name}: {shown(value)}"
            ),
        )


def _number_rules(schema: dict[str, Any]) -> Iterator[Rule]:
    number = (int, float)
    if "multipleOf" in schema:
        factor = schema["multipleOf"]
        yield _when(
            number,
            lambda value: value % factor != 0,
            _says(f"should be a multiple of {_plain(factor)}"),
        )
    if "maximum" in schema:
        limit, open_end = schema["maximum"], schema.get("exclusiveMaximum", False)
        yield _when(
            number,
            lambda value: value >= limit if open_end else value > limit,
            _says(f"should be less than {'' if open_end else 'or equal to '}{_plain(limit)}"),
        )
    if "minimum" in schema:
        least, open_start = schema["minimum"], schema.get("exclusiveMinimum", False)
        yield _when(
            number,
            lambda value: value <= least if open_start else value < least,
            _says(f"should be greater than {'' if open_start else 'or equal to '}{_plain(least)}"),
        )


def _size_rules(schema: dict[str, Any]) -> Iterator[Rule]:
    if "minItems" in schema:
        fewest = schema["minItems"]
        yield _when(
            (list,),
            lambda value: len(value) < fewest,
            lambda value, path: invalid(
                path, len(value), f"{path} in body should have at least {fewest} items"
            ),
        )
    if "maxItems" in schema:
        most = schema["maxItems"]
        yield _when(
            (list,),
            lambda value: len(value) > most,
            lambda value, path: too_many(path, len(value), most),
        )
    if "minProperties" in schema:
        fewest_keys = schema["minProperties"]
        yield _when(
            (dict,),
            lambda value: len(value) < fewest_keys,
            lambda value, path: invalid(
                path, len(value), f"{path} in body should have at least {fewest_keys} properties"
            ),
        )
    if "maxProperties" in schema:
        most_keys = schema["maxProperties"]
        yield _when(
            (dict,),
            lambda value: len(value) > most_keys,
            lambda value, path: too_many(path, len(value), most_keys),
        )


def _list_rules(schema: dict[str, Any]) -> Iterator[Rule]:
    if schema.get("x-kubernetes-list-type") == "set":
        yield _distinct(shown)
    elif schema.get("x-kubernetes-list-type") == "map":
        keys = schema.get("x-kubernetes-list-map-keys", [])
        defaults = {
            key: part["default"]
            for key, part in schema.get("items", {}).get("properties", {}).items()
            if "default" in part
        }

        def identity(item: Any) -> str | None:
            if type(item) is not dict:
                return None
            return shown({key: item.get(key, defaults.get(key)) for key in keys})

        yield _distinct(identity, lambda item: {key: item.get(key) for key in keys if key in item})


def _distinct(
    identity: Callable[[Any], str | None], told: Callable[[Any], Any] = lambda item: item
) -> Rule:
    def rule(value: Any, path: str) -> Iterator[FieldError]:
        if type(value) is not list:
            return
        seen: set[str] = set()
        for index, item in enumerate(value):
            name = identity(item)
            if name is not None and name in seen:
                yield duplicate(f"{path}[{index}]", told(item))
            elif name is not None:
                seen.add(name)

    return rule


def _one_of(values: list[Any]) -> Rule:
    texts = [value if isinstance(value, str) else shown(value) for value in values]

    def rule(value: Any, path: str) -> Iterator[FieldError]:
        if not any(type(value) is type(known) and value == known for known in values):
            yield unsupported(path, value, texts)

    return rule


def _combinations(schema: dict[str, Any]) -> Iterator[Rule]:
    """Yield the checks of allOf, anyOf, oneOf and not."""
    every = [Check(part) for part in schema.get("allOf", ())]
    some = [Check(part) for part in schema.get("anyOf", ())]
    one = [Check(part) for part in schema.get("oneOf", ())]

    if some:

        def any_of(value: Any, path: str) -> Iterator[FieldError]:
            failures = [list(check.errors(value, path)) for check in some]
            if all(failures):
                yield _combined(path, '" must validate at least one schema (anyOf)')
                yield from min(failures, key=len)

        yield any_of
    if one:

        def one_of(value: Any, path: str) -> Iterator[FieldError]:
            failures = [list(check.errors(value, path)) for check in one]
            valid = failures.count([])
            if valid != 1:
                found = f"Found {valid} valid alternatives" if valid else "Found none valid"
                yield _combined(path, f'" must validate one and only one schema (oneOf). {found}')
                if not valid:
                    yield from min(failures, key=len)

        yield one_of
    if every:

        def all_of(value: Any, path: str) -> Iterator[FieldError]:
            failures = [list(check.errors(value, path)) for check in every]
            for failure in failures:
                yield from failure
            if any(failures):
                none = ". None validated" if all(failures) else ""
                yield _combined(path, f'" must validate all the schemas (allOf){none}')

        yield all_of
    if schema.get("not"):
        excluded = Check(schema["not"])

        def none_of(value: Any, path: str) -> Iterator[FieldError]:
            if not any(excluded.errors(value, path)):
                yield _combined(path, '" must not validate the schema (not)')

        yield none_of


def _combined(path: str, text: str) -> FieldError:
    return invalid("<nil>", "", f'"{path}{text}')


def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern in the syntax of RE2, where `$` is the very end of the text.

    Raises:
        re.error: the pattern is not one.
    """
    parts: list[str] = []
    in_class = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            escaped = pattern[position : position + 2]
            parts.append(r"\Z" if escaped == r"\z" else escaped)
            position += 2
            continue
        if in_class:
            named = re.match(r"\[:(\^?)(\w+):\]", pattern[position:])
            if named and named[2] in _POSIX and not named[1]:
                parts.append(_POSIX[named[2]])
                position += named.end()
                continue
            in_class = char != "]" or parts[-1] in {"[", "[^"}
            parts.append(r"\[" if char == "[" else char)
        elif char == "[":
            in_class = True
            negated = pattern.startswith("[^", position)
            parts.append("[^" if negated else "[")
            position += int(negated)
        else:
            parts.append(r"\Z" if char == "$" else char)
        position += 1
    return re.compile("".join(parts))


_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\s",
    "xdigit": "0-9A-Fa-f",
    "word": r"\w",
    "punct": r"!-/:-@\[-`{-~",
}


def _plain(number: float) -> str:
    """Return a limit as the API prints it: whole numbers without a fraction."""
    return str(int(number)) if float(number).is_integer() else str(number)
