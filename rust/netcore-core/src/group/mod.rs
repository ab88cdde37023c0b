//! Placing pods that talk to each other all at once, as a problem on arrays.
//!
//! Pods placed one after another land where it was best for those before them. Here the whole is
//! looked at: which pods go to which nodes so that as many as possible are placed, and among those
//! placements the traffic between them, times what each link costs, is least. That is a quadratic
//! assignment with capacities, far beyond what can be solved exactly, so the search is a heuristic
//! of five steps:
//!
//! 1. greedy placements, heaviest neighbour first, by both rules among equals and with chance, and
//!    one found from afar, by the levels of the network: the zones first, then the racks;
//! 2. from each a local search over moves, swaps and blocked moves;
//! 3. from the best of them simulated annealing over moves and swaps;
//! 4. ruin and recreate, for as long as the budget goes on;
//! 5. local search once more.
//!
//! It can be stopped at any moment, and is never worse than the plain greedy placement. It does not
//! read a clock: with a budget of steps alone the result is the same for the same seed, byte for
//! byte. It never moves a fixed pod, and knows nothing of clusters: [`plan_group`] makes a problem
//! of one.
//!
//! [`plan_group`]: crate::plan::plan_group

mod anneal;
mod arrays;
mod best;
mod budget;
mod check;
mod coarse;
mod descent;
#[cfg(test)]
mod far_tests;
mod greedy;
mod hierarchy;
mod layout;
mod multilevel;
mod problem;
mod random;
mod ruin;
mod search;
mod table;
#[cfg(test)]
mod tests;

pub use arrays::{Arrays, Edge, Limit};
pub use budget::Budget;
pub use check::Violation;
pub use problem::Problem;

use greedy::Tie;
use layout::{Layout, NOWHERE};
use random::Random;
use search::Search;

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
    /// Placements that the search began from.
    pub starts: u64,
    /// Moves and swaps that were priced: a pod on a node, or two pods on each other's. Annealing,
    /// which keeps no table of prices, has two for a move and four for a swap.
    pub steps: u64,
    /// Moves and swaps that local search and annealing took.
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
    let mut search = Search::new(problem, anneal::COLD, Random::new(seed));
    let first = search.start(Tie::Spread, 0.0, budget);
    let mut baseline = result(problem, first.nodes());
    let given = given.filter(|nodes| problem.arrays.violations(nodes).is_empty());
    if let Some(nodes) = given {
        baseline = nodes.to_vec();
        let mut from_given = Layout::new(problem);
        let nodes: Vec<_> = nodes.iter().map(|node| node.unwrap_or(NOWHERE)).collect();
        from_given.become_like(&nodes);
        search.consider(from_given, budget);
    }
    search.consider(first, budget);
    let levels = hierarchy::levels(problem);
    let mut nodes = result(problem, search.run(&levels, budget).nodes());
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
