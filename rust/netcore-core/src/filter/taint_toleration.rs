//! TaintToleration: a node's taints keep away the pods that do not tolerate them.

use crate::context::Context;
use crate::kube::is_tolerated;
use crate::node_set::{NodeId, NodeSet};

pub(super) const REASON: &str = "node(s) had untolerated taint(s)";

pub(super) fn run(context: Context<'_>, among: &NodeSet, mut reject: impl FnMut(NodeId, u64)) {
    let tolerations = &context.spec().tolerations;
    for node in among.common(context.nodes().forbidding()) {
        let mut taints = context.nodes().taints(node).iter();
        if taints.any(|taint| taint.effect.forbids_placement() && !is_tolerated(tolerations, taint))
        {
            reject(node, 0);
        }
    }
}
