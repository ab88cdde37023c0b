//! What is known of the links between the nodes: measured, else declared.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::measured::Measured;
use super::{Direction, Link, LocationCosts, Plane, Provenance, Storage};
use crate::error::{Error, Result};
use crate::{NodeId, NodeSet};

/// What is known of the path between each ordered pair of nodes.
///
/// Each quantity is a matrix over the slots whose rows are sparse or dense by how much of them is
/// known ([`Storage`]), so that memory is O(N + known links) where nodes know few others, and that
/// of plain matrices where everybody knows everybody. Where nobody measured, a pair may have the
/// cost that is declared between its locations ([`LocationCosts`]), which takes no memory by pair.
///
/// A node that joins takes a free slot or one at the end, in O(1) for each dense row; one that
/// leaves takes its known links with it, in O(of these).
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
#[derive(Clone, Debug, Default)]
pub struct Topology {
    names: Vec<Option<Arc<str>>>,
    by_name: FxHashMap<Arc<str>, NodeId>,
    storage: Storage,
    measured: Measured,
    declared: Option<LocationCosts>,
    /// The slots that are not vacant.
    present: NodeSet,
    /// Links that were measured anew since they were last taken, where somebody wants to know.
    rewritten: Option<Vec<Rewritten>>,
}

/// A link of which something else is measured now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewritten {
    pub(crate) origin: NodeId,
    pub(crate) destination: NodeId,
    /// The round trip before, ms; NaN where it was unknown.
    pub(crate) rtt_before_ms: f32,
    /// The round trip from then on, ms.
    pub(crate) rtt_after_ms: f32,
}

impl Topology {
    /// A topology of these nodes, in this order, of which nothing is known yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where a name is empty or comes twice.
    pub fn new<N: Into<Arc<str>>>(nodes: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut topology = Self::default();
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

    /// A topology without nodes that keeps account of which links change.
    pub(crate) fn watched() -> Self {
        Self {
            rewritten: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// The links that changed since the last time, in order, with repetitions.
    pub(crate) fn take_rewritten(&mut self) -> Vec<Rewritten> {
        self.rewritten
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The slots that are not vacant.
    pub(crate) fn present(&self) -> &NodeSet {
        &self.present
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

    /// The same topology with its rows held in this form.
    ///
    /// *Complexity*: O(what is known).
    #[must_use]
    pub fn stored(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self.measured.store(storage);
        self
    }

    /// The same topology with costs for the round trips that nobody measured.
    #[must_use]
    pub fn declared(mut self, costs: LocationCosts) -> Self {
        self.declared = Some(costs);
        self
    }

    /// How the rows are held.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// Bytes that the links take; the names are not counted.
    ///
    /// *Complexity*: O(N).
    pub fn bytes(&self) -> usize {
        self.measured.bytes() + self.declared.as_ref().map_or(0, LocationCosts::bytes)
    }

    /// Give a slot to a node. Nothing is known of its links yet.
    pub fn join(&mut self, node: NodeId, name: Arc<str>) {
        if self.names.len() <= node.index() {
            let size = node.index() + 1;
            self.names.resize(size, None);
            self.measured.grow(size);
            self.present.resize(size);
        }
        self.leave(node);
        self.present.insert(node);
        self.by_name.insert(Arc::clone(&name), node);
        self.names[node.index()] = Some(name);
    }

    /// Make a slot vacant, and what was known of its links with it. A vacant one stays so.
    ///
    /// *Complexity*: O(known links of the node).
    pub fn leave(&mut self, node: NodeId) {
        let Some(name) = self.names.get_mut(node.index()).and_then(Option::take) else {
            return;
        };
        self.by_name.remove(&name);
        self.present.remove(node);
        // From the end, so that what is left of a sparse row need not move.
        let others = self.measured.known(node.index(), Direction::From);
        for other in others.into_iter().rev() {
            self.set(node, NodeId(other as u32), &Link::UNKNOWN);
        }
        let others = self.measured.known(node.index(), Direction::To);
        for other in others.into_iter().rev() {
            self.set(NodeId(other as u32), node, &Link::UNKNOWN);
        }
        if let Some(declared) = &mut self.declared {
            declared.vacate(node);
        }
    }

    /// What is known of the path from one node to another; nothing where a slot is vacant.
    pub fn link(&self, origin: NodeId, destination: NodeId) -> Link {
        if origin == destination {
            return Link::OWN;
        }
        let mut link = self.measured.get(origin.index(), destination.index());
        self.declare(&mut link, origin, destination);
        link
    }

    /// Write the links from a node to every slot into a buffer, in place of what is in it.
    pub fn links_from(&self, origin: NodeId, links: &mut Vec<Link>) {
        links.clear();
        links.resize(self.slots(), Link::UNKNOWN);
        self.measured.lay_over(origin.index(), links);
        for (slot, link) in links.iter_mut().enumerate() {
            self.declare(link, origin, NodeId(slot as u32));
        }
        if let Some(own) = links.get_mut(origin.index()) {
            *own = Link::OWN;
        }
    }

    /// Fill in the declared cost, where there is one, for a round trip that nobody measured.
    #[inline]
    fn declare(&self, link: &mut Link, origin: NodeId, destination: NodeId) {
        if let Some(declared) = &self.declared
            && link.source == Provenance::Unknown
        {
            let cost = declared.get(origin, destination);
            if !cost.is_nan() {
                link.rtt_ms = cost;
                link.source = Provenance::Declared;
            }
        }
    }

    /// Take in what is known of the path from one node to another, and forget what was before.
    ///
    /// Of a [blank](Link::is_blank) link nothing is kept.
    ///
    /// # Panics
    ///
    /// Where a slot is out of range.
    pub fn set(&mut self, origin: NodeId, destination: NodeId, link: &Link) {
        let (from, to) = (origin.index(), destination.index());
        let link = if link.is_blank() {
            &Link::UNKNOWN
        } else {
            link
        };
        if let Some(rewritten) = &mut self.rewritten
            && let Some(rtt_before_ms) = self.measured.differs(from, to, link)
        {
            rewritten.push(Rewritten {
                origin,
                destination,
                rtt_before_ms,
                rtt_after_ms: link.rtt_ms,
            });
        }
        self.measured.set(from, to, link);
    }

    /// Tell how long ago the path from one node to another was observed, s; nothing happens where
    /// nothing was measured of it.
    pub fn date(&mut self, origin: NodeId, destination: NodeId, age_s: f32) {
        self.measured
            .date(origin.index(), destination.index(), age_s);
    }

    /// Measured round-trip times, ms.
    pub fn rtt_ms(&self) -> &Plane<f32> {
        &self.measured.rtt_ms
    }

    /// Measured 90th percentiles of the round-trip times, ms.
    pub fn rtt_p90_ms(&self) -> &Plane<f32> {
        &self.measured.rtt_p90_ms
    }

    /// Shares of packets lost from origin to destination.
    pub fn loss(&self) -> &Plane<f32> {
        &self.measured.loss
    }

    /// Bandwidths from origin to destination, bit/s.
    pub fn bandwidth_bps(&self) -> &Plane<f64> {
        &self.measured.bandwidth_bps
    }

    /// The links among some of the nodes, each named once, in the order given.
    ///
    /// *Complexity*: O(what these nodes know).
    #[must_use]
    pub fn select(&self, nodes: &[NodeId]) -> Self {
        let mut selection = Self::default().stored(self.storage);
        let mut places = FxHashMap::default();
        for (place, &node) in nodes.iter().enumerate() {
            places.insert(node.index(), place);
            if let Some(name) = self.name(node) {
                selection.join(NodeId(place as u32), Arc::clone(name));
            }
        }
        for (row, &origin) in nodes.iter().enumerate() {
            for destination in self.measured.known(origin.index(), Direction::From) {
                if let Some(&column) = places.get(&destination) {
                    let link = self.measured.get(origin.index(), destination);
                    selection.measured.set(row, column, &link);
                }
            }
        }
        selection.declared = self
            .declared
            .as_ref()
            .map(|declared| declared.select(nodes));
        selection
    }

    /// One quantity of every link, row-major, a cell for each pair of slots.
    pub fn cells<T>(&self, quantity: impl Fn(&Link) -> T) -> Vec<T> {
        let mut cells = Vec::with_capacity(self.slots() * self.slots());
        let mut links = Vec::new();
        for origin in (0..self.slots() as u32).map(NodeId) {
            self.links_from(origin, &mut links);
            cells.extend(links.iter().map(&quantity));
        }
        cells
    }

    /// The shortest measured round trip from a node to another, ms.
    pub(crate) fn shortest_rtt_ms(&self, node: NodeId) -> Option<f32> {
        let known = self.measured.rtt_ms.from_origin(node.index()).known();
        known.map(|(_, rtt_ms)| rtt_ms).min_by(f32::total_cmp)
    }

    /// The longest known round trip, ms.
    pub fn max_rtt_ms(&self) -> Option<f32> {
        let declared = self.declared_from();
        let measured = self.measured.rtt_ms.max();
        let declared = self.nodes().flat_map(|(node, _)| declared(node));
        declared.chain(measured).max_by(f32::total_cmp)
    }

    /// Median, over the nodes, of each node's shortest known round trip to another, ms.
    ///
    /// Stands for *the same zone* where no zones are known. A heuristic.
    pub fn nearest_rtt_ms(&self) -> Option<f32> {
        let declared = self.declared_from();
        let shortest = |node: NodeId| {
            let measured = self.shortest_rtt_ms(node);
            declared(node)
                .into_iter()
                .chain(measured)
                .min_by(f32::total_cmp)
        };
        median(
            self.nodes()
                .filter_map(|(node, _)| shortest(node))
                .collect(),
        )
    }

    /// By node: the declared costs of its links that nobody measured, each location's once.
    fn declared_from(&self) -> impl Fn(NodeId) -> Vec<f32> {
        let population = self.declared.as_ref().map(LocationCosts::population);
        move |node| {
            let Some((declared, population)) = self.declared.as_ref().zip(population.as_ref())
            else {
                return Vec::new();
            };
            let mut costs =
                declared.left(node, self.measured.round_trips(node.index()), population);
            costs.retain(|cost| !cost.is_nan());
            costs
        }
    }
}

/// Round trip between two near nodes where none is known, ms: Diktyo's cost within a zone.
pub(crate) const DEFAULT_NEAR_RTT_MS: f32 = 1.0;

/// The lower median.
fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len().checked_sub(1)? / 2;
    let (_, &mut median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    Some(median)
}

pub(super) fn invalid(argument: &'static str, problem: String) -> Error {
    Error::InvalidArgument { argument, problem }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are copied, not computed")]
mod tests {
    use super::super::arrays::tests::rtt;
    use super::*;

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
    fn nearest_is_the_median_of_the_shortest() {
        let topology = rtt(
            &["a", "b", "c"],
            &[0.0, 1.0, 50.0, 1.0, 0.0, 60.0, 50.0, 60.0, 0.0],
        )
        .expect("valid");
        assert_eq!(topology.nearest_rtt_ms(), Some(1.0));
    }
}
