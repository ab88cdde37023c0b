//! A pod's place in the queue as one value, so that sorting compares nothing but values.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::Waiting;
use crate::app_graph::AppGroup;
use crate::kube::Pod;
use crate::state::ClusterState;

/// A pod's place in the queue; the smallest goes first. The fields are compared in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'s> {
    /// Place of the pod's block among the blocks: the pods that take their turn together.
    block: u32,
    /// Place in the block by the plugin's own rule.
    rank: i64,
    turn: Turn<'s>,
    /// Where the pod is in the list.
    pub(super) position: u32,
}

/// When a pod would take its turn by itself: by PrioritySort, and among equals by its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn<'s> {
    priority: Reverse<i32>,
    since: Moment,
    key: &'s str,
}

impl<'s> Turn<'s> {
    fn of(pod: &'s Pod, since: f64) -> Self {
        Self {
            priority: Reverse(pod.priority),
            since: Moment::of(since),
            key: &pod.key,
        }
    }
}

/// A time as an integer that compares as the time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl Moment {
    const SIGN: u64 = 1 << 63;

    fn of(seconds: f64) -> Self {
        // The sum makes one of the two zeros, which are the same time.
        let bits = (seconds + 0.0).to_bits();
        // Floats of one sign compare as their bits do, negative ones the other way round.
        Self(if bits & Self::SIGN == 0 {
            bits | Self::SIGN
        } else {
            !bits
        })
    }
}

/// Keys by turn alone.
pub(super) fn by_turn<'s>(state: &'s ClusterState, pods: &[Waiting]) -> Vec<Key<'s>> {
    let key = |(position, (_, turn))| Key {
        block: 0,
        rank: 0,
        turn,
        position,
    };
    (0..).zip(turns(state, pods)).map(key).collect()
}

/// Keys by blocks: a block takes its turn when the first of its pods would by itself. In a block
/// the rank decides, which may ask the application of the block, and among equal ranks the pods'
/// own turns. A pod of no block is one of its own.
pub(super) fn by_block<'s, B: Eq + Hash>(
    state: &'s ClusterState,
    pods: &[Waiting],
    block_of: impl Fn(&'s Pod) -> Option<B>,
    app_group_of: impl Fn(&B) -> Option<&'s AppGroup>,
    rank: impl Fn(&'s Pod, Option<&'s AppGroup>) -> i64,
) -> Vec<Key<'s>> {
    let mut numbers: FxHashMap<B, u32> = FxHashMap::default();
    let mut heads: Vec<Turn<'s>> = Vec::new();
    let mut app_groups = Vec::new();
    let mut keys = Vec::with_capacity(pods.len());
    for (position, (pod, turn)) in (0..).zip(turns(state, pods)) {
        let next = heads.len() as u32;
        let mut add = |app_group| {
            heads.push(turn);
            app_groups.push(app_group);
            next
        };
        let block = match block_of(pod) {
            None => add(None),
            Some(block) => match numbers.entry(block) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    let app_group = app_group_of(new.key());
                    *new.insert(add(app_group))
                }
            },
        };
        let head = &mut heads[block as usize];
        *head = turn.min(*head);
        keys.push(Key {
            block,
            rank: rank(pod, app_groups[block as usize]),
            turn,
            position,
        });
    }
    let places = places(&heads);
    for key in &mut keys {
        key.block = places[key.block as usize];
    }
    keys
}

/// The place of each in the order of them all.
fn places(turns: &[Turn<'_>]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..turns.len() as u32).collect();
    order.sort_unstable_by_key(|&at| turns[at as usize]);
    let mut places = vec![0; turns.len()];
    for (place, at) in (0..).zip(order) {
        places[at as usize] = place;
    }
    places
}

fn turns<'s>(
    state: &'s ClusterState,
    pods: &[Waiting],
) -> impl Iterator<Item = (&'s Pod, Turn<'s>)> {
    pods.iter().map(|waiting| {
        let pod = &state.pods().get(waiting.pod).pod;
        (pod, Turn::of(pod, waiting.since))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn moments_compare_as_times_do(a in any::<f64>(), b in any::<f64>(), same: bool) {
            let b = if same { a } else { b };
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(Some(Moment::of(a).cmp(&Moment::of(b))), a.partial_cmp(&b));
        }
    }

    #[test]
    fn both_zeros_are_one_moment_and_infinities_the_ends() {
        assert_eq!(Moment::of(0.0), Moment::of(-0.0));
        assert!(Moment::of(f64::NEG_INFINITY) < Moment::of(f64::MIN));
        assert!(Moment::of(f64::MAX) < Moment::of(f64::INFINITY));
    }
}
