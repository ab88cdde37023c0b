//! Orders in which some pods take their turn together.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::Waiting;
use super::priority_sort::Turn;
use crate::kube::Pod;
use crate::state::ClusterState;

/// Sorts the pods by blocks: a block takes its turn when the first of its pods would by itself. In
/// a block the rank decides, and among equal ranks the pods' own turns. A pod of no block is one of
/// its own.
pub(super) fn sort<'s, Block: Eq + Hash, Rank: Ord>(
    state: &'s ClusterState,
    pods: &mut [Waiting],
    block: impl Fn(&'s Pod) -> Option<Block>,
    rank: impl Fn(&'s Pod) -> Rank,
) {
    let mut heads: FxHashMap<Block, Turn<'_>> = FxHashMap::default();
    for waiting in &*pods {
        let (pod, own) = turn(state, waiting);
        if let Some(block) = block(pod) {
            let head = heads.entry(block).or_insert(own);
            if own.order(*head).is_lt() {
                *head = own;
            }
        }
    }
    let place = |waiting: &Waiting| {
        let (pod, own) = turn(state, waiting);
        let head = block(pod).and_then(|block| heads.get(&block));
        (head.copied().unwrap_or(own), rank(pod), own, *waiting)
    };
    let mut places: Vec<_> = pods.iter().map(place).collect();
    places.sort_by(|(head, rank, own, _), (other_head, other_rank, other, _)| {
        head.order(*other_head)
            .then_with(|| rank.cmp(other_rank))
            .then_with(|| own.order(*other))
    });
    for (slot, (.., waiting)) in pods.iter_mut().zip(places) {
        *slot = waiting;
    }
}

fn turn<'s>(state: &'s ClusterState, waiting: &Waiting) -> (&'s Pod, Turn<'s>) {
    let pod = &state.pods().get(waiting.pod).pod;
    (pod, Turn::of(pod, waiting.since))
}
