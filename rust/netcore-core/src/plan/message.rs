//! The texts of scheduling events, as kube-scheduler words them.

use std::collections::BTreeMap;

/// The text where the cluster has no node at all.
pub(super) const NO_NODES: &str = "no nodes available to schedule pods";

/// The text of a placement. The key is `namespace/name`.
pub(super) fn assigned(pod: &str, node: &str) -> String {
    format!("Successfully assigned {pod} to {node}")
}

/// The text where a filter said of the pod, before looking at nodes, that none can do.
pub(super) fn nowhere(nodes: usize, reason: &str) -> String {
    format!("0/{nodes} nodes are available: {reason}.")
}

/// The text where each node was rejected: counts with their reasons, sorted as texts.
pub(super) fn unavailable(nodes: usize, counts: &BTreeMap<&str, usize>) -> String {
    let mut reasons: Vec<_> = counts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    reasons.sort_unstable();
    nowhere(nodes, &reasons.join(", "))
}
