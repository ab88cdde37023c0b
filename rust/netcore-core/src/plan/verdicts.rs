//! What the filters said of each node.

use crate::node_set::{NodeId, NodeSet};

/// For each node the first filter that rejects it, as a position in the profile, with its detail.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    by: Vec<u8>,
    details: Vec<u64>,
}

/// Stands for no filter; larger than every position.
const NOBODY: u8 = u8::MAX;

impl Verdicts {
    /// Accepts every node.
    pub(super) fn reset(&mut self, slots: usize) {
        self.by.clear();
        self.by.resize(slots, NOBODY);
        self.details.resize(slots, 0);
    }

    pub(super) fn reject(&mut self, node: NodeId, filter: usize, detail: u64) {
        self.by[node.index()] = filter as u8;
        self.details[node.index()] = detail;
    }

    /// Who rejected the node, and the detail of why.
    pub(super) fn of(&self, node: NodeId) -> Option<(usize, u64)> {
        let by = self.by[node.index()];
        (by != NOBODY).then(|| (usize::from(by), self.details[node.index()]))
    }

    /// Takes the nodes that a filter rejected out of a set.
    pub(super) fn remove_rejected(&self, from: &mut NodeSet) {
        let rejected: Vec<_> = from
            .iter()
            .filter(|&node| self.of(node).is_some())
            .collect();
        for node in rejected {
            from.remove(node);
        }
    }
}
