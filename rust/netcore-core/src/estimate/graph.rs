//! What was measured, as a graph: for each node its peers.

use std::sync::Arc;

use super::embedding::MEMBERS;
use super::lanes::ln;
use crate::error::{Error, Result};
use crate::hash;

/// One measured round trip between two nodes, given by their places in the list of nodes.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The node that measured.
    pub origin: u32,
    /// The node at the other end.
    pub destination: u32,
    /// Round-trip time, ms.
    pub rtt_ms: f32,
    /// How much it counts beside the others: 1 for a fresh one, less for an old one.
    pub weight: f32,
}

/// Most nodes of one fit: their matrix has 2³⁰ bytes.
pub const MOST_NODES: usize = 16_384;
/// Most samples of one fit: one for each ordered pair of the most nodes.
pub const MOST_SAMPLES: usize = MOST_NODES * MOST_NODES;
/// Longest round trip that is taken for one, ms: ten minutes.
pub const LONGEST_RTT_MS: f32 = 600_000.0;
/// Shorter ones cannot be told apart, ms.
const SHORTEST_RTT_MS: f32 = 1e-3;
/// A pair is left out of a fit only where both its ends have this many peers: two for each of the
/// four unknowns of a node.
pub(super) const ENOUGH_PEERS: usize = 8;
/// The fold of a pair that every member of the ensemble sees.
pub(super) const NO_FOLD: u8 = u8::MAX;

/// The other end of a measured pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) node: u32,
    /// The member of the ensemble that does not see the pair.
    pub(super) fold: u8,
    /// Logarithm of the RTT, by the graph's scale.
    pub(super) log_rtt: f32,
    /// Mean 1.
    pub(super) weight: f32,
}

/// The measured pairs, each at both its ends, in units of the median RTT.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    starts: Vec<usize>,
    peers: Vec<Peer>,
    /// Number of the connected part that each node belongs to, in order of their first nodes.
    pub(super) part: Vec<u32>,
    /// The median RTT, ms.
    pub(super) scale_ms: f32,
}

/// The measured round trips by direction, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured(Vec<Sample>);

impl Measured {
    /// Checked samples, one for each ordered pair: of several, the weighted geometric mean.
    pub(super) fn new(nodes: usize, samples: &[Sample]) -> Result<Self> {
        check_sizes(nodes, samples.len())?;
        for (index, sample) in samples.iter().enumerate() {
            check(nodes, index, sample)?;
        }
        let mut all: Vec<Sample> = samples.iter().filter(|s| s.weight > 0.0).copied().collect();
        // Stable, so that equal input gives equal sums.
        all.sort_by_key(|sample| (sample.origin, sample.destination));
        let same = |a: &Sample, b: &Sample| (a.origin, a.destination) == (b.origin, b.destination);
        let merged = all.chunk_by(same).map(|group| {
            let (log_rtt, weight) = mean(group.iter());
            let rtt_ms = if group.len() == 1 {
                group[0].rtt_ms
            } else {
                log_rtt.exp()
            };
            Sample {
                rtt_ms,
                weight,
                ..group[0]
            }
        });
        Ok(Self(merged.collect()))
    }

    /// The measured round trips from one node, by destination.
    pub(super) fn from(&self, origin: u32) -> &[Sample] {
        let start = self.0.partition_point(|sample| sample.origin < origin);
        let count = self.0[start..].partition_point(|sample| sample.origin == origin);
        &self.0[start..start + count]
    }

    /// What was measured between two nodes, ms: in this direction, else in the other, since a
    /// round trip has both.
    pub(super) fn rtt_ms(&self, origin: u32, destination: u32) -> Option<f32> {
        let way = |a, b| {
            let row = self.from(a);
            let at = row
                .binary_search_by_key(&b, |sample| sample.destination)
                .ok()?;
            Some(row[at].rtt_ms)
        };
        way(origin, destination).or_else(|| way(destination, origin))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }
}

impl Graph {
    /// The graph of the measured pairs. Both directions of a pair count as one.
    pub(super) fn new(nodes: &[Arc<str>], measured: &Measured) -> Self {
        let ends = |sample: &Sample| {
            let (a, b) = (sample.origin, sample.destination);
            (a.min(b), a.max(b))
        };
        let mut both: Vec<Sample> = measured.iter().copied().collect();
        both.sort_by_key(|sample| (ends(sample), sample.origin));
        let pairs: Vec<(u32, u32, f32, f32)> = both
            .chunk_by(|a, b| ends(a) == ends(b))
            .map(|group| {
                let (log_rtt, weight) = mean(group.iter());
                let (a, b) = ends(&group[0]);
                (a, b, log_rtt, weight)
            })
            .collect();
        let mut logs: Vec<f32> = pairs.iter().map(|pair| pair.2).collect();
        let middle = logs.len() / 2;
        let scale = if logs.is_empty() {
            0.0
        } else {
            *logs.select_nth_unstable_by(middle, f32::total_cmp).1
        };
        let weights: f32 = pairs.iter().map(|pair| pair.3).sum();
        let mean_weight = (weights / pairs.len().max(1) as f32).max(f32::MIN_POSITIVE);
        let mut starts = vec![0; nodes.len() + 1];
        for &(a, b, ..) in &pairs {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        let degrees = starts.clone();
        for node in 0..nodes.len() {
            starts[node + 1] += starts[node];
        }
        let hashes: Vec<u64> = nodes.iter().map(|name| hash::text(name)).collect();
        let blank = Peer {
            node: 0,
            fold: NO_FOLD,
            log_rtt: 0.0,
            weight: 0.0,
        };
        let mut peers = vec![blank; pairs.len() * 2];
        let mut next = starts.clone();
        for (a, b, log_rtt, weight) in pairs {
            let (here, there) = (a as usize, b as usize);
            let has_enough = degrees[here + 1].min(degrees[there + 1]) >= ENOUGH_PEERS;
            let fold = if has_enough {
                // By name: a pair keeps its fold whoever joins and leaves.
                (hash::mix(hashes[here].wrapping_add(hashes[there])) % MEMBERS as u64) as u8
            } else {
                NO_FOLD
            };
            let log_rtt = log_rtt - scale;
            let weight = weight / mean_weight;
            for (node, other) in [(here, b), (there, a)] {
                peers[next[node]] = Peer {
                    node: other,
                    fold,
                    log_rtt,
                    weight,
                };
                next[node] += 1;
            }
        }
        let mut graph = Self {
            starts,
            peers,
            part: Vec::new(),
            scale_ms: scale.exp(),
        };
        graph.part = graph.parts();
        graph
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.part.len()
    }

    /// The measured pairs at a node.
    #[inline]
    pub(super) fn peers(&self, node: usize) -> &[Peer] {
        &self.peers[self.starts[node]..self.starts[node + 1]]
    }

    /// Each pair once, at the first of its ends.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, &Peer)> {
        let later = |node| {
            let peers = self.peers(node).iter();
            peers.filter(move |peer| peer.node as usize > node)
        };
        (0..self.len()).flat_map(move |node| later(node).map(move |peer| (node, peer)))
    }

    /// The same pairs, with something taken off the logarithm of each, in the order of
    /// [`Graph::pairs`].
    pub(super) fn lowered(&self, by: &[f32]) -> Self {
        let mut lowered = self.clone();
        let mut by = by.iter();
        // Peers are in order, so a node meets its earlier ones in the order of theirs.
        let mut next = self.starts.clone();
        for node in 0..self.len() {
            for at in next[node]..self.starts[node + 1] {
                let there = &mut next[self.peers[at].node as usize];
                let by = by.next().copied().unwrap_or(0.0);
                lowered.peers[at].log_rtt -= by;
                lowered.peers[*there].log_rtt -= by;
                *there += 1;
            }
        }
        lowered
    }

    fn parts(&self) -> Vec<u32> {
        let nodes = self.starts.len() - 1;
        let mut part = vec![u32::MAX; nodes];
        let mut count = 0;
        let mut reached = Vec::new();
        for first in 0..nodes {
            if part[first] != u32::MAX {
                continue;
            }
            reached.push(first);
            part[first] = count;
            while let Some(node) = reached.pop() {
                for peer in &self.peers[self.starts[node]..self.starts[node + 1]] {
                    let other = peer.node as usize;
                    if part[other] == u32::MAX {
                        part[other] = count;
                        reached.push(other);
                    }
                }
            }
            count += 1;
        }
        part
    }
}

/// Weighted mean of the logarithms, and the sum of the weights.
fn mean<'a>(samples: impl Iterator<Item = &'a Sample>) -> (f32, f32) {
    let (mut sum, mut weights) = (0.0, 0.0);
    for sample in samples {
        sum += ln(sample.rtt_ms.max(SHORTEST_RTT_MS)) * sample.weight;
        weights += sample.weight;
    }
    (sum / weights, weights)
}

/// Whether a sample is of the path between two of the nodes.
pub(super) fn check_ends(nodes: usize, index: usize, origin: u32, destination: u32) -> Result<()> {
    let invalid = |argument, problem| Err(Error::InvalidArgument { argument, problem });
    for (argument, node) in [("origins", origin), ("destinations", destination)] {
        if node as usize >= nodes {
            let problem =
                format!("[{index}] = {node} is no node: 0 to {nodes} exclusive is needed");
            return invalid(argument, problem);
        }
    }
    if origin == destination {
        let problem =
            format!("[{index}] = {destination} is the origin: leave out a node's path to itself");
        return invalid("destinations", problem);
    }
    Ok(())
}

/// Whether so many nodes can be fitted to so many samples, so that a caller can ask before it makes
/// them.
///
/// # Errors
///
/// [`Error::InvalidArgument`] where there are more than [`MOST_NODES`] or [`MOST_SAMPLES`].
pub fn check_sizes(nodes: usize, samples: usize) -> Result<()> {
    let invalid = |argument, problem| Err(Error::InvalidArgument { argument, problem });
    if nodes > MOST_NODES {
        let problem = format!("{nodes} names: at most {MOST_NODES} are fitted");
        return invalid("nodes", problem);
    }
    if samples > MOST_SAMPLES {
        let problem = format!("{samples} entries: at most {MOST_SAMPLES} are fitted");
        return invalid("origins", problem);
    }
    Ok(())
}

fn check(nodes: usize, index: usize, sample: &Sample) -> Result<()> {
    let invalid = |argument, problem| Err(Error::InvalidArgument { argument, problem });
    check_ends(nodes, index, sample.origin, sample.destination)?;
    if !(0.0..=LONGEST_RTT_MS).contains(&sample.rtt_ms) {
        let problem = format!(
            "[{index}] = {} is not in 0..={LONGEST_RTT_MS}: leave out what was not measured",
            sample.rtt_ms
        );
        return invalid("rtt_ms", problem);
    }
    if !(0.0..=1e6).contains(&sample.weight) {
        let problem = format!("[{index}] = {} is not in 0..=1,000,000", sample.weight);
        return invalid("weights", problem);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_off_a_pair_is_taken_off_at_both_its_ends() {
        let pairs = [(0, 1), (0, 3), (1, 2), (1, 3), (2, 3), (4, 0), (3, 4)];
        let samples = pairs.map(|(origin, destination)| Sample {
            origin,
            destination,
            rtt_ms: 10.0,
            weight: 1.0,
        });
        let names: Vec<Arc<str>> = (0..5).map(|node| node.to_string().into()).collect();
        let measured = Measured::new(5, &samples).expect("pairs of nodes");
        let graph = Graph::new(&names, &measured);
        let by: Vec<f32> = graph
            .pairs()
            .map(|(node, peer)| (node * 10) as f32 + peer.node as f32)
            .collect();
        assert_eq!(by, [1.0, 3.0, 4.0, 12.0, 13.0, 23.0, 34.0]);
        let lowered = graph.lowered(&by);
        for node in 0..5 {
            for (peer, before) in lowered.peers(node).iter().zip(graph.peers(node)) {
                let other = peer.node as usize;
                let expected = (node.min(other) * 10 + node.max(other)) as f32;
                assert!((before.log_rtt - peer.log_rtt - expected).abs() < 1e-5);
            }
        }
    }
}
