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

/// Number of a distinct region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionId(pub u32);

/// The location of each node.
///
/// Declared costs know zones and regions only, so what holds for one node of a location holds for
/// all: it is computed once for the location and spread over its nodes.
#[derive(Clone, Debug)]
pub struct Locations {
    /// Shared with who words later what was decided now.
    of_node: Arc<Vec<LocationId>>,
    distinct: Vec<Location>,
    ids: FxHashMap<Location, LocationId>,
    /// By location.
    regions: Vec<RegionId>,
    /// By location, how many slots were told to be there.
    populations: Vec<usize>,
    region_ids: FxHashMap<Arc<str>, RegionId>,
}

impl Default for Locations {
    fn default() -> Self {
        let mut locations = Self {
            of_node: Arc::default(),
            distinct: Vec::new(),
            ids: FxHashMap::default(),
            regions: Vec::new(),
            populations: Vec::new(),
            region_ids: FxHashMap::default(),
        };
        locations.id(Location::default());
        locations
    }
}

impl Locations {
    /// Tell where a node is. A slot of which nothing was told is nowhere.
    pub fn set(&mut self, node: NodeId, location: Location) {
        let id = self.id(location);
        let of_node = Arc::make_mut(&mut self.of_node);
        if of_node.len() <= node.index() {
            self.populations[0] += node.index() + 1 - of_node.len();
            of_node.resize(node.index() + 1, LocationId::default());
        }
        let before = std::mem::replace(&mut of_node[node.index()], id);
        self.populations[before.index()] -= 1;
        self.populations[id.index()] += 1;
    }

    fn id(&mut self, location: Location) -> LocationId {
        if let Some(&id) = self.ids.get(&location) {
            return id;
        }
        let id = LocationId(self.distinct.len() as u32);
        let next_region = RegionId(self.region_ids.len() as u32);
        let region = *self
            .region_ids
            .entry(Arc::clone(&location.region))
            .or_insert(next_region);
        self.regions.push(region);
        self.populations.push(0);
        self.distinct.push(location.clone());
        self.ids.insert(location, id);
        id
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

    /// The same, to keep while the nodes go on moving.
    pub(crate) fn shared(&self) -> Arc<Vec<LocationId>> {
        Arc::clone(&self.of_node)
    }

    /// How many slots were told to be at each location.
    pub fn populations(&self) -> &[usize] {
        &self.populations
    }

    /// Region and zone of a location.
    pub fn get(&self, id: LocationId) -> &Location {
        &self.distinct[id.index()]
    }

    /// The distinct locations; the first is that of nodes without either label.
    pub fn distinct(&self) -> &[Location] {
        &self.distinct
    }

    /// Whether the way from one location to another leaves its zone, as far as both are known.
    pub fn are_different_zones(&self, here: LocationId, there: LocationId) -> bool {
        let (here, there) = (self.get(here), self.get(there));
        !here.zone.is_empty() && !there.zone.is_empty() && !here.shares_zone(there)
    }

    /// The regions of two locations, where both are known and differ.
    pub fn different_regions(
        &self,
        here: LocationId,
        there: LocationId,
    ) -> Option<(RegionId, RegionId)> {
        let known = |id| !self.get(id).region.is_empty();
        let regions = (self.region(here), self.region(there));
        (known(here) && known(there) && regions.0 != regions.1).then_some(regions)
    }

    /// The region of a location; one of its own stands for nodes without the label.
    pub fn region(&self, location: LocationId) -> RegionId {
        self.regions[location.index()]
    }
}
