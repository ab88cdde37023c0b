//! The link between two nodes as placement sees it: measured, else declared, else unknown.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::Network;
use crate::NodeId;
use crate::topology::{
    DEFAULT_NEAR_RTT_MS, DEFAULT_WEIGHTS, Declared, Direction, Link, NetworkTopology, Plane,
    Provenance, Topology, median,
};

/// Which declared costs count where nobody measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Declaration {
    /// Namespaces in which the `NetworkTopology` is looked for, in this order; none means all.
    pub namespaces: Vec<String>,
    /// Its name. Without one it is `nt-default` where there is such an object, else the first by
    /// namespace and name.
    pub network_topology_name: Option<String>,
    /// Name of the set of costs. Without one, what a person declared (`UserDefined`) goes before
    /// what was computed (`NetperfCosts`).
    pub weights_name: Option<String>,
}

/// Upstream's name for the one object.
const DEFAULT_NAME: &str = "nt-default";

impl Declaration {
    fn find<'n>(&self, network: &'n Network) -> Option<&'n NetworkTopology> {
        let is_meant = |topology: &&NetworkTopology| {
            self.namespaces.is_empty()
                || self.namespaces.iter().any(|it| **it == *topology.namespace)
        };
        // Of several namespaces the one given first counts; all others are sorted already.
        let place = |topology: &&NetworkTopology| {
            self.namespaces
                .iter()
                .position(|namespace| **namespace == *topology.namespace)
        };
        let mut found: Vec<_> = network.declarations.values().filter(is_meant).collect();
        found.sort_by_key(place);
        let named = |name: &str| {
            found
                .iter()
                .find(|topology| *topology.name == *name)
                .copied()
        };
        match &self.network_topology_name {
            Some(name) => named(name),
            None => named(DEFAULT_NAME).or(found.first().copied()),
        }
    }

    fn resolve(&self, network: &Network) -> Declared {
        let names = match &self.weights_name {
            Some(name) => vec![&**name],
            None => DEFAULT_WEIGHTS.to_vec(),
        };
        self.find(network)
            .map_or_else(Declared::default, |found| Declared::new(found, &names))
    }
}

/// The round trip that stands for *near*, as long as the links are those of then.
#[derive(Debug, Default)]
pub(super) struct Near(Mutex<Option<(u64, f32)>>);

/// Which round trip of a link is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// The median.
    RoundTrip,
    /// What limits are compared with: the 90th percentile where it is known.
    NetworkCost,
}

impl Network {
    /// The declared costs that these arguments mean.
    pub fn declared(&self, declaration: &Declaration) -> Arc<Declared> {
        self.declared
            .get(declaration, || Arc::new(declaration.resolve(self)))
    }

    /// The path from one node to another: as measured; where no round trip was, with the declared
    /// cost for it; where none is, unknown.
    pub fn link(&self, origin: NodeId, destination: NodeId, declared: &Declared) -> Link {
        let mut link = self.topology.link(origin, destination);
        if link.source == Provenance::Unknown {
            self.declare(&mut link, origin, destination, declared);
        } else if let (Some(from), Some(to)) =
            (self.topology.name(origin), self.topology.name(destination))
            && link.source != Provenance::Own
        {
            link.age_s = self.reports.age_s(from, to);
        }
        link
    }

    /// Fill in the declared cost, where there is one, for a round trip that nobody measured.
    fn declare(&self, link: &mut Link, origin: NodeId, destination: NodeId, declared: &Declared) {
        let at = |node| self.locations.get(self.locations.of(node));
        let cost = declared.cost(at(origin), at(destination));
        if !cost.is_nan() {
            link.rtt_ms = cost;
            link.source = Provenance::Declared;
        }
    }

    /// What placement sees between some nodes, in the order given: every link as
    /// [`link`](Self::link) tells it.
    pub fn seen(&self, nodes: &[NodeId], declaration: &Declaration) -> Topology {
        let declared = self.declared(declaration);
        let mut seen = self.topology.select(nodes);
        self.reports.date(&mut seen);
        for (row, &origin) in nodes.iter().enumerate() {
            for (column, &destination) in nodes.iter().enumerate() {
                let (here, there) = (NodeId(row as u32), NodeId(column as u32));
                let mut link = seen.link(here, there);
                if link.source == Provenance::Unknown {
                    self.declare(&mut link, origin, destination, &declared);
                    seen.set(here, there, &link);
                }
            }
        }
        seen
    }

    /// One quantity of the links between a peer and every slot, ms; NaN is unknown, and the peer
    /// itself is 0 away.
    pub(crate) fn row(
        &self,
        peer: NodeId,
        direction: Direction,
        quantity: Quantity,
        declared: &Declared,
        row: &mut Vec<f32>,
    ) {
        let of_nodes = self.locations.of_nodes();
        let slots = self.topology.slots();
        let costs = declared.row(&self.locations, self.locations.of(peer), direction);
        row.clear();
        row.extend(
            of_nodes[..slots]
                .iter()
                .map(|location| costs[location.index()]),
        );
        if peer.index() >= slots {
            return;
        }
        let mut overwrite = |plane: &Plane<f32>| {
            let measured = match direction {
                Direction::To => plane.to_destination(peer.index()),
                Direction::From => plane.from_origin(peer.index()),
            };
            for (cell, &measured) in row.iter_mut().zip(measured.unwrap_or_default()) {
                *cell = if measured.is_nan() { *cell } else { measured };
            }
        };
        overwrite(self.topology.rtt_ms());
        if quantity == Quantity::NetworkCost {
            overwrite(self.topology.rtt_p90_ms());
        }
        row[peer.index()] = 0.0;
    }

    /// The round trip of two nodes that are near each other, ms: the median of those measured
    /// within a zone; where none was, that of each node's shortest; where none is known, 1 ms.
    pub fn near_rtt_ms(&self) -> f32 {
        let mut near = self.near.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *near {
            Some((version, rtt_ms)) if version == self.links_version => rtt_ms,
            _ => {
                let rtt_ms = self.compute_near_rtt_ms();
                *near = Some((self.links_version, rtt_ms));
                rtt_ms
            }
        }
    }

    fn compute_near_rtt_ms(&self) -> f32 {
        let location = |name: &str| {
            let node = self.topology.node(name)?;
            Some(self.locations.get(self.locations.of(node)))
        };
        let within_zone = self
            .reports
            .round_trips()
            .filter(|(origin, destination, _)| {
                let ends = location(origin).zip(location(destination));
                ends.is_some_and(|(here, there)| here.shares_zone(there))
            });
        median(within_zone.map(|(.., rtt_ms)| rtt_ms).collect())
            .or_else(|| self.topology.nearest_rtt_ms())
            .unwrap_or(DEFAULT_NEAR_RTT_MS)
    }
}
