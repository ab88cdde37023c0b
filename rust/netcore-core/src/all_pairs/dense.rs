//! A cost for every ordered pair of nodes.

use crate::error::Result;
use crate::kernel::{self, Marks, Weighted};

use super::aligned::Square;
use super::invalid;
use super::pods::Term;

/// What a cell is stored as.
pub(super) trait Stored: bytemuck::Pod + PartialEq + Send + Sync {
    /// The stored form of a cost, in units of the scale.
    fn encode(cost: f32, scale: f32) -> Self;
    /// The cost in units of the scale.
    fn decode(self) -> f32;
    /// Write the sums of rows, and mark those below a limit: see [`kernel::sum_rows_f32`].
    fn sum_rows(sums: &mut [f32], rows: Weighted<'_, Self>, limit: f32) -> Marks;
}

impl Stored for f32 {
    fn encode(cost: f32, _: f32) -> Self {
        cost
    }

    fn decode(self) -> f32 {
        self
    }

    fn sum_rows(sums: &mut [f32], rows: Weighted<'_, Self>, limit: f32) -> Marks {
        kernel::sum_rows_f32(sums, rows, limit)
    }
}

impl Stored for u16 {
    fn encode(cost: f32, scale: f32) -> Self {
        if scale > 0.0 {
            // In f64 the quotient is exact enough to round to the nearest step; the cast saturates.
            (f64::from(cost) / f64::from(scale)).round() as Self
        } else {
            0
        }
    }

    fn decode(self) -> f32 {
        f32::from(self)
    }

    fn sum_rows(sums: &mut [f32], rows: Weighted<'_, Self>, limit: f32) -> Marks {
        kernel::sum_rows_u16(sums, rows, limit)
    }
}

/// A matrix of costs, origin → destination, and its transpose where the two differ: what leads to
/// a peer is a column, and walking down one costs an order of magnitude more than along a row.
#[derive(Debug)]
pub(super) struct Dense<T> {
    /// What a stored 1 costs.
    scale: f32,
    forward: Square<T>,
    transpose: Option<Square<T>>,
}

/// The rows that a class of pods adds up, and how much each counts.
pub(super) struct Rows<'a, T> {
    rows: Vec<&'a [T]>,
    weights: Vec<f32>,
}

impl Dense<f32> {
    pub(super) fn new(costs: Square<f32>) -> Result<Self> {
        let transpose = (!costs.is_symmetric()).then(|| costs.transposed());
        Ok(Self {
            scale: 1.0,
            transpose: transpose.transpose()?,
            forward: costs,
        })
    }
}

impl Dense<u16> {
    /// Costs in steps of 1/65,535 of the largest.
    pub(super) fn new(costs: &Square<f32>, largest: f32) -> Result<Self> {
        let scale = (f64::from(largest) / f64::from(u16::MAX)) as f32;
        let mut forward = Square::new(costs.size())?;
        for row in 0..costs.size() {
            let cells = costs.row(row).iter().zip(forward.row_mut(row));
            for (&cost, cell) in cells {
                *cell = u16::encode(cost, scale);
            }
        }
        let transpose = (!forward.is_symmetric()).then(|| forward.transposed());
        Ok(Self {
            scale,
            transpose: transpose.transpose()?,
            forward,
        })
    }

    /// The largest cost that a cell can hold.
    pub(super) fn largest(&self) -> f32 {
        self.scale * f32::from(u16::MAX)
    }
}

impl<T: Stored> Dense<T> {
    pub(super) fn nodes(&self) -> usize {
        self.forward.size()
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.transpose.is_none()
    }

    pub(super) fn nbytes(&self) -> usize {
        self.forward.nbytes() + self.transpose.as_ref().map_or(0, Square::nbytes)
    }

    pub(super) fn get(&self, origin: usize, destination: usize) -> f32 {
        self.forward.row(origin)[destination].decode() * self.scale
    }

    /// Set one direction of a link. The first one that breaks the symmetry makes the transpose:
    /// O(N²) once, O(1) else.
    pub(super) fn set(&mut self, origin: usize, destination: usize, cost: f32) -> Result<()> {
        let cell = T::encode(cost, self.scale);
        let breaks_symmetry = self.is_symmetric() && self.forward.row(destination)[origin] != cell;
        if breaks_symmetry && origin != destination {
            self.transpose = Some(self.forward.transposed()?);
        }
        self.forward.row_mut(origin)[destination] = cell;
        if let Some(transpose) = &mut self.transpose {
            transpose.row_mut(destination)[origin] = cell;
        }
        Ok(())
    }

    /// Set both directions of a link to one cost; the symmetry stays.
    pub(super) fn set_both(&mut self, origin: usize, destination: usize, cost: f32) {
        let cell = T::encode(cost, self.scale);
        for matrix in [Some(&mut self.forward), self.transpose.as_mut()]
            .into_iter()
            .flatten()
        {
            matrix.row_mut(origin)[destination] = cell;
            matrix.row_mut(destination)[origin] = cell;
        }
    }

    /// The rows that these terms add up: costs towards a peer are a row of the transpose.
    pub(super) fn rows(
        &self,
        terms: impl ExactSizeIterator<Item = (usize, f32, f32)>,
    ) -> Rows<'_, T> {
        let most = if self.is_symmetric() {
            terms.len()
        } else {
            2 * terms.len()
        };
        let mut rows = Rows {
            rows: Vec::with_capacity(most),
            weights: Vec::with_capacity(most),
        };
        let mut push = |row, weight: f32| {
            if weight > 0.0 {
                rows.rows.push(row);
                rows.weights.push(weight * self.scale);
            }
        };
        for (peer, to, from) in terms {
            match &self.transpose {
                None => push(self.forward.row(peer), to + from),
                Some(transpose) => {
                    push(transpose.row(peer), to);
                    push(self.forward.row(peer), from);
                }
            }
        }
        rows
    }
}

impl<T: Stored> Rows<'_, T> {
    /// Write the scores of the nodes from `start` on, and mark those below a limit; at most
    /// [`kernel::SPAN`] nodes.
    pub(super) fn sum(&self, start: usize, sums: &mut [f32], limit: f32) -> Marks {
        let rows = Weighted {
            rows: &self.rows,
            weights: &self.weights,
            start,
        };
        T::sum_rows(sums, rows, limit)
    }
}

/// A term as [`Dense::rows`] takes it.
pub(super) fn weights(term: &Term) -> (usize, f32, f32) {
    (term.peer as usize, term.to(), term.from())
}

/// Whether a cost can be stored.
pub(super) fn check_cost(argument: &'static str, at: &str, cost: f32) -> Result<()> {
    if cost.is_finite() && cost >= 0.0 {
        return Ok(());
    }
    let problem = match cost {
        _ if cost.is_nan() => "is NaN: a cost that is not known needs unknown=, a neutral cost",
        _ if cost < 0.0 => "is negative: costs begin at 0",
        _ => "is infinite: a node that must not be chosen is not feasible",
    };
    Err(invalid(argument, format!("{at}{problem}")))
}
