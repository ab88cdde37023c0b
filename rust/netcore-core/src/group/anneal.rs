//! Simulated annealing over moves and swaps.
//!
//! A pod is offered a node near one of its peers: there it goes if there is room, or it changes
//! places with a pod of that node. How near is drawn on a scale of its own: the peer's node, the few
//! next to it, the rack, the zone and everything are offered about equally often, whatever the
//! network looks like. What lowers the cost is taken; what raises it with a chance that falls with
//! the rise and, as the budget goes on, with the temperature.
//!
//! *Source*: Kirkpatrick, Gelatt and Vecchi, Science 220 (1983); that pods are offered places by
//! their peers follows the swap neighbourhoods of Schulz and Träff, SEA 2017 (arXiv 1702.04164). The
//! scale of nearness and the constants are a heuristic of our own.

use super::Budget;
use super::best::Best;
use super::hierarchy;
use super::layout::{Layout, NOWHERE};
use super::problem::{Problem, Tie};
use super::random::Random;
use crate::hash;

/// The temperature at the beginning and at the end, in the costs of a mean tie between nodes that
/// are next to each other. Between clusters it ends earlier: their costs are means, of which small
/// differences say nothing.
const HOT: f32 = 1.5;
pub(super) const COLD: f32 = 0.05;
pub(super) const COLD_FROM_AFAR: f32 = 0.2;
/// At most so many pods are offered a place, and so many more for each pod.
const OFFERS: u64 = 20_000;
const OFFERS_A_POD: u64 = 20_000;
/// The temperature is set anew after so many.
const OFFERS_A_DEGREE: u64 = 256;
/// A rise by so many temperatures has no chance worth drawing.
const HOPELESS: f32 = 16.0;

/// Annealing of one placement.
pub(super) struct Anneal<'s> {
    random: &'s mut Random,
    near: Near,
    /// The cost of a mean tie between nodes that are next to each other.
    unit: f32,
    /// The last temperature, in such units.
    cold: f32,
    /// How many moves and swaps were taken.
    pub(super) taken: u64,
}

impl<'s> Anneal<'s> {
    /// `spacing` is the mean cost between nodes that are next to each other.
    pub(super) fn new(problem: &Problem, spacing: f32, cold: f32, random: &'s mut Random) -> Self {
        let ties = |&pod: &u32| problem.ties(pod).iter();
        let weights = problem
            .movable()
            .iter()
            .flat_map(ties)
            .map(|tie| tie.weight);
        let (sum, count) = weights.fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0));
        Self {
            random,
            near: Near::new(problem),
            unit: spacing * sum / f32::max(count, 1.0),
            cold,
            taken: 0,
        }
    }

    /// Improves a placement as long as the budget goes on; what does not improve is undone.
    pub(super) fn run(&mut self, layout: &mut Layout<'_>, budget: &mut Budget<'_>) {
        let pods = layout.problem().movable();
        if pods.is_empty() || self.unit <= 0.0 {
            return;
        }
        let before = Best::of(layout);
        let most = OFFERS + OFFERS_A_POD * pods.len() as u64;
        let mut temperature = 0.0;
        for offer in 0..most {
            if !budget.goes_on() {
                break;
            }
            if offer.is_multiple_of(OFFERS_A_DEGREE) {
                if layout.cost() <= f64::from(layout.problem().tolerance()) {
                    break;
                }
                let left = (1.0 - offer as f64 / most as f64).min(budget.left());
                temperature = self.unit * self.cold * (HOT / self.cold).powf(left as f32);
            }
            let pod = pods[self.random.below(pods.len())];
            budget.spend(self.offer(layout, pod, temperature));
        }
        layout.recount();
        if !before.is_beaten_by(layout) {
            layout.become_like(&before.nodes);
        }
    }

    /// Offers a pod a node. Returns how many prices that took: each pod's on each node.
    fn offer(&mut self, layout: &mut Layout<'_>, pod: u32, temperature: f32) -> u64 {
        let problem = layout.problem();
        let (here, there) = (layout.node(pod), self.place_for(layout, pod));
        if here == NOWHERE || there == here || !problem.allows(pod, there) {
            return 1;
        }
        if layout.fits(pod, there) {
            let change = layout.price(pod, there) - layout.price(pod, here);
            if self.accepts(change, temperature) && !layout.breaks_limits(pod, there) {
                layout.shift(pod, there, change);
                self.taken += 1;
            }
            return 2;
        }
        let on = layout.on(there);
        let Some(&other) = on.get(self.random.below(on.len())) else {
            return 1;
        };
        let can = problem.allows(other, here)
            && layout.fits_without(pod, there, other)
            && layout.fits_without(other, here, pod);
        if !can {
            return 1;
        }
        let change = layout.price_of_exchange(pod, other);
        if self.accepts(change, temperature) && !layout.exchange_breaks_limits(pod, other) {
            layout.exchange(pod, other, change);
            self.taken += 1;
        }
        4
    }

    /// A node near one of a pod's peers, or any.
    fn place_for(&mut self, layout: &Layout<'_>, pod: u32) -> u32 {
        let ties = layout.problem().ties(pod);
        let tie: Option<&Tie> = ties.get(self.random.below(ties.len()));
        match tie.map_or(NOWHERE, |tie| layout.node(tie.peer)) {
            NOWHERE => self.random.below(layout.problem().nodes()) as u32,
            at => self.near.draw(at, self.random),
        }
    }

    fn accepts(&mut self, change: f32, temperature: f32) -> bool {
        change <= 0.0
            || (change < HOPELESS * temperature
                && self.random.unit() < (-change / temperature).exp())
    }
}

/// Which nodes are near a node.
#[derive(Debug)]
struct Near {
    nodes: usize,
    /// `[N, N]`: for each node all nodes, itself first, and nearer ones before those that are
    /// farther. Beyond the first few the order is coarse: those of each half of a half are not
    /// sorted among themselves.
    order: Vec<u16>,
    /// Ranks in such a row, each as often as it is drawn.
    ranks: Vec<u16>,
}

/// How finely chances are told apart.
const RANKS: usize = 1024;
/// So many nearest nodes are in their exact order.
const SORTED: usize = 8;

impl Near {
    /// *Complexity*: O(nodes²).
    fn new(problem: &Problem) -> Self {
        let nodes = problem.nodes();
        let distances = hierarchy::distances(problem);
        let mut order = Vec::with_capacity(nodes * nodes);
        let mut row: Vec<u64> = Vec::with_capacity(nodes);
        for from in 0..nodes {
            row.clear();
            row.extend((0..nodes).map(|to| {
                if from == to {
                    return to as u64;
                }
                // By distance; equally far ones in an order that is another for each row.
                let cell = from * nodes + to;
                let distance = 1 + u64::from(distances[cell].to_bits());
                (distance << 32) | (hash::mix(cell as u64) >> 48 << 16) | to as u64
            }));
            let mut sorted = nodes;
            while sorted > SORTED {
                let half = sorted / 2;
                row[..sorted].select_nth_unstable(half);
                sorted = half;
            }
            row[..sorted].sort_unstable();
            order.extend(row.iter().map(|key| *key as u16));
        }
        let scale = (nodes as f32 + 1.0).log2();
        let rank = |at: usize| {
            let part = (at as f32 + 0.5) / RANKS as f32;
            (((part * scale).exp2() - 1.0) as usize).min(nodes.saturating_sub(1)) as u16
        };
        Self {
            nodes,
            order,
            ranks: (0..RANKS).map(rank).collect(),
        }
    }

    /// A node near this one: the logarithm of its rank is spread evenly.
    fn draw(&self, node: u32, random: &mut Random) -> u32 {
        let rank = self.ranks[random.below(RANKS)];
        u32::from(self.order[node as usize * self.nodes + usize::from(rank)])
    }
}
