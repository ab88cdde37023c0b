"""How commands print: JSON for programs, tables for people."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson


def add_output_option(parser: argparse.ArgumentParser) -> None:
    """Give a command `-o json`."""
    parser.add_argument(
        "-o",
        "--output",
        choices=["text", "json"],
        default="text",
        help="text for people (default), json for programs",
    )


def print_json(value: Any, *, compact: bool = False) -> None:
    """Write one JSON document and a newline; compact puts it on one line."""
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    if not compact:
        option |= orjson.OPT_INDENT_2
    sys.stdout.write(orjson.dumps(value, option=option).decode())
    sys.stdout.flush()


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Align columns as kubectl does: upper-case header, three spaces between, numbers right."""
    body = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(name), *(len(row[column]) for row in body)) if body else len(name)
        for column, name in enumerate(header)
    ]
    numeric = [
        bool(body) and all(_is_number(row[column]) for row in body) for column in range(len(header))
    ]
    lines = [[name.upper() for name in header], *body]
    return "\n".join(
        "   ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).replace(",", "").rstrip("%").isdigit()
