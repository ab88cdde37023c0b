//! The estimate of a whole network.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::confidence::Calibration;
use super::embedding::{Embedding, MEMBERS};
use super::ensemble::{Columns, Opinion, cautious};
use super::graph::{Graph, Measured, Sample, check_sizes};
use super::lanes::LANES;
use super::members::{self, Members};
use super::neighbours::Neighbours;
use super::residuals::{Residuals, Sums};
use super::surroundings::{Place, Surroundings};
use crate::error::{Error, Result};
use crate::topology::Provenance;

/// Scale of the loss by which the members are compared.
const COMPARED_AT: f32 = 0.1;

/// Round-trip times between all nodes, as far as measured pairs tell.
///
/// ```
/// use netcore_core::estimate::{Estimate, Sample};
///
/// let sample = |origin, destination, rtt_ms| Sample { origin, destination, rtt_ms, weight: 1.0 };
/// let samples = [sample(0, 1, 10.0), sample(1, 2, 20.0)];
/// let estimate = Estimate::fit(["a", "b", "c", "apart"], &samples, 0)?;
/// assert_eq!(estimate.pair(1, 0).rtt_ms, 10.0);
/// assert!(estimate.pair(0, 2).rtt_ms > 5.0 && estimate.pair(0, 2).confidence < 0.2);
/// assert!(estimate.pair(0, 3).rtt_ms.is_nan());
/// # Ok::<(), netcore_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Estimate {
    nodes: Vec<Arc<str>>,
    seed: u64,
    measured: Measured,
    graph: Graph,
    members: Members,
    residuals: Residuals,
    calibration: Calibration,
}

/// What is known or supposed of one pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Round-trip time, ms; NaN where it is unknown.
    pub rtt_ms: f32,
    /// Probability that an estimate is within a quarter of the true value ([`super::RIGHT_WITHIN`]);
    /// 1 where it was measured, 0 where it is unknown.
    pub confidence: f32,
    /// Measured, estimated, unknown, or the node itself.
    pub source: Provenance,
}

impl Estimate {
    /// Fit to measured pairs, from nothing. Samples of weight 0 do not count; of several for one
    /// ordered pair, their weighted geometric mean does.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where a name is empty or comes twice, there are more than
    /// [`MOST_NODES`](super::MOST_NODES), a sample names no node or has equal ends, an RTT is not within 0 to ten
    /// minutes, or a weight not within 0 to a million.
    ///
    /// *Complexity*: O(pairs + N²), the second part small: 490 nodes take tens of milliseconds a
    /// member.
    pub fn fit<N: Into<Arc<str>>>(
        nodes: impl IntoIterator<Item = N>,
        samples: &[Sample],
        seed: u64,
    ) -> Result<Self> {
        let nodes = checked(nodes)?;
        let measured = Measured::new(nodes.len(), samples)?;
        let graph = Graph::new(&nodes, &measured);
        let fitted = members::cold(&graph, seed);
        Ok(Self::of(nodes, seed, measured, graph, fitted))
    }

    /// Fit to newer measurements, starting from where the nodes are in this one. Nodes are matched
    /// by name: those that joined find a place among their peers, those that left are forgotten.
    /// Where most nodes are new, the fit is one from nothing.
    ///
    /// # Errors
    ///
    /// As [`Estimate::fit`].
    pub fn refit<N: Into<Arc<str>>>(
        &self,
        nodes: impl IntoIterator<Item = N>,
        samples: &[Sample],
    ) -> Result<Self> {
        let nodes = checked(nodes)?;
        let measured = Measured::new(nodes.len(), samples)?;
        let graph = Graph::new(&nodes, &measured);
        let slots: FxHashMap<&str, usize> = (0..self.nodes.len())
            // A node without a peer had no place.
            .filter(|&slot| !self.graph.peers(slot).is_empty())
            .map(|slot| (&*self.nodes[slot], slot))
            .collect();
        let before: Vec<Option<usize>> = nodes
            .iter()
            .map(|name| slots.get(&**name).copied())
            .collect();
        let has_place = |slot: &usize| !graph.peers(*slot).is_empty();
        let (mut kept, mut all) = (0, 0);
        for slot in (0..nodes.len()).filter(has_place) {
            all += 1;
            kept += usize::from(before[slot].is_some());
        }
        let seed = self.seed;
        let fitted = if kept * 2 < all {
            members::cold(&graph, seed)
        } else {
            let unit = self.graph.scale_ms / graph.scale_ms;
            let near = self.residuals.neighbours();
            members::warm(&graph, &self.members, near, &before, unit, seed)
        };
        Ok(Self::of(nodes, seed, measured, graph, fitted))
    }

    fn of(
        nodes: Vec<Arc<str>>,
        seed: u64,
        measured: Measured,
        graph: Graph,
        (members, near): (Members, Neighbours),
    ) -> Self {
        let (residuals, lessons) = Residuals::learn(&graph, &members, near);
        let calibration = Calibration::new(lessons.held_out);
        Self {
            nodes,
            seed,
            measured,
            graph,
            members,
            residuals,
            calibration,
        }
    }

    /// The nodes, in order.
    pub fn nodes(&self) -> &[Arc<str>] {
        &self.nodes
    }

    /// Whether the correction by the misfits of near nodes is in use: held-out pairs gain from it.
    pub fn uses_residuals(&self) -> bool {
        self.residuals.is_used()
    }

    /// With how many nodes a node was measured, from either end.
    ///
    /// # Panics
    ///
    /// Where the node is out of range.
    pub fn peers(&self, node: usize) -> usize {
        self.graph.peers(node).len()
    }

    /// What is known or supposed of the path from one node to another.
    ///
    /// # Panics
    ///
    /// Where a node is out of range.
    ///
    /// *Complexity*: O(N). For all pairs, [`Estimate::rtt_ms`].
    pub fn pair(&self, origin: usize, destination: usize) -> Guess {
        if origin == destination {
            return Guess {
                rtt_ms: 0.0,
                confidence: 1.0,
                source: Provenance::Own,
            };
        }
        if let Some(rtt_ms) = self.measured.rtt_ms(origin as u32, destination as u32) {
            return Guess {
                rtt_ms,
                confidence: 1.0,
                source: Provenance::Measured,
            };
        }
        if !self.is_joined(origin, destination) {
            return Guess {
                rtt_ms: f32::NAN,
                confidence: 0.0,
                source: Provenance::Unknown,
            };
        }
        let (a, b) = (origin.min(destination), origin.max(destination));
        let opinion = Opinion::new(&self.members, a, b);
        let mut sums = Sums::new();
        self.residuals.sums(a, &mut sums);
        Guess {
            rtt_ms: self.corrected(&sums, b, opinion.median, opinion.spread),
            confidence: self.confidence_of(a, b, opinion.spread),
            source: Provenance::Estimated,
        }
    }

    /// All round-trip times, ms, row-major `[N, N]`: as measured where it was, in its direction,
    /// estimated where measured pairs join two nodes, else NaN; 0 on the diagonal.
    pub fn rtt_ms(&self) -> Vec<f32> {
        let uses_residuals = self.uses_residuals();
        let mut sums = Sums::new();
        let mut cells = self.cells(f32::NAN, 0.0, |columns, origin, row| {
            if uses_residuals {
                self.residuals.sums(origin, &mut sums);
            }
            columns.row(origin, origin + 1, |start, medians, spreads| {
                for (lane, cell) in row[start..].iter_mut().enumerate().take(LANES) {
                    let other = start + lane;
                    if other > origin && self.is_joined(origin, other) {
                        *cell = self.corrected(&sums, other, medians[lane], spreads[lane]);
                    }
                }
            });
        });
        let size = self.nodes.len();
        // First the other direction, then over it what was measured in its own.
        for sample in self.measured.iter() {
            cells[sample.destination as usize * size + sample.origin as usize] = sample.rtt_ms;
        }
        for sample in self.measured.iter() {
            cells[sample.origin as usize * size + sample.destination as usize] = sample.rtt_ms;
        }
        cells
    }

    /// For all pairs, the probability that an estimate is within a quarter of the true value,
    /// row-major `[N, N]`: 1 where measured and on the diagonal, 0 where unknown.
    pub fn confidence(&self) -> Vec<f32> {
        let mut cells = self.cells(0.0, 1.0, |columns, origin, row| {
            columns.row(origin, origin + 1, |start, _, spreads| {
                for (lane, cell) in row[start..].iter_mut().enumerate().take(LANES) {
                    let other = start + lane;
                    if other > origin && self.is_joined(origin, other) {
                        *cell = self.confidence_of(origin, other, spreads[lane]);
                    }
                }
            });
        });
        let size = self.nodes.len();
        for sample in self.measured.iter() {
            let (origin, destination) = (sample.origin as usize, sample.destination as usize);
            cells[origin * size + destination] = 1.0;
            cells[destination * size + origin] = 1.0;
        }
        cells
    }

    /// Where the nodes are by the member that suits the measurements best, ms, row-major
    /// `[N, 3]`; NaN for a node without a peer. Two nodes' distance plus their heights is
    /// their RTT, before what the other members and the residuals add.
    pub fn coordinates_ms(&self) -> Vec<f32> {
        let scale = self.graph.scale_ms;
        let places = self.best().places.iter().enumerate();
        let at = |(node, place): (usize, &Place)| {
            let has_place = !self.graph.peers(node).is_empty();
            place
                .at
                .map(|at| if has_place { at * scale } else { f32::NAN })
        };
        places.flat_map(at).collect()
    }

    /// How high the nodes are, ms, in the order of the nodes; NaN for a node without a peer.
    pub fn heights_ms(&self) -> Vec<f32> {
        let scale = self.graph.scale_ms;
        let places = self.best().places.iter().enumerate();
        let height = |(node, place): (usize, &Place)| {
            if self.graph.peers(node).is_empty() {
                f32::NAN
            } else {
                place.height * scale
            }
        };
        places.map(height).collect()
    }

    fn best(&self) -> &Embedding {
        let mut around = Surroundings::default();
        let mut misfit = |member: &Embedding| {
            let places = &member.places;
            let each = (0..places.len()).map(|node| {
                around.gather(self.graph.peers(node), places, |_| true);
                around.misfit(&places[node], COMPARED_AT)
            });
            each.sum::<f32>()
        };
        let misfits = self.members.each_ref().map(&mut misfit);
        let best = (0..MEMBERS).min_by(|&a, &b| misfits[a].total_cmp(&misfits[b]));
        &self.members[best.unwrap_or(0)]
    }

    /// Whether a path of measured pairs joins two nodes.
    #[inline]
    fn is_joined(&self, a: usize, b: usize) -> bool {
        self.graph.part[a] == self.graph.part[b]
    }

    fn corrected(&self, sums: &Sums, other: usize, median: f32, spread: f32) -> f32 {
        let rtt = cautious(median, spread) * self.graph.scale_ms;
        if self.uses_residuals() {
            rtt * self.residuals.correction(sums, other).exp()
        } else {
            rtt
        }
    }

    fn confidence_of(&self, a: usize, b: usize, spread: f32) -> f32 {
        let fewest = self.graph.peers(a).len().min(self.graph.peers(b).len());
        self.calibration.probability(spread, fewest)
    }

    /// A symmetric matrix from what `fill` writes to the right of the diagonal of each row.
    fn cells(
        &self,
        unknown: f32,
        own: f32,
        mut fill: impl FnMut(&Columns, usize, &mut [f32]),
    ) -> Vec<f32> {
        let size = self.nodes.len();
        let mut cells = vec![unknown; size * size];
        let columns = Columns::new(&self.members);
        for (origin, row) in cells.chunks_exact_mut(size.max(1)).enumerate() {
            row[origin] = own;
            fill(&columns, origin, row);
        }
        mirror(&mut cells, size);
        cells
    }
}

/// Copy what is right of the diagonal to its left, a block at a time for the cache's sake.
fn mirror(cells: &mut [f32], size: usize) {
    const BLOCK: usize = 64;
    for top in (0..size).step_by(BLOCK) {
        for left in (top..size).step_by(BLOCK) {
            for row in top..(top + BLOCK).min(size) {
                for column in left.max(row + 1)..(left + BLOCK).min(size) {
                    cells[column * size + row] = cells[row * size + column];
                }
            }
        }
    }
}

fn checked<N: Into<Arc<str>>>(nodes: impl IntoIterator<Item = N>) -> Result<Vec<Arc<str>>> {
    let nodes: Vec<Arc<str>> = nodes.into_iter().map(Into::into).collect();
    let invalid = |problem| {
        Err(Error::InvalidArgument {
            argument: "nodes",
            problem,
        })
    };
    check_sizes(nodes.len(), 0)?;
    let mut seen = FxHashSet::default();
    for (slot, name) in nodes.iter().enumerate() {
        if name.is_empty() {
            return invalid(format!("name {slot} is empty"));
        }
        if !seen.insert(name) {
            return invalid(format!("{name:?} comes twice: name each node once"));
        }
    }
    Ok(nodes)
}
