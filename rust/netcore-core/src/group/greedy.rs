//! Placing pods one after another, each where it costs least.
//!
//! A greedy placement is as good as its order: a pod placed before its heaviest peers is placed
//! blind. So each pod follows the one that it exchanges most with (the rule by which Prim's
//! algorithm grows a tree), application by application. And it is as good as its rule among equals,
//! of which there are many while little is placed: *packing* fills nodes up, so that an application
//! shares them; *spreading* begins each application where there is room for the rest of it. Neither
//! is best everywhere.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::layout::Layout;
use super::problem::Problem;
use super::random::Random;

/// Which of several nodes that cost a pod the same it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// The one with least room left.
    Pack,
    /// The one with most.
    Spread,
}

/// A pod that waits, with what decides its turn.
#[derive(Debug, PartialEq)]
struct Turn {
    /// Traffic with pods that are placed.
    traffic: f32,
    /// Traffic in all, then the earlier of the pods given.
    total: f32,
    pod: u32,
}

impl Eq for Turn {}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> Ordering {
        self.traffic
            .total_cmp(&other.traffic)
            .then_with(|| self.total.total_cmp(&other.total))
            .then_with(|| other.pod.cmp(&self.pod))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Greedy placement, with working memory that is used again.
#[derive(Debug)]
pub(super) struct Greedy {
    /// Traffic of each waiting pod with those that are placed; NaN for the others.
    traffic: Vec<f32>,
    turns: BinaryHeap<Turn>,
    prices: Vec<f32>,
}

impl Greedy {
    pub(super) fn new(pods: usize) -> Self {
        Self {
            traffic: vec![f32::NAN; pods],
            turns: BinaryHeap::new(),
            prices: Vec::new(),
        }
    }

    /// Sorts these pods: always the one with most traffic to those before it or placed already.
    ///
    /// *Complexity*: O(ties · log ties).
    pub(super) fn sort(&mut self, layout: &Layout<'_>, pods: &mut [u32]) {
        let problem = layout.problem();
        for &pod in &*pods {
            let placed = problem.ties(pod).iter();
            let placed = placed.filter(|tie| layout.is_placed(tie.peer));
            let traffic = placed.map(|tie| tie.weight).sum();
            self.traffic[pod as usize] = traffic;
            self.turns.push(turn(problem, pod, traffic));
        }
        let mut next = 0;
        while let Some(Turn { pod, .. }) = self.turns.pop() {
            if std::mem::replace(&mut self.traffic[pod as usize], f32::NAN).is_nan() {
                continue;
            }
            pods[next] = pod;
            next += 1;
            for tie in problem.ties(pod) {
                let traffic = &mut self.traffic[tie.peer as usize];
                if !traffic.is_nan() {
                    *traffic += tie.weight;
                    self.turns.push(turn(problem, tie.peer, *traffic));
                }
            }
        }
    }

    /// Puts each of these pods, in their order, where it costs least; leaves out those that fit
    /// nowhere. A node is passed over with the probability `blinks`, unless it is the last resort.
    /// Returns how many nodes it looked at.
    pub(super) fn place(
        &mut self,
        layout: &mut Layout<'_>,
        order: &[u32],
        tie: Tie,
        blinks: f32,
        random: &mut Random,
    ) -> u64 {
        let mut looked_at = 0;
        for &pod in order {
            looked_at += layout.open().len() as u64;
            let mut node = self.cheapest(layout, pod, tie, blinks, random);
            if node.is_none() && blinks > 0.0 {
                node = self.cheapest(layout, pod, tie, 0.0, random);
            }
            if let Some(node) = node {
                layout.put(pod, node);
            }
        }
        looked_at
    }

    /// The node where a pod costs least of those that can take it.
    fn cheapest(
        &mut self,
        layout: &Layout<'_>,
        pod: u32,
        tie: Tie,
        blinks: f32,
        random: &mut Random,
    ) -> Option<u32> {
        layout.prices(pod, layout.open(), &mut self.prices);
        let mut best: Option<(u32, f32)> = None;
        for (&node, &price) in layout.open().iter().zip(&self.prices) {
            let is_better = match best {
                None => price < f32::INFINITY,
                Some((_, least)) if price > least => false,
                Some((_, least)) if price < least => true,
                Some((other, _)) => prefers(layout, tie, node, other),
            };
            if is_better
                && layout.fits(pod, node)
                && !layout.breaks_limits(pod, node)
                && !(blinks > 0.0 && random.unit() < blinks)
            {
                best = Some((node, price));
            }
        }
        best.map(|(node, _)| node)
    }
}

fn turn(problem: &Problem, pod: u32, traffic: f32) -> Turn {
    Turn {
        traffic,
        total: problem.traffic(pod),
        pod,
    }
}

/// Whether the rule takes the first of two nodes that cost the same: by the first resource of
/// which they have different amounts, then by number.
fn prefers(layout: &Layout<'_>, tie: Tie, node: u32, other: u32) -> bool {
    let order = layout.room(node).cmp(layout.room(other));
    let order = match tie {
        Tie::Pack => order,
        Tie::Spread => order.reverse(),
    };
    order.then(node.cmp(&other)).is_lt()
}
