"""The node agents: each registers its node, says that it lives, and runs the pods bound to it.

One process runs the agents of many nodes, over one watch of the pods and one of the nodes.
"""

from netcore_cluster.nodes.node_file import NodeFileError, read_node_file
from netcore_cluster.nodes.node_spec import NodeSpec, default_nodes
from netcore_cluster.nodes.run import run_nodes
from netcore_cluster.nodes.runtime import FakeRuntime, Runtime

__all__ = [
    "FakeRuntime",
    "NodeFileError",
    "NodeSpec",
    "Runtime",
    "default_nodes",
    "read_node_file",
    "run_nodes",
]
