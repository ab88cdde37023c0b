//! What links are worth, as floats and as integers that add up exactly.

/// One by the root of a number.
#[inline]
pub(crate) fn inverse_root(number: f32) -> f32 {
    // The root of −0 is −0; adding 0 makes 0 of it.
    1.0 / (number.sqrt() + 0.0)
}

compiled_twice! {
    /// Write the [`inverse_root`] of each cell; 0, that of infinity, for NaN.
    fn inverse_roots(inverse: &mut [f32], cells: &[f32]) {
        for (inverse, &cell) in inverse.iter_mut().zip(cells) {
            let root = inverse_root(cell);
            *inverse = if cell.is_nan() { 0.0 } else { root };
        }
    }
}

/// A factor from `1 - weight`, far away, to 1, that falls to `1 - weight / 2` at a distance of
/// `near`; where the distance is unknown, that of `otherwise` instead of a share of `near`.
#[inline]
pub(crate) fn closeness(distance: f32, near: f32, otherwise: f32, weight: f32) -> f32 {
    let share = near / (near + distance);
    let share = if share.is_nan() { otherwise } else { share };
    1.0 - weight + weight * share
}

compiled_twice! {
    /// Write for each cell what is worth 1 there: its [`closeness`] as an integer, not rounded.
    fn ones(ones: &mut [f32], cells: &[f32], near: f32, otherwise: f32, weight: f32) {
        for (one, &cell) in ones.iter_mut().zip(cells) {
            *one = ONE * closeness(cell, near, otherwise, weight);
        }
    }
}

/// Cells that several loops go over one after another, while they are in the first cache.
pub(crate) const BLOCK: usize = 1024;

/// 2^23: a float of that size has no digits after the point, and its lowest bits are an integer's.
pub(super) const WHOLE_F32: f32 = 8_388_608.0;

/// A utility of 1 as an integer, as a float.
pub(crate) const ONE: f32 = u16::MAX as f32;

/// A utility as an integer, given as a float from 0 to [`ONE`]: rounded to the nearest, in operations
/// that every machine has in vectors, which a cast that saturates is not.
#[inline]
pub(crate) fn whole(utility: f32) -> u16 {
    (utility + WHOLE_F32).to_bits() as u16
}

compiled_twice! {
    /// Write utilities as integers, each by what is worth 1 there.
    fn to_whole(row: &mut [u32], utilities: &[f32], ones: &[f32]) {
        for ((cell, &utility), &one) in row.iter_mut().zip(utilities).zip(ones) {
            *cell = whole(utility * one).into();
        }
    }
}

/// A straight line through the origin, up to where it is 1 or less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capped {
    /// How steep it is.
    pub slope: f32,
    /// How high it gets.
    pub most: f32,
}

impl Capped {
    /// Its height at a number.
    #[inline]
    pub fn at(self, number: f32) -> f32 {
        self.scaled(number, 1.0)
    }

    /// Its height times a scale at a number that is given times that scale.
    #[inline]
    pub(crate) fn scaled(self, number: f32, scale: f32) -> f32 {
        let (height, most) = (self.slope * number, self.most * scale);
        if height < most { height } else { most }
    }
}

compiled_twice! {
    /// Multiply each cell by another.
    fn multiply(cells: &mut [f32], factors: &[f32]) {
        for (cell, &factor) in cells.iter_mut().zip(factors) {
            *cell *= factor;
        }
    }
}

compiled_twice! {
    /// Write utilities that are on a line as integers, each by what is worth 1 there; the numbers
    /// are given times that.
    fn capped_to_whole(row: &mut [u32], numbers: &[f32], ones: &[f32], line: Capped) {
        for ((cell, &number), &one) in row.iter_mut().zip(numbers).zip(ones) {
            *cell = whole(line.scaled(number, one)).into();
        }
    }
}

compiled_twice! {
    /// Add what [`capped_to_whole`] writes to sums so many times; see [`add_times`].
    fn add_capped(sums: &mut [u32], numbers: &[f32], ones: &[f32], line: Capped, times: u32) {
        let cells = numbers.iter().zip(ones);
        let cells = cells.map(|(&number, &one)| whole(line.scaled(number, one)).into());
        add_all(sums, cells, times);
    }
}

compiled_twice! {
    /// Add up the cells of a row, which fit into 32 bits together.
    fn total(total: &mut u32, row: &[u32]) {
        *total = row.iter().sum();
    }
}

compiled_twice! {
    /// Add a row to sums so many times, or, with a number that wraps, take it away. Sums wrap too:
    /// what is added and taken away in whatever order leaves what is left.
    fn add_times(sums: &mut [u32], row: &[u32], times: u32) {
        add_all(sums, row.iter().copied(), times);
    }
}

#[expect(
    clippy::inline_always,
    reason = "a loop is compiled for the machine only inside of the function that is"
)]
#[inline(always)]
fn add_all(sums: &mut [u32], cells: impl Iterator<Item = u32>, times: u32) {
    let cells = sums.iter_mut().zip(cells);
    // Nearly all are of one pod, and a multiplication takes longer than an addition.
    match times {
        1 => cells.for_each(|(sum, cell)| *sum = sum.wrapping_add(cell)),
        u32::MAX => cells.for_each(|(sum, cell)| *sum = sum.wrapping_sub(cell)),
        _ => cells.for_each(|(sum, cell)| *sum = sum.wrapping_add(times.wrapping_mul(cell))),
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
    fn utilities_are_rounded() {
        let ones: Vec<f32> = (0..1000).map(|cell| ONE - cell as f32).collect();
        let mut numbers: Vec<f32> = (0..1000).map(|cell| cell as f32 / 512.0).collect();
        let line = Capped {
            slope: 0.75,
            most: 0.5,
        };
        let utilities: Vec<f32> = numbers.iter().map(|&number| line.at(number)).collect();
        assert_eq!(
            [utilities[256], utilities[900]].map(f32::to_bits),
            [0.375_f32, 0.5].map(f32::to_bits)
        );
        multiply(&mut numbers, &ones);
        let heights = numbers.iter().zip(&ones);
        let rounded = |height: f32| height.round_ties_even() as u32;
        let expected: Vec<u32> = heights
            .map(|(&number, &one)| rounded(line.scaled(number, one)))
            .collect();
        let mut row = vec![1; 1000];
        to_whole(&mut row, &utilities, &ones);
        let products = utilities.iter().zip(&ones);
        assert!(
            row.iter()
                .copied()
                .eq(products.map(|(utility, one)| rounded(utility * one)))
        );
        capped_to_whole(&mut row, &numbers, &ones, line);
        assert_eq!(row, expected);
        for times in [1, 3, u32::MAX] {
            let mut sums = vec![7; 1000];
            add_capped(&mut sums, &numbers, &ones, line, times);
            for (&sum, cell) in sums.iter().zip(&row) {
                assert_eq!(sum, times.wrapping_mul(*cell).wrapping_add(7));
            }
            add_times(&mut sums, &row, times.wrapping_neg());
            assert!(sums.iter().all(|&sum| sum == 7));
        }
        let mut sum = 0;
        total(&mut sum, &row);
        assert_eq!(sum, row.iter().sum::<u32>());
        assert_eq!([0.0, 0.49, 1.5, ONE].map(whole), [0, 0, 2, u16::MAX]);
    }

    #[test]
    fn what_is_worth_one_is_never_more_than_one() {
        let near_ms: Vec<f32> = (1..2000).map(|step| step as f32 / 97.0).collect();
        let distances: Vec<f32> = (0..2000).map(|step| step as f32 / 1013.0).collect();
        let mut worth = vec![0.0; distances.len()];
        for near in near_ms {
            ones(&mut worth, &distances, near, 0.5, 0.1);
            assert!(worth.iter().all(|&one| one > 0.8 * ONE && one < ONE + 0.1));
        }
    }

    #[test]
    fn roots_are_those_of_each_cell() {
        let mut inverse = [1.0; 5];
        inverse_roots(&mut inverse, &[0.0, -0.0, 4.0, 16.0, f32::NAN]);
        let expected = [f32::INFINITY, f32::INFINITY, 0.5, 0.25, 0.0];
        assert_eq!(inverse.map(f32::to_bits), expected.map(f32::to_bits));
    }
}
