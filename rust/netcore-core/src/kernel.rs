//! The inner loops of scoring, compiled for the machine that runs them.
//!
//! The baseline of the wheels is x86-64 of 2003, whose vectors are half as wide as those of any
//! server today. Each loop is compiled twice, and which one runs is decided when it is called. Both
//! do the same operations on each element in the same order, without fused ones, so that a plan is
//! the same on every machine.
#![allow(
    unsafe_code,
    reason = "a function compiled for AVX2 is called where AVX2 was found"
)]

/// Define a loop, and the function that calls the best version of it.
macro_rules! compiled_twice {
    ($(#[$doc:meta])* fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        pub(crate) fn $name($($argument: $kind),*) {
            #[inline(always)]
            fn body($($argument: $kind),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn with_avx2($($argument: $kind),*) {
                    body($($argument),*);
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the machine has AVX2, which is all that the function asks for.
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            body($($argument),*);
        }
    };
}

/// A utility, 0 to 1, as an integer; 0 for NaN.
#[inline]
pub(crate) fn whole(utility: f32) -> u16 {
    // Not negative: adding a half and cutting rounds.
    (utility * f32::from(u16::MAX) + 0.5) as u16
}

compiled_twice! {
    /// Write utilities as integers, and whether one of them is NaN.
    fn to_whole(row: &mut [u16], utilities: &[f32], has_unknown: &mut bool) {
        let mut unknown = 0_u32;
        for (cell, &utility) in row.iter_mut().zip(utilities) {
            unknown |= u32::from(utility.is_nan());
            *cell = whole(utility);
        }
        *has_unknown = unknown > 0;
    }
}

compiled_twice! {
    /// Add up the cells of a row.
    fn total(total: &mut u64, row: &[u16]) {
        // So many fit into 32 bits.
        for block in row.chunks(1 << 15) {
            *total += u64::from(block.iter().map(|&cell| u32::from(cell)).sum::<u32>());
        }
    }
}

compiled_twice! {
    /// Add a row to sums so many times, or, with a number that wraps, take it away. Sums wrap too:
    /// what is added and taken away in whatever order leaves what is left.
    fn add_times(sums: &mut [u32], row: &[u16], times: u32) {
        for (sum, &cell) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(times.wrapping_mul(u32::from(cell)));
        }
    }
}

compiled_twice! {
    /// Put one row in the place of another that is in the sums so many times.
    fn replace(sums: &mut [u32], before: &[u16], after: &[u16], times: u32) {
        for ((sum, &before), &after) in sums.iter_mut().zip(before).zip(after) {
            let more = u32::from(after).wrapping_sub(u32::from(before));
            *sum = sum.wrapping_add(times.wrapping_mul(more));
        }
    }
}

compiled_twice! {
    /// Take one dependency into the totals: summed utilities, of which `scale` makes means.
    fn take_sums(weighted: &mut [f32], worst: &mut [f32], sums: &[u32], scale: f32, weight: f32) {
        for ((weighted, worst), &sum) in weighted.iter_mut().zip(worst).zip(sums) {
            let utility = sum as f32 * scale;
            *weighted += weight * utility;
            *worst = worst.min(utility);
        }
    }
}

compiled_twice! {
    /// Write what each node is worth: a share of the weighted sum and one of the worst, rounded.
    fn worth(raw: &mut [i64], weighted: &[f32], worst: &[f32], of_sum: f32, of_worst: f32) {
        for ((raw, &weighted), &worst) in raw.iter_mut().zip(weighted).zip(worst) {
            // Neither addend is negative: adding a half and cutting rounds.
            *raw = i64::from((of_sum * weighted + of_worst * worst + 0.5) as i32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_agree_with_plain_arithmetic() {
        let row: Vec<u16> = (0..1001_u32).map(|slot| (slot * 65) as u16).collect();
        let mut sums = vec![7_u32; row.len()];
        add_times(&mut sums, &row, 3);
        let added = |(&sum, &cell): (&u32, &u16)| sum == 7 + 3 * u32::from(cell);
        assert!(sums.iter().zip(&row).all(added));
        let other: Vec<u16> = row.iter().rev().copied().collect();
        replace(&mut sums, &row, &other, 3);
        assert!(sums.iter().zip(&other).all(added));
        add_times(&mut sums, &other, 3_u32.wrapping_neg());
        assert!(sums.iter().all(|&sum| sum == 7));
        let mut sum = 1;
        total(&mut sum, &vec![u16::MAX; 1 << 17]);
        assert_eq!(sum, 1 + (u64::from(u16::MAX) << 17));
        let (mut weighted, mut worst) = (vec![0.5; row.len()], vec![0.25; row.len()]);
        let sums: Vec<u32> = row.iter().map(|&cell| u32::from(cell)).collect();
        take_sums(&mut weighted, &mut worst, &sums, 1.0 / 65_535.0, 2.0);
        for slot in 0..row.len() {
            let utility = f32::from(row[slot]) * (1.0 / 65_535.0);
            assert_eq!(weighted[slot].to_bits(), (0.5 + 2.0 * utility).to_bits());
            assert_eq!(worst[slot].to_bits(), utility.min(0.25).to_bits());
        }
        let mut raw = vec![0; 3];
        worth(&mut raw, &[1.0, 0.5, 0.0], &[1.0, 0.0, 0.0], 7000.0, 3000.0);
        assert_eq!(raw, [10_000, 3500, 0]);
    }

    #[test]
    fn utilities_are_rounded_and_unknown_ones_found() {
        let mut utilities: Vec<f32> = (0..1000).map(|cell| cell as f32 / 999.0).collect();
        let (mut row, mut has_unknown) = (vec![0; 1000], true);
        to_whole(&mut row, &utilities, &mut has_unknown);
        assert!(!has_unknown && row[0] == 0 && row[999] == u16::MAX);
        for (&cell, &utility) in row.iter().zip(&utilities) {
            assert!((f32::from(cell) - utility * 65_535.0).abs() <= 0.51);
            assert_eq!(cell, whole(utility));
        }
        utilities[777] = f32::NAN;
        to_whole(&mut row, &utilities, &mut has_unknown);
        assert!(has_unknown && row[777] == 0);
    }
}
