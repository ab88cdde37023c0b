//! The best placement of a search so far.

use super::layout::Layout;

/// A placement with what it is judged by: first how many pods are placed, then the cost.
#[derive(Debug)]
pub(super) struct Best {
    pub(super) nodes: Vec<u32>,
    placed: usize,
    cost: f64,
}

impl Best {
    pub(super) fn of(layout: &Layout<'_>) -> Self {
        Self {
            nodes: layout.nodes().to_vec(),
            placed: layout.placed(),
            cost: layout.cost(),
        }
    }

    /// Whether a placement is better, by more than rounding.
    pub(super) fn is_beaten_by(&self, layout: &Layout<'_>) -> bool {
        let least = self.cost - f64::from(layout.problem().tolerance());
        layout.placed() > self.placed || (layout.placed() == self.placed && layout.cost() < least)
    }
}
