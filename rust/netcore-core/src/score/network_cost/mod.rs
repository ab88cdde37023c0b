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
use crate::network::{Bond, Declaration, Field, Network, Utilities};
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

/// Slots that are scored at once, so that their totals stay in the fastest memory.
const BLOCK: usize = 2048;

/// A dependency with placed pods at its other end.
struct Term {
    field: Arc<Field>,
    /// Makes a mean of a sum.
    scale: f32,
    /// `f_e`.
    weight: f32,
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
        let terms = terms(network, &bonds, &utilities);
        let of_worst = LARGEST_RAW * self.worst_share as f32;
        let weights: f32 = terms.iter().map(|term| term.weight).sum();
        let of_sum = (LARGEST_RAW - of_worst) / weights;
        let (mut weighted, mut worst) = ([0.0; BLOCK], [1.0; BLOCK]);
        for (block, raw) in raw.chunks_mut(BLOCK).enumerate() {
            weighted.fill(0.0);
            worst.fill(1.0);
            for Term {
                field,
                scale,
                weight,
            } in &terms
            {
                // Slots that only pods speak of are beyond the end.
                let sums = field.sums().get(block * BLOCK..).unwrap_or_default();
                kernel::take_sums(&mut weighted, &mut worst, sums, *scale, *weight);
            }
            kernel::worth(raw, &weighted, &worst, of_sum, of_worst);
        }
        let mut unknown = NodeSet::new(raw.len());
        for set in terms.iter().filter_map(|term| term.field.unknown()) {
            unknown.unite(set);
        }
        if unknown.is_empty() {
            return;
        }
        let known = among.iter().filter(|&node| !unknown.contains(node));
        let Some(best_known) = known.map(|node| raw[node.index()]).max() else {
            return;
        };
        for node in &unknown {
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

/// The dependencies with placed pods, in order.
fn terms(network: &Network, bonds: &[Bond<'_>], utilities: &Utilities) -> Vec<Term> {
    let placed = || bonds.iter().filter(|bond| !bond.replicas.is_empty());
    // Weights of 0 tell nothing apart: then every dependency counts alike.
    let all_zero = placed().all(|bond| bond.dependency.weight <= 0.0);
    let term = |bond: &Bond<'_>| {
        let field = utilities.field(network, bond);
        Term {
            scale: field.scale(),
            weight: if all_zero {
                1.0
            } else {
                bond.dependency.weight as f32
            },
            field,
        }
    };
    placed().map(term).collect()
}
