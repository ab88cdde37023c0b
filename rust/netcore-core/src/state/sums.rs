//! What the pods of each node have taken of a resource.

use std::ops::Deref;

/// Larger sums are read as this one: beyond what any node has, and far enough from the end of i64
/// that one more pod's amount or a difference of two sums stays within it.
pub const LARGEST_SUM: i64 = 1 << 62;

/// A sum for each slot, read as a slice of i64.
///
/// It is counted in 128 bits, so that whatever comes leaves nothing behind when it goes; only what
/// is read is cut, at [`LARGEST_SUM`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    exact: Vec<i128>,
    read: Vec<i64>,
}

impl Sums {
    pub(super) fn resize(&mut self, slots: usize) {
        self.exact.resize(slots, 0);
        self.read.resize(slots, 0);
    }

    /// Adds an amount to a slot's sum, with a sign of 1, or takes it away, with one of −1.
    pub(super) fn count(&mut self, slot: usize, amount: i64, sign: i64) {
        let exact = &mut self.exact[slot];
        *exact += i128::from(sign) * i128::from(amount);
        self.read[slot] = i64::try_from(*exact).map_or(LARGEST_SUM, |sum| sum.min(LARGEST_SUM));
    }
}

impl Deref for Sums {
    type Target = [i64];

    fn deref(&self) -> &[i64] {
        &self.read
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Amounts up to the largest there can be, which may be any number of an API server's.
    fn amounts() -> impl Strategy<Value = Vec<i64>> {
        let amount = prop_oneof![Just(0), Just(1), Just(i64::MAX), Just(1 << 53), 0..i64::MAX];
        proptest::collection::vec(amount, 0..40)
    }

    proptest! {
        #[test]
        fn what_goes_leaves_what_was_before(first in amounts(), then in amounts()) {
            let mut sums = Sums::default();
            sums.resize(2);
            for &amount in &first {
                sums.count(1, amount, 1);
            }
            let before = sums.clone();
            let total: i128 = first.iter().copied().map(i128::from).sum();
            prop_assert_eq!(i128::from(sums[1]), total.min(LARGEST_SUM.into()));
            for &amount in &then {
                sums.count(1, amount, 1);
                prop_assert!(sums[1] >= before[1] && sums[1] <= LARGEST_SUM);
            }
            for &amount in then.iter().rev() {
                sums.count(1, amount, -1);
            }
            prop_assert_eq!(&sums, &before);
            prop_assert_eq!(sums[0], 0);
        }
    }
}
