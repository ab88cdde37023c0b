//! What NetworkOverhead reads of the declared costs.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{Args, MAX_COST, SAME_ZONE, Tally};
use crate::network::Network;
use crate::topology::network_topology::{REGION_KEY, ZONE_KEY};
use crate::topology::{Location, LocationId, Locations, WeightSet};

/// The set of costs that the controller computes and is trusted to have sorted.
const SORTED_BY_CONTROLLER: &str = "NetperfCosts";

/// The plugin's verdict on the way from a candidate's location to a peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The peer's node has neither zone nor region.
    Nowhere,
    /// Region and zone are the same, be it that both lack one.
    SameZone,
    /// The declared cost.
    Declared(i64),
    /// No cost is declared.
    Missing,
}

impl Way {
    /// What one peer adds for a dependency with this limit.
    #[inline]
    pub(super) fn tally(self, limit: i64) -> Tally {
        let (satisfied, violated, cost) = match self {
            Self::Nowhere => (0, 1, MAX_COST),
            Self::SameZone => (1, 0, SAME_ZONE),
            Self::Declared(cost) if cost <= limit => (1, 0, cost),
            Self::Declared(cost) => (0, 1, cost),
            Self::Missing => (0, 0, MAX_COST),
        };
        Tally {
            satisfied,
            violated,
            cost,
        }
    }
}

/// The costs of a `NetworkTopology` under one name, as the plugin finds them.
#[derive(Debug)]
pub(crate) struct Costs {
    /// Every set of the name, in the order of the object: a later one overrides.
    sets: Vec<WeightSet>,
    /// By the peer's location: the ways from every location, computed when first asked for.
    ways: Mutex<FxHashMap<LocationId, Arc<[Way]>>>,
}

impl Costs {
    /// The costs that these arguments mean; `None` where the object is missing.
    pub(crate) fn new(network: &Network, args: &Args) -> Option<Self> {
        let name = &args.network_topology_name;
        let mut found = args.namespaces.iter();
        let topology = found.find_map(|space| network.network_topology(space, name))?;
        let sets = topology.weight_sets(&args.weights_name);
        let sets = match &*args.weights_name {
            SORTED_BY_CONTROLLER => sets.cloned().collect(),
            _ => sets.map(WeightSet::sorted).collect(),
        };
        Some(Self {
            sets,
            ways: Mutex::default(),
        })
    }

    /// The ways to a peer's location, by the candidate's location.
    pub(super) fn ways(&self, locations: &Locations, peer: LocationId) -> Arc<[Way]> {
        let mut rows = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        // Locations are only ever added: a shorter row is from before the newest.
        if let Some(row) = rows
            .get(&peer)
            .filter(|row| row.len() == locations.distinct().len())
        {
            return Arc::clone(row);
        }
        let to = locations.get(peer);
        let row: Arc<[Way]> = locations
            .distinct()
            .iter()
            .map(|from| self.way(from, to))
            .collect();
        rows.insert(peer, Arc::clone(&row));
        row
    }

    fn way(&self, from: &Location, to: &Location) -> Way {
        let is_declared = |origin: &str, destination: &str| {
            self.find(from, origin, destination)
                .map_or(Way::Missing, Way::Declared)
        };
        if to.region.is_empty() && to.zone.is_empty() {
            Way::Nowhere
        } else if from.region != to.region {
            is_declared(&from.region, &to.region)
        } else if from.zone != to.zone {
            is_declared(&from.zone, &to.zone)
        } else {
            Way::SameZone
        }
    }

    /// The cost that upstream's map of a candidate holds: it is filled with the candidate's region
    /// costs, then its zone costs, set by set, and region and zone names share its keys.
    fn find(&self, candidate: &Location, origin: &str, destination: &str) -> Option<i64> {
        let mut found = None;
        for set in &self.sets {
            for (key, label) in [(REGION_KEY, &candidate.region), (ZONE_KEY, &candidate.zone)] {
                if label.is_empty() || **label != *origin {
                    continue;
                }
                let costs = set.as_diktyo_finds(key, label).iter().rev();
                let mut ways = costs.filter(|(name, _)| **name == *destination);
                found = ways.next().map(|(_, cost)| cost.network_cost).or(found);
            }
        }
        found
    }
}
