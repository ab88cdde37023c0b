//! How a change of the links reaches what was worked out from them.

use std::collections::BTreeMap;

use super::Network;
use crate::NodeId;
use crate::topology::Rewritten;

/// Which links changed.
#[derive(Debug)]
pub(super) enum Change {
    /// Those between some pairs of nodes, in whichever direction: by each of the two the others,
    /// sorted.
    Links(BTreeMap<NodeId, Vec<NodeId>>),
    /// Any of one node, which came, went or moved.
    Node(NodeId),
}

impl Change {
    /// A link that changes in one direction counts in the other too, since loss does.
    fn of(links: &[Rewritten]) -> Self {
        let mut by_peer: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for link in links {
            let (origin, destination) = (link.origin, link.destination);
            by_peer.entry(origin).or_default().push(destination);
            by_peer.entry(destination).or_default().push(origin);
        }
        for others in by_peer.values_mut() {
            others.sort_unstable();
            others.dedup();
        }
        Self::Links(by_peer)
    }
}

impl Network {
    /// Tells of the links that were written since the last time.
    pub(super) fn links_changed(&mut self) {
        let links = self.take_rewritten();
        if !links.is_empty() {
            self.tell(&Change::of(&links));
        }
    }

    /// Tells of a node that came, went or moved, after all that changed about it.
    pub(super) fn node_changed(&mut self, node: NodeId) {
        self.overhead_version += 1;
        self.take_rewritten();
        self.tell(&Change::Node(node));
    }

    fn take_rewritten(&mut self) -> Vec<Rewritten> {
        let links = self.topology.take_rewritten();
        for link in &links {
            self.near.rewrite(link, &self.locations);
        }
        links
    }

    fn tell(&mut self, change: &Change) {
        self.links_version += 1;
        for rows in self.cost_rows.values() {
            rows.rewrite(self, change);
        }
        for utilities in self.utilities.values() {
            utilities.rewrite(self, change);
        }
    }
}
