//! Places for all nodes that suit what was measured, found by improving one node after another.

use super::graph::Graph;
use super::random::Random;
use super::surroundings::{DIMENSIONS, Place, Surroundings};

/// Fits that are made side by side. Each leaves out another part of the pairs; where they differ,
/// nobody knows better. A power of two, for the median of them.
pub(super) const MEMBERS: usize = 8;

/// Rounds over all nodes of a fit from nothing, and of the one after it to straightened paths.
const SWEEPS: [usize; 2] = [12, 16];
/// The last of them whose mean is the result.
const AVERAGED_SWEEPS: usize = 5;
/// Scale of the loss in the first rounds, and at the end. Logarithms: 0.1 is 10 %.
const SCALES: [f32; 2] = [0.3, 0.12];
/// The final scale holds from this share of the rounds on.
const COOL_AT: f32 = 0.77;
/// Share of the peers that each step overlooks: a place that suits some of them by chance alone
/// does not last.
const OVERLOOKED: f32 = 0.2;
/// Steps overlook nobody where a node has no more peers than this.
const FEW_PEERS: usize = 8;
/// A node looks for a better place elsewhere once in this many rounds.
const RELOCATED_EVERY: usize = 4;
/// Rounds from this share on relocate nobody.
const SETTLED_AT: f32 = 0.9;
/// How far from the start by path lengths a member begins, in standard deviations of the median.
const START_SPREAD: f32 = 0.09;
/// As above, where a node has no such start.
const BLIND_START_SPREAD: f32 = 0.3;
/// First height, in units of the median RTT.
const START_HEIGHT: f32 = 0.05;

/// Places of all nodes by one member of the ensemble.
#[derive(Clone, Debug)]
pub(super) struct Embedding {
    pub(super) places: Vec<Place>,
}

impl Embedding {
    /// A fit from nothing.
    ///
    /// *Complexity*: O(pairs), a fixed number of rounds.
    pub(super) fn cold(
        graph: &Graph,
        start: &[Option<[f32; DIMENSIONS]>],
        member: usize,
        seed: u64,
    ) -> Self {
        let mut random = Random::new(seed, member as u64);
        let places = start.iter().map(|position| {
            let spread = if position.is_some() {
                START_SPREAD
            } else {
                BLIND_START_SPREAD
            };
            let position = position.unwrap_or_default();
            Place {
                at: position.map(|at| at + random.normal() * spread),
                height: START_HEIGHT,
            }
        });
        Sweeper::new(graph, member, places.collect(), random).anneal(SWEEPS[0])
    }

    /// A fit to straightened paths, from where the nodes were by another member.
    pub(super) fn again(graph: &Graph, other: &Self, member: usize, seed: u64) -> Self {
        let random = Random::new(seed, (MEMBERS + member) as u64);
        Sweeper::new(graph, member, other.places.clone(), random).anneal(SWEEPS[1])
    }

    /// The places of an earlier fit; a node that had none looks for one among its peers.
    pub(super) fn carried(
        graph: &Graph,
        before: impl Iterator<Item = Option<Place>>,
        member: usize,
        seed: u64,
    ) -> Self {
        let mut joined = Vec::new();
        let mut random = Random::new(seed, (2 * MEMBERS + member) as u64);
        let places = before.enumerate().map(|(node, place)| {
            place.unwrap_or_else(|| {
                joined.push(node);
                let at = [(); DIMENSIONS].map(|()| random.normal() * BLIND_START_SPREAD);
                Place {
                    at,
                    height: START_HEIGHT,
                }
            })
        });
        let mut sweeper = Sweeper::new(graph, member, places.collect(), random);
        for scale in SCALES {
            for &node in &joined {
                sweeper.improve(node, scale, true, false);
            }
        }
        Self {
            places: sweeper.places,
        }
    }

    /// One round from where the nodes are.
    pub(super) fn improved(&self, graph: &Graph, member: usize) -> Self {
        // A step that neither relocates nor overlooks draws no random numbers.
        let random = Random::new(0, 0);
        let mut sweeper = Sweeper::new(graph, member, self.places.clone(), random);
        for node in 0..graph.len() {
            sweeper.improve(node, SCALES[1], false, false);
        }
        Self {
            places: sweeper.places,
        }
    }
}

struct Sweeper<'a> {
    graph: &'a Graph,
    member: usize,
    places: Vec<Place>,
    around: Surroundings,
    random: Random,
}

impl<'a> Sweeper<'a> {
    fn new(graph: &'a Graph, member: usize, places: Vec<Place>, random: Random) -> Self {
        Self {
            graph,
            member,
            places,
            around: Surroundings::default(),
            random,
        }
    }

    /// Rounds over all nodes, at a falling scale of the loss.
    fn anneal(mut self, sweeps: usize) -> Embedding {
        let mut order: Vec<usize> = (0..self.graph.len()).collect();
        let mut mean = Vec::new();
        for sweep in 0..sweeps {
            let progress = sweep as f32 / sweeps as f32;
            let scale = SCALES[0] * (SCALES[1] / SCALES[0]).powf((progress / COOL_AT).min(1.0));
            let relocates = sweep % RELOCATED_EVERY == RELOCATED_EVERY / 2 && progress < SETTLED_AT;
            self.random.shuffle(&mut order);
            for &node in &order {
                self.improve(node, scale, relocates, !relocates);
            }
            match (sweep + AVERAGED_SWEEPS).checked_sub(sweeps) {
                None => {}
                Some(0) => mean.clone_from(&self.places),
                Some(before) => {
                    for (mean, place) in mean.iter_mut().zip(&self.places) {
                        *mean = mean.towards(place, 1.0 / (before + 1) as f32);
                    }
                }
            }
        }
        Embedding { places: mean }
    }

    /// Move a node to where it suits its peers better, as they are now; never to where it suits
    /// them less.
    fn improve(&mut self, node: usize, scale: f32, relocates: bool, overlooks: bool) {
        let peers = self.graph.peers(node);
        if peers.is_empty() {
            return;
        }
        let overlooks = overlooks && peers.len() > FEW_PEERS;
        let (random, own_fold) = (&mut self.random, self.member as u8);
        self.around.gather(peers, &self.places, |peer| {
            peer.fold != own_fold && !(overlooks && random.unit() < OVERLOOKED)
        });
        let here = self.places[node];
        let (stepped, misfit) = self.around.step_from(&here, scale);
        let (mut best, mut least) = (here, misfit);
        let mut consider = |place: Place, around: &Surroundings| {
            let misfit = around.misfit(&place, scale);
            let is_better = misfit < least;
            if is_better {
                (best, least) = (place, misfit);
            }
            is_better
        };
        if !consider(stepped, &self.around) {
            consider(here.towards(&stepped, 0.25), &self.around);
        }
        if relocates {
            let nearest = peers.iter().min_by(|a, b| a.log_rtt.total_cmp(&b.log_rtt));
            let beside = nearest.map_or(here, |peer| self.places[peer.node as usize]);
            let mut place = Place {
                at: beside.at.map(|at| at + 0.02 * self.random.normal()),
                height: here.height,
            };
            for _ in 0..6 {
                place = self.around.step(&place, 2.0 * scale);
            }
            for _ in 0..3 {
                place = self.around.step(&place, scale);
            }
            consider(place, &self.around);
        }
        self.places[node] = best;
    }
}
