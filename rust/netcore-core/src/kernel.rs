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

compiled_twice! {
    /// Add a row of utilities once for each of so many pods.
    fn add(sums: &mut [u32], row: &[u16], pods: u32) {
        for (sum, &utility) in sums.iter_mut().zip(row) {
            *sum += pods * u32::from(utility);
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
    /// As [`take_sums`], for a dependency with peers on one node only.
    fn take_row(weighted: &mut [f32], worst: &mut [f32], row: &[u16], scale: f32, weight: f32) {
        for ((weighted, worst), &utility) in weighted.iter_mut().zip(worst).zip(row) {
            let utility = f32::from(utility) * scale;
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
        add(&mut sums, &row, 3);
        assert!(
            sums.iter()
                .zip(&row)
                .all(|(&sum, &utility)| sum == 7 + 3 * u32::from(utility))
        );
        let (mut by_row, mut by_sums) = (vec![0.5; row.len()], vec![0.5; row.len()]);
        let (mut worst, mut worst_too) = (vec![0.25; row.len()], vec![0.25; row.len()]);
        take_row(&mut by_row, &mut worst, &row, 1.0 / 65_535.0, 2.0);
        let sums: Vec<u32> = row.iter().map(|&utility| u32::from(utility)).collect();
        take_sums(&mut by_sums, &mut worst_too, &sums, 1.0 / 65_535.0, 2.0);
        for slot in 0..row.len() {
            let utility = f32::from(row[slot]) * (1.0 / 65_535.0);
            assert_eq!(by_row[slot].to_bits(), (0.5 + 2.0 * utility).to_bits());
            assert_eq!(worst[slot].to_bits(), utility.min(0.25).to_bits());
            assert_eq!(by_row[slot].to_bits(), by_sums[slot].to_bits());
            assert_eq!(worst[slot].to_bits(), worst_too[slot].to_bits());
        }
        let mut raw = vec![0; 3];
        worth(&mut raw, &[1.0, 0.5, 0.0], &[1.0, 0.0, 0.0], 7000.0, 3000.0);
        assert_eq!(raw, [10_000, 3500, 0]);
    }
}
