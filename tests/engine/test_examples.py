"""The examples of the documentation run, and the stubs tell what everything is."""

import ast
import doctest
from pathlib import Path

import pytest

import netcore

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def run(text: str, name: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, {"__name__": name}, name, name, 0)
    assert test.examples
    said: list[str] = []
    runner = doctest.DocTestRunner()
    runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("page", [PAGE])
def test_a_page_of_examples(page) -> None:
    # The fences of Markdown are no output.
    lines = page.read_text(encoding="utf-8").splitlines()
    text = "\n".join("" if line.startswith("```") else line for line in lines)
    run(text, page.name)


def test_the_example_of_the_package() -> None:
    run(netcore.__doc__, "netcore")


def test_the_stubs_tell_what_everything_is() -> None:
    stubs = Path(netcore.__file__).parent / "_netcore.pyi"
    tree = ast.parse(stubs.read_text(encoding="utf-8"))
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    assert functions
    for function in functions:
        told = ast.get_docstring(function) or ""
        assert told or (function.name == "__new__" and len(function.args.args) == 1), function.name
        if function.returns and "NDArray" in ast.unparse(function.returns):
            assert "[" in told, f"{function.name} tells no shape"
