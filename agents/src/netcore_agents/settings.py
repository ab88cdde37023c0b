"""Options of a program: defaults < file < environment < flags, under one name in all three.

A program declares a frozen dataclass whose fields are made by `option`. The field `report_interval`
is then the flag `--report-interval`, the variable `PREFIX_REPORT_INTERVAL` and the key
`report-interval` of a TOML file. A key or variable that names no option is refused by name.
"""

import argparse
import dataclasses
import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")
_METADATA: Final = "option"
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|)", re.ASCII)
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
# Kubernetes tells a pod of each Service in variables; a Service named as we are is no option.
_SERVICE_LINK: Final = re.compile(r"(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_.*)?)")


class SettingsError(ValueError):
    """An option is unknown, missing or wrong; the message names it, where it stands, the remedy."""


@dataclass(frozen=True, slots=True)
class _Option:
    help: str
    parse: Callable[[str], Any]
    metavar: str
    many: bool


def option(
    default: Any = MISSING,
    *,
    help: str,  # noqa: A002 - argparse's own word
    parse: Callable[[str], Any] = str,
    metavar: str = "TEXT",
    many: bool = False,
) -> Any:
    """Declare one option as a field of a settings dataclass.

    Args:
        default: Value where it is given nowhere; without one the option must be given.
        help: Line for `--help`, with unit.
        parse: Reads a text into the value; raises ValueError with a reason. `parse=bool` makes a
            switch.
        metavar: What `--help` calls the value.
        many: Whether it may be given again and again; the value is then a tuple.
    """
    metadata = {_METADATA: _Option(help, parse, metavar, many)}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def add_options(parser: argparse.ArgumentParser, settings: type[Any]) -> None:
    """Add the flags of a settings dataclass, and `--config`."""
    for each in fields(settings):
        meta: _Option = each.metadata[_METADATA]
        text = meta.help
        if each.default not in {MISSING, None, "", False, ()}:
            text += f" (default {each.default:g})" if _is_number(each.default) else ""
            text += f" (default {each.default})" if not _is_number(each.default) else ""
        flag = f"--{each.name.replace('_', '-')}"
        if meta.parse is bool:
            parser.add_argument(
                flag, dest=each.name, action=argparse.BooleanOptionalAction, default=None, help=text
            )
        else:
            parser.add_argument(
                flag,
                dest=each.name,
                metavar=meta.metavar,
                action="append" if meta.many else "store",
                help=text.replace("%", "%%"),
            )
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="TOML file of the options above"
    )


def load(
    settings: type[T], args: argparse.Namespace, environ: Mapping[str, str], *, prefix: str
) -> T:
    """Read the settings from all their sources.

    Args:
        settings: The dataclass.
        args: Flags, as `add_options` declared them.
        environ: Environment variables.
        prefix: Of the variables, with the underscore.

    Raises:
        SettingsError: See there.
    """
    known: dict[str, _Option] = {
        each.name: each.metadata[_METADATA]
        for each in fields(settings)  # type: ignore[arg-type]
    }
    given: dict[str, Any] = {}
    if args.config is not None:
        given |= _from_file(args.config, known)
    given |= _from_environment(environ, known, prefix)
    for name, meta in known.items():
        flag = f"--{name.replace('_', '-')}"
        value = getattr(args, name)
        if isinstance(value, list):
            given[name] = tuple(_parse(meta, entry, flag) for entry in value)
        elif value is not None:
            given[name] = value if isinstance(value, bool) else _parse(meta, value, flag)
    for each in fields(settings):  # type: ignore[arg-type]
        if each.name not in given and each.default is MISSING:
            flag = each.name.replace("_", "-")
            raise SettingsError(f"--{flag} is needed: {known[each.name].help}")
    return settings(**given)


def duration(text: str) -> float:
    """Read a duration into seconds: `500ms`, `30s`, `2m`, `1h`, or bare seconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise ValueError("a duration such as 500ms, 30s or 2m is wanted")
    return float(match[1]) * _UNIT_S[match[2]]


def within(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], Any]:
    """Make a parser that also holds its value within limits, both included."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError(f"{low:g} to {high:g} is wanted")
        return value

    return parse


def _from_file(path: Path, known: dict[str, _Option]) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"--config {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"--config {path}: {error}") from None
    given: dict[str, Any] = {}
    for key, value in document.items():
        name = key.replace("-", "_")
        where = f"{path}: {key}"
        if name not in known:
            raise SettingsError(f"{where}: unknown key{_suggest(name, known)}")
        given[name] = _from_toml(known[name], value, where)
    return given


def _from_toml(meta: _Option, value: Any, where: str) -> Any:
    if meta.many:
        if not isinstance(value, list):
            raise SettingsError(f"{where}: a list is wanted")
        return tuple(_parse(meta, str(entry), where) for entry in value)
    if isinstance(value, bool) != (meta.parse is bool) or not isinstance(value, str | int | float):
        kind = "true or false" if meta.parse is bool else "a text or number"
        raise SettingsError(f"{where}: {kind} is wanted")
    return value if isinstance(value, bool) else _parse(meta, str(value), where)


def _from_environment(
    environ: Mapping[str, str], known: dict[str, _Option], prefix: str
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for variable in sorted(environ):
        name = variable.removeprefix(prefix).lower()
        if not variable.startswith(prefix):
            continue
        if name not in known:
            if _SERVICE_LINK.fullmatch(variable.removeprefix(prefix)):
                continue
            raise SettingsError(f"{variable}: unknown variable{_suggest(name, known)}")
        meta, value = known[name], environ[variable]
        if meta.parse is bool:
            if value.lower() not in {"true", "false"}:
                raise SettingsError(f"{variable}: true or false is wanted")
            given[name] = value.lower() == "true"
        elif meta.many:
            given[name] = tuple(_parse(meta, each, variable) for each in value.split(",") if each)
        else:
            given[name] = _parse(meta, value, variable)
    return given


def _parse(meta: _Option, text: str, where: str) -> Any:
    try:
        return meta.parse(text)
    except ValueError as error:
        raise SettingsError(f"{where} {text!r}: {error}") from None


def _suggest(name: str, known: dict[str, _Option]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0].replace('_', '-')}?"
    return f"; known are: {', '.join(sorted(key.replace('_', '-') for key in known))}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_dict(settings: Any) -> dict[str, Any]:
    """The settings by name, for the log at a program's start."""
    return dataclasses.asdict(settings)
