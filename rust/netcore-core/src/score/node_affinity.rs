//! NodeAffinity: the weights of the preferred terms that a node matches.

use crate::context::Context;
use crate::kube::PreferredTerm;
use crate::node_set::NodeSet;

/// The score with its arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAffinity {
    /// What the profile prefers for every pod.
    pub added: Box<[PreferredTerm]>,
}

impl NodeAffinity {
    pub(super) fn skips(&self, context: Context<'_>) -> bool {
        self.added.is_empty() && context.spec().preferred.is_none()
    }

    pub(super) fn run(&self, context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
        let own = context.spec().preferred.as_deref().unwrap_or_default();
        for node in among {
            let name = context.nodes().name(node);
            let labels = context.nodes().labels(node);
            raw[node.index()] = self
                .added
                .iter()
                .chain(own)
                .filter(|preferred| preferred.term.matches(name, labels))
                .map(|preferred| preferred.weight)
                .sum();
        }
    }
}
