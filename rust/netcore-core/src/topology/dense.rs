//! The measured network as dense matrices over the nodes.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Link, Matrix, Plane, Provenance};
use crate::NodeId;
use crate::error::{Error, Result};

/// Matrices of shape `[N, N]`, row-major, `[origin, destination]`; NaN is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrays<'a> {
    /// Round-trip time, ms.
    pub rtt_ms: &'a [f32],
    /// Spread of the round-trip time, ms.
    pub jitter_ms: Option<&'a [f32]>,
    /// Share of packets lost on the way, 0 to 1.
    pub loss: Option<&'a [f32]>,
    /// Bandwidth, bit/s.
    pub bandwidth_bps: Option<&'a [f64]>,
    /// Time since the pair was observed, s.
    pub age_s: Option<&'a [f32]>,
}

/// What is known of the path between each ordered pair of nodes.
///
/// A matrix takes memory from its first known value on. A node that joins takes a free slot or
/// grows the matrices at their end, one that leaves clears its row and column: O(N) both, and no
/// other cell moves.
///
/// ```
/// use netcore_core::topology::{Arrays, Provenance, Topology};
///
/// let rtt_ms = [0.0, 2.5, f32::NAN, 0.0];
/// let topology = Topology::from_arrays(["a", "b"], Arrays { rtt_ms: &rtt_ms, ..Arrays::default() })?;
/// let (a, b) = (topology.node("a").unwrap(), topology.node("b").unwrap());
/// // A round trip is measured at one end and holds for both.
/// assert_eq!(topology.link(b, a).rtt_ms, 2.5);
/// assert_eq!(topology.link(b, a).source, Provenance::Measured);
/// # Ok::<(), netcore_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Topology {
    names: Vec<Option<Arc<str>>>,
    by_name: FxHashMap<Arc<str>, NodeId>,
    rtt_ms: Plane<f32>,
    rtt_p90_ms: Plane<f32>,
    jitter_ms: Matrix<f32>,
    loss: Plane<f32>,
    bandwidth_bps: Plane<f64>,
    age_s: Matrix<f32>,
    source: Matrix<u8>,
}

impl Default for Topology {
    fn default() -> Self {
        Self::sized(0)
    }
}

impl Topology {
    /// A topology of these nodes, in this order, of which nothing is known yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where a name is empty or comes twice.
    pub fn new<N: Into<Arc<str>>>(nodes: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut topology = Self::sized(0);
        for (slot, name) in nodes.into_iter().enumerate() {
            let name = name.into();
            if name.is_empty() {
                return Err(invalid("nodes", format!("name {slot} is empty")));
            }
            if topology.by_name.contains_key(&name) {
                return Err(invalid(
                    "nodes",
                    format!("{name:?} comes twice: name each node once"),
                ));
            }
            topology.join(NodeId(slot as u32), name);
        }
        Ok(topology)
    }

    /// A topology from matrices. Values on the diagonal are not read.
    ///
    /// Where only one direction of a pair has a round-trip time, it serves both, and so does its
    /// jitter; loss and bandwidth belong to their direction alone.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where a shape does not fit the nodes, or a value is negative,
    /// infinite, or a loss above 1.
    pub fn from_arrays<N: Into<Arc<str>>>(
        nodes: impl IntoIterator<Item = N>,
        arrays: Arrays<'_>,
    ) -> Result<Self> {
        let mut topology = Self::new(nodes)?;
        let size = topology.names.len();
        topology.check("rtt_ms", Some(arrays.rtt_ms), f64::MAX)?;
        topology.check("jitter_ms", arrays.jitter_ms, f64::MAX)?;
        topology.check("loss", arrays.loss, 1.0)?;
        topology.check("bandwidth_bps", arrays.bandwidth_bps, f64::MAX)?;
        topology.check("age_s", arrays.age_s, f64::MAX)?;
        let at = |values: Option<&[f32]>, cell: usize| values.map_or(f32::NAN, |all| all[cell]);
        for origin in 0..size {
            for destination in (0..size).filter(|&destination| destination != origin) {
                let (there, back) = (origin * size + destination, destination * size + origin);
                let measured = if arrays.rtt_ms[there].is_nan() {
                    back
                } else {
                    there
                };
                let rtt_ms = arrays.rtt_ms[measured];
                let link = Link {
                    rtt_ms,
                    jitter_ms: at(arrays.jitter_ms, measured),
                    loss: at(arrays.loss, there),
                    bandwidth_bps: arrays.bandwidth_bps.map_or(f64::NAN, |all| all[there]),
                    age_s: at(arrays.age_s, measured),
                    source: Provenance::of_measured(rtt_ms),
                    ..Link::UNKNOWN
                };
                if !link.is_blank() {
                    topology.set(NodeId(origin as u32), NodeId(destination as u32), &link);
                }
            }
        }
        Ok(topology)
    }

    /// Number of slots, vacant ones included.
    pub fn slots(&self) -> usize {
        self.names.len()
    }

    /// The name of the node in a slot; `None` where it is vacant.
    pub fn name(&self, node: NodeId) -> Option<&Arc<str>> {
        self.names.get(node.index())?.as_ref()
    }

    /// The slot of a node.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// The nodes, in order of their slots.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Arc<str>)> {
        let slots = self.names.iter().enumerate();
        slots.filter_map(|(slot, name)| Some((NodeId(slot as u32), name.as_ref()?)))
    }

    /// Give a slot to a node. Nothing is known of its links yet.
    pub fn join(&mut self, node: NodeId, name: Arc<str>) {
        if self.names.len() <= node.index() {
            let size = node.index() + 1;
            self.names.resize(size, None);
            for plane in [&mut self.rtt_ms, &mut self.rtt_p90_ms, &mut self.loss] {
                plane.grow(size);
            }
            self.bandwidth_bps.grow(size);
            self.jitter_ms.grow(size);
            self.age_s.grow(size);
            self.source.grow(size);
        }
        self.leave(node);
        self.by_name.insert(Arc::clone(&name), node);
        self.names[node.index()] = Some(name);
    }

    /// Make a slot vacant, and what was known of its links with it. A vacant one stays so.
    pub fn leave(&mut self, node: NodeId) {
        let Some(name) = self.names.get_mut(node.index()).and_then(Option::take) else {
            return;
        };
        self.by_name.remove(&name);
        for slot in 0..self.names.len() {
            let other = NodeId(slot as u32);
            self.set(node, other, &Link::UNKNOWN);
            self.set(other, node, &Link::UNKNOWN);
        }
    }

    /// What is known of the path from one node to another; nothing where a slot is vacant.
    pub fn link(&self, origin: NodeId, destination: NodeId) -> Link {
        if origin == destination {
            return Link::OWN;
        }
        let (from, to) = (origin.index(), destination.index());
        if from.max(to) >= self.slots() {
            return Link::UNKNOWN;
        }
        Link {
            rtt_ms: self.rtt_ms.get(from, to),
            rtt_p90_ms: self.rtt_p90_ms.get(from, to),
            jitter_ms: self.jitter_ms.get(from, to),
            loss: self.loss.get(from, to),
            bandwidth_bps: self.bandwidth_bps.get(from, to),
            age_s: self.age_s.get(from, to),
            source: Provenance::from_number(self.source.get(from, to)),
        }
    }

    /// Take in what is known of the path from one node to another, and forget what was before.
    pub fn set(&mut self, origin: NodeId, destination: NodeId, link: &Link) {
        let (from, to) = (origin.index(), destination.index());
        self.rtt_ms.set(from, to, link.rtt_ms);
        self.rtt_p90_ms.set(from, to, link.rtt_p90_ms);
        self.jitter_ms.set(from, to, link.jitter_ms);
        self.loss.set(from, to, link.loss);
        self.bandwidth_bps.set(from, to, link.bandwidth_bps);
        self.age_s.set(from, to, link.age_s);
        self.source.set(from, to, link.source as u8);
    }

    /// Tell how long ago the path from one node to another was observed, s.
    pub fn date(&mut self, origin: NodeId, destination: NodeId, age_s: f32) {
        self.age_s.set(origin.index(), destination.index(), age_s);
    }

    /// Round-trip times, ms.
    pub fn rtt_ms(&self) -> &Plane<f32> {
        &self.rtt_ms
    }

    /// 90th percentiles of the round-trip times, ms.
    pub fn rtt_p90_ms(&self) -> &Plane<f32> {
        &self.rtt_p90_ms
    }

    /// Shares of packets lost from origin to destination.
    pub fn loss(&self) -> &Plane<f32> {
        &self.loss
    }

    /// Bandwidths from origin to destination, bit/s.
    pub fn bandwidth_bps(&self) -> &Plane<f64> {
        &self.bandwidth_bps
    }

    /// The links among some of the nodes, in the order given.
    #[must_use]
    pub fn select(&self, nodes: &[NodeId]) -> Self {
        let mut selection = Self::sized(0);
        for (slot, &node) in nodes.iter().enumerate() {
            if let Some(name) = self.name(node) {
                selection.join(NodeId(slot as u32), Arc::clone(name));
            }
        }
        for (row, &origin) in nodes.iter().enumerate() {
            for (column, &destination) in nodes.iter().enumerate() {
                if row != column {
                    let link = self.link(origin, destination);
                    selection.set(NodeId(row as u32), NodeId(column as u32), &link);
                }
            }
        }
        selection
    }

    /// One quantity of every link, row-major, a cell for each pair of slots.
    pub fn cells<T>(&self, mut quantity: impl FnMut(Link) -> T) -> Vec<T> {
        let slots = self.names.len() as u32;
        let mut cells = Vec::with_capacity(self.names.len() * self.names.len());
        for origin in 0..slots {
            for destination in 0..slots {
                cells.push(quantity(self.link(NodeId(origin), NodeId(destination))));
            }
        }
        cells
    }

    /// Median, over the nodes, of each node's shortest known round trip to another, ms.
    ///
    /// Stands for *the same zone* where no zones are known. A heuristic.
    pub fn nearest_rtt_ms(&self) -> Option<f32> {
        let shortest = |node: NodeId| {
            let row = self.rtt_ms.from_origin(node.index())?;
            let known = row.iter().copied().filter(|rtt| !rtt.is_nan());
            known.min_by(f32::total_cmp)
        };
        median(
            self.nodes()
                .filter_map(|(node, _)| shortest(node))
                .collect(),
        )
    }

    fn sized(size: usize) -> Self {
        Self {
            names: vec![None; size],
            by_name: FxHashMap::default(),
            rtt_ms: Plane::new(size),
            rtt_p90_ms: Plane::new(size),
            jitter_ms: Matrix::new(size),
            loss: Plane::new(size),
            bandwidth_bps: Plane::new(size),
            age_s: Matrix::new(size),
            source: Matrix::new(size),
        }
    }

    /// Whether each value of a matrix is unknown or within `0..=highest`.
    fn check<T: Copy + Into<f64>>(
        &self,
        argument: &'static str,
        values: Option<&[T]>,
        highest: f64,
    ) -> Result<()> {
        let Some(values) = values else { return Ok(()) };
        let size = self.names.len();
        if values.len() != size * size {
            let shape = format!(
                "has {} values: shape [{size}, {size}] is needed",
                values.len()
            );
            return Err(invalid(argument, shape));
        }
        for (cell, &value) in values.iter().enumerate() {
            let value: f64 = value.into();
            if value.is_nan() || (0.0..=highest).contains(&value) && value.is_finite() {
                continue;
            }
            let problem = match value {
                _ if value.is_infinite() => "is infinite",
                _ if value < 0.0 => "is negative",
                _ => "is above 1",
            };
            let (origin, destination) = (cell / size, cell % size);
            return Err(invalid(
                argument,
                format!("[{origin}, {destination}] = {value} {problem}: use NaN for unknown"),
            ));
        }
        Ok(())
    }
}

/// Round trip between two near nodes where none is known, ms: Diktyo's cost within a zone.
pub(crate) const DEFAULT_NEAR_RTT_MS: f32 = 1.0;

/// The lower median.
pub(crate) fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len().checked_sub(1)? / 2;
    let (_, &mut median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    Some(median)
}

fn invalid(argument: &'static str, problem: String) -> Error {
    Error::InvalidArgument { argument, problem }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are copied, not computed")]
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    fn rtt(nodes: &[&str], rtt_ms: &[f32]) -> Result<Topology> {
        Topology::from_arrays(
            nodes.iter().copied(),
            Arrays {
                rtt_ms,
                ..Arrays::default()
            },
        )
    }

    #[test]
    fn one_direction_serves_both_for_round_trips_only() {
        let topology = Topology::from_arrays(
            ["a", "b", "c"],
            Arrays {
                rtt_ms: &[NAN, 5.0, NAN, 7.0, NAN, NAN, 9.0, NAN, NAN],
                jitter_ms: Some(&[NAN, 0.5, NAN, NAN, NAN, NAN, 0.9, NAN, NAN]),
                loss: Some(&[NAN, 0.1, NAN, NAN, NAN, 0.3, 0.2, NAN, NAN]),
                bandwidth_bps: Some(&[1e9; 9]),
                age_s: None,
            },
        )
        .expect("valid");
        let link = |a: u32, b: u32| topology.link(NodeId(a), NodeId(b));
        assert_eq!(
            (link(0, 1).rtt_ms, link(1, 0).rtt_ms),
            (5.0, 7.0),
            "asymmetry is kept"
        );
        assert_eq!((link(2, 0).rtt_ms, link(0, 2).rtt_ms), (9.0, 9.0));
        assert_eq!((link(0, 2).jitter_ms, link(2, 0).jitter_ms), (0.9, 0.9));
        assert!(
            link(1, 0).jitter_ms.is_nan(),
            "its own measurement has none"
        );
        assert_eq!(link(2, 0).loss, 0.2);
        assert!(link(0, 2).loss.is_nan(), "loss belongs to its direction");
        assert!(link(1, 2).rtt_ms.is_nan());
        assert_eq!(link(1, 2).loss, 0.3);
        assert_eq!(link(1, 1).source, Provenance::Own);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let cases = [
            (rtt(&["a", "a"], &[0.0; 4]), "nodes: \"a\" comes twice"),
            (rtt(&["a", ""], &[0.0; 4]), "nodes: name 1 is empty"),
            (
                rtt(&["a", "b"], &[0.0; 3]),
                "rtt_ms: has 3 values: shape [2, 2]",
            ),
            (
                rtt(&["a", "b"], &[0.0, -1.0, 0.0, 0.0]),
                "rtt_ms: [0, 1] = -1 is negative",
            ),
            (
                rtt(&["a", "b"], &[0.0, f32::INFINITY, 0.0, 0.0]),
                "is infinite",
            ),
        ];
        for (result, expected) in cases {
            let message = result.expect_err(expected).to_string();
            assert!(message.contains(expected), "{message}");
        }
        let loss = Arrays {
            rtt_ms: &[0.0; 4],
            loss: Some(&[1.5; 4]),
            ..Arrays::default()
        };
        let message = Topology::from_arrays(["a", "b"], loss)
            .expect_err("loss")
            .to_string();
        assert!(
            message.starts_with("loss: [0, 0] = 1.5 is above 1"),
            "{message}"
        );
    }

    #[test]
    fn nodes_join_and_leave_without_moving_others() {
        let mut topology = rtt(&["a", "b"], &[0.0, 3.0, 3.0, 0.0]).expect("valid");
        for slot in 2..40 {
            topology.join(NodeId(slot), format!("n{slot}").into());
            topology.set(
                NodeId(slot),
                NodeId(0),
                &Link {
                    rtt_ms: 8.0,
                    ..Link::UNKNOWN
                },
            );
        }
        topology.leave(NodeId(1));
        assert_eq!(topology.node("b"), None);
        assert!(topology.link(NodeId(0), NodeId(1)).rtt_ms.is_nan());
        topology.join(NodeId(1), "late".into());
        assert_eq!(topology.node("late"), Some(NodeId(1)));
        assert!(
            topology.link(NodeId(0), NodeId(1)).rtt_ms.is_nan(),
            "a slot starts clean"
        );
        assert_eq!(topology.link(NodeId(39), NodeId(0)).rtt_ms, 8.0);
        let pair = topology.select(&[NodeId(0), NodeId(39)]);
        assert_eq!(pair.cells(|link| link.rtt_ms)[2], 8.0);
        assert_eq!(
            pair.nodes().map(|(_, name)| &**name).collect::<Vec<_>>(),
            ["a", "n39"]
        );
    }

    #[test]
    fn one_node_and_none() {
        let one = rtt(&["a"], &[NAN]).expect("valid");
        assert_eq!(one.cells(|link| link.rtt_ms), [0.0]);
        assert_eq!(one.nearest_rtt_ms(), None);
        assert!(
            rtt(&[], &[])
                .expect("valid")
                .cells(|link| link.rtt_ms)
                .is_empty()
        );
    }

    #[test]
    fn nearest_is_the_median_of_the_shortest() {
        let topology = rtt(
            &["a", "b", "c"],
            &[0.0, 1.0, 50.0, 1.0, 0.0, 60.0, 50.0, 60.0, 0.0],
        )
        .expect("valid");
        assert_eq!(topology.nearest_rtt_ms(), Some(1.0));
    }
}
