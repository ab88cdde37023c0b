import io
import json
import sys
from pathlib import Path

import pytest

from netcore.cli import main

NODES = """
apiVersion: v1
kind: Node
metadata: {name: a, creationTimestamp: 2026-01-01T00:00:00Z}
status: {allocatable: {cpu: 2, memory: 8Gi, pods: 10}}
---
---
apiVersion: v1
kind: Node
metadata: {name: b}
spec: {unschedulable: true}
"""
PODS = {
    "apiVersion": "v1",
    "kind": "PodList",
    "items": [
        {
            "metadata": {"name": f"p{i}"},
            "spec": {"containers": [{"resources": {"requests": {"cpu": 1}}}]},
        }
        for i in range(3)
    ],
}


@pytest.fixture
def files(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def test_yaml_and_json_files_as_json(files, capsys):
    command = ["simulate", "-f", files("nodes.yaml", NODES), "-f", files("pods.json", PODS)]
    assert main([*command, "-o", "json"]) == 0
    decisions = json.loads(capsys.readouterr().out)
    assert [decision["node"] for decision in decisions] == ["a", "a", None]
    assert decisions[2]["message"] == (
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable."
    )


def test_the_example(capsys):
    shop = Path(__file__).parents[2] / "examples" / "shop"
    assert main(["simulate", "-f", *map(str, sorted(shop.glob("*.yaml"))), "-o", "json"]) == 0
    decisions = json.loads(capsys.readouterr().out)
    nodes = {decision["pod"]: decision["node"] for decision in decisions}
    # The database has left no room beside it: its region has, and the roomier one is too far.
    assert nodes == {"default/web-0": "fra-2", "default/cart-0": "fra-2"}


def test_a_table_for_people(files, capsys):
    command = ["simulate", "-f", files("nodes.yaml", NODES), files("pods.json", PODS)]
    assert main(command) == 0
    header, *rows, _, summary = capsys.readouterr().out.splitlines()
    assert header.split() == ["POD", "NODE", "TOTAL", "FEASIBLE", "WHY"]
    assert rows[0].split()[:2] == ["default/p0", "a"]
    assert rows[0].split()[3] == "1/2"
    assert "TaintToleration=300" in rows[0]
    assert rows[2].split()[:3] == ["default/p2", "<none>", "0/2"]
    assert summary == "2 of 3 pods placed on 1 node."


def test_nothing_to_place(files, capsys):
    assert main(["simulate", "-f", files("nodes.yaml", NODES)]) == 0
    assert capsys.readouterr().out.startswith("No pod is pending")


def test_standard_input(monkeypatch, capsys):
    everything = NODES + "\n---\n" + json.dumps(PODS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(everything.encode())))
    assert main(["simulate", "-f", "-", "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_a_configuration_and_what_it_asks_for_in_vain(files, capsys):
    config = files("config.yaml", "profiles: [{plugins: {filter: {disabled: [{name: '*'}]}}}]")
    command = ["simulate", "-f", files("nodes.yaml", NODES), "-f", files("pods.json", PODS)]
    assert main([*command, "--config", config, "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert all(node["accepted"] for node in json.loads(out)[0]["nodes"])
    assert err.startswith(f"warning: {config}: profiles[0]: left out, since netcore does not have")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.yaml", "kind: Pod\n---\nkind: {", "a.yaml: not YAML or JSON: "),
        ("a.yaml", "kind: Namespace\n---\n- 1", "a.yaml: document 2: is not a mapping"),
        (
            "a.yaml",
            "kind: Deployment\n---\n---\nkind: Node\nmetadata: {name: a}\nspec: {taints: x}",
            'a.yaml: document 3: Node a: Node "a" is not valid: spec.taints: invalid type',
        ),
        ("a.json", '{"kind": "Node", "metadata": {}}', "a.json: document 1: Node without a name"),
    ],
)
def test_errors_name_file_and_document(files, name, content, said, capsys):
    assert main(["simulate", "-f", files(name, content)]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("profiles: []\n---\nprofiles: []", "must hold one document, not 2"),
        ("profile: []", "config.yaml: profile: unknown key"),
    ],
)
def test_errors_name_the_configuration(files, content, said, capsys):
    config = files("config.yaml", content)
    assert main(["simulate", "-f", files("nodes.yaml", NODES), "--config", config]) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys):
    assert main(["simulate", "-f", "nowhere.yaml"]) == 1
    assert "nowhere.yaml" in capsys.readouterr().err
