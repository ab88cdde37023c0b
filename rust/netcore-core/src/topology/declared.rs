//! Costs that a `NetworkTopology` declares, for pairs of nodes that nobody measured.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::network_topology::{Costs, DeclaredCost, NetworkTopology};
use super::{Location, LocationCosts, LocationId, Locations};
use crate::NodeId;

/// Network cost between two nodes of one zone where the zone declares none for itself: Diktyo's
/// own value for it (`SameZone` of its NetworkOverhead plugin).
const SAME_ZONE_COST: f32 = 1.0;

/// Sets of costs that count where a profile names none: what a person declared goes before what
/// was computed.
pub const DEFAULT_WEIGHTS: [&str; 2] = ["UserDefined", "NetperfCosts"];

/// Which way between a placed peer and the candidates is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the candidates to the peer: the pod to be placed calls it.
    To,
    /// From the peer to the candidates: it calls the pod to be placed.
    From,
}

impl Direction {
    /// Origin and destination of the way between a candidate and a peer.
    #[inline]
    pub fn ends<T>(self, candidate: T, peer: T) -> (T, T) {
        match self {
            Self::To => (candidate, peer),
            Self::From => (peer, candidate),
        }
    }
}

/// By the peer's location: the costs of the ways to it or from it, by the other end's location.
type Rows = FxHashMap<(LocationId, Direction), Arc<[f32]>>;

/// Declared costs in the order in which they count.
///
/// The cost from one location to another is the first found of: zone to zone; the same back, since
/// a round trip has both; 1 within a zone; region to region; the same back. Unlike upstream, a cost
/// between zones counts also where the regions differ, being the more precise, and zones and
/// regions of the same name are told apart. Where no cost at all is declared, none is within a zone
/// either: labels alone say nothing about the network.
#[derive(Debug, Default)]
pub struct Declared {
    regions: Vec<Costs>,
    zones: Vec<Costs>,
    /// Worked out when first asked for.
    rows: Mutex<Rows>,
}

impl Declared {
    /// The costs of an object's sets of these names; of two costs for one way, that of the name
    /// given first counts, and of two within a name, the later.
    pub fn new(topology: &NetworkTopology, names: &[&str]) -> Self {
        let sets = || {
            names
                .iter()
                .flat_map(|name| topology.weight_sets(name).rev())
        };
        Self {
            regions: sets().map(|set| set.regions.clone()).collect(),
            zones: sets().map(|set| set.zones.clone()).collect(),
            rows: Mutex::default(),
        }
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.zones.iter().chain(&self.regions).all(Costs::is_empty)
    }

    /// The largest cost between any two places; 0 where none is declared.
    pub fn max_cost(&self) -> f32 {
        let ways = self
            .zones
            .iter()
            .chain(&self.regions)
            .flat_map(Costs::values);
        let costs = ways
            .flat_map(FxHashMap::values)
            .map(|way| way.network_cost as f32);
        costs.fold(0.0, f32::max)
    }

    /// Whether some way has a declared bandwidth.
    pub fn has_bandwidths(&self) -> bool {
        let ways = self
            .zones
            .iter()
            .chain(&self.regions)
            .flat_map(Costs::values);
        ways.flat_map(FxHashMap::values).any(has_capacity)
    }

    /// Costs between one location and every other, by [`LocationId`]; NaN is unknown.
    pub fn row(&self, locations: &Locations, peer: LocationId, direction: Direction) -> Arc<[f32]> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        // Locations are only ever added: a shorter row is from before the newest.
        let known = rows.get(&(peer, direction));
        if let Some(row) = known.filter(|row| row.len() == locations.distinct().len()) {
            return Arc::clone(row);
        }
        let here = locations.get(peer);
        let cost = |other: &Location| match direction {
            Direction::To => self.cost(other, here),
            Direction::From => self.cost(here, other),
        };
        let row: Arc<[f32]> = locations.distinct().iter().map(cost).collect();
        rows.insert((peer, direction), Arc::clone(&row));
        row
    }

    /// The costs between some nodes, in the order given.
    pub fn between(&self, locations: &Locations, nodes: &[NodeId]) -> LocationCosts {
        let mut numbers = FxHashMap::default();
        let mut distinct = Vec::new();
        let mut number = |id: LocationId| {
            *numbers.entry(id).or_insert_with(|| {
                distinct.push(locations.get(id));
                distinct.len() as u32 - 1
            })
        };
        let of_nodes = nodes.iter().map(|&node| number(locations.of(node)));
        let of_nodes = of_nodes.collect();
        LocationCosts::new(of_nodes, distinct.len(), |from, to| {
            self.cost(distinct[from], distinct[to])
        })
    }

    /// Cost of the way from one location to another; NaN where none is declared.
    pub fn cost(&self, from: &Location, to: &Location) -> f32 {
        if self.is_empty() {
            return f32::NAN;
        }
        let names_are_clear = from.zone != to.zone || from.region == to.region;
        let zone_cost = || {
            let way = |a: &Location, b: &Location| find(&self.zones, &a.zone, &b.zone, |_| true);
            if names_are_clear {
                way(from, to).or_else(|| way(to, from))
            } else {
                None
            }
        };
        let region_cost = || {
            let way =
                |a: &Location, b: &Location| find(&self.regions, &a.region, &b.region, |_| true);
            way(from, to).or_else(|| way(to, from))
        };
        if let Some(cost) = zone_cost() {
            return cost.network_cost as f32;
        }
        if from.shares_zone(to) {
            return SAME_ZONE_COST;
        }
        region_cost().map_or(f32::NAN, |cost| cost.network_cost as f32)
    }

    /// Bandwidth left from one zone to another before netcore's own reservations, bit/s.
    pub fn zone_bandwidth_bps(&self, from: &str, to: &str) -> Option<u64> {
        find(&self.zones, from, to, has_capacity).map(left)
    }

    /// Bandwidth left from one region to another before netcore's own reservations, bit/s.
    pub fn region_bandwidth_bps(&self, from: &str, to: &str) -> Option<u64> {
        find(&self.regions, from, to, has_capacity).map(left)
    }
}

fn has_capacity(cost: &DeclaredCost) -> bool {
    cost.bandwidth_capacity_bps > 0
}

fn left(cost: &DeclaredCost) -> u64 {
    cost.bandwidth_capacity_bps
        .saturating_sub(cost.bandwidth_allocated_bps)
}

/// The first cost for a way that will do. A label that is not set is no place.
fn find<'a>(
    sets: &'a [Costs],
    from: &str,
    to: &str,
    will_do: impl Fn(&DeclaredCost) -> bool,
) -> Option<&'a DeclaredCost> {
    if from.is_empty() || to.is_empty() {
        return None;
    }
    let ways = sets.iter().filter_map(|costs| costs.get(from)?.get(to));
    ways.into_iter().find(|&cost| will_do(cost))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are copied, not computed")]
mod tests {
    use super::*;

    fn at(region: &str, zone: &str) -> Location {
        Location {
            region: region.into(),
            zone: zone.into(),
        }
    }

    fn declared() -> Declared {
        let json = br#"{"metadata": {"name": "nt"}, "spec": {"weights": [
            {"name": "NetperfCosts", "topologyList": [
              {"topologyKey": "topology.kubernetes.io/zone", "originList": [
                {"origin": "w1", "costList": [{"destination": "w2", "networkCost": 99},
                                              {"destination": "e1", "networkCost": 30}]},
                {"origin": "w1", "costList": [{"destination": "w3", "networkCost": 3}]}]}]},
            {"name": "UserDefined", "topologyList": [
              {"topologyKey": "topology.kubernetes.io/zone", "originList": [
                {"origin": "w1", "costList": [{"destination": "w2", "networkCost": 5,
                  "bandwidthCapacity": "100", "bandwidthAllocated": "30"}]},
                {"origin": "same", "costList": [{"destination": "same", "networkCost": 2}]}]},
              {"topologyKey": "topology.kubernetes.io/region", "originList": [
                {"origin": "west", "costList": [{"destination": "east", "networkCost": 20}]}]}]}]}}"#;
        Declared::new(
            &NetworkTopology::decode(json).expect("valid"),
            &DEFAULT_WEIGHTS,
        )
    }

    #[test]
    fn the_most_precise_cost_counts_and_unknown_stays_unknown() {
        let declared = declared();
        let cases = [
            (at("west", "w1"), at("west", "w2"), 5.0), // what a person declared goes first
            (at("west", "w2"), at("west", "w1"), 5.0), // the same round trip from the other end
            (at("west", "w1"), at("west", "w3"), 3.0), // computed where nobody declared
            (at("west", "w1"), at("east", "e1"), 30.0), // zones before regions
            (at("west", "w2"), at("east", "e1"), 20.0),
            (at("east", ""), at("west", "w9"), 20.0),
            (at("west", "w9"), at("west", "w9"), 1.0),
            (at("x", "same"), at("x", "same"), 2.0),
            (at("x", "same"), at("y", "same"), f32::NAN), // two zones that share a name
            (at("west", "w2"), at("west", "w3"), f32::NAN),
            (at("", ""), at("", ""), f32::NAN),
            (at("west", ""), at("west", ""), f32::NAN),
        ];
        for (from, to, expected) in cases {
            let cost = declared.cost(&from, &to);
            assert!(
                cost == expected || cost.is_nan() && expected.is_nan(),
                "{from:?} {to:?}: {cost}"
            );
        }
        assert!(
            Declared::default()
                .cost(&at("a", "b"), &at("a", "b"))
                .is_nan()
        );
    }

    #[test]
    fn bandwidth_left_is_by_direction() {
        let declared = declared();
        assert_eq!(declared.zone_bandwidth_bps("w1", "w2"), Some(70));
        assert_eq!(declared.zone_bandwidth_bps("w2", "w1"), None);
        assert_eq!(declared.region_bandwidth_bps("west", "east"), None);
    }

    #[test]
    fn rows_are_the_costs_by_location() {
        let mut locations = Locations::default();
        for (node, zone) in ["w1", "w2", "w1", "w3"].iter().enumerate() {
            locations.set(NodeId(node as u32), at("west", zone));
        }
        let declared = declared();
        let w1 = locations.of(NodeId(2));
        assert_eq!(w1, locations.of(NodeId(0)));
        for direction in [Direction::To, Direction::From] {
            let row = declared.row(&locations, w1, direction);
            let of = |node| row[locations.of(NodeId(node)).index()];
            assert_eq!((of(0), of(1), of(3)), (1.0, 5.0, 3.0));
            assert!(row[0].is_nan());
        }
    }
}
