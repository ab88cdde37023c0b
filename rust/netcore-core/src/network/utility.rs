//! Utilities of the links between a placed peer and every node, ready to be added up.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{Declaration, Network};
use crate::cost::{CostPolicy, NEUTRAL, Need, Path, PolicyChoice, round_trip_loss};
use crate::node_set::{NodeId, NodeSet};
use crate::topology::{Declared, Direction};

/// A utility of 1 as an integer. Sums of integers do not depend on the order of the addends.
pub(crate) const ONE: u16 = u16::MAX;

/// How much of a utility is up to closeness alone.
///
/// Within a dependency's target every link is as good as any other to `slo`; with a generous
/// target, such as a `maxNetworkCost` that is meant as a limit, that would be all of them. So a
/// tenth of each utility falls with the round trip, half of it by the length that stands for
/// *near*: enough to choose between equals, too little to outweigh a missed target. A heuristic.
const CLOSENESS: f32 = 0.1;

/// Rows that are kept: 30 kB each with 15,000 nodes.
const MOST_ROWS: usize = 4096;

/// Utilities of the links between one peer and every slot.
#[derive(Debug)]
pub(crate) struct UtilityRow {
    /// By slot, in units of 1 / [`ONE`]; an unknown link counts as neither good nor bad.
    pub(crate) utilities: Box<[u16]>,
    /// The nodes whose link is unknown; `None` where every one is known.
    pub(crate) unknown: Option<NodeSet>,
}

/// What a row depends on beside the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct RowKey {
    peer: NodeId,
    direction: Direction,
    /// The bits of the target.
    target: u32,
    min_bandwidth_bps: u64,
}

/// One policy over the links as they are; rows are worked out when first asked for.
#[derive(Debug)]
pub(crate) struct Utilities {
    version: u64,
    policy: Box<dyn CostPolicy>,
    declared: Arc<Declared>,
    near_rtt_ms: f32,
    rows: Mutex<FxHashMap<RowKey, Arc<UtilityRow>>>,
}

impl Network {
    /// The utilities of the links by a policy.
    pub(crate) fn utilities(
        &self,
        choice: PolicyChoice,
        declaration: &Declaration,
    ) -> Arc<Utilities> {
        let work_out = || {
            let declared = self.declared(declaration);
            Arc::new(Utilities {
                version: self.links_version,
                policy: choice.over(&self.topology, declared.max_cost()),
                declared,
                near_rtt_ms: self.near_rtt_ms(),
                rows: Mutex::default(),
            })
        };
        let is_good = |known: &Arc<Utilities>| known.version == self.links_version;
        self.utilities
            .get_if(&(choice, declaration.clone()), is_good, work_out)
    }

    /// What a policy reads of the way in a direction between a candidate and a peer; `None` where
    /// they are one node.
    fn path(
        &self,
        candidate: NodeId,
        peer: NodeId,
        direction: Direction,
        declared: &Declared,
    ) -> Option<Path> {
        let (origin, destination) = direction.ends(candidate, peer);
        if origin == destination {
            return None;
        }
        let link = self.link(origin, destination, declared);
        let reserved = self.ledger.reserved_bps(origin, destination);
        Some(Path {
            rtt_ms: link.rtt_ms,
            loss: round_trip_loss(link.loss, self.topology.link(destination, origin).loss),
            bandwidth_bps: left(link.bandwidth_bps, reserved),
        })
    }
}

/// What reservations leave of a bandwidth, bit/s; of an unknown one it is unknown.
fn left(bandwidth_bps: f64, reserved_bps: u128) -> f64 {
    let left = bandwidth_bps - reserved_bps as f64;
    if left < 0.0 { 0.0 } else { left }
}

impl Utilities {
    /// The declared costs that count where nobody measured.
    pub(crate) fn declared(&self) -> &Declared {
        &self.declared
    }

    /// What a dependency asks of a link: its target is its `maxNetworkCost`, or what is near.
    pub(crate) fn need(&self, dependency: &crate::app_graph::Dependency) -> Need {
        let limit = dependency.max_network_cost.map(|limit| limit as f32);
        Need {
            target_rtt_ms: limit.unwrap_or(self.near_rtt_ms),
            min_bandwidth_bps: dependency.min_bandwidth_bps as f64,
        }
    }

    /// Utility of one link, 0 to 1; NaN where nothing of it is known.
    pub(crate) fn of_link(
        &self,
        network: &Network,
        candidate: NodeId,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> f32 {
        network
            .path(candidate, peer, direction, &self.declared)
            .map_or(1.0, |path| {
                self.policy.utility(&path, need) * self.closeness(path.rtt_ms)
            })
    }

    /// Expected time of one call over a link, ms, where the policy is about time and the link known.
    pub(crate) fn time_ms(
        &self,
        network: &Network,
        candidate: NodeId,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> Option<f64> {
        let path = network.path(candidate, peer, direction, &self.declared);
        let path = path.unwrap_or(Path::OWN);
        self.policy.time_ms(&path, need)
    }

    /// The factor that prefers the nearer of two links that serve equally well.
    #[inline]
    fn closeness(&self, rtt_ms: f32) -> f32 {
        let near = self.near_rtt_ms / (self.near_rtt_ms + rtt_ms);
        let near = if near.is_nan() { NEUTRAL } else { near };
        1.0 - CLOSENESS + CLOSENESS * near
    }

    /// The row of a peer.
    pub(crate) fn row(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> Arc<UtilityRow> {
        if self.policy.reads_bandwidth(need) && !network.topology.bandwidth_bps().is_blank() {
            // What is left of the bandwidth changes with every placement.
            return Arc::new(self.work_out(network, peer, direction, need));
        }
        let key = RowKey {
            peer,
            direction,
            target: need.target_rtt_ms.to_bits(),
            min_bandwidth_bps: need.min_bandwidth_bps as u64,
        };
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = rows.get(&key) {
            return Arc::clone(row);
        }
        if rows.len() >= MOST_ROWS {
            rows.clear();
        }
        let row = Arc::new(self.work_out(network, peer, direction, need));
        rows.insert(key, Arc::clone(&row));
        row
    }

    fn work_out(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> UtilityRow {
        let rtts = network.row(
            peer,
            direction,
            &[network.topology.rtt_ms()],
            &self.declared,
        );
        let mut utilities = vec![0.0_f32; rtts.len()];
        let has_bandwidth = !network.topology.bandwidth_bps().is_blank();
        let needs_more = !network.topology.loss().is_blank()
            || has_bandwidth && self.policy.reads_bandwidth(need);
        if needs_more {
            for (slot, utility) in utilities.iter_mut().enumerate() {
                *utility = self.of_link(network, NodeId(slot as u32), peer, direction, need);
            }
        } else {
            self.policy.utilities(&rtts, need, &mut utilities);
            for (utility, &rtt_ms) in utilities.iter_mut().zip(&rtts) {
                *utility *= self.closeness(rtt_ms);
            }
        }
        if let Some(own) = utilities.get_mut(peer.index()) {
            *own = 1.0;
        }
        settle(network, peer, &utilities)
    }
}

/// Turn utilities into integers, and unknown ones into one that is neither good nor bad: the mean
/// of those that are known for this peer, but no more than [`NEUTRAL`].
fn settle(network: &Network, peer: NodeId, utilities: &[f32]) -> UtilityRow {
    let whole = |utility: f32| (utility * f32::from(ONE)).round() as u16;
    let (mut sum, mut known, mut unknown) = (0_u64, 0_u64, None);
    for (slot, &utility) in utilities.iter().enumerate() {
        let node = NodeId(slot as u32);
        if !network.has_node(node) || node == peer {
            continue;
        }
        if utility.is_nan() {
            unknown
                .get_or_insert_with(|| NodeSet::new(utilities.len()))
                .insert(node);
        } else {
            sum += u64::from(whole(utility));
            known += 1;
        }
    }
    let neutral = sum
        .checked_div(known)
        .map_or(u16::MAX, |mean| mean as u16)
        .min(whole(NEUTRAL));
    let settled = |&utility: &f32| {
        if utility.is_nan() {
            neutral
        } else {
            whole(utility)
        }
    };
    UtilityRow {
        utilities: utilities.iter().map(settled).collect(),
        unknown,
    }
}
