//! The sums of columns of u16, for machines with AVX2.
//!
//! To widen 16 bits to 32 and to make a float of them takes such a machine longer than all else
//! that is done with a cell. Here a cell is woven with the upper half of 2^23 instead, which gives
//! the float of their sum at once; taking 2^23 away leaves the cell, exactly. Weaving works on
//! halves of a vector, so the middle two fours of columns change places until the sums are written.
#![expect(
    clippy::inline_always,
    reason = "a loop is compiled for the machine only inside of the function that is"
)]

use std::arch::x86_64::{
    __m256, _CMP_LT_OQ, _mm256_add_ps, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_min_ps, _mm256_movemask_ps, _mm256_mul_ps, _mm256_permute2f128_ps,
    _mm256_set1_epi16, _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm256_unpackhi_epi16,
    _mm256_unpacklo_epi16,
};

use super::super::utilities::WHOLE_F32;
use super::GLANCE;
use super::sums::Sums;

/// Sums of columns, sixteen by sixteen: of each the first and third four, then the second and
/// fourth.
///
/// Its methods are for functions that were compiled for AVX2, and called where it was found.
#[derive(Clone, Copy)]
pub(super) struct Woven([[__m256; 2]; GLANCE / 16]);

/// Let the middle two fours of sixteen columns change places.
#[inline(always)]
fn exchanged([first, second]: [__m256; 2]) -> [__m256; 2] {
    // SAFETY: the machine has AVX2.
    unsafe {
        [
            _mm256_permute2f128_ps::<0x20>(first, second),
            _mm256_permute2f128_ps::<0x31>(first, second),
        ]
    }
}

impl Sums<u16> for Woven {
    #[inline(always)]
    fn read(sums: &[f32; GLANCE]) -> Self {
        let eights = sums.as_chunks::<8>().0;
        // SAFETY: the machine has AVX2, and eight floats are read where eight are.
        let load = |eight: usize| unsafe { _mm256_loadu_ps(eights[eight].as_ptr()) };
        Self(std::array::from_fn(|sixteen| {
            exchanged([load(2 * sixteen), load(2 * sixteen + 1)])
        }))
    }

    #[inline(always)]
    fn add(&mut self, cells: &[u16; GLANCE], weight: f32) {
        // SAFETY: the machine has AVX2, and sixteen cells are read where sixteen are.
        unsafe {
            let whole = _mm256_set1_ps(WHOLE_F32);
            let upper_half = _mm256_set1_epi16((WHOLE_F32.to_bits() >> 16) as i16);
            let weight = _mm256_set1_ps(weight);
            for (sums, cells) in self.0.iter_mut().zip(cells.as_chunks::<16>().0) {
                let cells = _mm256_loadu_si256(cells.as_ptr().cast());
                let woven = [
                    _mm256_unpacklo_epi16(cells, upper_half),
                    _mm256_unpackhi_epi16(cells, upper_half),
                ];
                for (sum, woven) in sums.iter_mut().zip(woven) {
                    let cell = _mm256_sub_ps(_mm256_castsi256_ps(woven), whole);
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(weight, cell));
                }
            }
        }
    }

    #[inline(always)]
    fn write(self, sums: &mut [f32; GLANCE], limit: f32) -> bool {
        let columns = self.0.map(exchanged);
        let eights = sums.as_chunks_mut::<8>().0.iter_mut();
        // SAFETY: the machine has AVX2, and eight floats are written where eight are.
        unsafe {
            for (eight, sums) in eights.zip(columns.as_flattened()) {
                _mm256_storeu_ps(eight.as_mut_ptr(), *sums);
            }
            let [[first, second], rest @ ..] = self.0;
            let rest = rest.as_flattened().iter();
            let least = rest.fold(_mm256_min_ps(first, second), |least, &sums| {
                _mm256_min_ps(least, sums)
            });
            let is_below = _mm256_cmp_ps::<_CMP_LT_OQ>(least, _mm256_set1_ps(limit));
            _mm256_movemask_ps(is_below) != 0
        }
    }
}
