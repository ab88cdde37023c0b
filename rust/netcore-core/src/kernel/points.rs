//! Points of nodes: their extremes, their shares of 100, and who has no fewer than a bound.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
