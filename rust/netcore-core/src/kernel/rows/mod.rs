//! Weighted rows of costs, and which of their sums are below a limit.

mod sums;
#[cfg(target_arch = "x86_64")]
mod woven;

use sums::{Sums, is_any_below};

/// Scores that share a mark: as many columns as have their sums in registers together, and few
/// enough that a mark leaves little to look through.
pub(crate) const GLANCE: usize = 64;

/// One bit for each glance.
pub(crate) type Marks = u16;

/// Scores that marks tell of. Their sums stay in the first cache.
pub(crate) const SPAN: usize = GLANCE * Marks::BITS as usize;

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

/// Rows to sum: from one column on, each row times its weight.
#[derive(Clone, Copy)]
pub(crate) struct Weighted<'a, Cell> {
    pub(crate) rows: &'a [&'a [Cell]],
    pub(crate) weights: &'a [f32],
    pub(crate) start: usize,
}

impl<Cell: Copy + Into<f32>> Weighted<'_, Cell> {
    /// Write the sums, and mark the glances that have one below a limit. At most [`SPAN`] columns.
    ///
    /// Rows are walked side by side, a few cache lines of each at a time: the memory works on many
    /// of them at once, which is faster than one after another, and sums stay in registers
    /// meanwhile. Each column sums its rows in their order.
    #[expect(
        clippy::inline_always,
        reason = "a loop is compiled for the machine only inside of the function that is"
    )]
    #[inline(always)]
    fn sum<S: Sums<Cell>>(self, sums: &mut [f32], limit: f32) -> Marks {
        let (glances, rest) = sums.as_chunks_mut::<GLANCE>();
        let rest_start = self.start + glances.len() * GLANCE;
        rest.fill(0.0);
        let mut marks = 0;
        // Without any row, the sums are still to be written.
        for first in (0..self.rows.len().max(1)).step_by(ABREAST) {
            let last = self.rows.len().min(first + ABREAST);
            let (rows, weights) = (&self.rows[first..last], &self.weights[first..last]);
            let mut abreast: [&[[Cell; GLANCE]]; ABREAST] = [&[]; ABREAST];
            for (cells, row) in abreast.iter_mut().zip(rows) {
                *cells = row[self.start..rest_start].as_chunks().0;
            }
            marks = 0;
            for (index, sums) in glances.iter_mut().enumerate() {
                let mut added = S::read(if first > 0 { sums } else { &[0.0; GLANCE] });
                for (row, &weight) in abreast[..rows.len()].iter().zip(weights) {
                    let cells = &row[index];
                    ask_ahead(cells);
                    added.add(cells, weight);
                }
                marks |= Marks::from(added.write(sums, limit)) << index;
            }
            for (row, &weight) in rows.iter().zip(weights) {
                for (sum, &cell) in rest.iter_mut().zip(&row[rest_start..]) {
                    *sum += weight * cell.into();
                }
            }
        }
        if !rest.is_empty() {
            marks |= Marks::from(is_any_below(rest, limit)) << glances.len();
        }
        marks
    }
}

compiled_twice! {
    /// Write the sums of rows of f32: see [`Weighted::sum`].
    fn sum_rows_f32(sums: &mut [f32], rows: Weighted<'_, f32>, limit: f32) -> Marks {
        rows.sum::<[f32; GLANCE]>(sums, limit)
    }
}

/// As [`sum_rows_f32`], of rows of u16.
pub(crate) fn sum_rows_u16(sums: &mut [f32], rows: Weighted<'_, u16>, limit: f32) -> Marks {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(sums: &mut [f32], rows: Weighted<'_, u16>, limit: f32) -> Marks {
            rows.sum::<woven::Woven>(sums, limit)
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has AVX2, which is all that the function asks for.
            return unsafe { with_avx2(sums, rows, limit) };
        }
    }
    rows.sum::<[f32; GLANCE]>(sums, limit)
}

compiled_twice! {
    /// Mark the glances that have a score below a limit. At most [`SPAN`] scores.
    fn mark_below(scores: &[f32], limit: f32) -> Marks {
        let glances = scores.chunks(GLANCE).enumerate();
        glances.fold(0, |marks, (index, glance)| {
            // The length of most is known when this is compiled.
            let is_below = match glance.first_chunk::<GLANCE>() {
                Some(glance) => is_any_below(glance, limit),
                None => is_any_below(glance, limit),
            };
            marks | Marks::from(is_below) << index
        })
    }
}

compiled_twice! {
    /// The scores of a glance that are below a limit, a bit each.
    fn below(scores: &[f32; GLANCE], limit: f32) -> u64 {
        bits(scores, |score| score < limit)
    }
}

compiled_twice! {
    /// What is true of a glance, a bit each.
    fn true_bits(flags: &[bool; GLANCE]) -> u64 {
        bits(flags, |is| is)
    }
}

/// What is so of each of a glance, a bit each: half of them at once, in lanes as wide as theirs.
#[expect(
    clippy::inline_always,
    reason = "a loop is compiled for the machine only inside of the function that is"
)]
#[inline(always)]
fn bits<T: Copy>(glance: &[T; GLANCE], is_so: impl Fn(T) -> bool) -> u64 {
    let halves = glance.as_chunks::<{ GLANCE / 2 }>().0.iter();
    halves.rev().fold(0, |bits, half| {
        let lanes = half.iter().enumerate();
        let half = lanes.fold(0, |bits, (lane, &it)| bits | u32::from(is_so(it)) << lane);
        bits << (GLANCE / 2) | u64::from(half)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In the order of the rows, each product and sum rounded.
    fn plainly<Cell: Copy + Into<f32>>(rows: Weighted<'_, Cell>, column: usize) -> f32 {
        let cells = rows.rows.iter().zip(rows.weights);
        cells.fold(0.0, |sum, (row, weight)| {
            sum + weight * row[rows.start + column].into()
        })
    }

    fn check<Cell: Copy + Into<f32>>(
        cells: &[Vec<Cell>],
        weights: &[f32],
        start: usize,
        limit: f32,
        sum: fn(&mut [f32], Weighted<'_, Cell>, f32) -> Marks,
    ) -> Result<(), TestCaseError> {
        let rows: Vec<&[Cell]> = cells.iter().map(Vec::as_slice).collect();
        let columns = cells.first().map_or(7, |row| row.len() - start).min(SPAN);
        let rows = Weighted {
            rows: &rows,
            weights,
            start,
        };
        let mut sums = vec![f32::NAN; columns];
        let marks = sum(&mut sums, rows, limit);
        for (column, sum) in sums.iter().enumerate() {
            prop_assert_eq!(sum.to_bits(), plainly(rows, column).to_bits(), "{}", column);
        }
        prop_assert_eq!(marks, mark_below(&sums, limit));
        for (index, glance) in sums.chunks(GLANCE).enumerate() {
            let is_marked = marks >> index & 1 == 1;
            prop_assert_eq!(is_marked, glance.iter().any(|&sum| sum < limit));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn sums_are_those_of_each_column(
            (rows, columns) in (0_usize..40, prop_oneof![1_usize..200, Just(SPAN), Just(SPAN + 9)]),
            start in 0_usize..2,
            seed in any::<u64>(),
            share in 0.0..1.2_f32,
        ) {
            let mut state = seed;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
                (state >> 33) as u16
            };
            let cells: Vec<Vec<u16>> = (0..rows)
                .map(|_| (0..columns + start).map(|_| random()).collect())
                .collect();
            let weights: Vec<f32> = (0..rows).map(|_| f32::from(random()) / 999.0).collect();
            let limit = share * weights.iter().sum::<f32>() * 30_000.0;
            check(&cells, &weights, start, limit, sum_rows_u16)?;
            // What machines without AVX2 do.
            let plain = |sums: &mut [f32], rows: Weighted<'_, u16>, limit: f32| {
                rows.sum::<[f32; GLANCE]>(sums, limit)
            };
            check(&cells, &weights, start, limit, plain)?;
            let floats: Vec<Vec<f32>> = cells
                .iter()
                .map(|row| row.iter().map(|&cell| f32::from(cell) / 7.0).collect())
                .collect();
            check(&floats, &weights, start, limit / 7.0, sum_rows_f32)?;
        }
    }

    #[test]
    fn bits_are_those_of_each_score() {
        let scores: [f32; GLANCE] = std::array::from_fn(|lane| (lane * 7 % GLANCE) as f32);
        let flags = scores.map(|score| score < 11.0);
        let expected = (0..GLANCE).filter(|&lane| flags[lane]);
        let expected = expected.fold(0_u64, |bits, lane| bits | 1 << lane);
        assert_eq!(below(&scores, 11.0), expected);
        assert_eq!(true_bits(&flags), expected);
        assert_eq!(below(&[f32::NAN; GLANCE], f32::INFINITY), 0);
    }
}
