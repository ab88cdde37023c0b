//! NodePorts: two pods cannot take the same port of a node.

use crate::context::Context;
use crate::filter::Scope;
use crate::node_set::{NodeId, NodeSet};

pub(super) const REASON: &str = "node(s) didn't have free ports for the requested pod ports";

pub(super) fn scope(context: Context<'_>) -> Scope {
    if context.spec().host_ports.is_empty() {
        Scope::Skip
    } else {
        Scope::EveryNode
    }
}

pub(super) fn run(context: Context<'_>, among: &NodeSet, mut reject: impl FnMut(NodeId, u64)) {
    let wanted = &context.spec().host_ports;
    for node in among {
        let taken = context.nodes().ports(node);
        if wanted
            .iter()
            .any(|port| taken.iter().any(|other| port.conflicts_with(other)))
        {
            reject(node, 0);
        }
    }
}
