//! The inner loops of scoring, compiled for the machine that runs them.
//!
//! The baseline of the wheels is x86-64 of 2003, whose vectors are half as wide as those of any
//! server today. Each loop is compiled twice, and which one runs is decided when it is called. Both
//! do the same operations on each element in the same order, without fused ones, so that a plan is
//! the same on every machine.
#![allow(
    unsafe_code,
    reason = "a function compiled for AVX2 is called where AVX2 was found; asking ahead for memory"
)]

/// Define a loop, and the function that calls the best version of it.
macro_rules! compiled_twice {
    (
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block
    ) => {
        $(#[$doc])*
        pub(crate) fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $kind),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn with_avx2($($argument: $kind),*) $(-> $result)? {
                    body($($argument),*)
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the machine has AVX2, which is all that the function asks for.
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            body($($argument),*)
        }
    };
}

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
const WHOLE_F32: f32 = 8_388_608.0;

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

compiled_twice! {
    /// Take the marked cells of a column into the least and the largest of them, 64 cells to a word
    /// of marks.
    fn extremes(least: &mut i64, largest: &mut i64, column: &[i64], marks: &[u64]) {
        for (block, &word) in column.chunks(64).zip(marks) {
            if word == 0 {
                continue;
            }
            for (bit, &cell) in block.iter().enumerate() {
                let is_marked = word >> bit & 1 == 1;
                *least = (*least).min(if is_marked { cell } else { i64::MAX });
                *largest = (*largest).max(if is_marked { cell } else { i64::MIN });
            }
        }
    }
}

/// As [`WHOLE_F32`], 2^52.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// The float of an integer from 0 to 2^52, in operations that every machine has in vectors.
#[inline]
fn to_float(number: i64) -> f64 {
    f64::from_bits(number.cast_unsigned() | WHOLE.to_bits()) - WHOLE
}

/// The integer of a whole float from 0 to 2^51.
#[inline]
fn to_integer(number: f64) -> i64 {
    ((number + WHOLE).to_bits() & ((1 << 52) - 1)).cast_signed()
}

/// A float from 0 to 2^51, rounded down.
#[inline]
fn floor(number: f64) -> f64 {
    let rounded = (number + WHOLE) - WHOLE;
    rounded - if rounded > number { 1.0 } else { 0.0 }
}

compiled_twice! {
    /// Add to the totals, times a weight, the points of 100 that each cell is beyond `least`, as a
    /// share of `span`, rounded down; `reversed`, what that leaves of 100. Cells are `least` to
    /// `least + span`, and the span is below 2^46; of others the total is arbitrary.
    fn add_points(
        totals: &mut [i64],
        column: &[i64],
        least: i64,
        span: i64,
        weight: i64,
        reversed: bool,
    ) {
        let (span, weight) = (span as f64, weight as f64);
        let (base, sign) = if reversed { (100.0, -1.0) } else { (0.0, 1.0) };
        for (total, &cell) in totals.iter_mut().zip(column) {
            let points = floor(100.0 * to_float(cell.wrapping_sub(least)) / span);
            *total = total.wrapping_add(to_integer(weight * (base + sign * points)));
        }
    }
}

compiled_twice! {
    /// Mark the cells of a column of up to 64 that are not below a bound.
    fn mark(marks: &mut u64, column: &[i64], bound: i64) {
        *marks = 0;
        for (bit, &cell) in column.iter().enumerate() {
            *marks |= u64::from(cell >= bound) << bit;
        }
    }
}

/// Scores that are looked at before a branch: few enough that a hit leaves little to look through.
pub(crate) const GLANCE: usize = 32;

/// Columns whose sums fit into registers together.
const WIDE: usize = 32;

/// Rows that are walked side by side: enough to keep the memory busy, and no more than it can
/// follow.
const ABREAST: usize = 16;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Bytes by which rows are asked for ahead of being read. By itself the memory follows few rows at
/// once, and none beyond its page: asking took a quarter off the time of ten rows.
const AHEAD: usize = 512;

/// Ask the memory for what lies a little behind these cells: it will be read soon.
#[inline]
fn ask_ahead<T, const CELLS: usize>(cells: &[T; CELLS]) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of_val(cells)).step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let ahead = cells.as_ptr().wrapping_byte_add(AHEAD + line);
        // SAFETY: it is a hint, which reads nothing and is ignored where there is no memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = cells;
}

/// Define the loop that adds weighted rows of one cell type.
///
/// Rows are walked side by side, a cache line or two of each at a time: the memory works on many of
/// them at once, which is faster than one after another, and sums stay in registers meanwhile. Each
/// column sums its rows in their order, each product and sum rounded.
macro_rules! add_weighted_rows {
    ($(#[$doc:meta])* $name:ident, $cell:ty) => {
        compiled_twice! {
            $(#[$doc])*
            fn $name(sums: &mut [f32], rows: &[&[$cell]], weights: &[f32], start: usize) {
                let (wide, rest) = sums.as_chunks_mut::<WIDE>();
                let rest_start = start + wide.len() * WIDE;
                for (rows, weights) in rows.chunks(ABREAST).zip(weights.chunks(ABREAST)) {
                    for (sums, start) in wide.iter_mut().zip((start..).step_by(WIDE)) {
                        let mut lanes = [[0.0_f32; 8]; WIDE / 8];
                        lanes.as_flattened_mut().copy_from_slice(sums);
                        for (row, &weight) in rows.iter().zip(weights) {
                            let Some(cells) = row[start..].first_chunk::<WIDE>() else {
                                continue;
                            };
                            ask_ahead(cells);
                            for (lanes, cells) in lanes.iter_mut().zip(cells.as_chunks::<8>().0) {
                                for (sum, &cell) in lanes.iter_mut().zip(cells) {
                                    *sum += weight * <f32 as From<$cell>>::from(cell);
                                }
                            }
                        }
                        sums.copy_from_slice(lanes.as_flattened());
                    }
                    for (row, &weight) in rows.iter().zip(weights) {
                        for (sum, &cell) in rest.iter_mut().zip(&row[rest_start..]) {
                            *sum += weight * <f32 as From<$cell>>::from(cell);
                        }
                    }
                }
            }
        }
    };
}

add_weighted_rows! {
    /// Add to the sums the columns from `start` on of rows in f32, each times its weight.
    add_rows_f32, f32
}

add_weighted_rows! {
    /// As [`add_rows_f32`], for rows in u16.
    add_rows_u16, u16
}

compiled_twice! {
    /// The first [`GLANCE`] of scores, from one of them on, that has a score below the limit.
    fn glance_below(scores: &[f32], limit: f32, from: usize) -> Option<usize> {
        let (glances, rest) = scores.as_chunks::<GLANCE>();
        for (index, glance) in glances.iter().enumerate().skip(from) {
            let mut hit = 0;
            for &score in glance {
                hit |= u32::from(score < limit);
            }
            if hit != 0 {
                return Some(index);
            }
        }
        let is_in_rest = from <= glances.len() && rest.iter().any(|&score| score < limit);
        is_in_rest.then_some(glances.len())
    }
}

compiled_twice! {
    /// As [`glance_below`], for the scores of nodes that are feasible.
    fn feasible_glance_below(scores: &[f32], feasible: &[bool], limit: f32, from: usize) -> Option<usize> {
        let (glances, rest) = scores.as_chunks::<GLANCE>();
        let (feasible, feasible_rest) = feasible.as_chunks::<GLANCE>();
        for (index, (glance, feasible)) in glances.iter().zip(feasible).enumerate().skip(from) {
            let mut hit = 0;
            for (&score, &is_feasible) in glance.iter().zip(feasible) {
                hit |= u32::from(score < limit) & u32::from(is_feasible);
            }
            if hit != 0 {
                return Some(index);
            }
        }
        let mut rest = rest.iter().zip(feasible_rest);
        let is_in_rest = from <= glances.len() && rest.any(|(&score, &is)| is && score < limit);
        is_in_rest.then_some(glances.len())
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
    fn points_are_those_of_integers() {
        for span in (1..300).chain([1 << 40, (1 << 46) - 1]) {
            let parts: Vec<i64> = (0..=span.min(300))
                .chain([span / 3, span - 1, span])
                .collect();
            let column: Vec<i64> = parts.iter().map(|part| part - 7).collect();
            for (weight, reversed) in [(1, false), (5, true), (i64::from(i32::MAX), true)] {
                let mut totals = vec![3; column.len()];
                add_points(&mut totals, &column, -7, span, weight, reversed);
                for (&total, &part) in totals.iter().zip(&parts) {
                    let points = (100 * i128::from(part) / i128::from(span)) as i64;
                    let points = if reversed { 100 - points } else { points };
                    assert_eq!(total, 3 + weight * points, "{part} of {span}");
                }
            }
        }
    }

    #[test]
    fn only_marked_cells_count() {
        let column: Vec<i64> = (0..150).map(|cell| (cell * 37) % 101 - 50).collect();
        let marks = [0x8000_0000_0000_0001, 0, 0x7];
        let of = [0, 63, 128, 129, 130].map(|cell| column[cell]);
        let (mut least, mut largest) = (i64::MAX, i64::MIN);
        extremes(&mut least, &mut largest, &column, &marks);
        assert_eq!(Some(&least), of.iter().min());
        assert_eq!(Some(&largest), of.iter().max());
        let mut marks = 0;
        mark(&mut marks, &column[..64], 10);
        let not_below = |bit: &usize| column[*bit] >= 10;
        assert_eq!(
            marks,
            (0..64).filter(not_below).fold(0, |all, bit| all | 1 << bit)
        );
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
