//! Bandwidth that the placed pods of the applications have reserved.

use rustc_hash::FxHashMap;

use super::Replicas;
use crate::NodeId;
use crate::app_graph::Dependency;
use crate::topology::{LocationId, Locations, RegionId};

/// Reserved bandwidth by ordered pair, bit/s, at each level at which a capacity may be known.
///
/// A dependency's minimum is what *each pod of the caller* needs in all: a client spreads its calls
/// evenly over the placed pods of the callee, as a Service does, so each of those pairs reserves an
/// equal share of the minimum, rounded up. A replica more of the callee thus makes every share
/// smaller, and one more of the caller adds a whole minimum. Pods on one node need no network.
///
/// All amounts are integers, of a width that no sum overflows, so that taking away what was added leaves exactly what was before.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Destination → origin → amount.
    to: FxHashMap<NodeId, FxHashMap<NodeId, u128>>,
    /// Origin → destination → amount.
    from: FxHashMap<NodeId, FxHashMap<NodeId, u128>>,
    /// Between locations in two different zones.
    between_zones: FxHashMap<(LocationId, LocationId), u128>,
    /// Between two different regions.
    between_regions: FxHashMap<(RegionId, RegionId), u128>,
}

/// What each pair of a caller's pod and a callee's pod reserves, bit/s.
pub(crate) fn share_bps(dependency: &Dependency, callee_pods: u64) -> u64 {
    // A workload that calls itself calls its other pods.
    let called = callee_pods.saturating_sub(u64::from(dependency.caller == dependency.callee));
    if called == 0 {
        0
    } else {
        dependency.min_bandwidth_bps.div_ceil(called)
    }
}

/// Add to an entry or take from it; an entry of 0 is none.
fn change<K: std::hash::Hash + Eq + Copy>(
    amounts: &mut FxHashMap<K, u128>,
    key: K,
    amount: u128,
    adds: bool,
) {
    let entry = amounts.entry(key).or_default();
    *entry = if adds {
        *entry + amount
    } else {
        *entry - amount
    };
    if *entry == 0 {
        amounts.remove(&key);
    }
}

impl Ledger {
    /// Reserved from one node to another.
    pub fn reserved_bps(&self, origin: NodeId, destination: NodeId) -> u128 {
        let amounts = self.from.get(&origin);
        amounts
            .and_then(|amounts| amounts.get(&destination))
            .copied()
            .unwrap_or_default()
    }

    /// Reserved from one location to another in a different zone.
    pub fn between_zones_bps(&self, origin: LocationId, destination: LocationId) -> u128 {
        self.between_zones
            .get(&(origin, destination))
            .copied()
            .unwrap_or_default()
    }

    /// Reserved from one region to another.
    pub fn between_regions_bps(&self, origin: RegionId, destination: RegionId) -> u128 {
        self.between_regions
            .get(&(origin, destination))
            .copied()
            .unwrap_or_default()
    }

    /// Reservations towards a node, by origin, in no order.
    pub(crate) fn towards(&self, destination: NodeId) -> impl Iterator<Item = (NodeId, u128)> {
        self.to
            .get(&destination)
            .into_iter()
            .flatten()
            .map(|(&node, &amount)| (node, amount))
    }

    /// Reservations from a node, by destination, in no order.
    pub(crate) fn away_from(&self, origin: NodeId) -> impl Iterator<Item = (NodeId, u128)> {
        self.from
            .get(&origin)
            .into_iter()
            .flatten()
            .map(|(&node, &amount)| (node, amount))
    }

    fn book(
        &mut self,
        (origin, destination): (NodeId, NodeId),
        amount: u128,
        adds: bool,
        locations: &Locations,
    ) {
        if amount == 0 || origin == destination {
            return;
        }
        for (side, key, other) in [
            (&mut self.to, destination, origin),
            (&mut self.from, origin, destination),
        ] {
            let amounts = side.entry(key).or_default();
            change(amounts, other, amount, adds);
            if amounts.is_empty() {
                side.remove(&key);
            }
        }
        self.book_levels((origin, destination), amount, adds, locations);
    }

    fn book_levels(
        &mut self,
        (origin, destination): (NodeId, NodeId),
        amount: u128,
        adds: bool,
        locations: &Locations,
    ) {
        let (here, there) = (locations.of(origin), locations.of(destination));
        if locations.are_different_zones(here, there) {
            change(&mut self.between_zones, (here, there), amount, adds);
        }
        if let Some(regions) = locations.different_regions(here, there) {
            change(&mut self.between_regions, regions, amount, adds);
        }
    }

    /// Take a node's reservations out of the levels above it, or put them in again: its location
    /// changes in between.
    pub(super) fn relocate(&mut self, node: NodeId, adds: bool, locations: &Locations) {
        let mut pairs: Vec<_> = self
            .towards(node)
            .map(|(other, it)| ((other, node), it))
            .collect();
        pairs.extend(self.away_from(node).map(|(other, it)| ((node, other), it)));
        for (pair, amount) in pairs {
            self.book_levels(pair, amount, adds, locations);
        }
    }

    /// Add or take away what a dependency reserves, between these pods; with `only`, no more than
    /// what the callers on that node do.
    pub(super) fn book_dependency(
        &mut self,
        dependency: &Dependency,
        calling: &Replicas,
        called: &Replicas,
        only: Option<NodeId>,
        adds: bool,
        locations: &Locations,
    ) {
        let share = share_bps(dependency, pods(called));
        if share == 0 {
            return;
        }
        for (&origin, origin_pods) in calling {
            if only.is_some_and(|only| only != origin) {
                continue;
            }
            for (&destination, destination_pods) in called {
                let pairs = origin_pods.len() as u128 * destination_pods.len() as u128;
                let amount = u128::from(share) * pairs;
                self.book((origin, destination), amount, adds, locations);
            }
        }
    }
}

/// How many pods there are.
pub(crate) fn pods(replicas: &Replicas) -> u64 {
    replicas.values().map(|pods| pods.len() as u64).sum()
}
