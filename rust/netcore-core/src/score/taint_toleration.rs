//! TaintToleration: fewer taints that the pod does not tolerate are better.

use crate::context::Context;
use crate::kube::{Effect, Taint, is_tolerated};
use crate::node_set::NodeSet;

pub(super) fn run(context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
    let nodes = context.nodes();
    let tolerations = &context.spec().tolerations;
    for node in among {
        raw[node.index()] = 0;
    }
    for node in among.common(nodes.discouraging()) {
        let counts = |taint: &Taint| {
            taint.effect == Effect::PreferNoSchedule && !is_tolerated(tolerations, taint)
        };
        let taints = nodes.taints(node).iter();
        raw[node.index()] = taints.map(|taint| i64::from(counts(taint))).sum();
    }
}
