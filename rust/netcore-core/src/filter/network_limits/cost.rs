//! `maxNetworkCost`: how far a dependency may be.

use super::{NetworkLimits, Violations, too_far};
use crate::network::{Bond, Network};

/// Note for each node the dependencies that would be beyond their limit.
///
/// *Complexity*: O(slots × nodes with peers), and no more than O(nodes with peers) where no link
/// is beyond.
pub(super) fn check(
    plugin: &NetworkLimits,
    network: &Network,
    bonds: &[Bond<'_>],
    violations: &mut Violations,
) {
    let rows = network.cost_rows(&plugin.declaration);
    for (index, bond) in bonds.iter().enumerate() {
        let Some(limit) = bond.dependency.max_network_cost else {
            continue;
        };
        let (limit, bit) = (limit as f32, too_far(index));
        for &peer in bond.replicas.keys() {
            let row = rows.row(network, peer, bond.direction);
            if row.largest <= limit {
                continue;
            }
            for (violated, &cost) in violations.by_node.iter_mut().zip(&row.costs) {
                // An unknown cost is NaN, and never beyond.
                *violated |= if cost > limit { bit } else { 0 };
            }
        }
    }
}
