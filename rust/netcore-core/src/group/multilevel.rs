//! A placement found from afar: first the zone of each pod, then its rack, then its node.
//!
//! Seen from afar, nodes are clusters, and the problem is of the same kind, only smaller. So it is
//! solved by the same search, which itself looks from farther away first. What it finds tells each
//! pod its cluster; there it is placed greedily, and the search goes on from there, on all nodes.
//!
//! *Source*: mapping along a hierarchy, Schulz and Träff, SEA 2017 (arXiv 1702.04164), and Faraj et
//! al., SEA 2020 (arXiv 2001.07134). That each level is a search of the same kind is our own.

use super::Budget;
use super::anneal::COLD_FROM_AFAR;
use super::coarse::coarsened;
use super::greedy::{Greedy, Tie};
use super::hierarchy::Level;
use super::layout::Layout;
use super::problem::Problem;
use super::random::Random;
use super::search::Search;

/// A placement by way of the levels above the nodes; None where there are none.
pub(super) fn start<'p>(
    problem: &'p Problem,
    levels: &[Level],
    random: &mut Random,
    budget: &mut Budget<'_>,
) -> Option<Layout<'p>> {
    let (level, above) = levels.split_first()?;
    if above.is_empty() {
        return None;
    }
    let coarse = coarsened(problem, &level.clusters)?;
    let mut search = Search::new(&coarse, COLD_FROM_AFAR, random.fork());
    let first = search.start(Tie::Spread, 0.0, budget);
    search.consider(first, budget);
    let at = search.run(above, budget).nodes().to_vec();
    let mut layout = Layout::new(problem);
    layout.keep_to(level.clusters.clone(), at);
    let mut greedy = Greedy::new(problem.pods());
    let mut order = problem.movable().to_vec();
    greedy.sort(&layout, &mut order);
    for _ in 0..2 {
        // Those without room in their cluster go elsewhere, once the others have theirs.
        let looked_at = greedy.place(&mut layout, &order, Tie::Spread, 0.0, random);
        budget.spend(looked_at);
        layout.keep_to_nothing();
        order.retain(|&pod| !layout.is_placed(pod));
    }
    Some(layout)
}
