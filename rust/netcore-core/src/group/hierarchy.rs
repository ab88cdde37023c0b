//! Levels of nodes that are near each other (racks, zones, regions), found in the costs alone.
//!
//! Nodes are joined to clusters by the mean cost between them, the nearest first, until there is
//! one. Where the next join is much farther than the last one, the clusters of that moment are a
//! level. Costs that come from racks and zones have their levels there exactly; costs without any
//! such order are cut where it is least arbitrary.
//!
//! *Source*: average linkage by nearest-neighbour chains, Murtagh, The Computer Journal 26 (1983).

use super::problem::Problem;

/// Nodes, or the clusters of the level below, with what is known of how they lie to each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    /// The cluster of each on the level above; empty where there is none.
    pub(super) clusters: Vec<u32>,
    /// The mean cost at which those of a cluster were joined.
    pub(super) spacing: f32,
}

/// Beyond so many nodes, or cells of cost matrices, it would take longer than what it is for.
const MOST_NODES: usize = 1024;
const MOST_CELLS: usize = 1 << 22;
/// A level is where the next join is so many times as far as the last.
const CLEAR_GAP: f32 = 1.15;
/// Where there is none for so many times fewer clusters, over costs so many times as large, it is
/// where the gap is clearest.
const WIDE_STEP: usize = 16;
const WIDE_SPREAD: f32 = 2.0;

/// Two clusters, each named by one of its nodes, that become one at this mean cost.
#[derive(Debug, Clone, Copy)]
struct Join {
    nodes: [u32; 2],
    height: f32,
}

/// The levels of a problem's nodes: the nodes themselves first, each level in terms of the one
/// before it. None where there are too many nodes, or too few.
///
/// *Complexity*: O(matrices · nodes²).
pub(super) fn levels(problem: &Problem) -> Vec<Level> {
    let (nodes, matrices) = (problem.nodes(), problem.arrays().costs.len());
    if !(2..=MOST_NODES).contains(&nodes) || matrices * nodes * nodes > MOST_CELLS {
        return Vec::new();
    }
    let mut joins = joins(distances(problem), nodes);
    joins.sort_by(|a, b| a.height.total_cmp(&b.height));
    let mut counts = vec![1];
    cut(&joins, 1, nodes, &mut counts);
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let mut levels = Vec::with_capacity(counts.len());
    let (mut below, mut count_below): (Vec<u32>, _) = ((0..nodes as u32).collect(), nodes);
    for count in counts {
        let made = &joins[nodes - count_below..nodes - count];
        let sum: f32 = made.iter().map(|join| join.height).sum();
        let clusters = clusters(&joins[..nodes - count], nodes);
        let mut level = Level {
            clusters: Vec::new(),
            spacing: sum / made.len() as f32,
        };
        if count > 1 {
            level.clusters = vec![0; count_below];
            for (&node, &cluster) in below.iter().zip(&clusters) {
                level.clusters[node as usize] = cluster;
            }
        }
        levels.push(level);
        (below, count_below) = (clusters, count);
    }
    // Where links within a cluster cost nothing, those to the next one are what counts.
    for at in (1..levels.len()).rev() {
        if levels[at - 1].spacing <= 0.0 {
            levels[at - 1].spacing = levels[at].spacing;
        }
    }
    levels
}

/// The mean cost between two nodes both ways, by the traffic that each matrix bills.
pub(super) fn distances(problem: &Problem) -> Vec<f32> {
    let arrays = problem.arrays();
    let nodes = arrays.nodes;
    let mut traffic = vec![0.0; arrays.costs.len()];
    for edge in &arrays.edges {
        traffic[edge.matrix as usize] += edge.weight;
    }
    let total: f64 = traffic.iter().sum();
    let mut distances = vec![0.0; nodes * nodes];
    for (costs, traffic) in arrays.costs.iter().zip(traffic) {
        if traffic <= 0.0 {
            continue;
        }
        let half = (traffic / total / 2.0) as f32;
        for from in 0..nodes {
            for to in 0..nodes {
                let both = costs[from * nodes + to] + costs[to * nodes + from];
                distances[from * nodes + to] += half * both;
            }
        }
    }
    distances
}

/// All joins from single nodes to one cluster, in the order in which they were found: along a chain
/// of nearest neighbours, until two are each other's.
fn joins(mut distances: Vec<f32>, nodes: usize) -> Vec<Join> {
    let mut joins = Vec::with_capacity(nodes);
    let mut sizes = vec![1.0_f32; nodes];
    let mut alive: Vec<u32> = (0..nodes as u32).collect();
    let mut chain: Vec<u32> = Vec::with_capacity(nodes);
    while alive.len() > 1 {
        if chain.is_empty() {
            chain.push(alive[0]);
        }
        let last = chain[chain.len() - 1];
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let row = &distances[last as usize * nodes..][..nodes];
        // Among equals the one before it in the chain comes first, or the chain would not end.
        let mut nearest = before;
        for &other in alive.iter().filter(|&&other| other != last) {
            if nearest.is_none_or(|it| row[other as usize] < row[it as usize]) {
                nearest = Some(other);
            }
        }
        let Some(nearest) = nearest else { break };
        if Some(nearest) != before {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (kept, gone) = (last.min(nearest), last.max(nearest));
        joins.push(Join {
            nodes: [kept, gone],
            height: row[nearest as usize],
        });
        alive.retain(|&it| it != gone);
        let (kept, gone) = (kept as usize, gone as usize);
        let both = sizes[kept] + sizes[gone];
        for other in alive.iter().map(|&it| it as usize) {
            let sum = sizes[kept] * distances[kept * nodes + other]
                + sizes[gone] * distances[gone * nodes + other];
            distances[kept * nodes + other] = sum / both;
            distances[other * nodes + kept] = sum / both;
        }
        sizes[kept] = both;
    }
    joins
}

/// Chooses levels by their numbers of clusters, between two others and at most half of the next.
fn cut(joins: &[Join], fewest: usize, most: usize, counts: &mut Vec<usize>) {
    let nodes = joins.len() + 1;
    let candidates = 2 * fewest..=most / 2;
    if candidates.is_empty() {
        return;
    }
    // Links that cost nothing, or all but, are not infinitely many times nearer than others.
    let least = joins[joins.len() - 1].height * 1e-3;
    let made = |count: usize| least + joins[nodes - count - 1].height;
    let next = |count: usize| least + joins[nodes - count].height;
    let gap = |count: usize| {
        if next(count) > 0.0 {
            next(count) / made(count)
        } else {
            1.0
        }
    };
    let mut count = 2 * fewest;
    for other in candidates {
        if gap(other) > gap(count) {
            count = other;
        }
    }
    let is_wide = most >= WIDE_STEP * fewest && next(2 * fewest) >= WIDE_SPREAD * made(most / 2);
    if gap(count) >= CLEAR_GAP || (is_wide && next(count) > 0.0) {
        counts.push(count);
        cut(joins, fewest, count, counts);
        cut(joins, count, most, counts);
    }
}

/// The clusters that some joins lead to, numbered by their first nodes.
fn clusters(joins: &[Join], nodes: usize) -> Vec<u32> {
    let mut first: Vec<u32> = (0..nodes as u32).collect();
    let find = |first: &[u32], mut node: u32| {
        while first[node as usize] != node {
            node = first[node as usize];
        }
        node
    };
    for join in joins {
        let [a, b] = join.nodes.map(|node| find(&first, node));
        first[a.max(b) as usize] = a.min(b);
    }
    let mut numbers = vec![0; nodes];
    let mut count = 0;
    let mut clusters = Vec::with_capacity(nodes);
    for node in 0..nodes as u32 {
        let root = find(&first, node);
        if root == node {
            numbers[node as usize] = count;
            count += 1;
        }
        clusters.push(numbers[root as usize]);
    }
    clusters
}
