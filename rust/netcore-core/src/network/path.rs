//! One link between a candidate and a peer, as a cost policy reads it.

use super::Network;
use super::peer_links::Seen;
use super::utility::Utilities;
use crate::cost::{Need, Path, round_trip_loss};
use crate::node_set::NodeId;
use crate::topology::Direction;

/// What reservations leave of a bandwidth, bit/s; of an unknown one it is unknown.
fn left(bandwidth_bps: f64, reserved_bps: u128) -> f64 {
    let left = bandwidth_bps - reserved_bps as f64;
    if left < 0.0 { 0.0 } else { left }
}

impl Utilities {
    /// Utility of one link, 0 to 1; NaN where nothing of it is known.
    pub(crate) fn of_link(
        &self,
        network: &Network,
        candidate: NodeId,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> f32 {
        if candidate == peer {
            return 1.0;
        }
        let supposed_bps = self.supposed_bps(network, peer, direction, need);
        let path = self.path(network, (candidate, peer), direction, supposed_bps);
        self.utility(&path, need)
    }

    /// Utility of a link of which this is known.
    pub(super) fn utility(&self, path: &Path, need: &Need) -> f32 {
        self.policy.utility(path, need) * self.closeness(path.rtt_ms)
    }

    /// What an unknown bandwidth between a peer and a candidate counts as, bit/s: what the known
    /// ones of the peer have left in the mean, where the policy's own neutral one is more. NaN
    /// leaves it to the policy; `None` where the policy reads no bandwidth for such a need.
    ///
    /// Else a link that nobody measured would be better than the best that was, wherever all of
    /// those have less than what is neutral.
    ///
    /// *Complexity*: O(known bandwidths of the peer).
    pub(super) fn supposed_bps(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> Option<f64> {
        if !self.policy.reads_bandwidth(need) {
            return None;
        }
        // A sum of integers does not depend on the order of the nodes.
        let (mut sum, mut count) = (0_u128, 0_u128);
        let known = network
            .topology
            .bandwidth_bps()
            .row(peer.index(), direction);
        for (node, bandwidth_bps) in known.known().filter(|(node, _)| *node != peer.index()) {
            let (origin, destination) = direction.ends(NodeId(node as u32), peer);
            let reserved = network.ledger.reserved_bps(origin, destination);
            sum = sum.saturating_add(left(bandwidth_bps, reserved) as u128);
            count += 1;
        }
        let mean = sum.checked_div(count).map_or(f64::NAN, |mean| mean as f64);
        let is_less = mean < self.policy.neutral_bandwidth_bps(need);
        Some(if is_less { mean } else { f64::NAN })
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
        let path = if candidate == peer {
            Path::OWN
        } else {
            let supposed_bps = self.supposed_bps(network, peer, direction, need);
            self.path(network, (candidate, peer), direction, supposed_bps)
        };
        self.policy.time_ms(&path, need)
    }

    /// What is known of the way in a direction between a node's slot and a peer, another.
    pub(super) fn look(
        &self,
        network: &Network,
        (slot, peer): (NodeId, NodeId),
        direction: Direction,
        supposed_bps: Option<f64>,
    ) -> Seen {
        if !network.topology.present().contains(slot) {
            return Seen::Vacant;
        }
        let path = self.path(network, (slot, peer), direction, supposed_bps);
        if path.is_unknown() {
            Seen::Unknown
        } else {
            Seen::Link(path)
        }
    }

    /// What the policy reads of the way in a direction between a candidate and a peer, given what
    /// an unknown bandwidth counts as, where bandwidth is read.
    fn path(
        &self,
        network: &Network,
        (candidate, peer): (NodeId, NodeId),
        direction: Direction,
        supposed_bps: Option<f64>,
    ) -> Path {
        let locations = network.locations();
        let (at, of_peer) = (locations.of(candidate), locations.of(peer));
        let declared = self.declared.row(locations, of_peer, direction)[at.index()];
        let (origin, destination) = direction.ends(candidate, peer);
        let (from, to) = (origin.index(), destination.index());
        let (topology, loss) = (&network.topology, network.topology.loss());
        let rtt_ms = topology.rtt_ms().get(from, to);
        let mut path = Path {
            rtt_ms: if rtt_ms.is_nan() { declared } else { rtt_ms },
            loss: round_trip_loss(loss.get(from, to), loss.get(to, from)),
            bandwidth_bps: f64::NAN,
        };
        if let Some(supposed_bps) = supposed_bps {
            let reserved = network.ledger.reserved_bps(origin, destination);
            path.bandwidth_bps = left(topology.bandwidth_bps().get(from, to), reserved);
            if path.bandwidth_bps.is_nan() && !path.is_unknown() {
                path.bandwidth_bps = supposed_bps;
            }
        }
        path
    }
}
