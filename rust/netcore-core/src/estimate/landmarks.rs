//! Where a fit starts: classical scaling of path lengths through the measured graph.
//!
//! From some nodes, the landmarks, the shortest paths over measured pairs are summed to every
//! node. Landmarks are placed so that their distances are those lengths, all other nodes by their
//! distances to the landmarks. That is coarse, since a path through others is longer than the
//! direct one, but it is the right arrangement as a whole: fits that start at random end in many
//! different wrong ones.
//!
//! *Source*: landmark MDS (de Silva and Tenenbaum, Stanford 2004, "Sparse multidimensional scaling
//! using landmark points").

use super::graph::Graph;
use super::random::Random;
use super::surroundings::DIMENSIONS;

/// Nodes from which paths are summed.
const MOST_LANDMARKS: usize = 64;
/// Hops of the longest path that is looked for. With k = 16 pairs a node three or four reach all.
const MOST_HOPS: usize = 12;
/// Share of a path's length that is taken for the direct one. A heuristic.
const DIRECTNESS: f32 = 0.8;
/// Rounds of the iteration for each axis.
const POWER_ROUNDS: usize = 60;

/// A first position of each node, in units of the median RTT; `None` where no landmark reaches it.
pub(super) fn positions(graph: &Graph, random: &mut Random) -> Vec<Option<[f32; DIMENSIONS]>> {
    let mut positions = vec![None; graph.len()];
    let landmarks = choose(graph, random);
    let count = landmarks.len();
    if count <= DIMENSIONS {
        return positions;
    }
    let paths: Vec<Vec<f32>> = landmarks.iter().map(|&from| squares(graph, from)).collect();
    // Between landmarks that no short path joins, as far as the farthest that one does.
    let reached = paths
        .iter()
        .flatten()
        .copied()
        .filter(|square| square.is_finite());
    let farthest = reached.fold(0.0, f32::max);
    let between = |a: usize, b: usize| paths[a][landmarks[b]].min(farthest);
    let means: Vec<f32> = (0..count)
        .map(|a| (0..count).map(|b| between(a, b)).sum::<f32>() / count as f32)
        .collect();
    let overall = means.iter().sum::<f32>() / count as f32;
    let centred: Vec<Vec<f32>> = (0..count)
        .map(|a| {
            let cell = |b| -0.5 * (between(a, b) - means[a] - means[b] + overall);
            (0..count).map(cell).collect()
        })
        .collect();
    let axes = main_axes(centred, random);
    for (node, position) in positions.iter_mut().enumerate() {
        if paths.iter().any(|path| !path[node].is_finite()) {
            continue;
        }
        *position = Some(axes.each_ref().map(|(value, axis)| {
            if *value <= 1e-6 {
                return 0.0;
            }
            let along = |a: usize| -0.5 * axis[a] * (paths[a][node] - means[a]);
            (0..count).map(along).sum::<f32>() / value.sqrt()
        }));
    }
    positions
}

/// Random nodes of the largest connected part.
fn choose(graph: &Graph, random: &mut Random) -> Vec<usize> {
    let mut sizes = vec![0_usize; graph.len()];
    for &part in &graph.part {
        sizes[part as usize] += 1;
    }
    let largest = (0..sizes.len()).rev().max_by_key(|&part| sizes[part]);
    let is_in = |node: &usize| Some(graph.part[*node] as usize) == largest;
    let mut nodes: Vec<usize> = (0..graph.len()).filter(is_in).collect();
    random.shuffle(&mut nodes);
    nodes.truncate(MOST_LANDMARKS);
    nodes
}

/// Squared length of the shortest path from a node to each, by Bellman and Ford's rounds.
fn squares(graph: &Graph, from: usize) -> Vec<f32> {
    let mut length = vec![f32::INFINITY; graph.len()];
    length[from] = 0.0;
    for _ in 0..MOST_HOPS {
        let mut changed = false;
        for node in 0..graph.len() {
            let mut shortest = length[node];
            for peer in graph.peers(node) {
                shortest = shortest.min(length[peer.node as usize] + peer.log_rtt.exp());
            }
            changed |= shortest < length[node];
            length[node] = shortest;
        }
        if !changed {
            break;
        }
    }
    let direct = |length: f32| (DIRECTNESS * length) * (DIRECTNESS * length);
    length.into_iter().map(direct).collect()
}

/// The largest eigenvalues of a symmetric matrix with their vectors, by power iteration.
fn main_axes(mut matrix: Vec<Vec<f32>>, random: &mut Random) -> [(f32, Vec<f32>); DIMENSIONS] {
    let count = matrix.len();
    std::array::from_fn(|_| {
        let mut axis: Vec<f32> = (0..count).map(|_| random.normal()).collect();
        let mut value = 0.0;
        for _ in 0..POWER_ROUNDS {
            let turned: Vec<f32> = matrix.iter().map(|row| dot(row, &axis)).collect();
            value = dot(&turned, &turned).sqrt();
            if value <= 1e-12 {
                break;
            }
            axis = turned.into_iter().map(|part| part / value).collect();
        }
        // The sign, which the length does not tell.
        let image: Vec<f32> = matrix.iter().map(|row| dot(row, &axis)).collect();
        let value = value.copysign(dot(&image, &axis));
        for (row, &left) in matrix.iter_mut().zip(&axis) {
            for (cell, &right) in row.iter_mut().zip(&axis) {
                *cell -= value * left * right;
            }
        }
        (value, axis)
    })
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_axes_are_those_with_the_largest_values() {
        let matrix = vec![
            vec![2.0, 1.0, 0.0, 0.0],
            vec![1.0, 2.0, 0.0, 0.0],
            vec![0.0, 0.0, 0.5, 0.0],
            vec![0.0, 0.0, 0.0, 0.1],
        ];
        let axes = main_axes(matrix, &mut Random::new(1, 2));
        for ((value, _), expected) in axes.iter().zip([3.0, 1.0, 0.5]) {
            assert!((value - expected).abs() < 1e-4, "{value} {expected}");
        }
    }
}
