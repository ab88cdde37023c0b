//! `maxNetworkCost`: how far a dependency may be.

use super::{Violations, too_far};
use crate::network::{Bond, Network, Quantity};
use crate::topology::Declared;

/// Note for each node the dependencies that would be beyond their limit.
///
/// *Complexity*: O(slots × nodes with peers).
pub(super) fn check(
    network: &Network,
    bonds: &[Bond<'_>],
    declared: &Declared,
    violations: &mut Violations,
) {
    let mut costs = Vec::new();
    for (index, bond) in bonds.iter().enumerate() {
        let Some(limit) = bond.dependency.max_network_cost else {
            continue;
        };
        let (limit, bit) = (limit as f32, too_far(index));
        for &peer in bond.replicas.keys() {
            network.row(
                peer,
                bond.direction,
                Quantity::NetworkCost,
                declared,
                &mut costs,
            );
            for (violated, &cost) in violations.by_node.iter_mut().zip(&costs) {
                // An unknown cost is NaN, and never beyond.
                *violated |= if cost > limit { bit } else { 0 };
            }
        }
    }
}
