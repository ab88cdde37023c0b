//! What the places leave over: paths of nodes that are near each other err alike.
//!
//! All nodes of a site share its detours, so the misfit of a measured pair tells about every pair
//! between the neighbourhoods of its ends. A pair's estimate is corrected by the mean misfit of
//! the measured pairs between the neighbours of one end and those of the other, each weighted by
//! how near both are; a misfit too large to be a detour counts less (Cauchy's loss). That helps on
//! some networks and hurts on others, so it is used only as far as held-out pairs gain from it.
//!
//! *Source*: kernel regression (Nadaraya 1964; Watson 1964), with the product of the kernels of
//! both ends.

use super::embedding::{Embedding, MEMBERS};
use super::ensemble::{Columns, Opinion, cautious};
use super::graph::{Graph, NO_FOLD};
use super::lanes::{LANES, ln};
use super::surroundings::Place;

/// Nodes whose paths are taken for alike, beside the node itself.
const NEIGHBOURS: usize = 16;
/// Nodes near by the first members from which those near by all of them are chosen.
const CANDIDATES: usize = 48;
/// The neighbour at whose distance the weight is a half.
const HALF_WEIGHT_AT: usize = 4;
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
    /// By node: the nodes near it, itself first, with their weights.
    near: Vec<Vec<(u32, f32)>>,
    misfits: Vec<Vec<Misfit>>,
    strength: f32,
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
    /// The correction, and the errors that the members make on the pairs they did not see with it.
    pub(super) fn new(graph: &Graph, members: &[Embedding; MEMBERS]) -> (Self, Vec<HeldOut>) {
        let mut residuals = Self {
            near: neighbours(graph, members),
            misfits: vec![Vec::new(); graph.len()],
            strength: 1.0,
        };
        let mut spreads = Vec::new();
        for a in 0..graph.len() {
            for peer in graph.peers(a) {
                let b = peer.node as usize;
                if b < a {
                    continue;
                }
                let opinion = Opinion::new(members, a, b);
                let misfit = peer.log_rtt - ln(opinion.median);
                let weight = peer.weight / (1.0 + (misfit / SCALE) * (misfit / SCALE));
                let pull = weight * misfit;
                residuals.misfits[a].push(Misfit {
                    node: peer.node,
                    weight,
                    pull,
                });
                residuals.misfits[b].push(Misfit {
                    node: a as u32,
                    weight,
                    pull,
                });
                spreads.push(opinion.spread);
            }
        }
        let held_out = residuals.held_out(graph, members, &spreads);
        let error = |strength: f32| {
            let errors = held_out.iter();
            // A pair that is far off is lost anyway: how far does not matter.
            errors
                .map(|&(_, error, gain)| (error + strength * gain).abs().min(1.0))
                .sum::<f32>()
        };
        residuals.strength = if held_out.len() < ENOUGH_PAIRS {
            0.0
        } else {
            let best = STRENGTHS
                .into_iter()
                .min_by(|&a, &b| error(a).total_cmp(&error(b)));
            best.unwrap_or(0.0)
        };
        let errors = held_out.iter().map(|&(spread, error, gain)| HeldOut {
            spread,
            error: error + residuals.strength * gain,
        });
        let errors = errors.collect();
        (residuals, errors)
    }

    /// Whether held-out pairs gain from the correction.
    pub(super) fn is_used(&self) -> bool {
        self.strength > 0.0
    }

    /// What the neighbours of a node say of its paths, to be asked by [`Residuals::correction`].
    pub(super) fn sums(&self, node: usize, sums: &mut Sums) {
        sums.clear();
        sums.resize(self.near.len(), [0.0; 2]);
        for &(neighbour, weight) in &self.near[node] {
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
        for &(neighbour, weight) in &self.near[other] {
            let sum = sums[neighbour as usize];
            total[0] += weight * sum[0];
            total[1] += weight * sum[1];
        }
        total
    }

    /// For each pair that a member did not see: spread of the ensemble, that member's error, and
    /// what the correction, made without the pair itself, adds to it.
    fn held_out(
        &self,
        graph: &Graph,
        members: &[Embedding; MEMBERS],
        spreads: &[f32],
    ) -> Vec<(f32, f32, f32)> {
        let mut held_out = Vec::new();
        let mut spreads = spreads.iter();
        let mut sums = Sums::new();
        for a in 0..graph.len() {
            self.sums(a, &mut sums);
            // Of the misfits at a node, those of its later peers come in the order of the peers.
            let later = self.misfits[a]
                .iter()
                .filter(|misfit| misfit.node as usize > a);
            let peers = graph.peers(a).iter().filter(|peer| peer.node as usize > a);
            for ((peer, misfit), &spread) in peers.zip(later).zip(spreads.by_ref()) {
                if peer.fold == NO_FOLD {
                    continue;
                }
                let b = peer.node as usize;
                let [pull, weight] = self.gathered(&sums, b);
                // The pair itself, as seen from its own ends and, where they are near, crosswise.
                let own = 1.0 + self.nearness(a, b) * self.nearness(b, a);
                let others = (weight - own * misfit.weight).max(0.0);
                let gain = (pull - own * misfit.pull) / (others + SHRINKAGE);
                let places = &members[usize::from(peer.fold)].places;
                let rtt = cautious(places[a].rtt(&places[b]), spread);
                held_out.push((spread, ln(rtt) - peer.log_rtt, gain));
            }
        }
        held_out
    }

    fn nearness(&self, node: usize, other: usize) -> f32 {
        let near = self.near[node].iter().find(|near| near.0 as usize == other);
        near.map_or(0.0, |near| near.1)
    }
}

/// By node: itself, then the nodes near it, with their weights.
fn neighbours(graph: &Graph, members: &[Embedding; MEMBERS]) -> Vec<Vec<(u32, f32)>> {
    let columns = Columns::new(members);
    let mut candidates: Vec<(f32, u32)> = Vec::new();
    let by_distance = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    (0..graph.len())
        .map(|node| {
            candidates.clear();
            columns.distances(node, 0, |start, distances| {
                for (lane, &distance) in distances.iter().enumerate().take(LANES) {
                    let other = start + lane;
                    let is_alike = other < graph.len() && graph.part[other] == graph.part[node];
                    if is_alike && other != node {
                        candidates.push((distance, other as u32));
                    }
                }
            });
            if candidates.len() > CANDIDATES {
                candidates.select_nth_unstable_by(CANDIDATES, by_distance);
                candidates.truncate(CANDIDATES);
            }
            for (distance, other) in &mut candidates {
                let by_member = members.iter().map(|member| {
                    distance_of(&member.places[node], &member.places[*other as usize])
                });
                *distance = by_member.sum();
            }
            candidates.sort_by(by_distance);
            candidates.truncate(NEIGHBOURS);
            let half = candidates.get(HALF_WEIGHT_AT - 1).or(candidates.last());
            let half = half.map_or(1.0, |near| near.0.max(1e-6));
            let weight = |distance: f32| 1.0 / (1.0 + (distance / half) * (distance / half));
            let near = candidates
                .iter()
                .map(|&(distance, other)| (other, weight(distance)));
            std::iter::once((node as u32, 1.0)).chain(near).collect()
        })
        .collect()
}

/// Distance of two places, heights as one more axis.
fn distance_of(a: &Place, b: &Place) -> f32 {
    let axes = a.at.iter().zip(&b.at).map(|(a, b)| a - b);
    let steps = axes.chain([a.height - b.height]);
    steps.map(|step| step * step).sum::<f32>().sqrt()
}
