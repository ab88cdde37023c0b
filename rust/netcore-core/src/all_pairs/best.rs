//! The best few nodes of many.

use crate::kernel::{self, GLANCE, Marks, SPAN};

/// Up to so many are kept in order: to insert one takes less than to sort later.
const FEW: usize = 16;

/// The `k` lowest scores seen so far, and the nodes that have them; of equal scores those of the
/// lowest nodes.
///
/// Scores that are no better than the worst of those kept are passed over [`GLANCE`] at a time, so
/// that selecting costs little more than reading the scores. A few are kept in order; of many,
/// candidates gather until there are twice as many as wanted, and then the better half stays: O(1)
/// each in the mean, whatever `k` is.
#[derive(Debug)]
pub(super) struct Best {
    wanted: usize,
    /// Scores from here on cannot come in: all nodes still to come have higher numbers.
    limit: f32,
    /// Score and node in one number, which orders as they do.
    found: Vec<u64>,
}

impl Best {
    pub(super) fn new(wanted: usize) -> Self {
        let mut best = Self {
            wanted,
            limit: 0.0,
            found: Vec::with_capacity(2 * wanted),
        };
        best.clear();
        best
    }

    /// Forget what was found.
    pub(super) fn clear(&mut self) {
        self.found.clear();
        self.limit = if self.wanted > 0 {
            f32::INFINITY
        } else {
            f32::NEG_INFINITY
        };
    }

    /// Only scores below it can come in.
    pub(super) fn limit(&self) -> f32 {
        self.limit
    }

    /// Look at the scores of the nodes from `start` on; each call starts where the one
    /// before ended. NaN and +∞ never come in.
    pub(super) fn offer(&mut self, start: usize, scores: &[f32], feasible: Option<&[bool]>) {
        for first in (0..scores.len()).step_by(SPAN) {
            let span = first..scores.len().min(first + SPAN);
            let marks = kernel::mark_below(&scores[span.clone()], self.limit);
            let feasible = feasible.map(|all| &all[span.clone()]);
            self.look_at(start + first, &scores[span], feasible, marks);
        }
    }

    /// As [`offer`](Self::offer), at the glances that are marked.
    pub(super) fn look_at(
        &mut self,
        start: usize,
        scores: &[f32],
        feasible: Option<&[bool]>,
        mut marks: Marks,
    ) {
        while marks != 0 {
            let begin = marks.trailing_zeros() as usize * GLANCE;
            marks &= marks - 1;
            let mut bits = self.below(&scores[begin..], feasible.map(|all| &all[begin..]));
            while bits != 0 {
                let index = begin + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                // The limit may have fallen since.
                if scores[index] < self.limit {
                    self.take(scores[index], start + index);
                }
            }
        }
    }

    /// Which of the first scores, up to a glance, can come in, a bit each.
    fn below(&self, scores: &[f32], feasible: Option<&[bool]>) -> u64 {
        let Some(glance) = scores.first_chunk() else {
            let is_below = |&lane: &usize| {
                scores[lane] < self.limit && feasible.is_none_or(|feasible| feasible[lane])
            };
            let lanes = (0..scores.len()).filter(is_below);
            return lanes.fold(0, |bits, lane| bits | 1 << lane);
        };
        let bits = kernel::below(glance, self.limit);
        let feasible = feasible.and_then(<[bool]>::first_chunk);
        bits & feasible.map_or(u64::MAX, kernel::true_bits)
    }

    /// Write the best nodes, best first, and their scores; −1 and +∞ where there are none.
    pub(super) fn write(&mut self, nodes: &mut [i32], scores: &mut [f32]) {
        self.keep_better();
        self.found.sort_unstable();
        nodes.fill(-1);
        scores.fill(f32::INFINITY);
        for ((&found, node), score) in self.found.iter().zip(nodes).zip(scores) {
            *node = (found as u32).cast_signed();
            *score = score_of(found);
        }
    }

    #[inline]
    fn take(&mut self, score: f32, node: usize) {
        let taken = u64::from(ordered(score)) << 32 | node as u64;
        if self.wanted <= FEW {
            return self.insert(taken);
        }
        self.found.push(taken);
        if self.found.len() == 2 * self.wanted {
            self.keep_better();
        }
    }

    /// Take one in its place, for the last of them where there are as many as wanted.
    #[inline]
    fn insert(&mut self, taken: u64) {
        if self.found.len() < self.wanted {
            self.found.push(taken);
        }
        let mut at = self.found.len() - 1;
        while at > 0 && self.found[at - 1] > taken {
            self.found[at] = self.found[at - 1];
            at -= 1;
        }
        self.found[at] = taken;
        if self.found.len() == self.wanted {
            self.limit = score_of(self.found[self.wanted - 1]);
        }
    }

    fn keep_better(&mut self) {
        if self.found.len() >= self.wanted && self.wanted > 0 {
            let (_, &mut worst, _) = self.found.select_nth_unstable(self.wanted - 1);
            self.found.truncate(self.wanted);
            self.limit = score_of(worst);
        }
    }
}

/// Bits that order as the numbers do: those of negative ones the other way round.
#[inline]
fn ordered(score: f32) -> u32 {
    // −0 is 0.
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    }
}

/// The score in a number that holds it and a node.
fn score_of(found: u64) -> f32 {
    let ordered = (found >> 32) as u32;
    let bits = if ordered >> 31 == 0 {
        !ordered
    } else {
        ordered & !(1 << 31)
    };
    f32::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_what_sorting_gives(
            scores in proptest::collection::vec(prop_oneof![-4.0..4.0_f32, (0_u8..4).prop_map(f32::from)], 0..300),
            feasible in proptest::option::of(proptest::collection::vec(any::<bool>(), 300)),
            wanted in 0_usize..40,
            block in 1_usize..200,
        ) {
            let feasible = feasible.as_ref().map(|all| &all[..scores.len()]);
            let mut best = Best::new(wanted);
            for twice in 0..2 {
                best.clear();
                for (index, part) in scores.chunks(block).enumerate() {
                    let start = index * block;
                    best.offer(start, part, feasible.map(|all| &all[start..start + part.len()]));
                }
                let (mut nodes, mut of_nodes) = (vec![7; wanted], vec![7.0; wanted]);
                best.write(&mut nodes, &mut of_nodes);
                let mut expected: Vec<_> = (0..scores.len())
                    .filter(|&node| feasible.is_none_or(|all| all[node]))
                    .collect();
                expected.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
                for slot in 0..wanted {
                    let (node, score) = expected
                        .get(slot)
                        .map_or((-1, f32::INFINITY), |&node| (i64::try_from(node).expect("few"), scores[node]));
                    prop_assert_eq!(i64::from(nodes[slot]), node, "{}", twice);
                    prop_assert_eq!(of_nodes[slot].to_bits(), score.to_bits());
                }
            }
        }
    }
}
