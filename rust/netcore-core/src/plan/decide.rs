//! The decision about one pod: filters in their order, then scores, then the best node.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decision::{Candidate, Decision, NodeVerdict, Outcome, Part, Rejection};
use super::verdicts::Verdicts;
use super::{Detail, Options, candidates, message};
use crate::context::Context;
use crate::filter::{Code, Scope};
use crate::node_set::{NodeId, NodeSet};
use crate::profile::Profile;
use crate::score::Scale;
use crate::state::{ClusterState, PodId};

/// How many nodes a rejection names.
const NAMED_NODES: usize = 3;

/// Decides about pods by one profile, with working memory that is used again for each.
pub(super) struct Planner<'p> {
    profile: &'p Profile,
    options: Options,
    snapshot: u64,
    verdicts: Verdicts,
    feasible: NodeSet,
    /// A column of raw scores for each score plugin.
    raw: Vec<Vec<i64>>,
    totals: Vec<i64>,
}

/// What the filters said before they looked at nodes.
struct Scoping {
    /// Whether each filter has nothing to say of this pod.
    skipped: Vec<bool>,
    /// The names outside of which no node can do, where some filter named them.
    names: Option<Vec<Arc<str>>>,
    /// The filters that did.
    narrowing: Vec<&'static str>,
    /// The filter for which no node can do, and why.
    nowhere: Option<(&'static str, String)>,
}

/// One score plugin's part in one decision.
struct Scored {
    plugin: usize,
    scale: Scale,
}

impl<'p> Planner<'p> {
    pub(super) fn new(profile: &'p Profile, options: Options, snapshot: u64) -> Self {
        Self {
            profile,
            options,
            snapshot,
            verdicts: Verdicts::default(),
            feasible: NodeSet::default(),
            raw: vec![Vec::new(); profile.scores.len()],
            totals: Vec::new(),
        }
    }

    /// Decides where a pod goes. The state stays as it is.
    pub(super) fn decide(
        &mut self,
        state: &ClusterState,
        pod: PodId,
    ) -> (Decision, Option<NodeId>) {
        let context = Context {
            state,
            pod: &state.pods().get(pod).pod,
        };
        let evaluated = state.nodes().present().count();
        let scoping = self.scope(context);
        let mut decision = Decision {
            pod: Arc::clone(&context.pod.key),
            node: None,
            message: String::new(),
            snapshot: self.snapshot,
            seed: self.options.seed,
            evaluated,
            feasible: 0,
            rejections: Vec::new(),
            top: Vec::new(),
            nodes: None,
        };
        self.filter(context, &scoping);
        decision.feasible = self.feasible.count();
        let scored = self.score(context);
        let best = candidates::best(
            context.nodes(),
            &self.feasible,
            &self.totals,
            self.options.seed,
            &context.pod.key,
        );
        decision.rejections = self.rejections(context, &scoping);
        decision.top = best
            .iter()
            .map(|&node| self.candidate(context, &scored, node))
            .collect();
        if self.options.detail == Detail::Full {
            decision.nodes = Some(self.all_verdicts(context, &scoping, &scored));
        }
        let chosen = best.first().copied();
        if let Some(node) = chosen {
            let node = context.nodes().name(node);
            decision.message = message::assigned(&context.pod.key, node);
            decision.node = Some(Arc::clone(node));
        } else if evaluated == 0 {
            message::NO_NODES.clone_into(&mut decision.message);
        } else if let Some((_, reason)) = &scoping.nowhere {
            decision.message = message::nowhere(evaluated, reason);
        } else {
            let mut counts = BTreeMap::new();
            for rejection in &decision.rejections {
                *counts.entry(&*rejection.reason).or_default() += rejection.count;
            }
            decision.message = message::unavailable(evaluated, &counts);
        }
        (decision, chosen)
    }

    /// Asks every filter what can be said before looking at nodes.
    fn scope(&self, context: Context<'_>) -> Scoping {
        let mut scoping = Scoping {
            skipped: vec![false; self.profile.filters.len()],
            names: None,
            narrowing: Vec::new(),
            nowhere: None,
        };
        for (at, filter) in self.profile.filters.iter().enumerate() {
            match filter.scope(context) {
                Scope::Skip => scoping.skipped[at] = true,
                Scope::EveryNode => {}
                Scope::Nowhere(reason) => {
                    scoping.nowhere = Some((filter.name(), reason));
                    return scoping;
                }
                Scope::Only(names) => {
                    scoping.narrowing.push(filter.name());
                    let names = match scoping.names.take() {
                        None => names.to_vec(),
                        Some(mut others) => {
                            others.retain(|name| names.contains(name));
                            others
                        }
                    };
                    if names.is_empty() {
                        let reason = format!("{} simultaneously", scoping.not_satisfied());
                        scoping.nowhere = Some((filter.name(), reason));
                        return scoping;
                    }
                    scoping.names = Some(names);
                }
            }
        }
        scoping
    }

    /// Fills the verdicts, and leaves the nodes that no filter rejected in `feasible`.
    fn filter(&mut self, context: Context<'_>, scoping: &Scoping) {
        let nodes = context.nodes();
        self.verdicts.reset(nodes.slots());
        self.feasible.resize(nodes.slots());
        self.feasible.clear();
        if scoping.nowhere.is_some() {
            return;
        }
        match &scoping.names {
            None => self.feasible.copy_from(nodes.present()),
            Some(names) => {
                for node in names.iter().filter_map(|name| nodes.find(name)) {
                    self.feasible.insert(node);
                }
                self.feasible.intersect(nodes.present());
            }
        }
        for (at, filter) in self.profile.filters.iter().enumerate() {
            if scoping.skipped[at] || self.feasible.is_empty() {
                continue;
            }
            let verdicts = &mut self.verdicts;
            filter.run(context, &self.feasible, |node, detail| {
                verdicts.reject(node, at, detail);
            });
            self.verdicts.remove_rejected(&mut self.feasible);
        }
    }

    /// Fills the columns of raw scores and the totals of the feasible nodes.
    fn score(&mut self, context: Context<'_>) -> Vec<Scored> {
        let slots = context.nodes().slots();
        self.totals.clear();
        self.totals.resize(slots, 0);
        let mut scored = Vec::with_capacity(self.profile.scores.len());
        for (plugin, weighted) in self.profile.scores.iter().enumerate() {
            if weighted.score.skips(context) {
                continue;
            }
            let raw = &mut self.raw[plugin];
            raw.resize(slots, 0);
            weighted.score.run(context, &self.feasible, raw);
            let scale = weighted.score.normalization().over(&self.feasible, raw);
            for node in &self.feasible {
                self.totals[node.index()] += weighted.weight * scale.of(raw[node.index()]);
            }
            scored.push(Scored { plugin, scale });
        }
        scored
    }

    fn parts(&self, scored: &[Scored], node: NodeId) -> Vec<Part> {
        let part = |scored: &Scored| {
            let weighted = &self.profile.scores[scored.plugin];
            let raw = self.raw[scored.plugin][node.index()];
            let normalized = scored.scale.of(raw);
            Part {
                plugin: weighted.score.name(),
                raw,
                normalized,
                weighted: weighted.weight * normalized,
            }
        };
        scored.iter().map(part).collect()
    }

    fn candidate(&self, context: Context<'_>, scored: &[Scored], node: NodeId) -> Candidate {
        Candidate {
            node: Arc::clone(context.nodes().name(node)),
            total: self.totals[node.index()],
            parts: self.parts(scored, node),
            links: Vec::new(),
        }
    }

    /// Why a node that is not feasible is not.
    fn outcome_of_rejected(
        &self,
        context: Context<'_>,
        scoping: &Scoping,
        node: NodeId,
    ) -> (&'static str, Vec<String>, Code) {
        if let Some((at, detail)) = self.verdicts.of(node) {
            let filter = &self.profile.filters[at];
            let reasons = filter.reasons(context, node, detail);
            return (filter.name(), reasons, filter.code(detail));
        }
        let (plugin, reason) = scoping.nowhere.clone().unwrap_or_else(|| {
            let plugin = scoping.narrowing.first().copied().unwrap_or_default();
            (plugin, scoping.not_satisfied())
        });
        (plugin, vec![reason], Code::UnschedulableAndUnresolvable)
    }

    fn rejections(&self, context: Context<'_>, scoping: &Scoping) -> Vec<Rejection> {
        let mut rejected = context.nodes().present().clone();
        rejected.subtract(&self.feasible);
        let mut groups: BTreeMap<(&'static str, String), Vec<NodeId>> = BTreeMap::new();
        for node in &rejected {
            let (plugin, reasons, _) = self.outcome_of_rejected(context, scoping, node);
            for reason in reasons {
                groups.entry((plugin, reason)).or_default().push(node);
            }
        }
        let mut rejections: Vec<_> = groups
            .into_iter()
            .map(|((plugin, reason), nodes)| {
                let mut names: Vec<_> = nodes.iter().map(|&n| context.nodes().name(n)).collect();
                names.sort_unstable();
                Rejection {
                    plugin,
                    reason,
                    count: nodes.len(),
                    nodes: names.into_iter().take(NAMED_NODES).cloned().collect(),
                }
            })
            .collect();
        rejections.sort_by_key(|rejection| std::cmp::Reverse(rejection.count));
        rejections
    }

    fn all_verdicts(
        &self,
        context: Context<'_>,
        scoping: &Scoping,
        scored: &[Scored],
    ) -> Vec<NodeVerdict> {
        let outcome = |node| {
            if self.feasible.contains(node) {
                return Outcome::Accepted {
                    parts: self.parts(scored, node),
                    total: self.totals[node.index()],
                };
            }
            let (plugin, reasons, code) = self.outcome_of_rejected(context, scoping, node);
            Outcome::Rejected {
                plugin,
                reasons,
                code,
            }
        };
        let verdict = |node| NodeVerdict {
            node: Arc::clone(context.nodes().name(node)),
            outcome: outcome(node),
        };
        context.nodes().by_name().into_iter().map(verdict).collect()
    }
}

impl Scoping {
    /// What is said of a node that a filter's names leave out.
    fn not_satisfied(&self) -> String {
        let mut plugins = self.narrowing.clone();
        plugins.sort_unstable();
        format!("node(s) didn't satisfy plugin(s) [{}]", plugins.join(" "))
    }
}
