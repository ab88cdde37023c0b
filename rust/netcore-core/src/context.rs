//! What a plugin looks at.

use crate::kube::{Pod, PodSpec};
use crate::network::Network;
use crate::state::{ClusterState, Nodes};

/// One pod to be placed, and the cluster as the pods before it left it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The cluster.
    pub state: &'a ClusterState,
    /// The pod.
    pub pod: &'a Pod,
}

impl<'a> Context<'a> {
    /// The nodes.
    pub fn nodes(&self) -> &'a Nodes {
        self.state.nodes()
    }

    /// The network between the nodes, and the applications that use it.
    pub fn network(&self) -> &'a Network {
        self.state.network()
    }

    /// What the pod asks of a node.
    pub fn spec(&self) -> &'a PodSpec {
        &self.pod.spec
    }
}
