//! Why a decision came out as it did: worked out only for what is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::decision::{Candidate, Link, NodeVerdict, Outcome, Part, Rejection};
use super::rejections::{Alone, Rejections};
use super::scope::Scoping;
use super::verdicts::Verdicts;
use crate::context::Context;
use crate::filter::Code;
use crate::node_set::{NodeId, NodeSet};
use crate::profile::Profile;
use crate::score::{NetworkCost, Scale, Score};

/// How many of the best nodes tell their links: the chosen one and the runner-up.
const TOLD_LINKS: usize = 2;

/// How many nodes a rejection names.
const NAMED_NODES: usize = 3;

/// The results of one decision.
pub(super) struct Explainer<'a> {
    pub(super) context: Context<'a>,
    pub(super) profile: &'a Profile,
    pub(super) scoping: &'a Scoping,
    pub(super) scope: &'a NodeSet,
    pub(super) feasible: &'a NodeSet,
    pub(super) local: &'a Verdicts,
    pub(super) others: &'a Verdicts,
    /// The totals of the feasible nodes, less what is added to every one.
    pub(super) totals: &'a [i64],
    pub(super) offset: i64,
    pub(super) scales: &'a [Option<Scale>],
    /// Raw scores by plugin, of those that are not local.
    pub(super) columns: &'a [Vec<i64>],
    pub(super) scratch: &'a mut Vec<i64>,
}

/// Nodes that were rejected with the same detail.
#[derive(Default)]
struct Group {
    count: usize,
    /// Those with the smallest hashes of their names: a choice that no order of arrival changes.
    named: Vec<NodeId>,
}

impl Explainer<'_> {
    /// The filter that rejected a node, with its detail; None where the node was out of scope.
    fn rejection_of(&self, node: NodeId) -> Option<(usize, u64)> {
        if !self.scope.contains(node) {
            return None;
        }
        let local = self.local.of(node);
        let other = self.others.of(node);
        // Positions are of one profile: the smaller one was asked first.
        match (local, other) {
            (Some(local), Some(other)) => Some(local.min(other)),
            (local, other) => local.or(other),
        }
    }

    fn reasons(
        &self,
        rejection: Option<(usize, u64)>,
        node: NodeId,
    ) -> (&'static str, Vec<String>) {
        if let Some((at, detail)) = rejection {
            let filter = &self.profile.filters[at];
            (filter.name(), filter.reasons(self.context, node, detail))
        } else {
            let (plugin, reason) = self.scoping.reason();
            (plugin, vec![reason])
        }
    }

    /// The rejections by plugin and reason; `by_filter` are the nodes that filters rejected whose
    /// reasons name the node, by the positions of those.
    pub(super) fn rejections(&self, by_filter: Vec<(usize, NodeSet)>) -> Rejections {
        let nodes = self.context.nodes();
        let mut rejected = nodes.present().clone();
        rejected.subtract(self.feasible);
        let mut alone = Vec::new();
        for (at, nodes) in by_filter {
            let filter = &self.profile.filters[at];
            if let Some(wording) = filter.wording(self.context) {
                rejected.subtract(&nodes);
                alone.push(Alone {
                    plugin: filter.name(),
                    nodes,
                    wording,
                });
            }
        }
        // Wording a reason costs more than counting a node: nodes with equal details share one.
        let mut by_detail: FxHashMap<_, Group> = FxHashMap::default();
        for node in &rejected {
            let group = by_detail.entry(self.rejection_of(node)).or_default();
            group.count += 1;
            let hash = nodes.name_hash(node);
            let at = group
                .named
                .partition_point(|&other| nodes.name_hash(other) < hash);
            if at < NAMED_NODES {
                group.named.insert(at, node);
                group.named.truncate(NAMED_NODES);
            }
        }
        let mut by_reason: BTreeMap<(&'static str, String), Group> = BTreeMap::new();
        for (rejection, group) in by_detail {
            let (plugin, reasons) = self.reasons(rejection, group.named[0]);
            for reason in reasons {
                let whole = by_reason.entry((plugin, reason)).or_default();
                whole.count += group.count;
                whole.named.extend(&group.named);
            }
        }
        let shared = by_reason
            .into_iter()
            .map(|((plugin, reason), mut group)| {
                group
                    .named
                    .sort_unstable_by_key(|&node| nodes.name_hash(node));
                group.named.truncate(NAMED_NODES);
                let names = group.named.iter().map(|&node| Arc::clone(nodes.name(node)));
                let mut names: Vec<_> = names.collect();
                names.sort_unstable();
                Rejection {
                    plugin,
                    reason,
                    count: group.count,
                    nodes: names,
                }
            })
            .collect();
        Rejections::new(shared, alone)
    }

    /// The best nodes with the parts of their totals.
    pub(super) fn candidates(&mut self, best: &[NodeId]) -> Vec<Candidate> {
        let mut among = NodeSet::new(self.context.nodes().slots());
        for &node in best {
            among.insert(node);
        }
        let mut parts = self.parts(&among);
        let candidate = |&node: &NodeId| Candidate {
            node: Arc::clone(self.context.nodes().name(node)),
            total: self.totals[node.index()] + self.offset,
            parts: parts.remove(&node).unwrap_or_default(),
            links: Vec::new(),
        };
        let mut candidates: Vec<_> = best.iter().map(candidate).collect();
        for (candidate, &node) in candidates.iter_mut().zip(best).take(TOLD_LINKS) {
            candidate.links = self.links(node);
        }
        candidates
    }

    /// The pod's links from a node, by the profile's own NetworkCost where it has one.
    fn links(&self, node: NodeId) -> Vec<Link> {
        let own = self
            .profile
            .scores
            .iter()
            .find_map(|weighted| match &weighted.score {
                Score::NetworkCost(plugin) => Some(plugin),
                _ => None,
            });
        own.unwrap_or(&NetworkCost::default())
            .links(self.context, node)
    }

    /// The verdict on every node, sorted by name.
    pub(super) fn verdicts(&mut self) -> Vec<NodeVerdict> {
        let mut parts = self.parts(self.feasible);
        let mut outcome = |node| {
            if let Some(parts) = parts.remove(&node) {
                return Outcome::Accepted {
                    parts,
                    total: self.totals[node.index()] + self.offset,
                };
            }
            let rejection = self.rejection_of(node);
            let (plugin, reasons) = self.reasons(rejection, node);
            Outcome::Rejected {
                plugin,
                reasons,
                code: rejection.map_or(Code::UnschedulableAndUnresolvable, |(at, detail)| {
                    self.profile.filters[at].code(detail)
                }),
            }
        };
        let nodes = self.context.nodes();
        let verdict = |node| NodeVerdict {
            node: Arc::clone(nodes.name(node)),
            outcome: outcome(node),
        };
        nodes.by_name().into_iter().map(verdict).collect()
    }

    /// The parts of some nodes' totals, in the order of the profile.
    fn parts(&mut self, among: &NodeSet) -> FxHashMap<NodeId, Vec<Part>> {
        let mut parts: FxHashMap<_, Vec<_>> = among.iter().map(|node| (node, Vec::new())).collect();
        self.scratch.resize(self.context.nodes().slots(), 0);
        let plugins = self.profile.scores.iter().zip(self.scales);
        for ((weighted, scale), column) in plugins.zip(self.columns) {
            let Some(scale) = scale else { continue };
            let column = if weighted.score.is_local() {
                weighted.score.run(self.context, among, self.scratch);
                &*self.scratch
            } else {
                column
            };
            for node in among {
                let raw = column[node.index()];
                let normalized = scale.of(raw);
                parts.entry(node).or_default().push(Part {
                    plugin: weighted.score.name(),
                    raw,
                    normalized,
                    weighted: weighted.weight * normalized,
                });
            }
        }
        parts
    }
}
