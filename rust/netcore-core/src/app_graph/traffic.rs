//! `TrafficSort`: each workload follows the ones that it exchanges most traffic with.
//!
//! Placing pods one by one is greedy, and a greedy placement is as good as its order: a workload
//! placed before its heaviest peers is placed blind. Taking always the workload with most traffic
//! to those already placed (the rule by which Prim's algorithm grows a tree) lets every pod after
//! the first see where its heaviest peer went. A heuristic; cycles do not disturb it.

use super::{AppGraph, WorkloadId};

/// Workloads by traffic to those before them, heaviest first.
///
/// The first one, and the first of each part that is not connected with those placed, is the
/// workload with most traffic in all. Ties go to the one declared first.
///
/// *Complexity*: O(workloads² + dependencies).
pub(super) fn heaviest_neighbour_first(graph: &AppGraph) -> Vec<WorkloadId> {
    let total: Vec<f64> = graph
        .workloads()
        .map(|workload| neighbours(graph, workload).map(|(_, w)| w).sum())
        .collect();
    // Traffic to the workloads already placed; `None` once placed itself.
    let mut to_placed: Vec<Option<f64>> = vec![Some(0.0); graph.len()];
    let mut order = Vec::with_capacity(graph.len());
    while let Some(next) = heaviest(&to_placed, &total) {
        order.push(next);
        to_placed[next.index()] = None;
        for (neighbour, weight) in neighbours(graph, next) {
            if let Some(traffic) = &mut to_placed[neighbour.index()] {
                *traffic += weight;
            }
        }
    }
    order
}

/// The unplaced workload with most traffic to placed ones, then with most in all, then the first.
fn heaviest(to_placed: &[Option<f64>], total: &[f64]) -> Option<WorkloadId> {
    let mut best: Option<(f64, f64, usize)> = None;
    for (index, traffic) in to_placed.iter().enumerate() {
        let Some(traffic) = *traffic else { continue };
        let key = (traffic, total[index]);
        if best.is_none_or(|(placed, all, _)| key > (placed, all)) {
            best = Some((key.0, key.1, index));
        }
    }
    best.map(|(_, _, index)| WorkloadId(index as u32))
}

/// The other ends of a workload's dependencies in both directions, with their weights.
fn neighbours(
    graph: &AppGraph,
    workload: WorkloadId,
) -> impl Iterator<Item = (WorkloadId, f64)> + '_ {
    let out = graph.outgoing(workload).iter().map(|&id| {
        let edge = graph.dependency(id);
        (edge.callee, edge.weight)
    });
    let into = graph.incoming(workload).iter().map(|&id| {
        let edge = graph.dependency(id);
        (edge.caller, edge.weight)
    });
    out.chain(into).filter(move |&(other, _)| other != workload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(selectors: &[&str], edges: &[(u32, u32, f64)]) -> Vec<String> {
        let graph = AppGraph::new(selectors, edges);
        let order = heaviest_neighbour_first(&graph);
        order
            .iter()
            .map(|&workload| graph.selector(workload).to_owned())
            .collect()
    }

    #[test]
    fn each_follows_its_heaviest_placed_neighbour() {
        // hub has most traffic in all; then "heavy" (9), then "tail" (8, through heavy), then "light".
        let edges = [(0, 1, 9.0), (0, 2, 1.0), (1, 3, 8.0), (0, 4, 8.5)];
        assert_eq!(
            order(&["hub", "heavy", "light", "tail", "other"], &edges),
            ["hub", "heavy", "other", "tail", "light"]
        );
    }

    #[test]
    fn direction_does_not_matter_and_self_calls_do_not_count() {
        let edges = [(1, 0, 2.0), (2, 1, 5.0), (0, 0, 100.0)];
        assert_eq!(order(&["a", "b", "c"], &edges), ["b", "c", "a"]);
    }

    #[test]
    fn ties_keep_the_declared_order_and_parts_follow_by_traffic() {
        assert_eq!(order(&["a", "b", "c"], &[]), ["a", "b", "c"]);
        let two_parts = [(0, 1, 1.0), (2, 3, 7.0)];
        assert_eq!(
            order(&["a", "b", "c", "d"], &two_parts),
            ["c", "d", "a", "b"]
        );
    }
}
