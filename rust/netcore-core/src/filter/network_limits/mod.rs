//! NetworkLimits: no dependency may be farther than it bears, or lack the bandwidth it needs.
//!
//! Both directions count: what the pod calls, and what calls the pod. A limit is a limit: it holds
//! for *every* placed pod at the other end, since calls are spread over all of them, and a near
//! replica does not make a far one faster. A link of which the needed quantity is unknown lets the
//! pod pass; the decision's links show it as unknown.
//!
//! The network cost of a link is its round trip in ms, the 90th percentile where that was measured,
//! else the cost declared between the zones or regions. A dependency without `maxNetworkCost` has
//! no limit, unlike upstream, where a missing limit is 0.

mod bandwidth;
mod cost;

use serde::Deserialize;

use crate::context::Context;
use crate::filter::{Code, Scope};
use crate::network::{Bond, Declaration};
use crate::node_set::{NodeId, NodeSet};
use crate::topology::Direction;

/// The filter with its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct NetworkLimits {
    /// Which declared costs count where nobody measured.
    pub declaration: Declaration,
}

/// Dependencies that have bits of their own; those beyond share the last.
const MOST_BONDS: usize = 32;

/// The bit that stands for a dependency out of reach.
fn too_far(bond: usize) -> u64 {
    1 << (2 * bond.min(MOST_BONDS - 1))
}

/// The bit that stands for a dependency without bandwidth.
fn too_narrow(bond: usize) -> u64 {
    too_far(bond) << 1
}

/// Every bit of the first kind.
const TOO_FAR: u64 = 0x5555_5555_5555_5555;

/// Which dependencies a node violates: by its location, and by the node itself.
struct Violations {
    by_location: Vec<u64>,
    by_node: Vec<u64>,
}

impl NetworkLimits {
    pub(super) fn scope(context: Context<'_>) -> Scope {
        let bonds = context.network().bonds(context.pod);
        let has_limit = |bond: &Bond<'_>| {
            let limits = bond.dependency.max_network_cost.is_some();
            (limits || bond.dependency.min_bandwidth_bps > 0) && !bond.replicas.is_empty()
        };
        if bonds.iter().any(has_limit) {
            Scope::EveryNode
        } else {
            Scope::Skip
        }
    }

    pub(super) fn run(
        &self,
        context: Context<'_>,
        among: &NodeSet,
        mut reject: impl FnMut(NodeId, u64),
    ) {
        let network = context.network();
        let bonds = network.bonds(context.pod);
        let declared = network.declared(&self.declaration);
        let locations = network.locations();
        let mut violations = Violations {
            by_location: vec![0; locations.distinct().len()],
            by_node: vec![0; context.nodes().slots()],
        };
        cost::check(self, network, &bonds, &mut violations);
        bandwidth::check(network, context.pod, &bonds, &declared, &mut violations);
        for node in among {
            let of_location = violations.by_location[locations.of(node).index()];
            let violated = violations.by_node[node.index()] | of_location;
            if violated != 0 {
                reject(node, violated);
            }
        }
    }

    /// The dependencies that a detail stands for, in words; few texts, so that they group well.
    pub(super) fn reasons(context: Context<'_>, detail: u64) -> Vec<String> {
        let mut reasons = Vec::new();
        for (index, bond) in context.network().bonds(context.pod).iter().enumerate() {
            let way = match bond.direction {
                Direction::To => "to",
                Direction::From => "from",
            };
            let end = if index < MOST_BONDS - 1 {
                format!("{way} workload {}", bond.peer)
            } else {
                "to or from one of its many workloads".to_owned()
            };
            for (bit, problem) in [
                (too_far(index), "exceeded the network cost limit"),
                (too_narrow(index), "lacked bandwidth"),
            ] {
                let reason = format!("node(s) {problem} {end}");
                if detail & bit != 0 && !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        reasons
    }

    /// Bandwidth comes back when pods leave. A dependency out of reach does not come nearer by
    /// making room.
    pub(super) fn code(detail: u64) -> Code {
        if detail & TOO_FAR == 0 {
            Code::Unschedulable
        } else {
            Code::UnschedulableAndUnresolvable
        }
    }
}
