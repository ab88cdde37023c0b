//! Whether what is kept is what the objects make it.

use std::collections::BTreeMap;

use super::field::Field;
use super::row::UtilityRow;
use super::{Network, Replicas};
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
    /// What is kept of rows and fields but differs from what is worked out anew, in words.
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
            for (terms, layer) in &kept.layers().by_terms {
                let (direction, need) = (terms.direction, terms.need());
                for (peer, row) in layer.rows() {
                    // A slot that stands for no node any more is nowhere, whose it was.
                    let Some(&there) = self.slots.get(&peer) else {
                        continue;
                    };
                    let expected = anew.row(self.anew, there, direction, &need);
                    if !self.are_equal_rows(row, &expected) {
                        problems.push(format!("the row of {peer:?}, {terms:?}"));
                    }
                }
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

    fn are_equal_rows(&self, own: &UtilityRow, other: &UtilityRow) -> bool {
        let are_unknown = |row: &UtilityRow, slot: NodeId| {
            row.unknown.as_ref().is_some_and(|set| set.contains(slot))
        };
        let counts = |row: &UtilityRow| row.unknown.as_ref().map(crate::NodeSet::count);
        let mut slots = self.slots.iter();
        slots.all(|(here, there)| are_unknown(own, *here) == are_unknown(other, *there))
            && counts(own) == counts(other)
            && own.sum_of_known() == other.sum_of_known()
            && self.are_equal(&own.utilities, &other.utilities, |cell| cell)
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
