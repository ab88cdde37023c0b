//! NetworkCost: nodes from which a pod reaches the placed pods that it works with best.
//!
//! Both directions count: what the pod calls, and what calls the pod. Each dependency e has a
//! utility `U_e` on a node, the mean over the placed pods at its other end of the utility that the
//! cost policy gives the link; the node's own is 1. With the traffic weights `f_e` and a share γ
//! for the dependency that is served worst, so that a good mean hides no starved one, a node is
//! worth
//!
//! `(1 − γ) · Σ f_e·U_e / Σ f_e + γ · min_e U_e`
//!
//! The raw score is that in hundredths of a point, 0 to 10,000. Normalised it is a share of the
//! best feasible node's, so that the ratio between two nodes counts the same in a slow network as
//! in a fast one, and no node that is worse than both changes it.
//!
//! A link of which nothing is known counts as the mean of the peer's known links, at most one half,
//! and a node with such a link never scores better than the best one whose links are all known.
//! Where no dependency has a placed pod yet, a pod keeps to the placed pods of its application,
//! whichever they are. Where it has none the plugin stays out of the total, and resources decide
//! where an application begins.
//!
//! *Source*: the utility and the share of the worst follow Faro's fair sum objective.

mod args;

use std::sync::Arc;

use crate::context::Context;
use crate::cost::{NEUTRAL, PolicyChoice};
use crate::kernel;
use crate::network::{Bond, Declaration, ONE, Utilities};
use crate::node_set::{NodeId, NodeSet};
use crate::plan::Link;
use crate::topology::{Direction, Provenance};

/// The score with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkCost {
    /// How a link becomes a utility.
    pub policy: PolicyChoice,
    /// γ: how much the dependency that is served worst counts by itself, 0 to 1.
    pub worst_share: f64,
    /// Which declared costs count where nobody measured.
    pub declaration: Declaration,
}

impl Default for NetworkCost {
    fn default() -> Self {
        Self {
            policy: PolicyChoice::default(),
            worst_share: 0.3,
            declaration: Declaration::default(),
        }
    }
}

/// The raw score of a node from which everything is ideal.
const LARGEST_RAW: f32 = 10_000.0;

/// Sums over the dependencies, by slot.
struct Totals {
    /// `Σ f_e·U_e`.
    weighted: Vec<f32>,
    /// `min_e U_e`.
    worst: Vec<f32>,
    /// `Σ f_e`.
    weight: f32,
    /// The nodes with an unknown link.
    unknown: NodeSet,
}

impl NetworkCost {
    pub(super) fn skips(context: Context<'_>) -> bool {
        let bonds = context.network().bonds_or_kin(context.pod);
        bonds.iter().all(|bond| bond.replicas.is_empty())
    }

    pub(super) fn run(&self, context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
        let network = context.network();
        let bonds = network.bonds_or_kin(context.pod);
        let utilities = network.utilities(self.policy, &self.declaration);
        let totals = Totals::over(context, &bonds, &utilities);
        let of_worst = LARGEST_RAW * self.worst_share as f32;
        let of_sum = (LARGEST_RAW - of_worst) / totals.weight;
        kernel::worth(raw, &totals.weighted, &totals.worst, of_sum, of_worst);
        if totals.unknown.is_empty() {
            return;
        }
        let known = among.iter().filter(|&node| !totals.unknown.contains(node));
        let Some(best_known) = known.map(|node| raw[node.index()]).max() else {
            return;
        };
        for node in &totals.unknown {
            let score = &mut raw[node.index()];
            *score = (*score).min((best_known - 1).max(0));
        }
    }

    /// The links between the pod, were it on this node, and the placed pods it works with: in the
    /// order of its dependencies, then by pod.
    pub(crate) fn links(&self, context: Context<'_>, node: NodeId) -> Vec<Link> {
        let network = context.network();
        let utilities = network.utilities(self.policy, &self.declaration);
        let mut links = Vec::new();
        for bond in network.bonds(context.pod) {
            let need = utilities.need(bond.dependency);
            let peer_name: Arc<str> = bond.peer.into();
            let mut of_bond = Vec::new();
            for (&peer, pods) in bond.replicas {
                let (origin, destination) = bond.direction.ends(node, peer);
                let link = network.link(origin, destination, utilities.declared());
                let utility = utilities.of_link(network, node, peer, bond.direction, &need);
                let utility = if utility.is_nan() { NEUTRAL } else { utility };
                let time_ms = utilities.time_ms(network, node, peer, bond.direction, &need);
                let ms_per_second = time_ms.map(|time_ms| bond.dependency.weight * time_ms);
                let known = |value: f32| (!value.is_nan()).then_some(f64::from(value));
                of_bond.extend(pods.iter().map(|pod| Link {
                    peer: Arc::clone(&peer_name),
                    pod: Arc::clone(pod),
                    is_dependant: bond.direction == Direction::From,
                    node: Arc::clone(context.nodes().name(peer)),
                    weight: bond.dependency.weight,
                    rtt_ms: known(link.rtt_ms),
                    cost: f64::from(1.0 - utility),
                    ms_per_second: ms_per_second.filter(|it| it.is_finite()),
                    source: link.source.name(),
                    age_s: match link.source {
                        Provenance::Own => None,
                        _ => known(link.age_s),
                    },
                }));
            }
            of_bond.sort_by(|a, b| a.pod.cmp(&b.pod));
            links.extend(of_bond);
        }
        links
    }
}

impl Totals {
    fn over(context: Context<'_>, bonds: &[Bond<'_>], utilities: &Utilities) -> Self {
        let slots = context.nodes().slots();
        let placed = || bonds.iter().filter(|bond| !bond.replicas.is_empty());
        // Weights of 0 tell nothing apart: then every dependency counts alike.
        let all_zero = placed().all(|bond| bond.dependency.weight <= 0.0);
        let weight_of = |bond: &Bond<'_>| {
            if all_zero {
                1.0
            } else {
                bond.dependency.weight as f32
            }
        };
        let mut totals = Self {
            weighted: vec![0.0; slots],
            worst: vec![1.0; slots],
            weight: placed().map(weight_of).sum(),
            unknown: NodeSet::new(slots),
        };
        let mut sums = Vec::new();
        for bond in placed() {
            let need = utilities.need(bond.dependency);
            let (weight, scale) = (weight_of(bond), 1.0 / f32::from(ONE));
            let row_of = |peer| utilities.row(context.network(), peer, bond.direction, &need);
            let rows: Vec<_> = bond
                .replicas
                .iter()
                .map(|(&peer, it)| (row_of(peer), it.len()))
                .collect();
            let (weighted, worst) = (&mut totals.weighted, &mut totals.worst);
            if let [(row, _)] = &rows[..] {
                kernel::take_row(weighted, worst, &row.utilities, scale, weight);
            } else {
                sums.clear();
                sums.resize(slots, 0);
                for (row, pods) in &rows {
                    kernel::add(&mut sums, &row.utilities, *pods as u32);
                }
                let scale = scale / bond.pods() as f32;
                kernel::take_sums(weighted, worst, &sums, scale, weight);
            }
            for unknown in rows.iter().filter_map(|(row, _)| row.unknown.as_ref()) {
                totals.unknown.unite(unknown);
            }
        }
        totals
    }
}
