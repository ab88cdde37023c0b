//! What the members of the ensemble say of one pair, put together.

use super::embedding::{Embedding, MEMBERS};
use super::lanes::{LANES, Lanes};
use super::members::Members;
use super::surroundings::{DIMENSIONS, Place};

/// By how much an estimate is lowered where the members differ, by their spread. Noise in the
/// places makes short paths longer, never shorter. A heuristic; chosen on measured networks.
const CAUTION: f32 = 0.2;

/// What the ensemble says of a pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opinion {
    /// Median of the members, in units of the graph's scale.
    pub(super) median: f32,
    /// Range of the members but for the lowest and highest, by their median.
    pub(super) spread: f32,
}

impl Opinion {
    /// The opinion on a pair of nodes.
    pub(super) fn new(members: &Members, a: usize, b: usize) -> Self {
        let said = members
            .each_ref()
            .map(|member| [member.places[a].rtt(&member.places[b]); LANES]);
        let (median, spread) = combined(said);
        Self {
            median: median[0],
            spread: spread[0],
        }
    }
}

/// An RTT, lowered by how far the members differ about it.
pub(super) fn cautious(rtt: f32, spread: f32) -> f32 {
    rtt / (1.0 + CAUTION * spread)
}

/// Medians and spreads of eight pairs at once.
#[expect(
    clippy::needless_range_loop,
    reason = "the compiler vectorises these loops"
)]
fn combined(mut members: [Lanes; MEMBERS]) -> (Lanes, Lanes) {
    // Batcher's sorting network for eight.
    const NETWORK: [(usize, usize); 19] = [
        (0, 1),
        (2, 3),
        (4, 5),
        (6, 7),
        (0, 2),
        (1, 3),
        (4, 6),
        (5, 7),
        (1, 2),
        (5, 6),
        (0, 4),
        (1, 5),
        (2, 6),
        (3, 7),
        (2, 4),
        (3, 5),
        (1, 2),
        (3, 4),
        (5, 6),
    ];
    for (low, high) in NETWORK {
        for lane in 0..LANES {
            let (a, b) = (members[low][lane], members[high][lane]);
            members[low][lane] = if a < b { a } else { b };
            members[high][lane] = if a < b { b } else { a };
        }
    }
    let (mut median, mut spread) = ([0.0; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        median[lane] = 0.5 * (members[3][lane] + members[4][lane]);
        spread[lane] = (members[6][lane] - members[1][lane]) / median[lane];
    }
    (median, spread)
}

/// The members' places, each coordinate side by side, for whole rows of pairs.
pub(super) struct Columns {
    /// By member: the axes, then the heights, each of all nodes.
    members: Vec<[Vec<f32>; DIMENSIONS + 1]>,
}

impl Columns {
    pub(super) fn new(members: &Members) -> Self {
        let columns = |member: &Embedding| {
            let width = member.places.len().next_multiple_of(LANES);
            let column = |quantity: &dyn Fn(&Place) -> f32| {
                let mut column: Vec<f32> = member.places.iter().map(quantity).collect();
                column.resize(width, 1.0);
                column
            };
            std::array::from_fn(|axis| match axis {
                DIMENSIONS => column(&|place| place.height),
                _ => column(&|place| place.at[axis]),
            })
        };
        Self {
            members: members.iter().map(columns).collect(),
        }
    }

    /// Calls back for each block of eight nodes from that of `first` on: the first of the block,
    /// and the medians and spreads of their pairs with `origin`.
    pub(super) fn row(
        &self,
        origin: usize,
        first: usize,
        mut take: impl FnMut(usize, &Lanes, &Lanes),
    ) {
        let width = self.members[0][0].len();
        for start in (first / LANES * LANES..width).step_by(LANES) {
            let mut said = [[0.0; LANES]; MEMBERS];
            for (said, columns) in said.iter_mut().zip(&self.members) {
                *said = rtts(columns, origin, start);
            }
            let (median, spread) = combined(said);
            take(start, &median, &spread);
        }
    }

    /// As [`Columns::row`], with the summed distances of the places by the first two members,
    /// heights as one more axis.
    pub(super) fn distances(
        &self,
        origin: usize,
        first: usize,
        mut take: impl FnMut(usize, &Lanes),
    ) {
        let width = self.members[0][0].len();
        for start in (first / LANES * LANES..width).step_by(LANES) {
            let mut total = [0.0; LANES];
            for columns in &self.members[..2] {
                let mut square = [0.0; LANES];
                for column in columns {
                    let here = column[origin];
                    let there = &column[start..start + LANES];
                    for lane in 0..LANES {
                        square[lane] += (here - there[lane]) * (here - there[lane]);
                    }
                }
                for lane in 0..LANES {
                    total[lane] += square[lane].sqrt();
                }
            }
            take(start, &total);
        }
    }
}

/// One member's RTTs, by the same arithmetic as [`Place::rtt`].
#[inline]
fn rtts(columns: &[Vec<f32>; DIMENSIONS + 1], origin: usize, start: usize) -> Lanes {
    let mut square = [1e-10; LANES];
    for column in &columns[..DIMENSIONS] {
        let here = column[origin];
        let there = &column[start..start + LANES];
        for lane in 0..LANES {
            square[lane] += (here - there[lane]) * (here - there[lane]);
        }
    }
    let here = columns[DIMENSIONS][origin];
    let there = &columns[DIMENSIONS][start..start + LANES];
    std::array::from_fn(|lane| square[lane].sqrt() + (here + there[lane]))
}
