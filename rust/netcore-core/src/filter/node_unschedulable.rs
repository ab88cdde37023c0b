//! NodeUnschedulable: cordoned nodes are for pods that tolerate it.

use crate::context::Context;
use crate::kube::Effect;
use crate::node_set::{NodeId, NodeSet};

pub(super) const REASON: &str = "node(s) were unschedulable";

/// The taint that stands for being cordoned.
const TAINT: &str = "node.kubernetes.io/unschedulable";

pub(super) fn run(context: Context<'_>, among: &NodeSet, mut reject: impl FnMut(NodeId, u64)) {
    let mut tolerations = context.spec().tolerations.iter();
    if tolerations.any(|toleration| toleration.tolerates(TAINT, "", Effect::NoSchedule)) {
        return;
    }
    for node in among.common(context.nodes().unschedulable()) {
        reject(node, 0);
    }
}
