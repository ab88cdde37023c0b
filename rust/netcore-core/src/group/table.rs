//! What each pod would pay on each node.
//!
//! With it the price of any move or swap is a few look-ups. A pod that moves changes the rows of the
//! pods that it is tied to, and no others. Masks are in it as infinite costs.

use super::layout::{Layout, NOWHERE};
use super::problem::Problem;

/// Costs by pod and node, for the pods where they are.
#[derive(Debug)]
pub(super) struct Table<'p> {
    problem: &'p Problem,
    /// `[P, N]`.
    costs: Vec<f32>,
    /// `[P, N]`: how many limits the pod would break; empty where there is none.
    broken: Vec<u32>,
}

impl<'p> Table<'p> {
    /// Counts up what holds of a placement.
    ///
    /// *Complexity*: O(ties · nodes).
    pub(super) fn new(layout: &Layout<'p>) -> Self {
        let problem = layout.problem();
        let (nodes, pods) = (problem.nodes(), problem.pods());
        let arrays = &problem.arrays;
        let mut costs = if arrays.extra_costs.is_empty() {
            vec![0.0; pods * nodes]
        } else {
            arrays.extra_costs.clone()
        };
        for (cost, is_allowed) in costs.iter_mut().zip(&arrays.allowed) {
            if !is_allowed {
                *cost = f32::INFINITY;
            }
        }
        let limited = if arrays.limits.is_empty() { 0 } else { pods };
        let mut table = Self {
            problem,
            costs,
            broken: vec![0; limited * nodes],
        };
        for pod in 0..pods as u32 {
            let node = layout.node(pod);
            if node == NOWHERE {
                continue;
            }
            for tie in problem.ties(pod) {
                let costs = &mut table.costs[tie.peer as usize * nodes..][..nodes];
                for (cost, &of_unit) in costs.iter_mut().zip(problem.row(tie.matrix, node)) {
                    *cost += tie.weight * of_unit;
                }
            }
            table.limit(pod, node, true);
        }
        table
    }

    /// What a pod pays on each node; infinite where it may not be.
    #[inline]
    pub(super) fn row(&self, pod: u32) -> &[f32] {
        let nodes = self.problem.nodes();
        &self.costs[pod as usize * nodes..][..nodes]
    }

    /// What a pod pays on a node.
    #[inline]
    pub(super) fn cost(&self, pod: u32, node: u32) -> f32 {
        self.costs[pod as usize * self.problem.nodes() + node as usize]
    }

    /// How many limits a pod would break on a node.
    #[inline]
    pub(super) fn broken(&self, pod: u32, node: u32) -> u32 {
        let cell = pod as usize * self.problem.nodes() + node as usize;
        self.broken.get(cell).copied().unwrap_or(0)
    }

    /// Follows a pod from one node to another.
    pub(super) fn shift(&mut self, pod: u32, from: u32, to: u32) {
        let problem = self.problem;
        let nodes = problem.nodes();
        for tie in problem.ties(pod) {
            let (new, old) = (problem.row(tie.matrix, to), problem.row(tie.matrix, from));
            let costs = &mut self.costs[tie.peer as usize * nodes..][..nodes];
            for ((cost, &new), &old) in costs.iter_mut().zip(new).zip(old) {
                *cost += tie.weight * (new - old);
            }
        }
        self.limit(pod, from, false);
        self.limit(pod, to, true);
    }

    fn limit(&mut self, pod: u32, node: u32, adds: bool) {
        let problem = self.problem;
        let nodes = problem.nodes();
        for bound in problem.bounds(pod) {
            let broken = &mut self.broken[bound.peer as usize * nodes..][..nodes];
            for (broken, &distance) in broken.iter_mut().zip(problem.distances(bound, node)) {
                // NaN is unknown, and never beyond.
                let is_beyond = u32::from(distance > bound.most);
                *broken = if adds {
                    *broken + is_beyond
                } else {
                    *broken - is_beyond
                };
            }
        }
    }
}
