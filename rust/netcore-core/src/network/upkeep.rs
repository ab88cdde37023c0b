//! How what is kept of the links for a policy follows every change.
//!
//! A pod that comes or goes adds or subtracts what the links to its node are worth in the fields of
//! its workload; a link that changes rewrites its cells. All sums are of integers, so whatever
//! happened in whatever order leaves what counting anew gives, to the bit.

use super::Network;
use super::change::Change;
use super::field::Difference;
use super::layers::Layers;
use super::members::WorkloadNumber;
use super::peer_links::{PeerLinks, Places, Rewritten, Seen, Side};
use super::utility::Utilities;
use crate::cost::Need;
use crate::node_set::NodeId;
use crate::topology::Direction;

impl Utilities {
    /// A pod of a workload came to a node, or left it.
    ///
    /// *Complexity*: O(N) for each field of the workload that is kept.
    pub(super) fn count(
        &self,
        network: &Network,
        workload: WorkloadNumber,
        (peer, adds): (NodeId, bool),
    ) {
        let mut layers = self.layers();
        let times = if adds { 1 } else { 1_u32.wrapping_neg() };
        for direction in [Direction::To, Direction::From] {
            if !layers.have_field(workload, direction) {
                continue;
            }
            let side = (peer, direction);
            let links = layers.links(side, || PeerLinks::new(self, network, side, None));
            let mut sums = Vec::new();
            for (terms, layer) in layers.of_direction(direction) {
                if let Some(field) = layer.field_to_change(workload, adds) {
                    sums.push(field.addend(terms.need(), times));
                }
            }
            self.add(&links, &mut sums);
            for (_, layer) in layers.of_direction(direction) {
                layer.count(workload, &links, adds);
            }
        }
        layers.limit(network.topology.slots());
    }

    /// Links changed: their cells are written anew.
    ///
    /// *Complexity*: for each changed peer whose links are in a field, O(links), and O(N) where it
    /// has unknown links, which count by the others; for a node that came, went or moved also O(N).
    pub(super) fn rewrite(&self, network: &Network, change: &Change) {
        let mut layers = self.layers();
        if self.version.is_some() {
            // It looks at all links, and is made anew.
            *layers = Layers::default();
            return;
        }
        layers
            .by_terms
            .retain(|terms, _| !self.changes_with_reservations(network, &terms.need()));
        match *change {
            Change::Links(ref by_peer) => {
                for (&peer, others) in by_peer {
                    for direction in [Direction::To, Direction::From] {
                        self.rewrite_links(&mut layers, network, (peer, direction), others);
                    }
                }
            }
            Change::Node(node) => {
                let slots = network.topology.slots();
                layers.grow(slots);
                for side in layers.sides() {
                    if side.0 == node {
                        self.replace_links(&mut layers, network, side);
                    } else if node.index() < slots {
                        self.rewrite_links(&mut layers, network, side, &[node]);
                    }
                }
            }
        }
        for layer in layers.by_terms.values_mut() {
            layer.give_up_idle();
        }
    }

    /// Looks again at some links of a peer.
    fn rewrite_links(&self, layers: &mut Layers, network: &Network, side: Side, slots: &[NodeId]) {
        let (peer, direction) = side;
        let Some((links, users)) = layers.of_side(side) else {
            return;
        };
        let needs: Vec<Need> = users.iter().map(|(terms, _)| terms.need()).collect();
        let before = self.neutrals(links, &needs);
        let places = Places::new(self, network, side);
        let changes = links.rewrite(places, slots, |slot| {
            self.look(network, (slot, peer), direction, None)
        });
        let after = self.neutrals(links, &needs);
        for (index, (_, layer)) in users.into_iter().enumerate() {
            let neutral = [before[index], after[index]];
            let difference = self.difference(links, &changes, &needs[index], neutral);
            layer.change_users(peer, |field| field.rewrite(peer, &difference));
        }
    }

    /// What the changes of some links are to a need.
    fn difference<'l>(
        &self,
        links: &'l PeerLinks,
        changes: &[Rewritten],
        need: &Need,
        neutral: [u16; 2],
    ) -> Difference<'l> {
        let mut difference = Difference {
            neutral,
            unknown: links.unknown(),
            ..Difference::default()
        };
        for &Rewritten {
            slot,
            before,
            after,
        } in changes
        {
            match (before, after) {
                (Seen::Unknown, Seen::Unknown) => continue,
                (Seen::Unknown, _) => difference.learnt.push(slot),
                (_, Seen::Unknown) => difference.forgotten.push(slot),
                _ => {}
            }
            let before = self.of_seen(links, before, need, neutral[0]);
            let after = self.of_seen(links, after, need, neutral[1]);
            difference.cells.push((slot, before, after));
        }
        difference
    }

    /// Looks again at all links of a peer.
    fn replace_links(&self, layers: &mut Layers, network: &Network, side: Side) {
        let Some((links, users)) = layers.of_side(side) else {
            return;
        };
        let before = std::mem::replace(links, PeerLinks::new(self, network, side, None));
        for (terms, layer) in users {
            layer.change_users(side.0, |field| {
                let (need, pods) = (terms.need(), field.pods_of(side.0));
                self.add(&before, &mut [field.addend(need, pods.wrapping_neg())]);
                self.add(links, &mut [field.addend(need, pods)]);
                field.recount_unknowns(&before, links);
            });
        }
    }
}
