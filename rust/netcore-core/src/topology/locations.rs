//! Where the nodes are: region and zone by their labels.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::NodeId;

/// Region and zone of a node, empty where its labels lack them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// Label `topology.kubernetes.io/region`.
    pub region: Arc<str>,
    /// Label `topology.kubernetes.io/zone`.
    pub zone: Arc<str>,
}

impl Location {
    /// Whether both are known to be in one zone: of the same name, in the same region.
    pub fn shares_zone(&self, other: &Self) -> bool {
        !self.zone.is_empty() && self == other
    }
}

/// Number of a distinct [`Location`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocationId(pub u32);

impl LocationId {
    /// The number as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The location of each node.
///
/// Declared costs know zones and regions only, so what holds for one node of a location holds for
/// all: it is computed once for the location and spread over its nodes.
#[derive(Clone, Debug)]
pub struct Locations {
    of_node: Vec<LocationId>,
    distinct: Vec<Location>,
    ids: FxHashMap<Location, LocationId>,
}

impl Default for Locations {
    fn default() -> Self {
        let nowhere = Location::default();
        Self {
            of_node: Vec::new(),
            distinct: vec![nowhere.clone()],
            ids: FxHashMap::from_iter([(nowhere, LocationId::default())]),
        }
    }
}

impl Locations {
    /// Tell where a node is. A slot of which nothing was told is nowhere.
    pub fn set(&mut self, node: NodeId, location: Location) {
        if self.of_node.len() <= node.index() {
            self.of_node.resize(node.index() + 1, LocationId::default());
        }
        let next = LocationId(self.distinct.len() as u32);
        let id = *self.ids.entry(location).or_insert_with_key(|location| {
            self.distinct.push(location.clone());
            next
        });
        self.of_node[node.index()] = id;
    }

    /// The location of a node.
    #[inline]
    pub fn of(&self, node: NodeId) -> LocationId {
        self.of_node.get(node.index()).copied().unwrap_or_default()
    }

    /// The location of each slot, as far as told.
    #[inline]
    pub fn of_nodes(&self) -> &[LocationId] {
        &self.of_node
    }

    /// Region and zone of a location.
    pub fn get(&self, id: LocationId) -> &Location {
        &self.distinct[id.index()]
    }

    /// The distinct locations; the first is that of nodes without either label.
    pub fn distinct(&self) -> &[Location] {
        &self.distinct
    }
}
