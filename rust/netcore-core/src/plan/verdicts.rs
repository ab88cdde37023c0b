//! What the filters said of each node.

use crate::context::Context;
use crate::filter::Filter;
use crate::node_set::{NodeId, NodeSet};

/// For each node the first filter that rejects it, as a position in the profile, with its detail.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    by: Vec<u8>,
    details: Vec<u64>,
    rejected: Vec<NodeId>,
}

/// Stands for no filter; larger than every position.
const NOBODY: u8 = u8::MAX;

impl Verdicts {
    /// Makes the verdicts ones over `slots` nodes; new ones are accepted.
    pub(super) fn resize(&mut self, slots: usize) {
        self.by.resize(slots, NOBODY);
        self.details.resize(slots, 0);
    }

    /// Accepts every node.
    pub(super) fn reset(&mut self, slots: usize) {
        self.by.clear();
        self.resize(slots);
    }

    /// Accepts these nodes.
    pub(super) fn accept(&mut self, nodes: &NodeSet) {
        for node in nodes {
            self.by[node.index()] = NOBODY;
        }
    }

    /// Runs a filter, notes whom it rejects, and takes those out of `among`.
    pub(super) fn run(
        &mut self,
        filter: &Filter,
        position: usize,
        context: Context<'_>,
        among: &mut NodeSet,
    ) {
        let mut rejected = std::mem::take(&mut self.rejected);
        filter.run(context, among, |node, detail| {
            self.by[node.index()] = position as u8;
            self.details[node.index()] = detail;
            rejected.push(node);
        });
        for node in rejected.drain(..) {
            among.remove(node);
        }
        self.rejected = rejected;
    }

    /// Who rejected the node, and the detail of why.
    pub(super) fn of(&self, node: NodeId) -> Option<(usize, u64)> {
        let by = self.by[node.index()];
        (by != NOBODY).then(|| (usize::from(by), self.details[node.index()]))
    }
}
