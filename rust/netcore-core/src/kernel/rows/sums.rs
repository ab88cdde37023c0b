//! The sums of a few columns, while they are in registers.
#![expect(
    clippy::inline_always,
    reason = "a loop is compiled for the machine only inside of the function that is"
)]

use super::GLANCE;

/// Sums of as many columns as a glance has.
pub(super) trait Sums<Cell>: Copy {
    /// Those that were written before.
    fn read(sums: &[f32; GLANCE]) -> Self;
    /// Add a cell of each column times a weight, product and sum rounded.
    fn add(&mut self, cells: &[Cell; GLANCE], weight: f32);
    /// Write them, and tell whether any is below a limit. None of them is NaN.
    fn write(self, sums: &mut [f32; GLANCE], limit: f32) -> bool;
}

/// In operations that every machine has.
impl<Cell: Copy + Into<f32>> Sums<Cell> for [f32; GLANCE] {
    #[inline(always)]
    fn read(sums: &[f32; GLANCE]) -> Self {
        *sums
    }

    #[inline(always)]
    fn add(&mut self, cells: &[Cell; GLANCE], weight: f32) {
        for (sum, &cell) in self.iter_mut().zip(cells) {
            *sum += weight * cell.into();
        }
    }

    #[inline(always)]
    fn write(self, sums: &mut [f32; GLANCE], limit: f32) -> bool {
        *sums = self;
        is_any_below(sums, limit)
    }
}

/// Whether any score is below a limit; without a branch until all were looked at.
#[inline(always)]
pub(super) fn is_any_below(scores: &[f32], limit: f32) -> bool {
    let mut hit = 0;
    for &score in scores {
        hit |= u32::from(score < limit);
    }
    hit != 0
}
