//! The decision about one pod: filters in their order, then scores, then the best node.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::class::{Class, Marks};
use super::decision::Decision;
use super::explain::Explainer;
use super::memory::{Classes, Memory};
use super::scope::Scoping;
use super::verdicts::Verdicts;
use super::{Detail, Options, candidates, message};
use crate::context::Context;
use crate::filter::Filter;
use crate::node_set::{NodeId, NodeSet};
use crate::profile::{Profile, WeightedScore};
use crate::score::{Normalization, Scale};
use crate::state::{ClusterState, PodId};

/// Decides about pods by one profile, with working memory that is used again for each.
pub(super) struct Planner<'p> {
    profile: &'p Profile,
    options: Options,
    snapshot: u64,
    classes: Classes,
    offset: i64,
    work: Workspace,
}

/// Working memory, which one plan leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// The nodes that the pod may be placed on as far as its scope goes.
    scope: NodeSet,
    feasible: NodeSet,
    /// What the filters said that are not local.
    verdicts: Verdicts,
    /// The totals of the feasible nodes, less what is added to every one; of others anything.
    totals: Vec<i64>,
    /// Raw scores by plugin, of those that are not local.
    columns: Vec<Vec<i64>>,
    scratch: Vec<i64>,
}

impl<'p> Planner<'p> {
    pub(super) fn new(
        profile: &'p Profile,
        options: Options,
        snapshot: u64,
        memory: &mut Memory,
    ) -> Self {
        let mut workspace = memory.take_workspace();
        let mut columns = std::mem::take(&mut workspace.columns);
        columns.resize(profile.scores.len(), Vec::new());
        Self {
            profile,
            options,
            snapshot,
            classes: memory.take(profile),
            offset: 0,
            work: Workspace {
                columns,
                ..workspace
            },
        }
    }

    /// Gives back what can be used for the next plan.
    pub(super) fn finish(self, memory: &mut Memory) {
        memory.put(self.profile, self.classes, self.work);
    }

    /// Decides where a pod goes. The state stays as it is.
    pub(super) fn decide(
        &mut self,
        state: &ClusterState,
        pod: PodId,
    ) -> (Decision, Option<NodeId>) {
        self.decide_for(state, pod, None)
    }

    /// As [`decide`](Self::decide), but the wanted node goes before better ones where it is
    /// feasible.
    pub(super) fn decide_for(
        &mut self,
        state: &ClusterState,
        pod: PodId,
        wanted: Option<NodeId>,
    ) -> (Decision, Option<NodeId>) {
        let context = Context {
            state,
            pod: &state.pods().get(pod).pod,
        };
        let mut classes = std::mem::take(&mut self.classes);
        let class = classes.of(context, self.profile);
        let scoping = Scoping::of(context, &self.profile.filters);
        let named = self.filter(context, class, &scoping);
        let scales = self.score(context, class);
        let seed = self.options.seed;
        let key = &context.pod.key;
        let mut best = candidates::best(
            context.nodes(),
            &self.work.feasible,
            &self.work.totals,
            seed,
            key,
        );
        if let Some(wanted) = wanted.filter(|&node| self.work.feasible.contains(node)) {
            candidates::prefer(&mut best, wanted);
        }
        let mut explainer = Explainer {
            context,
            profile: self.profile,
            scoping: &scoping,
            scope: &self.work.scope,
            feasible: &self.work.feasible,
            local: class.verdicts(),
            others: &self.work.verdicts,
            totals: &self.work.totals,
            offset: self.offset,
            scales: &scales,
            columns: &self.work.columns,
            scratch: &mut self.work.scratch,
        };
        let evaluated = context.nodes().present().count();
        let chosen = best.first().copied();
        let node = chosen.map(|node| Arc::clone(context.nodes().name(node)));
        let rejections = explainer.rejections(named);
        let mut decision = Decision {
            pod: Arc::clone(key),
            message: String::new(),
            snapshot: self.snapshot,
            seed,
            evaluated,
            feasible: self.work.feasible.count(),
            rejections,
            top: explainer.candidates(&best),
            nodes: (self.options.detail == Detail::Full).then(|| explainer.verdicts()),
            node,
        };
        decision.message = match (&decision.node, scoping.nowhere()) {
            (Some(node), _) => message::assigned(key, node),
            (None, _) if evaluated == 0 => message::NO_NODES.to_owned(),
            (None, Some(reason)) => message::nowhere(evaluated, reason),
            (None, None) => {
                let mut counts = BTreeMap::new();
                for rejection in decision.rejections.all() {
                    *counts.entry(&*rejection.reason).or_default() += rejection.count;
                }
                message::unavailable(evaluated, &counts)
            }
        };
        self.classes = classes;
        (decision, chosen)
    }

    /// The nodes that no filter rejects as things are, and the weighted sum of the local scores of
    /// each, by slot.
    pub(super) fn look(&mut self, state: &ClusterState, pod: PodId) -> (&NodeSet, &[i64]) {
        let context = Context {
            state,
            pod: &state.pods().get(pod).pod,
        };
        let mut classes = std::mem::take(&mut self.classes);
        let class = classes.of(context, self.profile);
        self.filter(context, class, &Scoping::of(context, &self.profile.filters));
        self.work.totals.clear();
        self.work.totals.extend_from_slice(class.base());
        for (plugin, WeightedScore { score, weight }) in self.profile.scores.iter().enumerate() {
            let is_marked = score.normalization() != Normalization::AsIs;
            if score.is_local() && is_marked && !score.skips(context) {
                self.score_marked(class.marks(plugin), score.normalization(), *weight);
            }
        }
        self.classes = classes;
        (&self.work.feasible, &self.work.totals)
    }

    /// Leaves in `feasible` the nodes that no filter rejects. Returns, by the positions of the
    /// filters whose reasons name the node, those that they rejected.
    fn filter(
        &mut self,
        context: Context<'_>,
        class: &Class,
        scoping: &Scoping,
    ) -> Vec<(usize, NodeSet)> {
        let mut named = Vec::new();
        let nodes = context.nodes();
        self.work.scope.copy_from(nodes.present());
        scoping.restrict(context, &mut self.work.scope);
        self.work.feasible.copy_from(class.passing());
        self.work.feasible.intersect(&self.work.scope);
        self.work.verdicts.reset(nodes.slots());
        for (at, filter) in self.profile.filters.iter().enumerate() {
            if filter.is_local() || scoping.skipped[at] {
                continue;
            }
            // A node that only a later local filter rejects is still this one's to judge.
            let mut among = self.work.feasible.clone();
            if self.profile.filters[at..].iter().any(Filter::is_local) {
                for node in &self.work.scope {
                    let first = class.verdicts().of(node);
                    if first.is_some_and(|(by, _)| by > at) && self.work.verdicts.of(node).is_none()
                    {
                        among.insert(node);
                    }
                }
            }
            let before = filter.names_node().then(|| among.clone());
            self.work.verdicts.run(filter, at, context, &mut among);
            self.work.feasible.intersect(&among);
            if let Some(mut rejected) = before {
                rejected.subtract(&among);
                named.push((at, rejected));
            }
        }
        named
    }

    /// Fills the totals of the feasible nodes. Returns how each plugin's raw scores were
    /// normalised, None for one that stays out.
    fn score(&mut self, context: Context<'_>, class: &Class) -> Vec<Option<Scale>> {
        self.work.totals.clear();
        self.work.totals.extend_from_slice(class.base());
        self.offset = 0;
        let mut scales = Vec::with_capacity(self.profile.scores.len());
        for (plugin, WeightedScore { score, weight }) in self.profile.scores.iter().enumerate() {
            scales.push(if score.skips(context) {
                None
            } else if !score.is_local() {
                Some(self.score_anew(context, plugin))
            } else if score.normalization() == Normalization::AsIs {
                // The class has added it up already.
                Some(Scale::Same)
            } else {
                let marks = class.marks(plugin);
                Some(self.score_marked(marks, score.normalization(), *weight))
            });
        }
        scales
    }

    /// Runs a plugin that is not local, and adds its scores.
    fn score_anew(&mut self, context: Context<'_>, plugin: usize) -> Scale {
        let WeightedScore { score, weight } = &self.profile.scores[plugin];
        let column = &mut self.work.columns[plugin];
        column.resize(context.nodes().slots(), 0);
        score.run(context, &self.work.feasible, column);
        let normalization = score.normalization();
        normalization.add_to(&mut self.work.totals, *weight, &self.work.feasible, column)
    }

    /// Adds what a local plugin said: what a raw 0 is worth once for all, to the others the rest.
    fn score_marked(&mut self, marks: &Marks, normalization: Normalization, weight: i64) -> Scale {
        let marked = || self.work.feasible.common(&marks.nodes);
        let scale = normalization.over(marked().map(|node| marks.raw[node.index()]));
        let of_zero = scale.of(0);
        self.offset += weight * of_zero;
        for node in self.work.feasible.common(&marks.nodes) {
            self.work.totals[node.index()] +=
                weight * (scale.of(marks.raw[node.index()]) - of_zero);
        }
        scale
    }
}
