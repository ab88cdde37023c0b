//! What holds for every pod of one specification.
//!
//! Most plugins look at nothing but the specification and the node: their verdict and raw score
//! stay good for all replicas until the node changes. A class keeps them, and looks again only at
//! nodes that changed, which after a placement is one.

use std::sync::Arc;

use super::verdicts::Verdicts;
use crate::context::Context;
use crate::filter::Scope;
use crate::kube::PodSpec;
use crate::node_set::NodeSet;
use crate::profile::Profile;
use crate::score::Normalization;

/// What a profile's local plugins say of every node for one specification.
#[derive(Debug)]
pub(super) struct Class {
    /// Held so that its address is given to no other.
    _spec: Arc<PodSpec>,
    /// How many changes of the nodes it has seen.
    seen: Option<u64>,
    verdicts: Verdicts,
    passing: NodeSet,
    /// The weighted sum of the scores that need no normalisation.
    base: Vec<i64>,
    /// The scores of each plugin that needs one; empty for the others.
    marks: Vec<Marks>,
}

/// The raw scores of a local plugin. Most nodes have 0, the least there is.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// The nodes whose raw score is not 0.
    pub(super) nodes: NodeSet,
    /// The raw scores.
    pub(super) raw: Vec<i64>,
}

/// Working memory that all classes share.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    stale: NodeSet,
    column: Vec<i64>,
}

impl Class {
    pub(super) fn new(spec: &Arc<PodSpec>) -> Self {
        Self {
            _spec: Arc::clone(spec),
            seen: None,
            verdicts: Verdicts::default(),
            passing: NodeSet::default(),
            base: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// The nodes that no local filter rejects.
    pub(super) fn passing(&self) -> &NodeSet {
        &self.passing
    }

    /// What the local filters said.
    pub(super) fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// For each passing node the weighted sum of the local scores that need no normalisation.
    pub(super) fn base(&self) -> &[i64] {
        &self.base
    }

    /// The raw scores of a local plugin that needs normalisation.
    pub(super) fn marks(&self, plugin: usize) -> &Marks {
        &self.marks[plugin]
    }

    /// Looks again at the nodes that changed since the last time.
    pub(super) fn refresh(
        &mut self,
        context: Context<'_>,
        profile: &Profile,
        scratch: &mut Scratch,
    ) {
        let nodes = context.nodes();
        let changes = nodes.changes();
        let since = self.seen.and_then(|seen| changes.since(seen));
        if since.is_some_and(<[_]>::is_empty) {
            return;
        }
        let Scratch { stale, column } = scratch;
        stale.resize(nodes.slots());
        column.resize(nodes.slots(), 0);
        self.verdicts.resize(nodes.slots());
        self.passing.resize(nodes.slots());
        self.base.resize(nodes.slots(), 0);
        match since {
            Some(some) => {
                stale.clear();
                for &node in some {
                    stale.insert(node);
                }
            }
            None => stale.fill(),
        }
        self.seen = Some(changes.count());
        self.verdicts.accept(stale);
        self.passing.subtract(stale);
        stale.intersect(nodes.present());
        self.filter(context, profile, stale);
        self.passing.unite(stale);
        self.score(context, profile, stale, column);
    }

    /// Leaves of the stale nodes those that pass.
    fn filter(&mut self, context: Context<'_>, profile: &Profile, stale: &mut NodeSet) {
        for (at, filter) in profile.filters.iter().enumerate() {
            if stale.is_empty() {
                return;
            }
            if filter.is_local() && filter.scope(context) != Scope::Skip {
                self.verdicts.run(filter, at, context, stale);
            }
        }
    }

    /// Fills the columns of the stale nodes.
    fn score(
        &mut self,
        context: Context<'_>,
        profile: &Profile,
        stale: &NodeSet,
        column: &mut [i64],
    ) {
        self.marks.resize(profile.scores.len(), Marks::default());
        for node in stale {
            self.base[node.index()] = 0;
        }
        for (plugin, weighted) in profile.scores.iter().enumerate() {
            if !weighted.score.is_local() || weighted.score.skips(context) {
                continue;
            }
            if weighted.score.normalization() == Normalization::AsIs {
                weighted.score.run(context, stale, column);
                for node in stale {
                    self.base[node.index()] += weighted.weight * column[node.index()];
                }
            } else {
                let Marks { nodes, raw } = &mut self.marks[plugin];
                raw.resize(column.len(), 0);
                nodes.resize(column.len());
                weighted.score.run(context, stale, raw);
                for node in stale {
                    nodes.set(node, raw[node.index()] != 0);
                }
            }
        }
    }
}
