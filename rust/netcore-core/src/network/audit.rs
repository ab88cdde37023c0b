//! Whether what is kept is what the objects make it.

use std::collections::BTreeMap;

use super::field::Field;
use super::peer_links::{PeerLinks, Seen};
use super::{Network, Replicas};
use crate::cost::Path;
use crate::node_set::NodeId;

/// Two networks of the same objects, and where the nodes of the one are in the other.
pub(crate) struct Audit<'a> {
    /// What is looked into.
    pub(crate) kept: &'a Network,
    /// One that has worked out nothing yet.
    pub(crate) anew: &'a Network,
    /// By slot of the first, the slot of the same node in the second.
    pub(crate) slots: BTreeMap<NodeId, NodeId>,
}

impl Audit<'_> {
    /// What is kept of links and fields but differs from what is worked out anew, in words.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let near = [self.kept.near_rtt_ms(), self.anew.near_rtt_ms()];
        if near[0].to_bits() != near[1].to_bits() || !self.kept.near.equals(&self.anew.near) {
            problems.push(format!("near is {near:?} ms, or counts differ"));
        }
        self.utilities(&mut problems);
        self.cost_rows(&mut problems);
        problems
    }

    fn utilities(&self, problems: &mut Vec<String>) {
        let replicas = self.kept.members.by_number();
        for ((choice, declaration), kept) in self.kept.utilities.entries() {
            let current = choice
                .looks_at_all_links()
                .then_some(self.kept.links_version);
            let near_rtt_ms = self.kept.near_rtt_ms();
            if kept.version != current || kept.near_rtt_ms.to_bits() != near_rtt_ms.to_bits() {
                // Of other links: made anew before anybody reads it.
                continue;
            }
            let anew = self.anew.utilities(choice, &declaration);
            let layers = kept.layers();
            for ((peer, direction), links) in layers.all_links() {
                // A slot that stands for no node any more is nowhere, whose it was.
                let Some(&there) = self.slots.get(&peer) else {
                    continue;
                };
                let expected = PeerLinks::new(&anew, self.anew, (there, direction), None);
                if !self.are_equal_links(links, &expected) {
                    problems.push(format!("the links of {peer:?}, {direction:?}"));
                }
            }
            for (terms, layer) in &layers.by_terms {
                let (direction, need) = (terms.direction, terms.need());
                for (workload, field) in layer.fields() {
                    let expected = replicas.get(&workload).map(|replicas| {
                        anew.sum(self.anew, &self.translated(replicas), direction, &need)
                    });
                    if !expected.is_some_and(|expected| self.are_equal_fields(field, &expected)) {
                        problems.push(format!("the field of workload {workload}, {terms:?}"));
                    }
                }
            }
        }
    }

    fn cost_rows(&self, problems: &mut Vec<String>) {
        for (declaration, kept) in self.kept.cost_rows.entries() {
            let anew = self.anew.cost_rows(&declaration);
            for ((peer, direction), row) in kept.rows() {
                let Some(&there) = self.slots.get(&peer) else {
                    continue;
                };
                let expected = anew.row(self.anew, there, direction);
                let same_largest = row.largest.to_bits() == expected.largest.to_bits();
                let bits = |cost: f32| cost.to_bits();
                if !same_largest || !self.are_equal(&row.costs, &expected.costs, bits) {
                    problems.push(format!("the costs of {peer:?}, {direction:?}"));
                }
            }
        }
    }

    fn translated(&self, replicas: &Replicas) -> Replicas {
        let entries = replicas.iter();
        entries
            .filter_map(|(node, pods)| Some((*self.slots.get(node)?, pods.clone())))
            .collect()
    }

    /// Whether two columns say the same of each node.
    fn are_equal<T: Copy, K: PartialEq>(
        &self,
        own: &[T],
        other: &[T],
        key: impl Fn(T) -> K,
    ) -> bool {
        self.slots.iter().all(|(here, there)| {
            let cell = |column: &[T], slot: NodeId| column.get(slot.index()).map(|&it| key(it));
            !self.kept.has_node(*here) || cell(own, *here) == cell(other, *there)
        })
    }

    fn are_equal_links(&self, own: &PeerLinks, other: &PeerLinks) -> bool {
        let counts = |links: &PeerLinks| {
            let unknown = links.unknown().map(crate::NodeSet::count);
            (links.known(), unknown, links.closer().count())
        };
        let bits = |path: Path| {
            let floats = [path.rtt_ms, path.loss].map(f32::to_bits);
            (floats, path.bandwidth_bps.to_bits())
        };
        let mut slots = self.slots.iter();
        let are_equal = |here, there| match (own.at(here), other.at(there)) {
            (Seen::Link(own), Seen::Link(other)) => bits(own) == bits(other),
            (own, other) => std::mem::discriminant(&own) == std::mem::discriminant(&other),
        };
        slots.all(|(&here, &there)| are_equal(here, there)) && counts(own) == counts(other)
    }

    fn are_equal_fields(&self, own: &Field, other: &Field) -> bool {
        let unknown = match (own.unknown_counts(), other.unknown_counts()) {
            (Some(own), Some(other)) => self.are_equal(own, other, |count| count),
            (own, other) => own.is_none() && other.is_none(),
        };
        let counts = |field: &Field| field.unknown().map(crate::NodeSet::count);
        unknown
            && counts(own) == counts(other)
            && own.pods() == other.pods()
            && self.are_equal(own.sums(), other.sums(), |sum| sum)
    }
}
