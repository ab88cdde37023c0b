//! The best of the feasible nodes.

use crate::hash;
use crate::node_set::{NodeId, NodeSet};
use crate::state::Nodes;

/// How many of the best nodes a decision tells of.
const TOP: usize = 8;

/// The best nodes, best first: by total, then by a hash of seed, pod and node name, then by name.
///
/// *Complexity*: O(nodes); hashes are worked out only for nodes that reach the list.
pub(super) fn best(
    nodes: &Nodes,
    feasible: &NodeSet,
    totals: &[i64],
    seed: u64,
    pod: &str,
) -> Vec<NodeId> {
    let salt = hash::mix(seed ^ hash::text(pod));
    let rank = |node: NodeId| {
        (
            std::cmp::Reverse(totals[node.index()]),
            hash::mix(salt ^ nodes.name_hash(node)),
            nodes.name(node),
        )
    };
    let mut best: Vec<NodeId> = Vec::with_capacity(TOP + 1);
    let mut least = i64::MIN;
    for node in feasible {
        if best.len() == TOP && totals[node.index()] < least {
            continue;
        }
        let at = best.partition_point(|&other| rank(other) < rank(node));
        best.insert(at, node);
        best.truncate(TOP);
        least = best.last().map_or(i64::MIN, |&last| totals[last.index()]);
    }
    best
}
