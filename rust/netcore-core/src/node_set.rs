//! Sets of nodes, a bit each.

use std::ops::Range;

/// Position of a node in the columns of a node table.
///
/// A slot stands for one node name as long as a node or a pod refers to that name, and is reused
/// afterwards: never keep one across changes of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The position as an index into a column.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of nodes over slots `0..len`, 64 to a word.
///
/// ```
/// use netcore_core::{NodeId, NodeSet};
///
/// let mut odd = NodeSet::new(5);
/// odd.insert(NodeId(1));
/// odd.insert(NodeId(3));
/// assert_eq!(odd.iter().collect::<Vec<_>>(), [NodeId(1), NodeId(3)]);
/// assert_eq!(odd.count(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSet {
    words: Vec<u64>,
    len: usize,
}

const BITS: usize = u64::BITS as usize;

impl NodeSet {
    /// The empty set over `len` slots.
    pub fn new(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(BITS)],
            len,
        }
    }

    /// How many slots the set is over.
    pub fn slots(&self) -> usize {
        self.len
    }

    /// Makes the set one over `len` slots; slots that it did not have are not in it.
    pub fn resize(&mut self, len: usize) {
        self.words.resize(len.div_ceil(BITS), 0);
        self.len = len;
        if let (Some(last), tail @ 1..) = (self.words.last_mut(), len % BITS) {
            *last &= (1 << tail) - 1;
        }
    }

    /// Takes the members of `other`, keeping the allocation.
    pub fn copy_from(&mut self, other: &Self) {
        self.words.clone_from(&other.words);
        self.len = other.len;
    }

    /// Adds a node.
    #[inline]
    pub fn insert(&mut self, node: NodeId) {
        self.words[node.index() / BITS] |= 1 << (node.index() % BITS);
    }

    /// Takes a node out.
    #[inline]
    pub fn remove(&mut self, node: NodeId) {
        self.words[node.index() / BITS] &= !(1 << (node.index() % BITS));
    }

    /// Adds the node, or takes it out.
    pub fn set(&mut self, node: NodeId, is_member: bool) {
        if is_member {
            self.insert(node);
        } else {
            self.remove(node);
        }
    }

    /// Whether the node is in the set.
    #[inline]
    pub fn contains(&self, node: NodeId) -> bool {
        self.words
            .get(node.index() / BITS)
            .is_some_and(|word| word >> (node.index() % BITS) & 1 == 1)
    }

    /// Adds every node.
    pub fn fill(&mut self) {
        self.words.fill(u64::MAX);
        self.resize(self.len);
    }

    /// Empties the set.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// The members as bits, 64 slots to a word.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// How many nodes are in the set.
    pub fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether no node is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Keeps the nodes that `other` holds too.
    pub fn intersect(&mut self, other: &Self) {
        for (word, &with) in self.words.iter_mut().zip(&other.words) {
            *word &= with;
        }
    }

    /// Adds the nodes of `other`, which is over the same slots.
    pub fn unite(&mut self, other: &Self) {
        for (word, &with) in self.words.iter_mut().zip(&other.words) {
            *word |= with;
        }
    }

    /// Takes the nodes of `other` out.
    pub fn subtract(&mut self, other: &Self) {
        for (word, &without) in self.words.iter_mut().zip(&other.words) {
            *word &= !without;
        }
    }

    /// The nodes that `other` holds too, in order of their slots.
    pub fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = NodeId> + 'a {
        self.words
            .iter()
            .zip(&other.words)
            .enumerate()
            .flat_map(|(at, (&own, &with))| Members {
                words: &[],
                at,
                word: own & with,
            })
    }

    /// The nodes as ranges of consecutive slots, in their order: loops over a range of a column are
    /// several times as fast as loops over single nodes.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = self.next_slot(at, true)?;
            let end = self.next_slot(start, false).unwrap_or(self.len);
            at = end;
            Some(start..end)
        })
    }

    /// The first slot from `from` on that is in the set, or that is not.
    fn next_slot(&self, from: usize, is_member: bool) -> Option<usize> {
        let mut at = from / BITS;
        let mut skipped = u64::MAX << (from % BITS);
        while at < self.words.len() {
            let word = if is_member {
                self.words[at]
            } else {
                !self.words[at]
            };
            let word = word & skipped;
            if word != 0 {
                let slot = at * BITS + word.trailing_zeros() as usize;
                return (slot < self.len).then_some(slot);
            }
            at += 1;
            skipped = u64::MAX;
        }
        None
    }

    /// The nodes in order of their slots.
    #[inline]
    pub fn iter(&self) -> Members<'_> {
        Members {
            words: &self.words,
            at: 0,
            word: self.words.first().copied().unwrap_or(0),
        }
    }
}

impl<'a> IntoIterator for &'a NodeSet {
    type Item = NodeId;
    type IntoIter = Members<'a>;

    fn into_iter(self) -> Members<'a> {
        self.iter()
    }
}

/// Iterator over the nodes of a [`NodeSet`], in order of their slots.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    words: &'a [u64],
    at: usize,
    word: u64,
}

impl Iterator for Members<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        while self.word == 0 {
            self.at += 1;
            self.word = *self.words.get(self.at)?;
        }
        let bit = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(NodeId((self.at * BITS + bit) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(members: &BTreeSet<u32>) -> NodeSet {
        let mut set = NodeSet::new(200);
        for &node in members {
            set.insert(NodeId(node));
        }
        set
    }

    fn members(set: &NodeSet) -> BTreeSet<u32> {
        set.iter().map(|node| node.0).collect()
    }

    proptest! {
        #[test]
        fn behaves_as_a_set(
            left in prop::collection::btree_set(0..200_u32, 0..100),
            right in prop::collection::btree_set(0..200_u32, 0..100),
            len in 0..260_usize,
        ) {
            let (a, b) = (set(&left), set(&right));
            prop_assert_eq!(members(&a), left.clone());
            prop_assert_eq!(a.count(), left.len());
            prop_assert_eq!(a.is_empty(), left.is_empty());
            let mut both = a.clone();
            both.intersect(&b);
            prop_assert_eq!(members(&both), left.intersection(&right).copied().collect());
            prop_assert_eq!(a.common(&b).collect::<Vec<_>>(), both.iter().collect::<Vec<_>>());
            let mut either = a.clone();
            either.unite(&b);
            prop_assert_eq!(members(&either), left.union(&right).copied().collect());
            let mut rest = a.clone();
            rest.subtract(&b);
            prop_assert_eq!(members(&rest), left.difference(&right).copied().collect());
            prop_assert!(a.runs().all(|run| !run.is_empty()));
            let of_runs: BTreeSet<u32> = a.runs().flatten().map(|slot| slot as u32).collect();
            prop_assert_eq!(of_runs, left.clone());
            let mut full = a.clone();
            full.fill();
            prop_assert_eq!(full.count(), 200);
            let mut cut = a.clone();
            cut.resize(len);
            cut.resize(200);
            prop_assert_eq!(
                members(&cut),
                left.into_iter().filter(|&node| (node as usize) < len).collect()
            );
        }
    }
}
