//! What a node's links to all placed pods of a workload are worth: a sum of rows that is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::row::{Difference, ONE, UtilityRow};
use crate::kernel;
use crate::node_set::{NodeId, NodeSet};

/// The sum of the rows of a workload's placed pods: what every node's links to them are worth.
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

    /// The field of more pods than [`MOST_PODS`], by peer the row and how many it has. Nothing is
    /// ever added to it, or taken out.
    pub(super) fn of_many(slots: usize, rows: &[(NodeId, Arc<UtilityRow>, u32)]) -> Self {
        let mut field = Self::new(slots);
        let mut sums = vec![0_u64; slots];
        for (peer, row, pods) in rows {
            for (sum, &cell) in sums.iter_mut().zip(&row.utilities) {
                *sum += u64::from(cell) * u64::from(*pods);
            }
            for node in row.unknown.iter().flatten() {
                field.count_unknown(node, true);
            }
            field.peers.insert(*peer, *pods);
            field.pods += u64::from(*pods);
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

    /// Adds the row of a peer once for each of some pods that came to it. Returns whether they are
    /// its first.
    ///
    /// *Complexity*: O(N).
    pub(super) fn add(&mut self, peer: NodeId, row: &UtilityRow, pods: u32) -> bool {
        kernel::add_times(&mut self.sums, &row.utilities, pods);
        self.pods += u64::from(pods);
        let count = self.peers.entry(peer).or_default();
        *count += pods;
        let is_first = *count == pods;
        if is_first && let Some(unknown) = &row.unknown {
            for node in unknown {
                self.count_unknown(node, true);
            }
        }
        is_first
    }

    /// Undoes what [`add`](Self::add) did for one pod. Returns whether it was the peer's last.
    pub(super) fn subtract(&mut self, peer: NodeId, row: &UtilityRow) -> bool {
        kernel::add_times(&mut self.sums, &row.utilities, 1_u32.wrapping_neg());
        self.pods -= 1;
        let count = self.peers.entry(peer).or_default();
        *count -= 1;
        if *count > 0 {
            return false;
        }
        self.peers.remove(&peer);
        if let Some(unknown) = &row.unknown {
            for node in unknown {
                self.count_unknown(node, false);
            }
            self.tidy_unknown();
        }
        true
    }

    /// Takes over the row that came in the place of one of its peers'.
    pub(super) fn replace(&mut self, peer: NodeId, before: &UtilityRow, after: &UtilityRow) {
        let pods = self.peers.get(&peer).copied().unwrap_or_default();
        kernel::replace(&mut self.sums, &before.utilities, &after.utilities, pods);
        for node in after.unknown.iter().flatten() {
            self.count_unknown(node, true);
        }
        for node in before.unknown.iter().flatten() {
            self.count_unknown(node, false);
        }
        self.tidy_unknown();
    }

    /// Takes over what became of the row of one of its peers.
    pub(super) fn rewrite(&mut self, peer: NodeId, row: &UtilityRow, difference: &Difference) {
        let pods = self.peers.get(&peer).copied().unwrap_or_default();
        if let Some(before) = &difference.before {
            kernel::replace(&mut self.sums, before, &row.utilities, pods);
        } else {
            for &(slot, before, after) in &difference.cells {
                let sum = &mut self.sums[slot as usize];
                let added = u32::from(after).wrapping_sub(u32::from(before));
                *sum = sum.wrapping_add(pods.wrapping_mul(added));
            }
        }
        for &node in &difference.forgotten {
            self.count_unknown(node, true);
        }
        for &node in &difference.learnt {
            self.count_unknown(node, false);
        }
        if !difference.learnt.is_empty() {
            self.tidy_unknown();
        }
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

    /// No set is held where every link is known.
    fn tidy_unknown(&mut self) {
        if self.unknown().is_some_and(NodeSet::is_empty) {
            self.unknown = None;
        }
    }
}
