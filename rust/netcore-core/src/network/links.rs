//! The link between two nodes as placement sees it: measured, else declared, else unknown.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
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

/// Network costs of the links between one peer and every slot, ms; NaN is unknown.
#[derive(Debug)]
pub(crate) struct CostRow {
    /// By slot; the peer's own is 0.
    pub(crate) costs: Box<[f32]>,
    /// The largest that is known, so that a limit above all of them is seen at once.
    pub(crate) largest: f32,
}

/// Rows for one declaration over the links as they are, worked out when first asked for.
#[derive(Debug)]
pub(crate) struct CostRows {
    version: u64,
    declared: Arc<Declared>,
    rows: Mutex<FxHashMap<(NodeId, Direction), Arc<CostRow>>>,
}

/// Rows that are kept: 60 kB each with 15,000 nodes.
const MOST_ROWS: usize = 2048;

impl CostRows {
    /// The row of a peer.
    pub(crate) fn row(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
    ) -> Arc<CostRow> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = rows.get(&(peer, direction)) {
            return Arc::clone(row);
        }
        if rows.len() >= MOST_ROWS {
            rows.clear();
        }
        let planes = [network.topology.rtt_ms(), network.topology.rtt_p90_ms()];
        let costs = network.row(peer, direction, &planes, &self.declared);
        // `max` passes over NaN.
        let largest = costs.iter().copied().fold(0.0, f32::max);
        let row = Arc::new(CostRow {
            costs: costs.into(),
            largest,
        });
        rows.insert((peer, direction), Arc::clone(&row));
        row
    }
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

    /// The network costs that limits are compared with: the 90th percentile of the round trip
    /// where it was measured, else its median, else the declared cost.
    pub(crate) fn cost_rows(&self, declaration: &Declaration) -> Arc<CostRows> {
        let work_out = || {
            Arc::new(CostRows {
                version: self.links_version,
                declared: self.declared(declaration),
                rows: Mutex::default(),
            })
        };
        self.cost_rows.get_if(
            declaration,
            |known| known.version == self.links_version,
            work_out,
        )
    }

    /// Round trips between a peer and every slot, ms: by the last of these planes that knows one,
    /// else as declared; NaN is unknown, and the peer itself is 0 away.
    pub(super) fn row(
        &self,
        peer: NodeId,
        direction: Direction,
        planes: &[&Plane<f32>],
        declared: &Declared,
    ) -> Vec<f32> {
        let slots = self.topology.slots();
        let costs = declared.row(&self.locations, self.locations.of(peer), direction);
        let of_nodes = self.locations.of_nodes().iter().take(slots);
        let mut row: Vec<f32> = of_nodes.map(|location| costs[location.index()]).collect();
        if peer.index() >= slots {
            return row;
        }
        for plane in planes {
            plane.row(peer.index(), direction).lay_over(&mut row);
        }
        row[peer.index()] = 0.0;
        row
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
