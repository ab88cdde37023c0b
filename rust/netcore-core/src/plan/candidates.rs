//! The best of the feasible nodes.

use crate::hash;
use crate::kernel;
use crate::node_set::{NodeId, NodeSet};
use crate::state::Nodes;

/// How many of the best nodes a decision tells of.
const TOP: usize = 8;

/// As many nodes as a word of a set has bits.
const BLOCK: usize = u64::BITS as usize;

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
    let mut best: Vec<Ranked> = Vec::with_capacity(TOP + 1);
    let mut last = None;
    for (block, (totals, &word)) in totals.chunks(BLOCK).zip(feasible.words()).enumerate() {
        let mut left = word;
        if let Some(Ranked { total, .. }) = last {
            let mut marks = 0;
            kernel::mark(&mut marks, totals, total);
            left &= marks;
        }
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            let total = totals[at];
            if last.is_some_and(|last: Ranked| total < last.total) {
                continue;
            }
            let node = NodeId((block * BLOCK + at) as u32);
            let ranked = Ranked {
                total,
                hash: hash::salted(nodes.name_hash(node), salt),
                node,
            };
            if last.is_some_and(|last| !ranked.beats(last, nodes)) {
                continue;
            }
            let at = best.partition_point(|other| other.beats(ranked, nodes));
            best.insert(at, ranked);
            best.truncate(TOP);
            last = best.get(TOP - 1).copied();
        }
    }
    best.iter().map(|ranked| ranked.node).collect()
}

/// Puts a node first, whichever place it had or had not.
pub(super) fn prefer(best: &mut Vec<NodeId>, wanted: NodeId) {
    best.retain(|&node| node != wanted);
    best.insert(0, wanted);
    best.truncate(TOP);
}

/// A node with what decides its place.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    total: i64,
    hash: u64,
    node: NodeId,
}

impl Ranked {
    fn beats(self, other: Self, nodes: &Nodes) -> bool {
        let by_score = (self.total, other.hash).cmp(&(other.total, self.hash));
        by_score
            .then_with(|| nodes.name(other.node).cmp(nodes.name(self.node)))
            .is_gt()
    }
}
