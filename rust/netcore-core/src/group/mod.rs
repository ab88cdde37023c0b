//! Placing pods that talk to each other all at once, as a problem on arrays.
//!
//! Pods placed one after another land where it was best for those before them. Here the whole is
//! looked at: which pods go to which nodes so that as many as possible are placed, and among those
//! placements the traffic between them, times what each link costs, is least. That is a quadratic
//! assignment with capacities, far beyond what can be solved exactly, so the search is a heuristic
//! of four steps:
//!
//! 1. greedy placements, heaviest neighbour first, by both rules among equals and with chance;
//! 2. from each a local search over moves, swaps and blocked moves;
//! 3. from the best of them ruin and recreate, for as long as the budget goes on;
//! 4. local search once more.
//!
//! It can be stopped at any moment, and is never worse than the plain greedy placement. It does not
//! read a clock: with a budget of steps alone the result is the same for the same seed, byte for
//! byte. It never moves a fixed pod, and knows nothing of clusters: [`plan_group`] makes a problem
//! of one.
//!
//! [`plan_group`]: crate::plan::plan_group

mod arrays;
mod best;
mod budget;
mod check;
mod descent;
mod greedy;
mod layout;
mod problem;
mod random;
mod ruin;
mod table;
#[cfg(test)]
mod tests;

pub use arrays::{Arrays, Edge, Limit};
pub use budget::Budget;
pub use check::Violation;
pub use problem::Problem;

use best::Best;
use descent::Descent;
use greedy::{Greedy, Tie};
use layout::{Layout, NOWHERE};
use random::Random;
use ruin::Ruin;

/// Where the pods of a problem go, and how that came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// The node of each pod; None for one that fits nowhere.
    pub nodes: Vec<Option<u32>>,
    /// What it costs: [`Arrays::objective`].
    pub cost: f64,
    /// The pods that are left out, and why.
    pub unplaced: Vec<Unplaced>,
    /// What the plain greedy placement costs, or the one given to be improved.
    pub greedy_cost: f64,
    /// How many pods that one leaves out.
    pub greedy_unplaced: usize,
    /// What was done.
    pub work: Work,
}

/// What a search did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Greedy placements that the search began from.
    pub starts: u64,
    /// Moves and swaps that were priced: a pod on a node, or two pods on each other's.
    pub steps: u64,
    /// Steps that local search took.
    pub taken: u64,
    /// Rounds of ruin and recreate.
    pub rounds: u64,
    /// Rounds that led to a better placement than any before.
    pub improvements: u64,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.starts += other.starts;
        self.steps += other.steps;
        self.taken += other.taken;
        self.rounds += other.rounds;
        self.improvements += other.improvements;
    }
}

/// Why a pod is left out: what each node says of it, with the others where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unplaced {
    /// The pod.
    pub pod: u32,
    /// Nodes on which it may not be.
    pub forbidden: usize,
    /// Other nodes without the room.
    pub full: usize,
    /// Other nodes from which a placed peer is too far.
    pub beyond: usize,
}

/// Greedy placements at most, and the share of the budget that they leave to the rest: where the
/// applications begin decides more than any later step, and each beginning is soon judged.
const MOST_STARTS: usize = 24;
const LEAST_LEFT: f64 = 0.75;
/// The share of nodes passed over in greedy placements that leave something to chance.
const BLINKS: f32 = 0.1;

/// Places the pods of a problem. `given` is a placement to be improved upon; without one, or where
/// it breaks a constraint, that is the plain greedy one.
///
/// ```
/// use netcore_core::group::{place, Arrays, Budget, Edge, Problem};
///
/// let problem = Problem::new(Arrays {
///     nodes: 2,
///     pods: 3,
///     resources: 1,
///     capacities: vec![2, 2],
///     requests: vec![1, 1, 1],
///     costs: vec![vec![0.0, 1.0, 1.0, 0.0]],
///     edges: vec![
///         Edge { from: 0, to: 1, weight: 1.0, matrix: 0 },
///         Edge { from: 0, to: 2, weight: 5.0, matrix: 0 },
///     ],
///     ..Arrays::default()
/// })?;
/// let mut time_left = || 1.0;
/// let mut budget = Budget::new(10_000, &mut time_left);
/// let placement = place(&problem, None, 0, &mut budget);
/// assert_eq!(placement.nodes[0], placement.nodes[2]);
/// assert_eq!(placement.cost, 1.0);
/// # Ok::<(), netcore_core::Error>(())
/// ```
pub fn place(
    problem: &Problem,
    given: Option<&[Option<u32>]>,
    seed: u64,
    budget: &mut Budget<'_>,
) -> Placement {
    let steps_before = budget.steps();
    let mut search = Search::new(problem, seed);
    let mut layout = Layout::new(problem);
    search.start_from(&mut layout, Tie::Spread, 0.0, budget);
    let mut baseline = result(problem, layout.nodes());
    let given = given.filter(|nodes| problem.arrays.violations(nodes).is_empty());
    if let Some(nodes) = given {
        baseline = nodes.to_vec();
        let mut from_given = Layout::new(problem);
        let nodes: Vec<_> = nodes.iter().map(|node| node.unwrap_or(NOWHERE)).collect();
        from_given.become_like(&nodes);
        search.consider(&mut from_given, budget);
    }
    search.consider(&mut layout, budget);
    for start in 1..MOST_STARTS {
        if !budget.goes_on() || budget.left() < LEAST_LEFT {
            break;
        }
        let tie = [Tie::Spread, Tie::Pack][start % 2];
        let blinks = if start == 1 { 0.0 } else { BLINKS };
        layout = Layout::new(problem);
        search.start_from(&mut layout, tie, blinks, budget);
        search.consider(&mut layout, budget);
    }
    let mut nodes = search.finish(&mut layout, budget);
    let is_worse = |nodes: &[Option<u32>], than: &[Option<u32>]| {
        let left_out = |nodes: &[Option<u32>]| nodes.iter().filter(|it| it.is_none()).count();
        let cost = |nodes| problem.arrays.objective(nodes);
        (left_out(nodes), cost(nodes)) > (left_out(than), cost(than))
    };
    if is_worse(&nodes, &baseline) {
        nodes.clone_from(&baseline);
    }
    debug_assert_eq!(problem.arrays.violations(&nodes), []);
    let mut work = search.work;
    work.steps = budget.steps() - steps_before;
    Placement {
        cost: problem.arrays.objective(&nodes),
        unplaced: unplaced(problem, &nodes),
        greedy_cost: problem.arrays.objective(&baseline),
        greedy_unplaced: baseline.iter().filter(|node| node.is_none()).count(),
        nodes,
        work,
    }
}

/// The parts of the search, with the best that they found.
struct Search<'p> {
    random: Random,
    greedy: Greedy,
    descent: Descent,
    /// The pods to be placed, heaviest neighbour first.
    order: Vec<u32>,
    best: Option<Best>,
    problem: &'p Problem,
    work: Work,
}

impl<'p> Search<'p> {
    fn new(problem: &'p Problem, seed: u64) -> Self {
        let mut greedy = Greedy::new(problem.pods());
        let mut order = problem.movable().to_vec();
        greedy.sort(&Layout::new(problem), &mut order);
        Self {
            random: Random::new(seed),
            greedy,
            descent: Descent::new(problem.pods()),
            order,
            best: None,
            problem,
            work: Work::default(),
        }
    }

    fn start_from(
        &mut self,
        layout: &mut Layout<'p>,
        tie: Tie,
        blinks: f32,
        budget: &mut Budget<'_>,
    ) {
        let random = &mut self.random;
        let looked_at = self.greedy.place(layout, &self.order, tie, blinks, random);
        budget.spend(looked_at);
    }

    /// Improves a placement by local search, and keeps it where it is the best.
    fn consider(&mut self, layout: &mut Layout<'p>, budget: &mut Budget<'_>) {
        self.work.starts += 1;
        self.descend(layout, budget);
        if self
            .best
            .as_ref()
            .is_none_or(|best| best.is_beaten_by(layout))
        {
            self.best = Some(Best::of(layout));
        }
    }

    fn descend(&mut self, layout: &mut Layout<'p>, budget: &mut Budget<'_>) {
        for &pod in self.order.iter().rev() {
            self.descent.wake(pod);
        }
        self.descent.run(layout, budget);
        self.work.taken = self.descent.taken;
        // What moved may have left room for a pod that had none.
        let left_out = |pod: &u32| !layout.is_placed(*pod);
        let left_out: Vec<_> = self.order.iter().copied().filter(left_out).collect();
        self.greedy
            .place(layout, &left_out, Tie::Spread, 0.0, &mut self.random);
    }

    /// Spends the rest of the budget on the best placement.
    fn finish(&mut self, layout: &mut Layout<'p>, budget: &mut Budget<'_>) -> Vec<Option<u32>> {
        if let Some(best) = &self.best {
            layout.become_like(&best.nodes);
        }
        let mut ruin = Ruin::new(self.problem.pods(), &mut self.random, &mut self.greedy);
        ruin.run(layout, budget);
        (self.work.rounds, self.work.improvements) = (ruin.rounds, ruin.improvements);
        self.descend(layout, budget);
        result(self.problem, layout.nodes())
    }
}

fn result(problem: &Problem, nodes: &[u32]) -> Vec<Option<u32>> {
    debug_assert_eq!(nodes.len(), problem.pods());
    let node = |&node: &u32| (node != NOWHERE).then_some(node);
    nodes.iter().map(node).collect()
}

fn unplaced(problem: &Problem, nodes: &[Option<u32>]) -> Vec<Unplaced> {
    let mut layout = Layout::new(problem);
    let nodes: Vec<_> = nodes.iter().map(|node| node.unwrap_or(NOWHERE)).collect();
    layout.become_like(&nodes);
    let why = |pod: u32| {
        let mut why = Unplaced {
            pod,
            forbidden: 0,
            full: 0,
            beyond: 0,
        };
        for node in 0..problem.nodes() as u32 {
            if !problem.allows(pod, node) {
                why.forbidden += 1;
            } else if !layout.fits(pod, node) {
                why.full += 1;
            } else {
                why.beyond += usize::from(layout.breaks_limits(pod, node));
            }
        }
        why
    };
    let movable = problem.movable().iter().copied();
    movable
        .filter(|&pod| !layout.is_placed(pod))
        .map(why)
        .collect()
}
