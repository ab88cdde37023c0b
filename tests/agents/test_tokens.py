"""Which node a token proves."""

import os

import pytest

from netcore_agents.aggregator.tokens import Tokens
from netcore_agents.settings import SettingsError

A, B = "a" * 16, "b" * 16


def test_tokens_prove_their_node_and_follow_the_file(tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"# who reports\n\nedge-1 {A}\nedge-2\t{B}\n")
    tokens = Tokens(file)
    assert tokens.node_of(A) == "edge-1"
    assert tokens.node_of("c" * 16) is None
    assert tokens.proves("edge-2", B)
    assert not tokens.proves("edge-1", B)
    file.write_text(f"edge-3 {A}\n")
    os.utime(file, ns=(1, 1))
    assert tokens.node_of(A) == "edge-3"
    assert tokens.node_of(B) is None
    file.write_text("broken")
    assert tokens.node_of(A) == "edge-3"
    file.unlink()
    assert tokens.node_of(A) == "edge-3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("edge-1", "line 1: a node's name and a token"),
        ("\nedge-1 short", "line 2: a node's name and a token of at least 16"),
        (f"Edge_1 {A}", "line 1: a node's name"),
        (f"edge-1 {A}\nedge-2 {A}", "line 2: the token is repeated"),
    ],
)
def test_a_wrong_line_is_told_by_number(tmp_path, text, said):
    file = tmp_path / "tokens"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said):
        Tokens(file)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        Tokens(tmp_path / "tokens")
