//! Local search: moves, swaps and blocked moves that lower the cost, until none is left.
//!
//! A pod looks only at nodes on which it would itself pay less: there it goes if there is room;
//! else it changes places with a pod of that node, or sends one of them on to a third node. A pod
//! looks again once it or a pod that it is tied to has moved.

use super::Budget;
use super::layout::Layout;
use super::problem::Tie;
use super::table::Table;

/// The queue of the pods that are to look.
#[derive(Debug)]
pub(super) struct Descent {
    queue: Vec<u32>,
    is_queued: Vec<bool>,
}

/// A change of the placement, with its price.
#[derive(Debug, Clone, Copy)]
enum Step {
    Move {
        to: u32,
    },
    Swap {
        with: u32,
    },
    /// The other pod goes to a third node, and this one takes its place.
    Displace {
        other: u32,
        to: u32,
    },
}

impl Descent {
    pub(super) fn new(pods: usize) -> Self {
        Self {
            queue: Vec::new(),
            is_queued: vec![false; pods],
        }
    }

    /// Lets a pod look, in its turn.
    pub(super) fn wake(&mut self, pod: u32) {
        if !std::mem::replace(&mut self.is_queued[pod as usize], true) {
            self.queue.push(pod);
        }
    }

    /// Lets a pod look that moved, and those tied to it.
    fn wake_around(&mut self, layout: &Layout<'_>, pod: u32) {
        self.wake(pod);
        for tie in layout.problem().ties(pod) {
            self.wake(tie.peer);
        }
    }

    /// Lowers the cost until no pod that was woken finds anything, or the budget is spent. Returns
    /// how many steps it took.
    pub(super) fn run(&mut self, layout: &mut Layout<'_>, budget: &mut Budget<'_>) -> u64 {
        let mut table = Table::new(layout);
        let mut taken = 0;
        while let Some(pod) = self.queue.pop() {
            self.is_queued[pod as usize] = false;
            if !layout.is_placed(pod) || layout.problem().fixed(pod).is_some() {
                continue;
            }
            if !budget.goes_on() {
                break;
            }
            let look = Look {
                layout,
                table: &table,
            };
            if let Some(step) = look.best_step(pod, budget) {
                taken += 1;
                self.take(layout, &mut table, pod, step);
            }
        }
        for pod in self.queue.drain(..) {
            self.is_queued[pod as usize] = false;
        }
        taken
    }

    fn take(&mut self, layout: &mut Layout<'_>, table: &mut Table<'_>, pod: u32, step: Step) {
        let here = layout.node(pod);
        let (there, other) = match step {
            Step::Move { to } => (to, None),
            Step::Swap { with } => (layout.node(with), Some((with, here))),
            Step::Displace { other, to } => (layout.node(other), Some((other, to))),
        };
        layout.lift(pod);
        if let Some((other, to)) = other {
            layout.lift(other);
            layout.put(other, to);
            table.shift(other, there, to);
            self.wake_around(layout, other);
        }
        layout.put(pod, there);
        table.shift(pod, here, there);
        for &neighbour in layout.on(here) {
            self.wake(neighbour);
        }
        self.wake_around(layout, pod);
    }
}

/// A placement as a pod that looks for something better sees it.
struct Look<'a, 'p> {
    layout: &'a Layout<'p>,
    table: &'a Table<'p>,
}

impl<'p> Look<'_, 'p> {
    /// What lowers the cost most of all that a pod can do.
    fn best_step(&self, pod: u32, budget: &mut Budget<'_>) -> Option<Step> {
        let here = self.layout.node(pod);
        let now = self.table.cost(pod, here);
        let tolerance = self.layout.problem().tolerance();
        let (mut best, mut step) = (-tolerance, None);
        for (there, &cost) in (0_u32..).zip(self.table.row(pod)) {
            let gain = cost - now;
            if gain >= -tolerance || there == here {
                continue;
            }
            budget.spend(1);
            if self.layout.fits(pod, there) {
                if gain < best && self.table.broken(pod, there) == 0 {
                    (best, step) = (gain, Some(Step::Move { to: there }));
                }
                continue;
            }
            for &other in self.layout.on(there) {
                budget.spend(1);
                if !self.layout.fits_without(pod, there, other) {
                    continue;
                }
                let ties = self.ties_between(pod, other);
                if let Some(change) = self.swapped(pod, gain, other, ties)
                    && change < best
                {
                    (best, step) = (change, Some(Step::Swap { with: other }));
                }
                if gain < best
                    && let Some((change, to)) = self.displaced(pod, gain, other, best, ties)
                {
                    (best, step) = (change, Some(Step::Displace { other, to }));
                }
            }
        }
        step
    }

    /// The ties between two pods.
    fn ties_between(&self, pod: u32, peer: u32) -> &'p [Tie] {
        let ties = self.layout.problem().ties(pod);
        let from = ties.partition_point(|tie| tie.peer < peer);
        let len = ties[from..].partition_point(|tie| tie.peer == peer);
        &ties[from..from + len]
    }

    /// What the ties between a pod on one node and its peer on another cost.
    fn price(&self, ties: &[Tie], node: u32, peers: u32) -> f32 {
        let problem = self.layout.problem();
        let of_tie = |tie: &Tie| tie.weight * problem.row(tie.matrix, node)[peers as usize];
        ties.iter().map(of_tie).sum()
    }

    /// The price of two pods that exchange their nodes, where they can.
    fn swapped(&self, pod: u32, gain: f32, other: u32, ties: &[Tie]) -> Option<f32> {
        let (here, there) = (self.layout.node(pod), self.layout.node(other));
        let of_other = self.table.cost(other, here) - self.table.cost(other, there);
        let mut change = gain + of_other;
        if !ties.is_empty() {
            // Each row takes the other pod to stay where it is.
            change += self.price(ties, there, here) + self.price(ties, here, there)
                - self.price(ties, here, here)
                - self.price(ties, there, there);
        }
        let can = change < 0.0
            && self.layout.fits_without(other, here, pod)
            && self.is_clear(pod, there, other, here)
            && self.is_clear(other, here, pod, there);
        can.then_some(change)
    }

    /// The third node to which a pod is best sent on, with the price of the whole step, where that
    /// is below the best.
    fn displaced(
        &self,
        pod: u32,
        gain: f32,
        other: u32,
        mut best: f32,
        ties: &[Tie],
    ) -> Option<(f32, u32)> {
        let (here, there) = (self.layout.node(pod), self.layout.node(other));
        let costs = self.table.row(other);
        let others_now = costs[there as usize];
        let mut target = None;
        for &to in self.layout.open() {
            let mut change = gain + costs[to as usize] - others_now;
            if to == there || to == here {
                continue;
            }
            if !ties.is_empty() {
                change += self.price(ties, there, to) - self.price(ties, here, to)
                    + self.price(ties, here, there)
                    - self.price(ties, there, there);
            }
            if change < best
                && self.layout.fits(other, to)
                && self.is_clear(pod, there, other, to)
                && self.is_clear(other, to, pod, there)
            {
                best = change;
                target = Some((change, to));
            }
        }
        target
    }

    /// Whether a pod breaks no limit on a node once another has gone to a node of its own.
    fn is_clear(&self, pod: u32, node: u32, other: u32, others: u32) -> bool {
        let problem = self.layout.problem();
        let with_other = || problem.bounds(pod).iter().filter(|it| it.peer == other);
        let others_now = self.layout.node(other);
        let of_other = with_other().filter(|it| problem.is_beyond(it, node, others_now));
        self.table.broken(pod, node) as usize == of_other.count()
            && !with_other().any(|it| problem.is_beyond(it, node, others))
    }
}
