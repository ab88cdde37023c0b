"""Simulated nodes as a file of Node manifests describes them."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from netcore_cluster.nodes.node_spec import NodeSpec, default_nodes


class NodeFileError(ValueError):
    """The file holds something else than Nodes; the message names the file and the document."""


def read_node_file(path: Path) -> Sequence[NodeSpec]:
    """Read Node manifests, YAML or JSON, several documents or Lists in one file.

    Of each count the name, the labels and `status.capacity`; what a manifest does not say is as
    in `default_nodes`.

    Raises:
        NodeFileError: The file cannot be read, or a document is no Node, or a name stands twice.
    """
    try:
        documents = [doc for doc in yaml.safe_load_all(path.read_text("utf-8")) if doc is not None]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NodeFileError(f"{path}: {error}") from error
    manifests: list[Any] = []
    for document in documents:
        is_list = isinstance(document, Mapping) and "items" in document
        manifests += document["items"] if is_list else [document]
    specs = [
        _spec(manifest, like, f"{path}: document {number}")
        for number, (manifest, like) in enumerate(
            zip(manifests, default_nodes(len(manifests)), strict=True), start=1
        )
    ]
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise NodeFileError(f"{path}: node {name!r} stands twice")
    if not specs:
        raise NodeFileError(f"{path}: holds no Node")
    return specs


def _spec(manifest: Any, like: NodeSpec, where: str) -> NodeSpec:
    if not isinstance(manifest, Mapping) or manifest.get("kind") != "Node":
        raise NodeFileError(f"{where} is not a Node")
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise NodeFileError(f"{where}: a Node needs metadata.name")
    status = manifest.get("status") or {}
    return dataclasses.replace(
        like,
        name=name,
        labels=_texts(metadata.get("labels"), f"{where}: metadata.labels"),
        capacity=dict(like.capacity)
        | _texts(
            status.get("capacity") if isinstance(status, Mapping) else None,
            f"{where}: status.capacity",
        ),
    )


def _texts(value: Any, where: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise NodeFileError(f"{where} must be a mapping")
    return {str(key): str(item) for key, item in value.items()}
