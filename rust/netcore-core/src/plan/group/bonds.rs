//! The dependencies of applications as traffic and limits between pods.

use crate::app_graph::Dependency;
use crate::filter::Filter;
use crate::group::{Arrays, Edge, Limit};
use crate::network::{ONE, Replicas, Utilities, pods as count};
use crate::node_set::NodeId;
use crate::profile::Profile;
use crate::state::ClusterState;
use crate::topology::Direction;

/// What a link costs by its utility in units of 1 / [`ONE`]; one that nobody knows is the worst.
pub(super) fn cost(utility: Option<u32>) -> f32 {
    1.0 - utility.unwrap_or(0) as f32 / f32::from(ONE)
}

/// One dependency with the pods at both its ends.
pub(super) struct Bond<'s> {
    pub(super) dependency: &'s Dependency,
    /// Positions among the members.
    pub(super) callers: &'s [u32],
    pub(super) callees: &'s [u32],
    pub(super) placed_callers: &'s Replicas,
    pub(super) placed_callees: &'s Replicas,
    /// Between each pair of a caller's and a callee's pod.
    pub(super) traffic: f64,
}

/// Splits the traffic of an application over its dependencies: as much as it has members.
pub(super) fn share(bonds: &mut [Bond<'_>], members: usize) {
    let weights: f64 = bonds.iter().map(|bond| bond.dependency.weight).sum();
    let dependencies = bonds.len();
    for bond in bonds {
        // Weights of 0 tell nothing apart: then every dependency counts alike.
        let part = if weights > 0.0 {
            bond.dependency.weight / weights
        } else {
            1.0 / dependencies as f64
        };
        bond.traffic = members as f64 * part / bond.pairs();
    }
}

/// The dependencies that ask different things of a link.
pub(super) fn kinds<'s>(bonds: &[Bond<'s>]) -> Vec<&'s Dependency> {
    let mut kinds: Vec<&Dependency> = Vec::new();
    for bond in bonds {
        if !kinds.iter().any(|kind| is_alike(kind, bond.dependency)) {
            kinds.push(bond.dependency);
        }
    }
    kinds
}

fn is_alike(one: &Dependency, other: &Dependency) -> bool {
    (one.max_network_cost, one.min_bandwidth_bps)
        == (other.max_network_cost, other.min_bandwidth_bps)
}

impl Bond<'_> {
    /// Pairs of a caller's and a callee's pod, placed ones included; a pod does not call itself.
    pub(super) fn pairs(&self) -> f64 {
        let calling = self.callers.len() as f64 + count(self.placed_callers) as f64;
        let called = self.callees.len() as f64 + count(self.placed_callees) as f64;
        if self.dependency.caller == self.dependency.callee {
            calling * (called - 1.0)
        } else {
            calling * called
        }
    }

    pub(super) fn add_to(
        &self,
        arrays: &mut Arrays,
        state: &ClusterState,
        utilities: &Utilities,
        kinds: &[&Dependency],
        nodes: &[NodeId],
    ) {
        let kind = kinds
            .iter()
            .position(|kind| is_alike(kind, self.dependency));
        let matrix = kind.unwrap_or(0) as u32;
        for &from in self.callers {
            for &to in self.callees.iter().filter(|&&to| to != from) {
                arrays.edges.push(Edge {
                    from,
                    to,
                    weight: self.traffic,
                    matrix,
                });
            }
        }
        let need = utilities.need(self.dependency);
        let ends = [
            (self.callers, self.placed_callees, Direction::To),
            (self.callees, self.placed_callers, Direction::From),
        ];
        for (members, placed, direction) in ends {
            if members.is_empty() {
                continue;
            }
            for (&peer, pods) in placed {
                let worth = utilities.worth(state.network(), peer, direction, &need);
                let traffic = self.traffic * pods.len() as f64;
                for &pod in members {
                    let extra = &mut arrays.extra_costs[pod as usize * nodes.len()..];
                    for (extra, &node) in extra.iter_mut().zip(nodes) {
                        let of_unit = cost(worth.get(node.index()).copied());
                        *extra += (traffic * f64::from(of_unit)) as f32;
                    }
                }
            }
        }
    }
}

/// The limits between members; those with placed pods are in the masks.
pub(super) fn add_limits(
    arrays: &mut Arrays,
    state: &ClusterState,
    profile: &Profile,
    bonds: &[Bond<'_>],
    nodes: &[NodeId],
) {
    let plugin = profile.filters.iter().find_map(|filter| match filter {
        Filter::NetworkLimits(plugin) => Some(plugin),
        _ => None,
    });
    let Some(plugin) = plugin else { return };
    for bond in bonds {
        let Some(most) = bond.dependency.max_network_cost else {
            continue;
        };
        for &from in bond.callers {
            for &to in bond.callees.iter().filter(|&&to| to != from) {
                let most = most as f32;
                arrays.limits.push(Limit { from, to, most });
            }
        }
    }
    if arrays.limits.is_empty() {
        return;
    }
    let rows = state.network().cost_rows(&plugin.declaration);
    arrays.distances = vec![f32::NAN; nodes.len() * nodes.len()];
    for (column, &peer) in nodes.iter().enumerate() {
        let row = rows.row(state.network(), peer, Direction::To);
        for (origin, &node) in nodes.iter().enumerate() {
            let distance = row.costs.get(node.index()).copied();
            arrays.distances[origin * nodes.len() + column] = distance.unwrap_or(f32::NAN);
        }
    }
}
