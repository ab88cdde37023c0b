import pytest

from netcore_cluster.nodes import NodeFileError, default_nodes, read_node_file


def test_a_manifest_overrides_what_it_says(tmp_path):
    path = tmp_path / "nodes.yaml"
    path.write_text(
        "kind: Node\nmetadata: {name: edge, labels: {tier: edge}}\n"
        "status: {capacity: {cpu: 500m}}\n---\n"
        "kind: List\nitems: [{kind: Node, metadata: {name: b}}]"
    )
    first, second = read_node_file(path)
    assert (first.name, first.labels) == ("edge", {"tier": "edge"})
    assert first.capacity["cpu"] == "500m"
    assert first.capacity["memory"] == default_nodes(1)[0].capacity["memory"]
    assert second.name == "b"
    assert first.pod_network != second.pod_network


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Pod", "document 1 is not a Node"),
        ("kind: Node", "needs metadata.name"),
        ("", "holds no Node"),
        (
            "kind: Node\nmetadata: {name: a}\n---\nkind: Node\nmetadata: {name: a}",
            "'a' stands twice",
        ),
        ("{", "while parsing"),
    ],
)
def test_a_bad_file_is_named_with_its_document(tmp_path, text, said):
    path = tmp_path / "nodes.yaml"
    path.write_text(text)
    with pytest.raises(NodeFileError, match=rf"nodes\.yaml: .*{said}"):
        read_node_file(path)
