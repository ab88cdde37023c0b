//! Small systems of linear equations.

/// Solve `A x = b` for a symmetric positive definite A of which the lower triangle is given, by
/// Cholesky's decomposition; `None` where A is not one.
#[expect(clippy::needless_range_loop, reason = "the indices are the algorithm")]
pub(super) fn solve<const N: usize>(mut a: [[f32; N]; N], mut b: [f32; N]) -> Option<[f32; N]> {
    for row in 0..N {
        for column in 0..=row {
            let mut rest = a[row][column];
            for k in 0..column {
                rest -= a[row][k] * a[column][k];
            }
            if row > column {
                a[row][column] = rest / a[column][column];
            } else if rest > 0.0 {
                a[row][row] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    for row in 0..N {
        for k in 0..row {
            b[row] -= a[row][k] * b[k];
        }
        b[row] /= a[row][row];
    }
    for row in (0..N).rev() {
        for k in row + 1..N {
            b[row] -= a[k][row] * b[k];
        }
        b[row] /= a[row][row];
    }
    b.iter().all(|value| value.is_finite()).then_some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_solve_and_what_has_none_is_told() {
        let x = solve([[4.0, 0.0], [2.0, 3.0]], [2.0, 5.0]).expect("positive definite");
        assert!((4.0 * x[0] + 2.0 * x[1] - 2.0).abs() < 1e-5);
        assert!((2.0 * x[0] + 3.0 * x[1] - 5.0).abs() < 1e-5);
        assert!(solve([[1.0, 0.0], [1.0, 1.0]], [0.0, 0.0]).is_none());
    }
}
