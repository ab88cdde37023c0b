"""The kubeconfig: ours alone, beside others, or not at all."""

from pathlib import Path

import pytest
import yaml

from netcore_cluster.api.kubeconfig import (
    Credentials,
    KubeconfigError,
    forget_kubeconfig,
    write_kubeconfig,
)

MINE = Credentials("https://127.0.0.1:1", b"authority", token="secret")
OTHERS = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "work", "cluster": {"server": "https://work"}}],
    "users": [{"name": "me", "user": {"token": "t"}}],
    "contexts": [{"name": "work", "context": {"cluster": "work", "user": "me"}}],
    "current-context": "work",
    "preferences": {"colors": True},
}


def test_a_new_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kubeconfig"
    write_kubeconfig(path, MINE)
    assert path.stat().st_mode & 0o777 == 0o600
    config = yaml.safe_load(path.read_text())
    assert config["clusters"][0]["cluster"]["server"] == MINE.url
    assert config["users"][0]["user"] == {"token": "secret"}
    assert config["current-context"] == "netcore"


def test_nothing_of_others_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(OTHERS))
    write_kubeconfig(path, MINE)
    write_kubeconfig(path, Credentials("https://127.0.0.1:2", b"a", certificate=b"c", key=b"k"))
    config = yaml.safe_load(path.read_text())
    assert [each["name"] for each in config["clusters"]] == ["netcore", "work"]
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:2"
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}
    assert config["users"][1] == OTHERS["users"][0]
    assert config["preferences"] == OTHERS["preferences"]


@pytest.mark.parametrize("text", ["just words", "- a\n- list", "kind: Pod", "a: [", "clusters: 5"])
def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(KubeconfigError, match="is no kubeconfig"):
        write_kubeconfig(path, MINE)
    assert path.read_text() == text


def test_forgetting_takes_only_what_is_ours(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(OTHERS))
    write_kubeconfig(path, MINE)
    forget_kubeconfig(path, "https://somebody.else")
    assert "netcore" in path.read_text()
    forget_kubeconfig(path, MINE.url)
    config = yaml.safe_load(path.read_text())
    assert config["clusters"] == OTHERS["clusters"]
    assert config["contexts"] == OTHERS["contexts"]


def test_forgetting_the_last_entry_takes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    write_kubeconfig(path, MINE)
    forget_kubeconfig(path, MINE.url)
    assert not path.exists()
