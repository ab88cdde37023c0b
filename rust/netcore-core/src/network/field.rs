//! What a node's links to all placed pods of a workload are worth: a sum that is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::peer_links::PeerLinks;
use super::worth::{ONE, Sums};
use crate::cost::Need;
use crate::node_set::{NodeId, NodeSet};

/// The sum over a workload's placed pods of what every node's links to them are worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// By slot, in units of 1 / [`ONE`] a pod.
    sums: Vec<u32>,
    unknown: Option<Unknown>,
    /// How many pods each peer has.
    peers: BTreeMap<NodeId, u32>,
    pods: u64,
    /// How often the sums were halved, to fit.
    halvings: u32,
}

/// The nodes with unknown links.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unknown {
    /// By slot, to how many peers.
    counts: Vec<u32>,
    /// Those with a count.
    nodes: NodeSet,
}

/// What a change of some links of a peer made of their worth to a need.
#[derive(Debug, Default)]
pub(super) struct Difference<'a> {
    /// Slot, worth before and now, of those that were looked at and were not unknown all along.
    pub(super) cells: Vec<(NodeId, u16, u16)>,
    /// Slots whose link is not known any more, sorted.
    pub(super) forgotten: Vec<NodeId>,
    /// Slots whose link is unknown no longer.
    pub(super) learnt: Vec<NodeId>,
    /// What an unknown link counted, and counts now.
    pub(super) neutral: [u16; 2],
    /// The nodes whose link is unknown now.
    pub(super) unknown: Option<&'a NodeSet>,
}

/// So many pods fit into the sums of a field.
pub(super) const MOST_PODS: u64 = (u32::MAX / ONE as u32) as u64;

impl Field {
    /// The field of no pod.
    pub(super) fn new(slots: usize) -> Self {
        Self {
            sums: vec![0; slots],
            ..Self::default()
        }
    }

    /// The field of more pods than [`MOST_PODS`], by peer what its links are worth by slot, these
    /// links and how many it has. Nothing is ever added to it, or taken out.
    pub(super) fn of_many(
        slots: usize,
        peers: impl Iterator<Item = (Vec<u32>, Arc<PeerLinks>, u32)>,
    ) -> Self {
        let mut field = Self::new(slots);
        let mut sums = vec![0_u64; slots];
        for (worth, links, pods) in peers {
            for (sum, worth) in sums.iter_mut().zip(worth) {
                *sum += u64::from(worth) * u64::from(pods);
            }
            field.count(&links, pods);
        }
        let largest = sums.iter().copied().max().unwrap_or_default();
        field.halvings = u64::BITS.saturating_sub(largest.leading_zeros() + u32::BITS);
        for (sum, wide) in field.sums.iter_mut().zip(sums) {
            *sum = (wide >> field.halvings) as u32;
        }
        field
    }

    /// By slot, the sum over the pods of the utility of the link to each.
    pub(crate) fn sums(&self) -> &[u32] {
        &self.sums
    }

    /// What makes a mean utility, 0 to 1, of a sum.
    pub(crate) fn scale(&self) -> f32 {
        let unit = (1_u64 << self.halvings) as f32;
        unit / (f32::from(ONE) * self.pods as f32)
    }

    /// By slot, to how many peers the link is unknown, where one is.
    pub(super) fn unknown_counts(&self) -> Option<&[u32]> {
        self.unknown.as_ref().map(|unknown| &*unknown.counts)
    }

    /// The nodes with an unknown link to one of the pods.
    pub(crate) fn unknown(&self) -> Option<&NodeSet> {
        self.unknown.as_ref().map(|unknown| &unknown.nodes)
    }

    /// How many pods there are.
    pub(super) fn pods(&self) -> u64 {
        self.pods
    }

    /// The nodes that they are on.
    pub(super) fn peers(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.peers.keys().copied()
    }

    /// The sums, to have the worth of some links added once for each of so many pods; a number that
    /// wraps takes them out. Who does that [counts](Self::count) or [discounts](Self::discount)
    /// the pods too.
    pub(super) fn addend(&mut self, need: Need, pods: u32) -> Sums<'_> {
        Sums {
            need,
            times: pods,
            cells: &mut self.sums,
        }
    }

    /// Counts pods that came to a peer with these links. Returns whether they are its first.
    pub(super) fn count(&mut self, links: &PeerLinks, pods: u32) -> bool {
        self.pods += u64::from(pods);
        let count = self.peers.entry(links.peer()).or_default();
        *count += pods;
        let is_first = *count == pods;
        if is_first {
            self.count_unknowns(links, true);
        }
        is_first
    }

    /// Undoes what [`count`](Self::count) did for one pod. Returns whether it was the peer's last.
    pub(super) fn discount(&mut self, links: &PeerLinks) -> bool {
        self.pods -= 1;
        let count = self.peers.entry(links.peer()).or_default();
        *count -= 1;
        if *count > 0 {
            return false;
        }
        self.peers.remove(&links.peer());
        self.count_unknowns(links, false);
        true
    }

    /// How many pods a peer has.
    pub(super) fn pods_of(&self, peer: NodeId) -> u32 {
        self.peers.get(&peer).copied().unwrap_or_default()
    }

    /// Takes over which links of one of its peers are unknown, as they were before and are now.
    pub(super) fn recount_unknowns(&mut self, before: &PeerLinks, after: &PeerLinks) {
        self.count_unknowns(after, true);
        self.count_unknowns(before, false);
    }

    /// Takes over what became of some links of one of its peers.
    pub(super) fn rewrite(&mut self, peer: NodeId, difference: &Difference<'_>) {
        let pods = self.pods_of(peer);
        let mut add = |slot: NodeId, before: u16, after: u16| {
            let sum = &mut self.sums[slot.index()];
            let added = u32::from(after).wrapping_sub(u32::from(before));
            *sum = sum.wrapping_add(pods.wrapping_mul(added));
        };
        for &(slot, before, after) in &difference.cells {
            add(slot, before, after);
        }
        let [before, after] = difference.neutral;
        if before != after {
            let is_still = |slot: &NodeId| difference.forgotten.binary_search(slot).is_err();
            let unknown = difference.unknown.iter().flat_map(|set| set.iter());
            for slot in unknown.filter(is_still) {
                add(slot, before, after);
            }
        }
        for &node in &difference.forgotten {
            self.count_unknown(node, true);
        }
        for &node in &difference.learnt {
            self.count_unknown(node, false);
        }
        self.tidy_unknown();
    }

    /// Makes the field one over so many slots; new ones are vacant.
    pub(super) fn grow(&mut self, slots: usize) {
        self.sums.resize(slots, 0);
        if let Some(unknown) = &mut self.unknown {
            unknown.counts.resize(slots, 0);
            unknown.nodes.resize(slots);
        }
    }

    fn count_unknown(&mut self, node: NodeId, adds: bool) {
        let slots = self.sums.len();
        let unknown = self.unknown.get_or_insert_with(|| Unknown {
            counts: vec![0; slots],
            nodes: NodeSet::new(slots),
        });
        let count = &mut unknown.counts[node.index()];
        *count = if adds { *count + 1 } else { *count - 1 };
        unknown.nodes.set(node, *count > 0);
    }

    fn count_unknowns(&mut self, links: &PeerLinks, adds: bool) {
        for node in links.unknown().iter().flat_map(|unknown| unknown.iter()) {
            self.count_unknown(node, adds);
        }
        self.tidy_unknown();
    }

    /// No set is held where every link is known.
    fn tidy_unknown(&mut self) {
        if self.unknown().is_some_and(NodeSet::is_empty) {
            self.unknown = None;
        }
    }
}
