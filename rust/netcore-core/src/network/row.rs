//! The utilities of the links between one placed peer and every node, as integers.

use crate::cost::NEUTRAL;
use crate::kernel;
use crate::node_set::{NodeId, NodeSet};

/// A utility of 1 as an integer. Sums of integers do not depend on the order of the addends, and
/// taking away what was added leaves exactly what was before.
pub(crate) const ONE: u16 = u16::MAX;

/// A utility, 0 to 1, as an integer.
#[inline]
pub(super) fn whole(utility: f32) -> u16 {
    kernel::whole(utility)
}

/// Utilities of the links between one peer and every slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UtilityRow {
    /// By slot, in units of 1 / [`ONE`]: [`ONE`] for the peer's own, 0 for a vacant one, and for an
    /// unknown link what is neither good nor bad.
    pub(crate) utilities: Vec<u16>,
    /// The nodes whose link is unknown; `None` where every one is known.
    pub(crate) unknown: Option<NodeSet>,
    /// Sum of the utilities of the known links to other nodes.
    sum: u64,
    /// How many those are.
    known: u64,
}

/// What a change of some links made of a row.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Slot, utility before and after, of the cells that were looked at.
    pub(super) cells: Vec<(u32, u16, u16)>,
    /// All utilities before, where those of unknown links changed with the mean of the others.
    pub(super) before: Option<Vec<u16>>,
    /// Slots whose link is not known any more.
    pub(super) forgotten: Vec<NodeId>,
    /// Slots whose link is unknown no longer.
    pub(super) learnt: Vec<NodeId>,
}

impl UtilityRow {
    /// The row of a peer from utilities 0 to 1 by slot, where NaN is unknown.
    ///
    /// An unknown link gets the mean of those that are known for this peer, but no more than
    /// [`NEUTRAL`].
    pub(super) fn new(peer: NodeId, utilities: &[f32], present: &NodeSet) -> Self {
        let mut row = Self {
            utilities: vec![0; utilities.len()],
            unknown: None,
            sum: 0,
            known: 0,
        };
        let mut has_unknown = false;
        kernel::to_whole(&mut row.utilities, utilities, &mut has_unknown);
        let nodes = present.count();
        if nodes < utilities.len() {
            let mut vacant = NodeSet::new(utilities.len());
            vacant.fill();
            vacant.subtract(present);
            for slot in &vacant {
                row.utilities[slot.index()] = 0;
            }
        }
        if let Some(own) = row.utilities.get_mut(peer.index()) {
            *own = 0;
        }
        kernel::total(&mut row.sum, &row.utilities);
        row.known = nodes as u64 - u64::from(present.contains(peer));
        if has_unknown {
            let is_unknown = |node: &NodeId| *node != peer && utilities[node.index()].is_nan();
            let mut unknown = NodeSet::new(utilities.len());
            for node in present.iter().filter(is_unknown) {
                unknown.insert(node);
            }
            row.known -= unknown.count() as u64;
            row.unknown = (!unknown.is_empty()).then_some(unknown);
        }
        row.fill_unknown();
        if let Some(own) = row.utilities.get_mut(peer.index()) {
            *own = ONE;
        }
        row
    }

    /// What an unknown link counts.
    fn neutral(&self) -> u16 {
        let mean = self.sum.checked_div(self.known);
        mean.map_or(ONE, |mean| mean as u16).min(whole(NEUTRAL))
    }

    /// Sum and number of the known utilities of other nodes.
    pub(super) fn sum_of_known(&self) -> (u64, u64) {
        (self.sum, self.known)
    }

    fn fill_unknown(&mut self) {
        let neutral = self.neutral();
        for run in self.unknown.iter().flat_map(NodeSet::runs) {
            self.utilities[run].fill(neutral);
        }
    }

    /// Makes the row one over so many slots; new ones are vacant.
    pub(super) fn grow(&mut self, slots: usize) {
        self.utilities.resize(slots, 0);
        if let Some(unknown) = &mut self.unknown {
            unknown.resize(slots);
        }
    }

    /// Looks at some links again, each a slot with its utility now: `None` for a vacant slot, NaN
    /// for an unknown link. The peer's own slot is none of them. `turns` tells of slots that were
    /// vacant and are not, or are and were not.
    ///
    /// *Complexity*: O(links), and O(N) where the mean of the known links changed and others are
    /// unknown.
    pub(super) fn rewrite(&mut self, links: &[(NodeId, Option<f32>)], turns: bool) -> Difference {
        let mut difference = Difference::default();
        let neutral_before = self.neutral();
        for &(slot, utility) in links {
            let was_unknown = self.is_unknown(slot);
            if utility.is_some() != turns && !was_unknown {
                self.sum -= u64::from(self.utilities[slot.index()]);
                self.known -= 1;
            }
            let is_unknown = utility.is_some_and(f32::is_nan);
            if let Some(utility) = utility.filter(|utility| !utility.is_nan()) {
                self.sum += u64::from(whole(utility));
                self.known += 1;
            }
            if is_unknown != was_unknown {
                self.set_unknown(slot, is_unknown);
                let list = if is_unknown {
                    &mut difference.forgotten
                } else {
                    &mut difference.learnt
                };
                list.push(slot);
            }
        }
        let neutral = self.neutral();
        if neutral != neutral_before && self.unknown.is_some() {
            difference.before = Some(self.utilities.clone());
        }
        for &(slot, utility) in links {
            let after = match utility {
                None => 0,
                Some(utility) if utility.is_nan() => neutral,
                Some(utility) => whole(utility),
            };
            let cell = &mut self.utilities[slot.index()];
            difference.cells.push((slot.0, *cell, after));
            *cell = after;
        }
        if difference.before.is_some() {
            self.fill_unknown();
        }
        difference
    }

    fn is_unknown(&self, slot: NodeId) -> bool {
        self.unknown.as_ref().is_some_and(|set| set.contains(slot))
    }

    fn set_unknown(&mut self, slot: NodeId, is_unknown: bool) {
        let slots = self.utilities.len();
        let unknown = self.unknown.get_or_insert_with(|| NodeSet::new(slots));
        unknown.set(slot, is_unknown);
        if unknown.is_empty() {
            self.unknown = None;
        }
    }
}
