//! All members of the ensemble: fitted from nothing, or from where the nodes were.

use super::embedding::{Embedding, MEMBERS};
use super::graph::Graph;
use super::landmarks;
use super::neighbours::Neighbours;
use super::random::Random;
use super::residuals::Residuals;
use super::surroundings::Place;

/// Stream of random numbers from which the landmarks are drawn.
const LANDMARKS: u64 = 1 << 32;

/// The fits that are made side by side.
pub(super) type Members = [Embedding; MEMBERS];

/// Fit from nothing, then to the measured pairs less the detours that near nodes' paths have in
/// common; and who is near whom.
///
/// The second time each member starts from another one's places: two of them, which leave out
/// different pairs, have seen all.
pub(super) fn cold(graph: &Graph, seed: u64) -> (Members, Neighbours) {
    let start = landmarks::positions(graph, &mut Random::new(seed, LANDMARKS));
    let first: Members = std::array::from_fn(|member| Embedding::cold(graph, &start, member, seed));
    let straight = straightened(graph, &first, Neighbours::new(graph, &first)).0;
    let members = std::array::from_fn(|member| {
        let other = &first[(member + 1) % MEMBERS];
        Embedding::again(&straight, other, member, seed)
    });
    let near = Neighbours::new(graph, &members);
    (members, near)
}

/// One round from where the nodes were, given which node of the earlier fit each one is, and how
/// many units of this graph one of the earlier one is.
pub(super) fn warm(
    graph: &Graph,
    earlier: &Members,
    near: &Neighbours,
    before: &[Option<usize>],
    unit: f32,
    seed: u64,
) -> (Members, Neighbours) {
    let members: Members = std::array::from_fn(|member| {
        let places = &earlier[member].places;
        let moved = |slot: usize| Place {
            at: places[slot].at.map(|at| at * unit),
            height: places[slot].height * unit,
        };
        let before = before.iter().map(|slot| slot.map(moved));
        Embedding::carried(graph, before, member, seed)
    });
    let near = near.carried(before, graph, &members);
    let (straight, near) = straightened(graph, &members, near);
    let members = std::array::from_fn(|member| members[member].improved(&straight, member));
    let near = near.refreshed(&members);
    (members, near)
}

/// The measured pairs, less what others tell of each one's detour.
fn straightened(graph: &Graph, members: &Members, near: Neighbours) -> (Graph, Neighbours) {
    let (residuals, lessons) = Residuals::learn(graph, members, near);
    (graph.lowered(&lessons.detours), residuals.into_neighbours())
}
