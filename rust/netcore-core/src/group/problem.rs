//! A problem whose arrays have been checked, with an index of who is tied to whom.

use super::arrays::{Arrays, Limit};
use crate::error::Result;

/// How one pod is tied to another: the cost that the peer sees is a row of a matrix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tie {
    pub(super) peer: u32,
    pub(super) weight: f32,
    /// The matrix whose row at this pod's node holds what the peer would pay on each node.
    pub(super) matrix: u32,
}

/// How the place of one pod limits another's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) peer: u32,
    pub(super) most: f32,
    /// Whether the peer is the origin of the link, and this pod its destination.
    pub(super) is_from_peer: bool,
}

/// A problem whose arrays have been checked, with an index of who is tied to whom.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) arrays: Arrays,
    /// Matrix 2k is `costs[k]`, 2k + 1 its transpose; empty where the two are alike.
    transposed: Vec<Vec<f32>>,
    distances_from: Vec<f32>,
    ties: Rows<Tie>,
    bounds: Rows<Bound>,
    movable: Vec<u32>,
    traffic: Vec<f32>,
    /// `[R]`: the least that a movable pod asks for.
    least_requests: Vec<i64>,
    /// Differences smaller than this are rounding.
    tolerance: f32,
}

/// Lists of different lengths in one allocation.
#[derive(Debug, Clone)]
struct Rows<T> {
    starts: Vec<usize>,
    items: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            starts: Vec::new(),
            items: Vec::new(),
        }
    }
}

impl<T> Rows<T> {
    /// Of items that are sorted by row.
    fn of(rows: usize, items: impl ExactSizeIterator<Item = (u32, T)>) -> Self {
        let mut starts = vec![0; rows + 1];
        let mut sorted = Vec::with_capacity(items.len());
        for (row, item) in items {
            starts[row as usize + 1] += 1;
            sorted.push(item);
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        Self {
            starts,
            items: sorted,
        }
    }

    #[inline]
    fn row(&self, row: usize) -> &[T] {
        &self.items[self.starts[row]..self.starts[row + 1]]
    }
}

/// Rounding errors of a cost in single precision, as a part of the largest that a pod can have.
const ROUNDING: f64 = 1e-6;

fn transposed<T: Copy>(matrix: &[T], nodes: usize) -> Vec<T> {
    (0..matrix.len())
        .map(|cell| matrix[cell % nodes * nodes + cell / nodes])
        .collect()
}

impl Problem {
    /// Checks the arrays and indexes them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) with the name of the array: a
    /// size, a cost that is not finite or below 0, an index out of range, a request below 0, sums
    /// too large to count with.
    pub fn new(mut arrays: Arrays) -> Result<Self> {
        arrays.check()?;
        arrays.fixed.resize(arrays.pods, None);
        let nodes = arrays.nodes;
        let mut transposes = Vec::with_capacity(arrays.costs.len());
        for costs in &arrays.costs {
            let transpose = transposed(costs, nodes);
            transposes.push(if transpose == *costs {
                Vec::new()
            } else {
                transpose
            });
        }
        let movable: Vec<u32> = (0..arrays.pods as u32)
            .filter(|&pod| arrays.fixed[pod as usize].is_none())
            .collect();
        let resources = arrays.resources;
        let least = |resource| {
            let request = |&pod: &u32| arrays.requests[pod as usize * resources + resource];
            movable.iter().map(request).min().unwrap_or(0)
        };
        let least_requests = (0..resources).map(least).collect();
        let mut problem = Self {
            transposed: transposes,
            distances_from: transposed(&arrays.distances, nodes.max(1)),
            ties: Rows::default(),
            bounds: Rows::default(),
            movable,
            traffic: Vec::new(),
            least_requests,
            tolerance: 0.0,
            arrays,
        };
        problem.ties = problem.index_ties();
        let traffic = |pod| problem.ties(pod).iter().map(|tie| tie.weight).sum();
        problem.traffic = (0..problem.pods() as u32).map(traffic).collect();
        problem.bounds = problem.index_bounds();
        problem.tolerance = problem.rounding();
        Ok(problem)
    }

    /// Both ends of each edge, sorted, with parallel ones as one.
    fn index_ties(&self) -> Rows<Tie> {
        let mut ends: Vec<(u32, u32, u32, f64)> = Vec::with_capacity(2 * self.arrays.edges.len());
        for edge in self.arrays.edges.iter().filter(|edge| edge.weight > 0.0) {
            let row = 2 * edge.matrix;
            let is_symmetric = self.transposed[edge.matrix as usize].is_empty();
            let column = if is_symmetric { row } else { row + 1 };
            ends.push((edge.from, edge.to, row, edge.weight));
            ends.push((edge.to, edge.from, column, edge.weight));
        }
        ends.sort_unstable_by(|a, b| {
            (a.0, a.1, a.2)
                .cmp(&(b.0, b.1, b.2))
                .then(a.3.total_cmp(&b.3))
        });
        ends.dedup_by(|next, kept| {
            let is_same = (next.0, next.1, next.2) == (kept.0, kept.1, kept.2);
            if is_same {
                kept.3 += next.3;
            }
            is_same
        });
        let tie = |(pod, peer, matrix, weight): (u32, u32, u32, f64)| {
            let weight = weight as f32;
            (
                pod,
                Tie {
                    peer,
                    weight,
                    matrix,
                },
            )
        };
        Rows::of(self.arrays.pods, ends.into_iter().map(tie))
    }

    fn index_bounds(&self) -> Rows<Bound> {
        let both = |limit: &Limit| {
            let Limit { from, to, most } = *limit;
            let bound = |peer, is_from_peer| Bound {
                peer,
                most,
                is_from_peer,
            };
            [(from, bound(to, false)), (to, bound(from, true))]
        };
        let mut ends: Vec<_> = self.arrays.limits.iter().flat_map(both).collect();
        ends.sort_by_key(|(pod, bound)| (*pod, bound.peer));
        Rows::of(self.arrays.pods, ends.into_iter())
    }

    fn rounding(&self) -> f32 {
        let largest = |costs: &Vec<f32>| costs.iter().copied().fold(0.0, f32::max);
        let largest: Vec<_> = self.arrays.costs.iter().map(largest).collect();
        let of_pod = |pod: &u32| -> f64 {
            let of_tie = |tie: &Tie| f64::from(tie.weight * largest[tie.matrix as usize / 2]);
            self.ties(*pod).iter().map(of_tie).sum()
        };
        let extra = self.arrays.extra_costs.iter().copied().fold(0.0, f32::max);
        let traffic = self.movable.iter().map(of_pod).fold(0.0, f64::max);
        (ROUNDING * (traffic + f64::from(extra))) as f32
    }

    /// The arrays of the problem.
    pub fn arrays(&self) -> &Arrays {
        &self.arrays
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.arrays.nodes
    }

    /// How many pods there are, fixed ones included.
    pub fn pods(&self) -> usize {
        self.arrays.pods
    }

    /// How many resources are counted.
    pub fn resources(&self) -> usize {
        self.arrays.resources
    }

    /// The pods that are to be placed, in their order.
    pub fn movable(&self) -> &[u32] {
        &self.movable
    }

    pub(super) fn fixed(&self, pod: u32) -> Option<u32> {
        self.arrays.fixed[pod as usize]
    }

    pub(super) fn ties(&self, pod: u32) -> &[Tie] {
        self.ties.row(pod as usize)
    }

    pub(super) fn bounds(&self, pod: u32) -> &[Bound] {
        self.bounds.row(pod as usize)
    }

    pub(super) fn tolerance(&self) -> f32 {
        self.tolerance
    }

    pub(super) fn requests(&self, pod: u32) -> &[i64] {
        let resources = self.resources();
        &self.arrays.requests[pod as usize * resources..][..resources]
    }

    /// The traffic of a pod with all others.
    #[inline]
    pub(super) fn traffic(&self, pod: u32) -> f32 {
        self.traffic[pod as usize]
    }

    /// What every movable pod asks for at least.
    pub(super) fn least_requests(&self) -> &[i64] {
        &self.least_requests
    }

    /// What a tie's peer pays on each node for a unit of traffic with a pod on this one.
    #[inline]
    pub(super) fn row(&self, matrix: u32, node: u32) -> &[f32] {
        // A symmetric matrix has no transpose, and no tie names the odd one.
        let transpose = &self.transposed[matrix as usize / 2];
        let costs = if matrix.is_multiple_of(2) || transpose.is_empty() {
            &self.arrays.costs[matrix as usize / 2]
        } else {
            transpose
        };
        let nodes = self.nodes();
        &costs[node as usize * nodes..][..nodes]
    }

    /// What a pod pays on each node for a unit of a tie's traffic with the peer on this one.
    #[inline]
    pub(super) fn row_of_peer(&self, tie: &Tie, node: u32) -> &[f32] {
        self.row(tie.matrix ^ 1, node)
    }

    /// The distances by which a pod on a node limits a peer, by the peer's node.
    #[inline]
    pub(super) fn distances(&self, bound: &Bound, node: u32) -> &[f32] {
        let distances = if bound.is_from_peer {
            &self.distances_from
        } else {
            &self.arrays.distances
        };
        let nodes = self.nodes();
        &distances[node as usize * nodes..][..nodes]
    }

    /// Whether a pod on one node and its peer on another break a limit; NaN is unknown, and never
    /// beyond.
    #[inline]
    pub(super) fn is_beyond(&self, bound: &Bound, node: u32, peers: u32) -> bool {
        self.distances(bound, node)[peers as usize] > bound.most
    }

    /// Whether the mask lets a pod be on a node.
    #[inline]
    pub(super) fn allows(&self, pod: u32, node: u32) -> bool {
        let allowed = &self.arrays.allowed;
        allowed.is_empty() || allowed[pod as usize * self.nodes() + node as usize]
    }

    /// What a pod costs on a node beside its traffic.
    #[inline]
    pub(super) fn extra_cost(&self, pod: u32, node: u32) -> f32 {
        let costs = &self.arrays.extra_costs;
        if costs.is_empty() {
            0.0
        } else {
            costs[pod as usize * self.nodes() + node as usize]
        }
    }
}
