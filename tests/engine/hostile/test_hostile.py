"""The boundary withstands hostile inputs: each ends in a documented error or a right answer."""

import ast
from pathlib import Path

import netcore
from engine.hostile.registry import ENTRIES, SURFACES
from engine.hostile.run import run

INPUTS = 5000
# Of all inputs; one that takes objects of every kind may have more.
LEAST_SHARE, MOST_SHARE = 0.015, 0.1


def test_hostile_inputs_end_in_an_error_or_a_right_answer() -> None:
    outcome = run(1, INPUTS)
    assert not outcome.failures, "\n".join(outcome.failures[:20])
    assert set(outcome.by_surface) == {surface.__name__ for surface in SURFACES}


def entries_of_the_stubs() -> set[str]:
    """All that takes an argument, by its name; a class stands for its constructor."""
    stubs = Path(netcore.__file__).parent / "_netcore.pyi"
    entries = set()

    def add(body: list[ast.stmt], owner: str) -> None:
        for each in body:
            if isinstance(each, ast.ClassDef):
                add(each.body, each.name)
            elif isinstance(each, ast.FunctionDef):
                is_static = any("static" in ast.unparse(it) for it in each.decorator_list)
                taken = len(each.args.args) + len(each.args.kwonlyargs)
                if taken > (bool(owner) and not is_static):
                    name = f"{owner}.{each.name}".removesuffix(".__new__").removeprefix(".")
                    entries.add(name)

    add(ast.parse(stubs.read_text(encoding="utf-8")).body, "")
    return entries


def test_every_entry_is_tried_and_none_much_more_than_others() -> None:
    assert set(ENTRIES) == entries_of_the_stubs()
    for entry, weight in ENTRIES.items():
        share = weight / ENTRIES.total()
        assert LEAST_SHARE <= share <= MOST_SHARE or entry == "ClusterState.apply", entry
