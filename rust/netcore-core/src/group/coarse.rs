//! A problem seen from afar: clusters of nodes as its nodes.
//!
//! What is lost on the way is made up for by means. A cluster has the room of its nodes together,
//! and the mean of the costs between their nodes; what all links cost at least is left out, since
//! every placement pays it. Masks and limits are taken as wide as they can be: they are asked again
//! on the level below.

use super::arrays::Arrays;
use super::problem::Problem;

/// The problem with these clusters, one for each node, as its nodes. None where the figures would be
/// too large.
///
/// *Complexity*: O(matrices · nodes² + pods · nodes).
pub(super) fn coarsened(problem: &Problem, clusters: &[u32]) -> Option<Problem> {
    let count = clusters.iter().max().map_or(0, |&last| last as usize + 1);
    let view = View {
        fine: problem.arrays(),
        clusters,
        count,
    };
    let fine = view.fine;
    let mut coarse = Arrays {
        nodes: count,
        pods: fine.pods,
        resources: fine.resources,
        capacities: view.capacities(problem),
        requests: fine.requests.clone(),
        costs: fine.costs.iter().map(|it| view.mean_costs(it)).collect(),
        edges: fine.edges.clone(),
        limits: fine.limits.clone(),
        fixed: fine.fixed.clone(),
        ..Arrays::default()
    };
    for node in coarse.fixed.iter_mut().flatten() {
        *node = clusters[*node as usize];
    }
    if !coarse.limits.is_empty() {
        coarse.distances = view.least_distances();
    }
    if !(fine.allowed.is_empty() && fine.extra_costs.is_empty()) {
        (coarse.allowed, coarse.extra_costs) = view.by_pod();
    }
    Problem::new(coarse).ok()
}

/// Some arrays, and the clusters of their nodes.
struct View<'v> {
    fine: &'v Arrays,
    clusters: &'v [u32],
    count: usize,
}

impl View<'_> {
    /// The room of all nodes of each cluster. What is left over on a node after pods of equal size
    /// serves nobody, and a node that is too full takes nothing from the others.
    fn capacities(&self, problem: &Problem) -> Vec<i64> {
        let (fine, resources) = (self.fine, self.fine.resources);
        let mut room = fine.capacities.clone();
        let mut capacities = vec![0_i64; self.count * resources];
        let mut add = |cluster: u32, resource: usize, amount: i64| {
            let capacity = &mut capacities[cluster as usize * resources + resource];
            *capacity = capacity.saturating_add(amount);
        };
        for (pod, node) in fine.fixed.iter().enumerate() {
            let Some(node) = node.map(|node| node as usize) else {
                continue;
            };
            for resource in 0..resources {
                // A fixed pod's room is there, for itself: each layout takes it off again.
                let request = fine.requests[pod * resources + resource];
                room[node * resources + resource] -= request;
                add(self.clusters[node], resource, request);
            }
        }
        for resource in 0..resources {
            let request = |&pod: &u32| problem.requests(pod)[resource];
            let unit = problem.movable().iter().map(request).fold(0, divisor);
            for (node, &cluster) in self.clusters.iter().enumerate() {
                let room = room[node * resources + resource].max(0);
                add(cluster, resource, room - room % unit.max(1));
            }
        }
        capacities
    }

    fn mean_costs(&self, costs: &[f32]) -> Vec<f32> {
        let mut sizes = vec![0.0; self.count];
        for &cluster in self.clusters {
            sizes[cluster as usize] += 1.0;
        }
        let mut means = vec![0.0_f64; self.count * self.count];
        let rows = costs.chunks_exact(self.clusters.len());
        for (row, &origin) in rows.zip(self.clusters) {
            let sums = &mut means[origin as usize * self.count..][..self.count];
            for (&cost, &destination) in row.iter().zip(self.clusters) {
                sums[destination as usize] += f64::from(cost);
            }
        }
        for (cell, mean) in means.iter_mut().enumerate() {
            *mean /= sizes[cell / self.count] * sizes[cell % self.count];
        }
        let least = means.iter().copied().fold(f64::INFINITY, f64::min);
        means.iter().map(|&mean| (mean - least) as f32).collect()
    }

    fn least_distances(&self) -> Vec<f32> {
        let mut least = vec![f32::INFINITY; self.count * self.count];
        let rows = self.fine.distances.chunks_exact(self.clusters.len());
        for (row, &origin) in rows.zip(self.clusters) {
            for (&distance, &destination) in row.iter().zip(self.clusters) {
                let least = &mut least[origin as usize * self.count + destination as usize];
                // One that is not known is never beyond.
                if distance.is_nan() || distance < *least {
                    *least = distance;
                }
            }
        }
        least
    }

    /// Masks and extra costs: a pod may be in a cluster where it may be on one of its nodes, and
    /// pays the mean of these.
    fn by_pod(&self) -> (Vec<bool>, Vec<f32>) {
        let (fine, cells) = (self.fine, self.fine.pods * self.count);
        let (mut allowed, mut extra_costs) = (vec![0.0_f32; cells], vec![0.0_f32; cells]);
        for pod in 0..fine.pods {
            for (node, &cluster) in self.clusters.iter().enumerate() {
                let (cell, to) = (pod * fine.nodes + node, pod * self.count + cluster as usize);
                if fine.allowed.get(cell).copied().unwrap_or(true) {
                    allowed[to] += 1.0;
                    extra_costs[to] += fine.extra_costs.get(cell).copied().unwrap_or(0.0);
                }
            }
        }
        if fine.extra_costs.is_empty() {
            extra_costs.clear();
        }
        for (cost, &count) in extra_costs.iter_mut().zip(&allowed) {
            *cost /= count.max(1.0);
        }
        (allowed.iter().map(|&it| it > 0.0).collect(), extra_costs)
    }
}

/// The largest number that divides both.
fn divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
