//! A node among the peers that it was measured with: how well a place suits it, and a better one.
//!
//! The model of a round trip is `‖a − b‖ + hₐ + h_b`: the distance of two places plus a height at
//! each end, for what every path of a node has in common. Its misfit is the logarithm of its ratio
//! to what was measured, so that a pair of 5 ms counts as much as one of 300; a misfit far above
//! the scale hardly counts (Cauchy's loss), so that a wrong measurement cannot pull.
//!
//! *Source*: the model is that of Vivaldi (Dabek et al., SIGCOMM 2004, section 5.4).

use super::graph::Peer;
use super::lanes::{LANES, Lanes, ln, sum};
use super::linear::solve;

/// Dimensions of the space. Three fit RTT across the planet as well as five and eight do, with
/// fewer unknowns to get wrong.
pub const DIMENSIONS: usize = 3;

/// Unknowns of a node: where it is, and how high.
const UNKNOWNS: usize = DIMENSIONS + 1;
/// Added to squared distances, so that places on top of each other have a direction.
const SOFTENING: f32 = 1e-10;
/// Share by which the diagonal of the normal equations is raised (Levenberg and Marquardt).
const DAMPING: f32 = 0.1;

/// Where a node is, in units of the median RTT.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) at: [f32; DIMENSIONS],
    pub(super) height: f32,
}

impl Place {
    /// The modelled RTT between two places.
    #[inline]
    pub(super) fn rtt(&self, other: &Self) -> f32 {
        let mut square = SOFTENING;
        for (here, there) in self.at.iter().zip(&other.at) {
            square += (here - there) * (here - there);
        }
        square.sqrt() + (self.height + other.height)
    }

    /// This place, moved part of the way to another.
    pub(super) fn towards(&self, other: &Self, part: f32) -> Self {
        let mix = |here: f32, there: f32| here + part * (there - here);
        Self {
            at: std::array::from_fn(|axis| mix(self.at[axis], other.at[axis])),
            height: mix(self.height, other.height),
        }
    }
}

/// Up to eight peers, each quantity side by side.
#[derive(Clone, Debug)]
struct Block {
    at: [Lanes; DIMENSIONS],
    height: Lanes,
    log_rtt: Lanes,
    weight: Lanes,
}

impl Block {
    const EMPTY: Self = Self {
        at: [[0.0; LANES]; DIMENSIONS],
        height: [1.0; LANES],
        log_rtt: [0.0; LANES],
        weight: [0.0; LANES],
    };
}

/// The peers of one node, where they are now.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    blocks: Vec<Block>,
    count: usize,
}

impl Surroundings {
    /// Take in the peers of a node that count.
    pub(super) fn gather(
        &mut self,
        peers: &[Peer],
        places: &[Place],
        mut counts: impl FnMut(&Peer) -> bool,
    ) {
        self.blocks.clear();
        self.count = 0;
        for peer in peers {
            if !counts(peer) {
                continue;
            }
            let lane = self.count % LANES;
            if lane == 0 {
                self.blocks.push(Block::EMPTY);
            }
            self.count += 1;
            let last = self.blocks.len() - 1;
            let block = &mut self.blocks[last];
            let place = &places[peer.node as usize];
            for axis in 0..DIMENSIONS {
                block.at[axis][lane] = place.at[axis];
            }
            block.height[lane] = place.height;
            block.log_rtt[lane] = peer.log_rtt;
            block.weight[lane] = peer.weight;
        }
    }

    /// How ill a place suits the measurements: Cauchy's loss with this scale.
    #[inline(never)]
    #[expect(
        clippy::needless_range_loop,
        reason = "the compiler vectorises these loops"
    )]
    pub(super) fn misfit(&self, place: &Place, scale: f32) -> f32 {
        let precision = 1.0 / (scale * scale);
        let mut total = [0.0; LANES];
        for block in &self.blocks {
            let mut square = [SOFTENING; LANES];
            for axis in 0..DIMENSIONS {
                for lane in 0..LANES {
                    let step = place.at[axis] - block.at[axis][lane];
                    square[lane] += step * step;
                }
            }
            for lane in 0..LANES {
                let rtt = square[lane].sqrt() + place.height + block.height[lane];
                let error = ln(rtt) - block.log_rtt[lane];
                total[lane] += block.weight[lane] * ln(1.0 + error * error * precision);
            }
        }
        sum(&total)
    }

    /// One step of Gauss and Newton from a place, each misfit weighted by Cauchy's loss.
    pub(super) fn step(&self, place: &Place, scale: f32) -> Place {
        self.step_and_misfit::<false>(place, scale).0
    }

    /// As [`Surroundings::step`], and the misfit of the place where it starts.
    pub(super) fn step_from(&self, place: &Place, scale: f32) -> (Place, f32) {
        self.step_and_misfit::<true>(place, scale)
    }

    #[inline(never)]
    #[expect(
        clippy::needless_range_loop,
        reason = "the compiler vectorises these loops"
    )]
    fn step_and_misfit<const MISFIT: bool>(&self, place: &Place, scale: f32) -> (Place, f32) {
        let precision = 1.0 / (scale * scale);
        let mut curvature = [[[0.0_f32; LANES]; UNKNOWNS]; UNKNOWNS];
        let mut descent = [[0.0_f32; LANES]; UNKNOWNS];
        let mut misfit = [0.0; LANES];
        for block in &self.blocks {
            let mut slope = [[0.0_f32; LANES]; UNKNOWNS];
            let mut square = [SOFTENING; LANES];
            for axis in 0..DIMENSIONS {
                for lane in 0..LANES {
                    let step = place.at[axis] - block.at[axis][lane];
                    slope[axis][lane] = step;
                    square[lane] += step * step;
                }
            }
            let mut weight = [0.0; LANES];
            let mut pull = [0.0; LANES];
            let mut stretch = [0.0; LANES];
            for lane in 0..LANES {
                let distance = square[lane].sqrt();
                let rtt = distance + place.height + block.height[lane];
                let error = ln(rtt) - block.log_rtt[lane];
                let excess = 1.0 + error * error * precision;
                if MISFIT {
                    misfit[lane] += block.weight[lane] * ln(excess);
                }
                weight[lane] = block.weight[lane] / excess;
                pull[lane] = weight[lane] * error;
                slope[DIMENSIONS][lane] = 1.0 / rtt;
                stretch[lane] = 1.0 / (rtt * distance);
            }
            for axis in 0..DIMENSIONS {
                for lane in 0..LANES {
                    slope[axis][lane] *= stretch[lane];
                }
            }
            for row in 0..UNKNOWNS {
                for column in 0..=row {
                    for lane in 0..LANES {
                        curvature[row][column][lane] +=
                            weight[lane] * slope[row][lane] * slope[column][lane];
                    }
                }
                for lane in 0..LANES {
                    descent[row][lane] -= pull[lane] * slope[row][lane];
                }
            }
        }
        let mut matrix = [[0.0; UNKNOWNS]; UNKNOWNS];
        for row in 0..UNKNOWNS {
            for column in 0..=row {
                matrix[row][column] = sum(&curvature[row][column]);
            }
        }
        let trace: f32 = (0..DIMENSIONS).map(|axis| matrix[axis][axis]).sum();
        for row in 0..UNKNOWNS {
            // A direction that no peer tells about keeps its value.
            matrix[row][row] = matrix[row][row] * (1.0 + DAMPING) + 1e-7 * trace + 1e-20;
        }
        let Some(step) = solve(matrix, descent.map(|lanes| sum(&lanes))) else {
            return (*place, sum(&misfit));
        };
        let better = Place {
            at: std::array::from_fn(|axis| place.at[axis] + step[axis]),
            height: (place.height + step[DIMENSIONS]).max(0.0),
        };
        (better, sum(&misfit))
    }
}
