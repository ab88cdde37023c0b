//! `minBandwidth`: what a dependency needs must be left on every way that it takes.
//!
//! A way is a pair of nodes where its bandwidth was measured, and a pair of zones or of regions
//! where one is declared. What a placement would reserve is worked out as the [`Ledger`] books it,
//! for the cluster with the pod and without: a replica more of a callee also takes load off the
//! others, and where that makes up for it no bandwidth is missing.
//!
//! [`Ledger`]: crate::network::Ledger

use std::collections::{BTreeMap, BTreeSet};

use super::{Violations, too_narrow};
use crate::kube::Pod;
use crate::network::{Bond, Network, Replicas, pods, share_bps};
use crate::node_set::NodeId;
use crate::topology::{Declared, Direction, LocationId};

/// A dependency with a minimum, and what each pair of its pods reserves.
struct Need<'a> {
    bond: &'a Bond<'a>,
    bit: u64,
    /// Before the pod is placed, bit/s.
    share_before: u64,
    /// After it is.
    share_after: u64,
}

impl Need<'_> {
    /// What the placement adds between a place that holds `own` pods of the pod's workload and one
    /// that holds `peers` pods of the other end; negative where the shares shrink by more.
    fn added(&self, own: usize, peers: usize) -> i128 {
        let (own, peers) = (own as i128, peers as i128);
        let (before, after) = (i128::from(self.share_before), i128::from(self.share_after));
        peers * ((own + 1) * after - own * before)
    }
}

/// One way: what each need's peers at its far end are, and in which direction it is taken.
type Way<'a, Place> = BTreeMap<(Place, Direction), Vec<(&'a Need<'a>, usize)>>;

/// Sum of what a placement adds on one way.
fn added(needs: &[(&Need<'_>, usize)], own: usize) -> i128 {
    needs
        .iter()
        .map(|(need, peers)| need.added(own, *peers))
        .sum()
}

/// The bits of the needs that add something on a way.
fn bits(needs: &[(&Need<'_>, usize)], own: usize) -> u64 {
    let adding = needs
        .iter()
        .filter(|(need, peers)| need.added(own, *peers) > 0);
    adding.fold(0, |bits, (need, _)| bits | need.bit)
}

/// Note for each node the dependencies that would lack bandwidth.
pub(super) fn check(
    network: &Network,
    pod: &Pod,
    bonds: &[Bond<'_>],
    declared: &Declared,
    violations: &mut Violations,
) {
    let Some((group, workload)) = network.app_group_of(pod) else {
        return;
    };
    let selector = group.graph.selector(workload);
    let own = network
        .members()
        .replicas(&group.namespace, &group.name, selector);
    let own_pods = pods(own);
    let needs: Vec<_> = bonds
        .iter()
        .enumerate()
        .filter(|(_, bond)| bond.dependency.min_bandwidth_bps > 0 && !bond.replicas.is_empty())
        .map(|(index, bond)| {
            let calls_itself = bond.dependency.caller == bond.dependency.callee;
            // Placing a caller leaves the number of callees as it is.
            let (before, after) = match bond.direction {
                Direction::To if !calls_itself => (bond.pods() as u64, bond.pods() as u64),
                _ => (own_pods, own_pods + 1),
            };
            Need {
                bond,
                bit: too_narrow(index),
                share_before: share_bps(bond.dependency, before),
                share_after: share_bps(bond.dependency, after),
            }
        })
        .collect();
    if needs.is_empty() {
        return;
    }
    check_nodes(network, &needs, own, violations);
    if declared.has_bandwidths() {
        check_locations(network, &needs, own, declared, violations);
    }
}

/// Pairs of nodes, by their measured bandwidth.
fn check_nodes(network: &Network, needs: &[Need<'_>], own: &Replicas, violations: &mut Violations) {
    let plane = network.topology().bandwidth_bps();
    if plane.is_blank() {
        return;
    }
    let mut ways: Way<'_, NodeId> = BTreeMap::new();
    for need in needs {
        for (&peer, pods) in need.bond.replicas {
            ways.entry((peer, need.bond.direction))
                .or_default()
                .push((need, pods.len()));
        }
    }
    for ((peer, direction), needs) in &ways {
        let reserved: BTreeMap<NodeId, u128> = match direction {
            Direction::To => network.ledger().towards(*peer).collect(),
            Direction::From => network.ledger().away_from(*peer).collect(),
        };
        let capacities = plane.row(peer.index(), *direction);
        // Candidates without reservations and without pods of the workload, which are nearly all.
        let (usual, usual_bits) = (added(needs, 0) as f64, bits(needs, 0));
        let special: BTreeSet<NodeId> = reserved.keys().chain(own.keys()).copied().collect();
        // The peer's own has no way to go.
        for (slot, capacity) in capacities.known().filter(|(slot, _)| *slot != peer.index()) {
            if capacity < usual && !special.contains(&NodeId(slot as u32)) {
                violations.by_node[slot] |= usual_bits;
            }
        }
        for &node in special.iter().filter(|&node| node != peer) {
            let capacity = capacities.get(node.index());
            if capacity.is_nan() {
                continue;
            }
            let own = own.get(&node).map_or(0, BTreeSet::len);
            let reserved = reserved.get(&node).copied().unwrap_or_default();
            if lacks(added(needs, own), reserved, capacity as u128) {
                violations.by_node[node.index()] |= bits(needs, own);
            }
        }
    }
}

/// Whether what is to be added is not left on a way.
fn lacks(added: i128, reserved: u128, capacity: u128) -> bool {
    let left = capacity
        .cast_signed()
        .saturating_sub(reserved.cast_signed());
    added > 0 && added > left
}

/// Pairs of zones and of regions, by their declared bandwidth.
fn check_locations(
    network: &Network,
    needs: &[Need<'_>],
    own: &Replicas,
    declared: &Declared,
    violations: &mut Violations,
) {
    let (locations, ledger) = (network.locations(), network.ledger());
    let region_of = |id| locations.region(id);
    let own_zones = count(own, |node| locations.of(node));
    let own_regions = count(own, |node| region_of(locations.of(node)));
    let mut zones: Way<'_, LocationId> = BTreeMap::new();
    let mut regions: Way<'_, _> = BTreeMap::new();
    // The name of a region that a location in it has.
    let mut example = BTreeMap::new();
    for need in needs {
        for (place, pods) in count(need.bond.replicas, |node| locations.of(node)) {
            zones
                .entry((place, need.bond.direction))
                .or_default()
                .push((need, pods));
            example.insert(region_of(place), place);
        }
        for (place, pods) in count(need.bond.replicas, |node| region_of(locations.of(node))) {
            regions
                .entry((place, need.bond.direction))
                .or_default()
                .push((need, pods));
        }
    }
    for (index, violated) in violations.by_location.iter_mut().enumerate() {
        let here = LocationId(index as u32);
        let own = own_zones.get(&here).copied().unwrap_or_default();
        for (&(there, direction), needs) in &zones {
            if !locations.are_different_zones(here, there) {
                continue;
            }
            let (from, to) = direction.ends(here, there);
            let (origin, destination) = (locations.get(from), locations.get(to));
            let capacity = declared.zone_bandwidth_bps(&origin.zone, &destination.zone);
            let reserved = ledger.between_zones_bps(from, to);
            if capacity.is_some_and(|it| lacks(added(needs, own), reserved, it.into())) {
                *violated |= bits(needs, own);
            }
        }
        let own = own_regions
            .get(&region_of(here))
            .copied()
            .unwrap_or_default();
        for (&(region, direction), needs) in &regions {
            let there = example[&region];
            if locations.different_regions(here, there).is_none() {
                continue;
            }
            let (from, to) = direction.ends(here, there);
            let (origin, destination) = (locations.get(from), locations.get(to));
            let capacity = declared.region_bandwidth_bps(&origin.region, &destination.region);
            let reserved = ledger.between_regions_bps(region_of(from), region_of(to));
            if capacity.is_some_and(|it| lacks(added(needs, own), reserved, it.into())) {
                *violated |= bits(needs, own);
            }
        }
    }
}

/// How many pods are in each place.
fn count<Place: Ord>(
    replicas: &Replicas,
    place: impl Fn(NodeId) -> Place,
) -> BTreeMap<Place, usize> {
    let mut counts = BTreeMap::new();
    for (&node, pods) in replicas {
        *counts.entry(place(node)).or_default() += pods.len();
    }
    counts
}
