//! What a cost policy reads of the links between one placed peer and every slot.

use std::sync::Arc;

use super::Network;
use super::utility::Utilities;
use crate::cost::Path;
use crate::node_set::{NodeId, NodeSet};
use crate::topology::{Direction, LocationId};

/// A peer and the way to it or from it.
pub(super) type Side = (NodeId, Direction);

/// What is known of the link between the peer and one slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen {
    /// There is no node.
    Vacant,
    /// It is the peer's own node.
    Own,
    /// Nothing is known of the link.
    Unknown,
    /// Something is.
    Link(Path),
}

/// A link that was looked at again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rewritten {
    pub(super) slot: NodeId,
    pub(super) before: Seen,
    pub(super) after: Seen,
}

/// Declared round trips between a peer and the location of every slot.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// By slot; of those beyond the end nothing is declared.
    locations: Arc<Vec<LocationId>>,
    /// By location, ms; NaN where none is declared, as for a node that is nowhere.
    rtt_ms: Arc<[f32]>,
}

impl Places {
    pub(super) fn new(utilities: &Utilities, network: &Network, (peer, direction): Side) -> Self {
        let locations = &network.locations;
        let of_peer = locations.of(peer);
        Self {
            locations: locations.shared(),
            rtt_ms: utilities.declared().row(locations, of_peer, direction),
        }
    }

    /// How many nodes there are at locations for which nothing is declared.
    fn count_undeclared(&self, network: &Network) -> usize {
        let populations = network.locations.populations();
        // Slots without a node are nowhere too.
        let somewhere: usize = populations[1..].iter().sum();
        let nowhere = network.topology.present().count() - somewhere;
        let undeclared = populations[1..].iter().zip(&self.rtt_ms[1..]);
        let undeclared = undeclared.filter(|(_, rtt_ms)| rtt_ms.is_nan());
        nowhere + undeclared.map(|(population, _)| population).sum::<usize>()
    }

    fn rtt_ms(&self, slot: NodeId) -> f32 {
        let location = self.locations.get(slot.index());
        location.map_or(f32::NAN, |location| self.rtt_ms[location.index()])
    }
}

/// The links between one peer and every slot, in one direction.
///
/// They are kept, and not what they are worth, which differs with the need: to work that out for
/// several needs side by side takes less time than to read it from where it would be kept. And they
/// are kept by what was measured: what is declared is the same for all nodes of a location.
#[derive(Clone, Debug)]
pub(super) struct PeerLinks {
    peer: NodeId,
    places: Places,
    /// The links of which something else is known than what is declared, by slot.
    measured: Vec<(NodeId, Path)>,
    /// The nodes of which nothing is known; `None` where there is none.
    unknown: Option<NodeSet>,
    /// How many links to other nodes something is known of.
    known: u64,
    /// Whether the peer's own node is there.
    has_own: bool,
    /// What every link has whose bandwidth is unknown, bit/s; NaN is nothing.
    supposed_bps: f64,
}

impl PeerLinks {
    /// The links as they are, without bandwidths; with them where an unknown one is supposed to be
    /// something, bit/s, be it NaN.
    ///
    /// *Complexity*: O(locations and measured links); O(N) where a link is unknown.
    pub(super) fn new(
        utilities: &Utilities,
        network: &Network,
        side: Side,
        supposed_bps: Option<f64>,
    ) -> Self {
        let (peer, direction) = side;
        let (topology, present) = (&network.topology, network.topology.present());
        let mut links = Self {
            peer,
            places: Places::new(utilities, network, side),
            measured: Vec::new(),
            unknown: None,
            known: 0,
            has_own: present.contains(peer),
            supposed_bps: supposed_bps.unwrap_or(f64::NAN),
        };
        let rtt_ms = topology.rtt_ms().row(peer.index(), direction).known();
        let rtt_ms = rtt_ms.map(|(node, rtt_ms)| (NodeId(node as u32), links.path(rtt_ms)));
        links.measured = rtt_ms.filter(|&(node, _)| node != peer).collect();
        // Only of links that were measured is more known than a round trip.
        let mut look_closer = |node: usize| {
            let node = NodeId(node as u32);
            let is_other = node != peer;
            let look = || utilities.look(network, (node, peer), direction, supposed_bps);
            if let Some(Seen::Link(path)) = is_other.then(look) {
                links.put(node, Some(path));
            }
        };
        for way in [Direction::To, Direction::From] {
            let known = topology.loss().row(peer.index(), way).known();
            known.for_each(|(node, _)| look_closer(node));
        }
        if supposed_bps.is_some() {
            let known = topology.bandwidth_bps().row(peer.index(), direction);
            known.known().for_each(|(node, _)| look_closer(node));
        }
        links.find_unknown(network);
        links
    }

    /// Finds the nodes that nobody measured, nor declared a cost for.
    fn find_unknown(&mut self, network: &Network) {
        let present = network.topology.present();
        let is_undeclared = |node: NodeId| self.places.rtt_ms(node).is_nan();
        let told = self
            .own()
            .into_iter()
            .chain(self.measured.iter().map(|&(node, _)| node));
        let told = told.filter(|&node| is_undeclared(node));
        let undeclared = self.places.count_undeclared(network);
        let others = (present.count() - usize::from(self.has_own)) as u64;
        let unknown = undeclared - told.clone().count();
        self.known = others - unknown as u64;
        if unknown > 0 {
            let mut set = NodeSet::new(present.slots());
            present
                .iter()
                .filter(|&node| is_undeclared(node))
                .for_each(|node| set.insert(node));
            told.for_each(|node| set.remove(node));
            self.unknown = Some(set);
        }
    }

    pub(super) fn peer(&self) -> NodeId {
        self.peer
    }

    /// How many slots there are at most with anything but vacant ones behind them.
    pub(super) fn slots(&self) -> usize {
        self.places.locations.len()
    }

    /// Writes the round trips of the slots from `start` on, ms, where no more is known; NaN for all
    /// others.
    pub(super) fn write_rtt_ms(&self, start: usize, rtt_ms: &mut [f32]) {
        let end = start + rtt_ms.len();
        let by_location = &*self.places.rtt_ms;
        let locations = &self.places.locations[start..end];
        // Eight at a time take three quarters of the instructions.
        let (many, few) = rtt_ms.as_chunks_mut::<8>();
        let (locations, last) = locations.as_chunks::<8>();
        for (cells, locations) in many.iter_mut().zip(locations) {
            for (cell, location) in cells.iter_mut().zip(locations) {
                *cell = by_location[location.index()];
            }
        }
        for (cell, location) in few.iter_mut().zip(last) {
            *cell = by_location[location.index()];
        }
        let from = self
            .measured
            .partition_point(|(node, _)| node.index() < start);
        let measured = self.measured[from..].iter();
        for (node, path) in measured.take_while(|(node, _)| node.index() < end) {
            let only = self.is_plain(path).then_some(path.rtt_ms);
            rtt_ms[node.index() - start] = only.unwrap_or(f32::NAN);
        }
        if let Some(own) = self.own().filter(|own| (start..end).contains(&own.index())) {
            rtt_ms[own.index() - start] = f32::NAN;
        }
    }

    /// The links of which more is known than a round trip.
    pub(super) fn closer(&self) -> impl Iterator<Item = &(NodeId, Path)> {
        self.measured
            .iter()
            .filter(|(_, path)| !self.is_plain(path))
    }

    /// The nodes to which the link is unknown, where there is one.
    pub(super) fn unknown(&self) -> Option<&NodeSet> {
        self.unknown.as_ref()
    }

    /// How many links to other nodes something is known of.
    pub(super) fn known(&self) -> u64 {
        self.known
    }

    /// The peer's own slot, where its node is there.
    pub(super) fn own(&self) -> Option<NodeId> {
        self.has_own.then_some(self.peer)
    }

    /// What every link has whose bandwidth is unknown, bit/s; NaN is nothing.
    pub(super) fn supposed_bps(&self) -> f64 {
        self.supposed_bps
    }

    /// What is known of the link of a slot.
    pub(super) fn at(&self, slot: NodeId) -> Seen {
        if self.own() == Some(slot) {
            return Seen::Own;
        }
        if let Ok(at) = self.find(slot) {
            return Seen::Link(self.measured[at].1);
        }
        let rtt_ms = self.places.rtt_ms(slot);
        if !rtt_ms.is_nan() {
            return Seen::Link(self.path(rtt_ms));
        }
        match self.unknown() {
            Some(unknown) if unknown.contains(slot) => Seen::Unknown,
            _ => Seen::Vacant,
        }
    }

    /// Looks again at the links of some slots, and returns what was known of each and what is. No
    /// location may have changed but theirs.
    pub(super) fn rewrite(
        &mut self,
        places: Places,
        slots: &[NodeId],
        look: impl Fn(NodeId) -> Seen,
    ) -> Vec<Rewritten> {
        let others = slots.iter().filter(|&&slot| slot != self.peer);
        let rewritten = others.map(|&slot| Rewritten {
            slot,
            before: self.at(slot),
            after: look(slot),
        });
        let rewritten: Vec<_> = rewritten.collect();
        self.places = places;
        for link in &rewritten {
            self.known += u64::from(matches!(link.after, Seen::Link(_)));
            self.known -= u64::from(matches!(link.before, Seen::Link(_)));
            self.set_unknown(link.slot, matches!(link.after, Seen::Unknown));
            let declared = self.places.rtt_ms(link.slot).to_bits();
            let is_declared =
                |path: &Path| self.is_plain(path) && path.rtt_ms.to_bits() == declared;
            let path = match link.after {
                Seen::Link(path) => Some(path).filter(|path| !is_declared(path)),
                _ => None,
            };
            self.put(link.slot, path);
        }
        rewritten
    }

    /// Bytes that they take by themselves.
    pub(super) fn bytes(&self) -> usize {
        let of_unknown = self.unknown().map_or(0, |unknown| unknown.slots() / 8);
        size_of::<Self>() + size_of_val(&*self.measured) + of_unknown
    }

    /// The path of which only the round trip is known.
    fn path(&self, rtt_ms: f32) -> Path {
        Path {
            rtt_ms,
            loss: f32::NAN,
            bandwidth_bps: self.supposed_bps,
        }
    }

    /// Whether no more is known than a round trip.
    pub(super) fn is_plain(&self, path: &Path) -> bool {
        let (bandwidth_bps, supposed_bps) = (path.bandwidth_bps, self.supposed_bps);
        let is_supposed = bandwidth_bps.to_bits() == supposed_bps.to_bits();
        path.loss.is_nan() && (is_supposed || bandwidth_bps.is_nan() && supposed_bps.is_nan())
    }

    fn find(&self, slot: NodeId) -> Result<usize, usize> {
        self.measured.binary_search_by_key(&slot, |&(node, _)| node)
    }

    fn put(&mut self, slot: NodeId, path: Option<Path>) {
        match (self.find(slot), path) {
            (Ok(at), Some(path)) => self.measured[at].1 = path,
            (Ok(at), None) => drop(self.measured.remove(at)),
            (Err(at), Some(path)) => self.measured.insert(at, (slot, path)),
            (Err(_), None) => {}
        }
    }

    fn set_unknown(&mut self, slot: NodeId, is_unknown: bool) {
        let slots = slot.index() + 1;
        if is_unknown {
            let unknown = self.unknown.get_or_insert_with(|| NodeSet::new(slots));
            unknown.resize(unknown.slots().max(slots));
            unknown.insert(slot);
        } else if let Some(unknown) = self.unknown.as_mut().filter(|set| set.contains(slot)) {
            unknown.remove(slot);
            if unknown.is_empty() {
                self.unknown = None;
            }
        }
    }
}
