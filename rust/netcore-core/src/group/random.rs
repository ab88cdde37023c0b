//! Numbers that look random and are the same for a seed on every machine.

use crate::hash;

/// The `SplitMix64` sequence of a seed.
///
/// *Source*: Steele, Lea and Flood, OOPSLA 2014.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(hash::mix(seed))
    }

    /// Another sequence, which this one decides.
    pub(super) fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    fn next(&mut self) -> u64 {
        let number = hash::mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        number
    }

    /// One of `0..bound`; 0 where the bound is 0.
    #[inline]
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // The high half of a product falls on each value as often as on any other, but for one
        // part in 2⁶⁴ / bound.
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// A number from 0 up to, but not including, 1.
    #[inline]
    pub(super) fn unit(&mut self) -> f32 {
        const STEPS: f32 = (1_u32 << 24) as f32;
        (self.next() >> 40) as f32 / STEPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_range_repeat_for_a_seed_and_cover_it() {
        let (mut one, mut same) = (Random::new(3), Random::new(3));
        let mut hit = [0; 7];
        for _ in 0..7000 {
            let at = one.below(7);
            assert_eq!(at, same.below(7));
            hit[at] += 1;
            let unit = one.unit();
            assert!((0.0..1.0).contains(&unit));
            assert_eq!(unit.to_bits(), same.unit().to_bits());
        }
        assert!(
            hit.iter().all(|count| (800..1200).contains(count)),
            "{hit:?}"
        );
        assert_eq!(one.below(0), 0);
    }
}
