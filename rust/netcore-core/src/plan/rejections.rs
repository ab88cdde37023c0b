//! Which nodes were rejected, by plugin and reason.

use std::cmp::Reverse;
use std::sync::{Arc, OnceLock};

use super::decision::Rejection;
use crate::filter::Wording;
use crate::node_set::{NodeId, NodeSet};

/// The rejections of one decision.
///
/// Where a plugin's reasons name the node, there are as many of them as nodes: those are worded
/// when somebody asks, which for nearly all decisions nobody does.
#[derive(Clone, Debug, Default)]
pub struct Rejections {
    /// Those of reasons that many nodes share.
    shared: Vec<Rejection>,
    alone: Vec<Alone>,
    all: OnceLock<Vec<Rejection>>,
}

/// Nodes that one plugin rejected, each for a reason of its own.
#[derive(Clone, Debug)]
pub(super) struct Alone {
    pub(super) plugin: &'static str,
    pub(super) nodes: NodeSet,
    pub(super) wording: Wording,
}

impl Alone {
    fn rejection(&self, node: NodeId) -> Rejection {
        Rejection {
            plugin: self.plugin,
            reason: self.wording.reason(node),
            count: 1,
            nodes: vec![Arc::clone(self.wording.name(node))],
        }
    }

    /// Those of the first nodes by name, or all.
    fn first(&self, most: usize) -> impl Iterator<Item = Rejection> {
        let mut nodes: Vec<_> = self.nodes.iter().collect();
        if most < nodes.len() {
            // Reasons begin with the name, so that their order is that of the names.
            nodes.select_nth_unstable_by_key(most, |&node| self.wording.name(node));
            nodes.truncate(most);
        }
        nodes.into_iter().map(|node| self.rejection(node))
    }
}

impl Rejections {
    pub(super) fn new(shared: Vec<Rejection>, alone: Vec<Alone>) -> Self {
        Self {
            shared,
            alone: alone
                .into_iter()
                .filter(|it| !it.nodes.is_empty())
                .collect(),
            all: OnceLock::new(),
        }
    }

    /// The rejections by plugin and reason, those of most nodes first.
    ///
    /// *Complexity*: O(1) but for the first time, which is O(rejected nodes) where their reasons
    /// name them.
    pub fn all(&self) -> &[Rejection] {
        self.all.get_or_init(|| self.first(usize::MAX))
    }

    /// The first so many of [`all`](Self::all).
    pub fn first(&self, most: usize) -> Vec<Rejection> {
        let alone = self.alone.iter().flat_map(|alone| alone.first(most));
        let mut rejections: Vec<_> = self.shared.iter().cloned().chain(alone).collect();
        rejections.sort_unstable_by(|a, b| {
            let key = |it: &Rejection| (Reverse(it.count), it.plugin);
            key(a).cmp(&key(b)).then_with(|| a.reason.cmp(&b.reason))
        });
        rejections.truncate(most);
        rejections
    }

    /// The plugins that rejected a node, sorted, each once.
    pub fn plugins(&self) -> Vec<&'static str> {
        let shared = self.shared.iter().map(|rejection| rejection.plugin);
        let alone = self.alone.iter().map(|alone| alone.plugin);
        let mut plugins: Vec<_> = shared.chain(alone).collect();
        plugins.sort_unstable();
        plugins.dedup();
        plugins
    }
}

impl PartialEq for Rejections {
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}
