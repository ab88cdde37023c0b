//! What the places leave over: paths of nodes that are near each other err alike.
//!
//! All nodes of a site share its detours, so the misfit of a measured pair tells about every pair
//! between the neighbourhoods of its ends. A pair's estimate is corrected by the mean misfit of
//! the measured pairs between the neighbours of one end and those of the other, each weighted by
//! how near both are; a misfit too large to be a detour counts less (Cauchy's loss). That helps on
//! some networks and hurts on others, so it is used only as far as held-out pairs gain from it.
//!
//! Detours bend the places, too: a site that is a detour away from one half of the network cannot
//! be where both halves see it. So each measured pair tells its own detour as the others have it,
//! and places that are fitted to what is left of the pairs are better ones.
//!
//! *Source*: kernel regression (Nadaraya 1964; Watson 1964), with the product of the kernels of
//! both ends; fitting each part of a model to what the other leaves is backfitting (Friedman and
//! Stuetzle 1981; Buja, Hastie and Tibshirani 1989).

use super::ensemble::{Opinion, cautious};
use super::graph::{Graph, NO_FOLD};
use super::lanes::ln;
use super::members::Members;
use super::neighbours::Neighbours;

/// Misfit (logarithm) at which a measured pair counts half.
const SCALE: f32 = 0.4;
/// Weight of no correction at all, in measured pairs.
const SHRINKAGE: f32 = 0.1;
/// Shares of the correction that are tried.
const STRENGTHS: [f32; 3] = [0.0, 0.5, 1.0];
/// Fewer held-out pairs than this decide nothing: no correction then.
const ENOUGH_PAIRS: usize = 50;

/// The misfit of a measured pair.
#[derive(Clone, Copy, Debug)]
struct Misfit {
    node: u32,
    weight: f32,
    /// Weighted logarithm of measured by estimated.
    pull: f32,
}

/// A correction of the ensemble's estimates.
#[derive(Clone, Debug)]
pub(super) struct Residuals {
    near: Neighbours,
    misfits: Vec<Vec<Misfit>>,
    strength: f32,
}

/// What a fit tells of the measured pairs.
#[derive(Debug)]
pub(super) struct Lessons {
    /// By how much the logarithm of each is larger than what the places explain, as far as the
    /// other pairs tell; in the order of [`Graph::pairs`].
    pub(super) detours: Vec<f32>,
    /// Those that one member did not see.
    pub(super) held_out: Vec<HeldOut>,
}

/// A measured pair that one member did not see.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldOut {
    /// How far the ensemble differs about it.
    pub(super) spread: f32,
    /// Logarithm of estimated by measured.
    pub(super) error: f32,
}

/// Weighted misfits and weights summed by node: one end of the correction.
pub(super) type Sums = Vec<[f32; 2]>;

impl Residuals {
    /// The correction, and what was learnt of the measured pairs on the way.
    pub(super) fn learn(graph: &Graph, members: &Members, near: Neighbours) -> (Self, Lessons) {
        let mut residuals = Self {
            near,
            misfits: vec![Vec::new(); graph.len()],
            strength: 1.0,
        };
        let mut spreads = Vec::new();
        for (a, peer) in graph.pairs() {
            let opinion = Opinion::new(members, a, peer.node as usize);
            let misfit = peer.log_rtt - ln(opinion.median);
            let weight = peer.weight / (1.0 + (misfit / SCALE) * (misfit / SCALE));
            let pull = weight * misfit;
            for (node, other) in [(a, peer.node), (peer.node as usize, a as u32)] {
                residuals.misfits[node].push(Misfit {
                    node: other,
                    weight,
                    pull,
                });
            }
            spreads.push(opinion.spread);
        }
        let gains = residuals.gains(graph);
        let mut held_out = Vec::new();
        for (((a, peer), &spread), &gain) in graph.pairs().zip(&spreads).zip(&gains) {
            if peer.fold != NO_FOLD {
                let places = &members[usize::from(peer.fold)].places;
                let rtt = cautious(places[a].rtt(&places[peer.node as usize]), spread);
                held_out.push((spread, ln(rtt) - peer.log_rtt, gain));
            }
        }
        residuals.strength = best_strength(&held_out);
        let strength = residuals.strength;
        let lessons = Lessons {
            detours: gains.iter().map(|gain| strength * gain).collect(),
            held_out: held_out
                .iter()
                .map(|&(spread, error, gain)| HeldOut {
                    spread,
                    error: error + strength * gain,
                })
                .collect(),
        };
        (residuals, lessons)
    }

    /// Which nodes are taken for near each other.
    pub(super) fn neighbours(&self) -> &Neighbours {
        &self.near
    }

    /// Which nodes are taken for near each other, without the rest.
    pub(super) fn into_neighbours(self) -> Neighbours {
        self.near
    }

    /// Whether held-out pairs gain from the correction.
    pub(super) fn is_used(&self) -> bool {
        self.strength > 0.0
    }

    /// What the neighbours of a node say of its paths, to be asked by [`Residuals::correction`].
    pub(super) fn sums(&self, node: usize, sums: &mut Sums) {
        sums.clear();
        sums.resize(self.near.len(), [0.0; 2]);
        for &(neighbour, weight) in self.near.of(node) {
            for misfit in &self.misfits[neighbour as usize] {
                let sum = &mut sums[misfit.node as usize];
                sum[0] += weight * misfit.pull;
                sum[1] += weight * misfit.weight;
            }
        }
    }

    /// What is to be added to the logarithm of an estimate.
    pub(super) fn correction(&self, sums: &Sums, other: usize) -> f32 {
        let [pull, weight] = self.gathered(sums, other);
        self.strength * pull / (weight + SHRINKAGE)
    }

    fn gathered(&self, sums: &Sums, other: usize) -> [f32; 2] {
        let mut total = [0.0; 2];
        for &(neighbour, weight) in self.near.of(other) {
            let sum = sums[neighbour as usize];
            total[0] += weight * sum[0];
            total[1] += weight * sum[1];
        }
        total
    }

    /// The correction of each measured pair in full, made without the pair itself.
    fn gains(&self, graph: &Graph) -> Vec<f32> {
        let mut gains = Vec::new();
        let mut sums = Sums::new();
        for a in 0..graph.len() {
            self.sums(a, &mut sums);
            for misfit in &self.misfits[a] {
                let b = misfit.node as usize;
                if b < a {
                    continue;
                }
                let [pull, weight] = self.gathered(&sums, b);
                // The pair itself, as seen from its own ends and, where they are near, crosswise.
                let own = 1.0 + self.near.nearness(a, b) * self.near.nearness(b, a);
                let others = (weight - own * misfit.weight).max(0.0);
                gains.push((pull - own * misfit.pull) / (others + SHRINKAGE));
            }
        }
        gains
    }
}

/// The share of the correction from which pairs gain most, given for each the spread, the error
/// and the correction.
fn best_strength(held_out: &[(f32, f32, f32)]) -> f32 {
    if held_out.len() < ENOUGH_PAIRS {
        return 0.0;
    }
    let error = |strength: f32| {
        let errors = held_out.iter();
        // A pair that is far off is lost anyway: how far does not matter.
        errors
            .map(|&(_, error, gain)| (error + strength * gain).abs().min(1.0))
            .sum::<f32>()
    };
    let best = STRENGTHS
        .into_iter()
        .min_by(|&a, &b| error(a).total_cmp(&error(b)));
    best.unwrap_or(0.0)
}
