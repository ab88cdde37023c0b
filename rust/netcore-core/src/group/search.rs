//! The search: where it begins, what it improves on, and the best that it finds.

use super::Work;
use super::anneal::Anneal;
use super::best::Best;
use super::budget::Budget;
use super::descent::Descent;
use super::greedy::{Greedy, Tie};
use super::hierarchy::Level;
use super::layout::Layout;
use super::multilevel;
use super::problem::Problem;
use super::random::Random;
use super::ruin::Ruin;

/// Greedy placements at most, and the share of the budget that they leave to the rest: where the
/// applications begin decides much, and each beginning is soon judged.
const MOST_STARTS: usize = 24;
const LEAST_LEFT: f64 = 0.96;
/// The share of nodes passed over in greedy placements that leave something to chance.
const BLINKS: f32 = 0.1;
/// The share of what is left for a placement found from afar, and then for annealing.
const FROM_AFAR: f64 = 0.2;
const ANNEALING: f64 = 0.8;

/// The parts of the search, with the best that they found.
pub(super) struct Search<'p> {
    problem: &'p Problem,
    random: Random,
    greedy: Greedy,
    descent: Descent,
    /// The pods to be placed, heaviest neighbour first.
    order: Vec<u32>,
    best: Option<Best>,
    /// Where annealing ends: [`COLD`](super::anneal::COLD).
    cold: f32,
    pub(super) work: Work,
}

impl<'p> Search<'p> {
    pub(super) fn new(problem: &'p Problem, cold: f32, random: Random) -> Self {
        let mut greedy = Greedy::new(problem.pods());
        let mut order = problem.movable().to_vec();
        greedy.sort(&Layout::new(problem), &mut order);
        Self {
            problem,
            random,
            greedy,
            descent: Descent::new(problem.pods()),
            order,
            best: None,
            cold,
            work: Work::default(),
        }
    }

    /// A greedy placement.
    pub(super) fn start(&mut self, tie: Tie, blinks: f32, budget: &mut Budget<'_>) -> Layout<'p> {
        let mut layout = Layout::new(self.problem);
        let random = &mut self.random;
        let looked_at = self
            .greedy
            .place(&mut layout, &self.order, tie, blinks, random);
        budget.spend(looked_at);
        layout
    }

    /// Improves a placement by local search, and keeps it where it is the best.
    pub(super) fn consider(&mut self, mut layout: Layout<'p>, budget: &mut Budget<'_>) {
        self.work.starts += 1;
        self.descend(&mut layout, budget);
        let is_best = |best: &Best| best.is_beaten_by(&layout);
        if self.best.as_ref().is_none_or(is_best) {
            self.best = Some(Best::of(&layout));
        }
    }

    /// Spends the rest of the budget. `levels` are those of the problem's nodes.
    pub(super) fn run(&mut self, levels: &[Level], budget: &mut Budget<'_>) -> Layout<'p> {
        for start in 1..MOST_STARTS {
            if !budget.goes_on() || budget.left() < LEAST_LEFT {
                break;
            }
            let tie = [Tie::Spread, Tie::Pack][start % 2];
            let blinks = if start == 1 { 0.0 } else { BLINKS };
            let layout = self.start(tie, blinks, budget);
            self.consider(layout, budget);
        }
        let random = &mut self.random;
        let from_afar = budget.part(FROM_AFAR, |budget| {
            multilevel::start(self.problem, levels, random, budget)
        });
        if let Some(layout) = from_afar {
            self.consider(layout, budget);
        }
        let mut layout = Layout::new(self.problem);
        if let Some(best) = &self.best {
            layout.become_like(&best.nodes);
        }
        if let Some(level) = levels.first() {
            let mut anneal = Anneal::new(self.problem, level.spacing, self.cold, &mut self.random);
            budget.part(ANNEALING, |budget| anneal.run(&mut layout, budget));
            self.work.taken += anneal.taken;
        }
        let mut ruin = Ruin::new(self.problem.pods(), &mut self.random, &mut self.greedy);
        ruin.run(&mut layout, budget);
        (self.work.rounds, self.work.improvements) = (ruin.rounds, ruin.improvements);
        self.descend(&mut layout, budget);
        layout
    }

    fn descend(&mut self, layout: &mut Layout<'p>, budget: &mut Budget<'_>) {
        for &pod in self.order.iter().rev() {
            self.descent.wake(pod);
        }
        self.work.taken += self.descent.run(layout, budget);
        // What moved may have left room for a pod that had none.
        let left_out = |pod: &u32| !layout.is_placed(*pod);
        let left_out: Vec<_> = self.order.iter().copied().filter(left_out).collect();
        let random = &mut self.random;
        self.greedy
            .place(layout, &left_out, Tie::Spread, 0.0, random);
    }
}
