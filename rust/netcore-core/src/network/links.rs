//! The link between two nodes as placement sees it: measured, else declared, else unknown.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::Network;
use super::change::Change;
use crate::NodeId;
use crate::topology::{
    DEFAULT_WEIGHTS, Declared, Direction, Link, NetworkTopology, Plane, Provenance, Topology,
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

/// Network costs of the links between one peer and every slot, ms; NaN is unknown.
#[derive(Clone, Debug)]
pub(crate) struct CostRow {
    /// By slot; the peer's own is 0.
    pub(crate) costs: Vec<f32>,
    /// The largest that is known, so that a limit above all of them is seen at once.
    pub(crate) largest: f32,
}

impl CostRow {
    fn new(costs: Vec<f32>) -> Self {
        // `max` passes over NaN.
        let largest = costs.iter().copied().fold(0.0, f32::max);
        Self { costs, largest }
    }
}

/// Rows for one declaration over the links as they are, worked out when first asked for.
#[derive(Debug)]
pub(crate) struct CostRows {
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
        let row = Arc::new(CostRow::new(costs));
        rows.insert((peer, direction), Arc::clone(&row));
        row
    }

    /// Links changed: the rows that read more than one of them are given up, in others the one is
    /// written anew.
    ///
    /// *Complexity*: O(changed peers); for a node that came, went or moved O(1) for each row, and
    /// O(N) where its link was the longest.
    pub(super) fn rewrite(&self, network: &Network, change: &Change) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::Links(by_peer) => {
                for &peer in by_peer.keys() {
                    rows.remove(&(peer, Direction::To));
                    rows.remove(&(peer, Direction::From));
                }
            }
            &Change::Node(node) => {
                rows.remove(&(node, Direction::To));
                rows.remove(&(node, Direction::From));
                for (&(peer, direction), row) in &mut *rows {
                    let row = Arc::make_mut(row);
                    row.costs.resize(network.topology.slots(), f32::NAN);
                    let Some(cell) = row.costs.get_mut(node.index()) else {
                        continue;
                    };
                    let cost = network.cost(node, peer, direction, &self.declared);
                    let before = std::mem::replace(cell, cost);
                    if cost > row.largest {
                        row.largest = cost;
                    } else if before >= row.largest {
                        *row = CostRow::new(std::mem::take(&mut row.costs));
                    }
                }
            }
        }
    }

    /// Every row at hand.
    pub(super) fn rows(&self) -> Vec<((NodeId, Direction), Arc<CostRow>)> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter()
            .map(|(&key, row)| (key, Arc::clone(row)))
            .collect()
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
            let at = |node| self.locations.get(self.locations.of(node));
            let cost = declared.cost(at(origin), at(destination));
            if !cost.is_nan() {
                link.rtt_ms = cost;
                link.source = Provenance::Declared;
            }
        } else if let (Some(from), Some(to)) =
            (self.topology.name(origin), self.topology.name(destination))
            && link.source != Provenance::Own
        {
            link.age_s = self.reports.age_s(from, to);
        }
        link
    }

    /// What placement sees between some nodes, in the order given: every link as
    /// [`link`](Self::link) tells it.
    pub fn seen(&self, nodes: &[NodeId], declaration: &Declaration) -> Topology {
        let mut seen = self.topology.select(nodes);
        self.reports.date(&mut seen);
        let declared = self.declared(declaration);
        if declared.is_empty() {
            return seen;
        }
        seen.declared(declared.between(&self.locations, nodes))
    }

    /// The network costs that limits are compared with: the 90th percentile of the round trip
    /// where it was measured, else its median, else the declared cost.
    pub(crate) fn cost_rows(&self, declaration: &Declaration) -> Arc<CostRows> {
        self.cost_rows.get(declaration, || {
            Arc::new(CostRows {
                declared: self.declared(declaration),
                rows: Mutex::default(),
            })
        })
    }

    /// One cell of a row of [`cost_rows`](Self::cost_rows).
    fn cost(
        &self,
        candidate: NodeId,
        peer: NodeId,
        direction: Direction,
        declared: &Declared,
    ) -> f32 {
        let (origin, destination) = direction.ends(candidate, peer);
        let measured = self.topology.link(origin, destination).network_cost();
        if measured.is_nan() {
            let row = declared.row(&self.locations, self.locations.of(peer), direction);
            row[self.locations.of(candidate).index()]
        } else {
            measured
        }
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
    /// within a zone; where none was, that of each node's shortest; where none is known, 1 ms. It
    /// is told in steps of √2, so that it stays while reports come and go.
    pub fn near_rtt_ms(&self) -> f32 {
        self.near.rtt_ms(&self.topology)
    }
}
