//! Pods that get the same scores.

use rustc_hash::FxHashMap;

use crate::hash;

use super::pods::{Feasible, Pods, Term};

/// Pods with equal peers, weights and feasible nodes, as replicas are, share one row of scores.
pub(super) struct Classes {
    /// The class of each pod; numbered as they first come.
    pub(super) of_pods: Vec<u32>,
    /// Each class's first pod, ascending.
    pub(super) first_pods: Vec<u32>,
    /// The terms of each class, one class after another.
    terms: Vec<Term>,
    /// Where the terms of each class end.
    ends: Vec<usize>,
}

impl Classes {
    pub(super) fn of(pods: &Pods<'_>, feasible: Feasible<'_>, nodes: usize) -> Self {
        let mut classes = Self {
            of_pods: Vec::with_capacity(pods.len()),
            first_pods: Vec::new(),
            terms: Vec::new(),
            ends: Vec::new(),
        };
        let mut terms = Vec::new();
        if pods.len() == 1 {
            // It shares with none: nothing is to be remembered.
            pods.terms(0, &mut terms);
            classes.push(0, &terms);
            return classes;
        }
        let mut known: FxHashMap<(Box<[Term]>, u64), u32> = FxHashMap::default();
        for pod in 0..pods.len() {
            pods.terms(pod, &mut terms);
            let mask = match feasible {
                Feasible::NodesOfPods(_) => feasible.of_pod(pod, nodes),
                // The same for all.
                Feasible::Everywhere | Feasible::Nodes(_) => None,
            };
            let key = (terms.clone().into_boxed_slice(), mask.map_or(0, digest));
            let class = *known.entry(key).or_insert(classes.first_pods.len() as u32);
            let first = classes.first_pods.get(class as usize);
            let is_shared = first.is_some_and(|&first| {
                mask.is_none() || mask == feasible.of_pod(first as usize, nodes)
            });
            // Two masks of one digest are so rare that the second is not worth a place in the map.
            if is_shared {
                classes.of_pods.push(class);
            } else {
                classes.push(pod, &terms);
            }
        }
        classes
    }

    /// Take the next pod as the first of a class.
    fn push(&mut self, pod: usize, terms: &[Term]) {
        self.of_pods.push(self.first_pods.len() as u32);
        self.first_pods.push(pod as u32);
        self.terms.extend_from_slice(terms);
        self.ends.push(self.terms.len());
    }

    /// Number of classes.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The peers that a class works with, in order.
    pub(super) fn terms(&self, class: usize) -> &[Term] {
        let start = class.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.terms[start..self.ends[class]]
    }

    /// Terms of all classes.
    pub(super) fn term_count(&self) -> usize {
        self.terms.len()
    }
}

/// A hash of a mask, eight nodes at a time.
fn digest(mask: &[bool]) -> u64 {
    let (words, rest) = mask.as_chunks::<8>();
    let take = |sum: u64, word: u64| hash::salted(sum.rotate_left(23), word);
    let sum = words.iter().fold(mask.len() as u64, |sum, word| {
        take(sum, u64::from_le_bytes(word.map(u8::from)))
    });
    rest.iter().fold(sum, |sum, &is| take(sum, u64::from(is)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_share_a_class_where_peers_weights_and_mask_are_equal() {
        let pods = Pods {
            indptr: &[0, 2, 4, 6, 6, 6],
            peers: &[3, 1, 1, 3, 1, 3],
            weight_to: Some(&[1.0, 2.0, 2.0, 1.0, 2.0, 1.5]),
            weight_from: None,
        };
        let of_pods = |feasible: Feasible<'_>| Classes::of(&pods, feasible, 9).of_pods;
        assert_eq!(of_pods(Feasible::Everywhere), [0, 0, 1, 2, 2]);
        assert_eq!(of_pods(Feasible::Nodes(&[true; 9])), [0, 0, 1, 2, 2]);
        let mut masks = [true; 45];
        assert_eq!(of_pods(Feasible::NodesOfPods(&masks)), [0, 0, 1, 2, 2]);
        masks[9 + 8] = false;
        masks[3 * 9] = false;
        assert_eq!(of_pods(Feasible::NodesOfPods(&masks)), [0, 1, 2, 3, 4]);
        masks[8] = false;
        assert_eq!(of_pods(Feasible::NodesOfPods(&masks)), [0, 0, 1, 2, 3]);
    }
}
