//! Which nodes are near which, by their places: their paths are taken for alike.

use super::ensemble::Columns;
use super::graph::Graph;
use super::lanes::LANES;
use super::members::Members;
use super::surroundings::Place;

/// Nodes whose paths are taken for alike, beside the node itself.
const NEIGHBOURS: usize = 16;
/// Nodes near by the first members from which those near by all of them are chosen.
const CANDIDATES: usize = 48;
/// The neighbour at whose distance the weight is a half.
const HALF_WEIGHT_AT: usize = 2;
/// So many of those nearest to each of the nodes near a node may be near it, too.
const NEXT: usize = 4;

/// By node: itself, then the nodes near it, with their weights.
#[derive(Clone, Debug)]
pub(super) struct Neighbours(Vec<Vec<(u32, f32)>>);

impl Neighbours {
    /// Found among all nodes.
    ///
    /// *Complexity*: O(N²), with a small factor.
    pub(super) fn new(graph: &Graph, members: &Members) -> Self {
        let columns = Columns::new(members);
        let mut candidates = Vec::new();
        let near = (0..graph.len()).map(|node| {
            among_all(node, graph, &columns, &mut candidates);
            weighted(node, members, &mut candidates)
        });
        Self(near.collect())
    }

    /// Those of an earlier fit, given which node of it each one is: nodes that left are forgotten.
    /// Nodes that joined find theirs among all, as do those that lost most of them.
    pub(super) fn carried(
        &self,
        before: &[Option<usize>],
        graph: &Graph,
        members: &Members,
    ) -> Self {
        let mut now = vec![None; self.len()];
        for (node, before) in before.iter().enumerate() {
            if let Some(slot) = *before {
                now[slot] = Some(node as u32);
            }
        }
        let columns = Columns::new(members);
        let mut candidates = Vec::new();
        let near = before.iter().enumerate().map(|(node, before)| {
            let kept = before.map_or(&[][..], |slot| self.of(slot));
            let kept = kept.iter().filter_map(|&(other, weight)| {
                let other = now[other as usize]?;
                let is_alike = graph.part[other as usize] == graph.part[node];
                is_alike.then_some((other, weight))
            });
            let kept: Vec<(u32, f32)> = kept.collect();
            if kept.len() > NEIGHBOURS / 2 {
                return kept;
            }
            among_all(node, graph, &columns, &mut candidates);
            weighted(node, members, &mut candidates)
        });
        Self(near.collect())
    }

    /// As the nodes have moved a little: found among those that were near, and those near them.
    ///
    /// *Complexity*: O(N).
    ///
    /// *Source*: a neighbour of a neighbour is likely one, too (Dong, Moses and Li, WWW 2011,
    /// "Efficient k-nearest neighbor graph construction for generic similarity measures").
    pub(super) fn refreshed(&self, members: &Members) -> Self {
        let mut candidates: Vec<(f32, u32)> = Vec::new();
        let mut is_candidate = vec![false; self.len()];
        let near = self.0.iter().enumerate().map(|(node, near)| {
            candidates.clear();
            for &(other, _) in near {
                for &(next, _) in self.of(other as usize).iter().take(1 + NEXT) {
                    let is_new = !std::mem::replace(&mut is_candidate[next as usize], true);
                    if is_new {
                        candidates.push((0.0, next));
                    }
                }
            }
            for &(_, other) in &candidates {
                is_candidate[other as usize] = false;
            }
            candidates.retain(|candidate| candidate.1 as usize != node);
            weighted(node, members, &mut candidates)
        });
        Self(near.collect())
    }

    /// A node itself, then those near it, with their weights.
    #[inline]
    pub(super) fn of(&self, node: usize) -> &[(u32, f32)] {
        &self.0[node]
    }

    /// Weight of another node among those near a node; 0 where it is not one of them.
    pub(super) fn nearness(&self, node: usize, other: usize) -> f32 {
        let near = self.0[node].iter().find(|near| near.0 as usize == other);
        near.map_or(0.0, |near| near.1)
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The nodes near by the first members.
fn among_all(node: usize, graph: &Graph, columns: &Columns, candidates: &mut Vec<(f32, u32)>) {
    candidates.clear();
    columns.distances(node, 0, |start, distances| {
        for (lane, &distance) in distances.iter().enumerate().take(LANES) {
            let other = start + lane;
            let is_alike = other < graph.len() && graph.part[other] == graph.part[node];
            if is_alike && other != node {
                candidates.push((distance, other as u32));
            }
        }
    });
    if candidates.len() > CANDIDATES {
        candidates.select_nth_unstable_by(CANDIDATES, by_distance);
        candidates.truncate(CANDIDATES);
    }
}

/// A node itself, then those of the candidates that are nearest by all members, with weights.
fn weighted(node: usize, members: &Members, candidates: &mut Vec<(f32, u32)>) -> Vec<(u32, f32)> {
    for (distance, other) in &mut *candidates {
        let by_member = members
            .iter()
            .map(|member| distance_of(&member.places[node], &member.places[*other as usize]));
        *distance = by_member.sum();
    }
    candidates.sort_by(by_distance);
    candidates.truncate(NEIGHBOURS);
    let half = candidates.get(HALF_WEIGHT_AT - 1).or(candidates.last());
    let half = half.map_or(1.0, |near| near.0.max(1e-6));
    let weight = |distance: f32| 1.0 / (1.0 + (distance / half) * (distance / half));
    let near = candidates
        .iter()
        .map(|&(distance, other)| (other, weight(distance)));
    std::iter::once((node as u32, 1.0)).chain(near).collect()
}

/// Order of candidates; among equals, that of the nodes.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "sorting compares by reference"
)]
fn by_distance(a: &(f32, u32), b: &(f32, u32)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// Distance of two places, heights as one more axis.
fn distance_of(a: &Place, b: &Place) -> f32 {
    let axes = a.at.iter().zip(&b.at).map(|(a, b)| a - b);
    let steps = axes.chain([a.height - b.height]);
    steps.map(|step| step * step).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::estimate::embedding::Embedding;
    use crate::estimate::graph::{Measured, Sample};

    /// A ring of nodes, each measured with the next two, and their places on a line.
    fn line(nodes: usize, at: impl Fn(usize) -> f32) -> (Graph, Members) {
        let sample = |origin: usize, step: usize| Sample {
            origin: origin as u32,
            destination: ((origin + step) % nodes) as u32,
            rtt_ms: 1.0,
            weight: 1.0,
        };
        let samples: Vec<Sample> = (0..nodes)
            .flat_map(|node| [sample(node, 1), sample(node, 2)])
            .collect();
        let names: Vec<Arc<str>> = (0..nodes).map(|node| node.to_string().into()).collect();
        let measured = Measured::new(nodes, &samples).expect("pairs of nodes");
        let places = (0..nodes).map(|node| Place {
            at: [at(node), 0.0, 0.0],
            height: 0.0,
        });
        let member = Embedding {
            places: places.collect(),
        };
        let members = std::array::from_fn(|_| member.clone());
        (Graph::new(&names, &measured), members)
    }

    fn names(near: &Neighbours, node: usize) -> Vec<u32> {
        let mut names: Vec<u32> = near.of(node).iter().map(|near| near.0).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn the_nearest_are_found_and_the_nearer_count_more() {
        let (graph, members) = line(100, |node| node as f32);
        let near = Neighbours::new(&graph, &members);
        assert_eq!(names(&near, 50), (42..=58).collect::<Vec<_>>());
        assert_eq!(near.of(50)[0], (50, 1.0));
        assert!(near.nearness(50, 52) > near.nearness(50, 55));
        assert!(near.nearness(50, 70) == 0.0);
    }

    #[test]
    fn those_who_moved_are_followed_without_a_search_among_all() {
        let (graph, before) = line(100, |node| node as f32);
        let (_, after) = line(100, |node| node as f32 + if node == 50 { 6.0 } else { 0.0 });
        let same: Vec<Option<usize>> = (0..100).map(Some).collect();
        let mut near = Neighbours::new(&graph, &before).carried(&same, &graph, &before);
        for _ in 0..3 {
            near = near.refreshed(&after);
        }
        let anew = Neighbours::new(&graph, &after);
        for node in 0..100 {
            assert_eq!(names(&near, node), names(&anew, node), "of node {node}");
        }
    }

    #[test]
    fn nodes_that_left_are_nobodys_neighbours_and_those_who_joined_have_some() {
        let (graph, before) = line(100, |node| node as f32);
        let near = Neighbours::new(&graph, &before);
        // The first twenty left, twenty others joined at the end.
        let (graph, after) = line(100, |node| node as f32 + 20.0);
        let is: Vec<Option<usize>> = (0..100)
            .map(|node| Some(node + 20).filter(|&slot| slot < 100))
            .collect();
        let mut near = near.carried(&is, &graph, &after);
        for _ in 0..4 {
            near = near.refreshed(&after);
        }
        let anew = Neighbours::new(&graph, &after);
        for node in (0..70).chain(80..100) {
            assert_eq!(names(&near, node), names(&anew, node), "of node {node}");
        }
    }
}
