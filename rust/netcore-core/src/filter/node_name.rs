//! NodeName: a pod that names its node goes there or nowhere.

use crate::context::Context;
use crate::filter::Scope;
use crate::node_set::{NodeId, NodeSet};

pub(super) const REASON: &str = "node(s) didn't match the requested node name";

pub(super) fn scope(context: Context<'_>) -> Scope {
    match context.pod.node_name {
        None => Scope::Skip,
        Some(_) => Scope::EveryNode,
    }
}

pub(super) fn run(context: Context<'_>, among: &NodeSet, mut reject: impl FnMut(NodeId, u64)) {
    for node in among {
        let name = context.nodes().name(node);
        if context
            .pod
            .node_name
            .as_ref()
            .is_some_and(|asked| asked != name)
        {
            reject(node, 0);
        }
    }
}
