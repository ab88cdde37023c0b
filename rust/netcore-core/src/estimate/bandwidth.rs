//! The bandwidth of every pair from that of some. Coarse: half the estimates are off by a sixth
//! and more.
//!
//! The logarithm of a bandwidth is taken for the sum of what its origin can send and what its
//! destination can receive, and, where held-out pairs gain from it, a product of four hidden
//! properties of both. Directions are apart: the two of a pair often differ twofold.
//!
//! *Source*: the model of matrix factorisation with biases (Koren, Bell and Volinsky, IEEE Computer
//! 2009), fitted by alternating least squares.

use super::graph::{check_ends, check_sizes};
use super::linear::solve;
use super::random::Random;
use crate::error::{Error, Result};
use crate::hash;

/// Hidden properties of a node in each direction.
const RANK: usize = 4;
/// Rounds of the alternation.
const ROUNDS: usize = 15;
/// Pull of a node's own part, and of its hidden properties, towards nothing, in samples.
const BIAS_RIDGE: f32 = 0.5;
const HIDDEN_RIDGE: f32 = 0.5;
/// Misfit (logarithm) at which a sample counts half.
const SCALE: f32 = 0.5;
/// Parts that are held out in turn to choose the model.
const FOLDS: u64 = 4;
/// Fewer samples than this choose the plain model.
const ENOUGH_SAMPLES: usize = 50;
/// Highest bandwidth that is taken for one, bit/s: 1 Pbit/s.
const HIGHEST_BPS: f64 = 1e15;

/// The measured bandwidth of one path; nodes are given by their places in the list of nodes.
#[derive(Clone, Copy, Debug)]
pub struct Throughput {
    /// The node that sent.
    pub origin: u32,
    /// The node that received.
    pub destination: u32,
    /// Bandwidth from origin to destination, bit/s.
    pub bandwidth_bps: f64,
}

/// Bandwidths between all nodes, estimated from measured ones.
///
/// ```
/// use netcore_core::estimate::{Bandwidth, Throughput};
///
/// let path = |origin, destination, bandwidth_bps| Throughput { origin, destination, bandwidth_bps };
/// let samples = [path(0, 1, 1e9), path(1, 0, 2e9), path(2, 1, 1e9)];
/// let estimate = Bandwidth::fit(3, &samples, 0)?;
/// assert_eq!(estimate.bps(0, 1), 1e9);
/// assert!(estimate.bps(2, 0) > 5e8);
/// assert!(estimate.bps(0, 2).is_nan(), "nothing was ever sent to node 2");
/// # Ok::<(), netcore_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bandwidth {
    measured: Vec<Throughput>,
    model: Model,
    held_out_error: Option<f64>,
}

impl Bandwidth {
    /// Fit to measured paths. Of several samples of a path the last counts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where there are more than
    /// [`MOST_NODES`](super::MOST_NODES) nodes, a sample names
    /// none of them or has equal ends, or its bandwidth is not above 0 and at most 1 Pbit/s.
    pub fn fit(nodes: usize, samples: &[Throughput], seed: u64) -> Result<Self> {
        check(nodes, samples)?;
        let mut measured = samples.to_vec();
        measured.sort_by_key(|sample| (sample.origin, sample.destination));
        measured.reverse();
        measured.dedup_by_key(|sample| (sample.origin, sample.destination));
        measured.reverse();
        let logs: Vec<Log> = measured.iter().map(Log::new).collect();
        let errors = [false, true].map(|is_hidden| held_out_error(nodes, &logs, is_hidden, seed));
        let is_hidden = logs.len() >= ENOUGH_SAMPLES && errors[1] < errors[0];
        let model = Model::fit(nodes, &logs, is_hidden, seed);
        let held_out_error = errors[usize::from(is_hidden)];
        Ok(Self {
            measured,
            model,
            held_out_error,
        })
    }

    /// Bandwidth from one node to another, bit/s: as measured, else estimated; NaN where nothing
    /// was measured from the one or to the other.
    ///
    /// # Panics
    ///
    /// Where a node is out of range.
    pub fn bps(&self, origin: usize, destination: usize) -> f64 {
        let key = (origin as u32, destination as u32);
        let at = self
            .measured
            .binary_search_by_key(&key, |s| (s.origin, s.destination));
        match at {
            Ok(at) => self.measured[at].bandwidth_bps,
            Err(_) if origin == destination => f64::NAN,
            Err(_) => self
                .model
                .log(origin, destination)
                .map_or(f64::NAN, |log| f64::from(log).exp()),
        }
    }

    /// All bandwidths, bit/s, row-major `[N, N]`, as [`Bandwidth::bps`] tells them; NaN on the
    /// diagonal.
    pub fn cells(&self) -> Vec<f64> {
        let size = self.model.sending.len();
        let mut cells = Vec::with_capacity(size * size);
        for origin in 0..size {
            for destination in 0..size {
                let log = (origin != destination).then(|| self.model.log(origin, destination));
                cells.push(log.flatten().map_or(f64::NAN, |log| f64::from(log).exp()));
            }
        }
        for sample in &self.measured {
            cells[sample.origin as usize * size + sample.destination as usize] =
                sample.bandwidth_bps;
        }
        cells
    }

    /// Median relative error on measured paths that were held out in turn; `None` where there were
    /// too few to hold any out.
    pub fn held_out_error(&self) -> Option<f64> {
        self.held_out_error
    }
}

/// A sample as the model sees it.
#[derive(Clone, Copy, Debug)]
struct Log {
    origin: usize,
    destination: usize,
    value: f32,
}

impl Log {
    fn new(sample: &Throughput) -> Self {
        Self {
            origin: sample.origin as usize,
            destination: sample.destination as usize,
            value: sample.bandwidth_bps.ln() as f32,
        }
    }
}

#[derive(Clone, Debug)]
struct Model {
    mean: f32,
    /// What a node adds as origin and as destination; NaN where it never was one.
    sending: Vec<f32>,
    receiving: Vec<f32>,
    /// Hidden properties as origin and as destination; all 0 in the plain model.
    origins: Vec<[f32; RANK]>,
    destinations: Vec<[f32; RANK]>,
}

impl Model {
    fn fit(nodes: usize, logs: &[Log], is_hidden: bool, seed: u64) -> Self {
        let mut values: Vec<f32> = logs.iter().map(|log| log.value).collect();
        let middle = values.len() / 2;
        let mean = if values.is_empty() {
            0.0
        } else {
            *values.select_nth_unstable_by(middle, f32::total_cmp).1
        };
        let mut random = Random::new(seed, RANK as u64);
        let mut first = |_| {
            std::array::from_fn(|_| {
                if is_hidden {
                    random.normal() * 0.1
                } else {
                    0.0
                }
            })
        };
        let mut model = Self {
            mean,
            sending: vec![f32::NAN; nodes],
            receiving: vec![f32::NAN; nodes],
            origins: (0..nodes).map(&mut first).collect(),
            destinations: (0..nodes).map(&mut first).collect(),
        };
        for log in logs {
            model.sending[log.origin] = 0.0;
            model.receiving[log.destination] = 0.0;
        }
        let mut by_origin: Vec<Vec<Log>> = vec![Vec::new(); nodes];
        let mut by_destination = by_origin.clone();
        for &log in logs {
            by_origin[log.origin].push(log);
            by_destination[log.destination].push(log);
        }
        for _ in 0..ROUNDS {
            for (node, paths) in by_origin.iter().enumerate() {
                model.sending[node] += model.bias(paths);
                if is_hidden {
                    let other = |log: &Log| log.destination;
                    model.origins[node] =
                        model.hidden(paths, model.origins[node], &model.destinations, other);
                }
            }
            for (node, paths) in by_destination.iter().enumerate() {
                model.receiving[node] += model.bias(paths);
                if is_hidden {
                    let other = |log: &Log| log.origin;
                    model.destinations[node] =
                        model.hidden(paths, model.destinations[node], &model.origins, other);
                }
            }
        }
        model
    }

    /// Logarithm of a bandwidth; `None` where an end was never measured in its direction.
    fn log(&self, origin: usize, destination: usize) -> Option<f32> {
        let bias = self.sending[origin] + self.receiving[destination];
        let hidden = dot(&self.origins[origin], &self.destinations[destination]);
        (!bias.is_nan()).then_some(self.mean + bias + hidden)
    }

    fn misfit(&self, log: &Log) -> f32 {
        self.log(log.origin, log.destination)
            .map_or(0.0, |estimate| log.value - estimate)
    }

    /// By how much a node's own part should change, from the paths at its end.
    fn bias(&self, paths: &[Log]) -> f32 {
        let (mut pull, mut weights) = (0.0, BIAS_RIDGE);
        for log in paths {
            let misfit = self.misfit(log);
            let weight = weight(misfit);
            pull += weight * misfit;
            weights += weight;
        }
        pull / weights
    }

    /// A node's hidden properties, from the paths at its end and those of the others.
    fn hidden(
        &self,
        paths: &[Log],
        before: [f32; RANK],
        others: &[[f32; RANK]],
        other: impl Fn(&Log) -> usize,
    ) -> [f32; RANK] {
        let mut matrix = [[0.0; RANK]; RANK];
        let mut pull = [0.0; RANK];
        for (axis, row) in matrix.iter_mut().enumerate() {
            row[axis] = HIDDEN_RIDGE;
        }
        for log in paths {
            let there = &others[other(log)];
            let misfit = self.misfit(log);
            let weight = weight(misfit);
            let target = misfit + dot(&before, there);
            for row in 0..RANK {
                for column in 0..=row {
                    matrix[row][column] += weight * there[row] * there[column];
                }
                pull[row] += weight * target * there[row];
            }
        }
        solve(matrix, pull).unwrap_or(before)
    }
}

/// Weight of a sample by Cauchy's loss.
fn weight(misfit: f32) -> f32 {
    1.0 / (1.0 + (misfit / SCALE) * (misfit / SCALE))
}

fn dot(a: &[f32; RANK], b: &[f32; RANK]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Median relative error of a model on samples that it did not see.
fn held_out_error(nodes: usize, logs: &[Log], is_hidden: bool, seed: u64) -> Option<f64> {
    let fold = |log: &Log| {
        let path = (log.origin as u64) << 32 | log.destination as u64;
        hash::mix(path) % FOLDS
    };
    let mut errors: Vec<f64> = Vec::new();
    for out in 0..FOLDS {
        let (held_out, known): (Vec<Log>, Vec<Log>) = logs.iter().partition(|log| fold(log) == out);
        let model = Model::fit(nodes, &known, is_hidden, seed);
        errors.extend(held_out.iter().filter_map(|log| {
            let estimate = model.log(log.origin, log.destination)?;
            Some((f64::from(estimate - log.value).exp() - 1.0).abs())
        }));
    }
    let middle = errors.len().checked_sub(1)? / 2;
    Some(*errors.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn check(nodes: usize, samples: &[Throughput]) -> Result<()> {
    check_sizes(nodes, samples.len())?;
    for (index, sample) in samples.iter().enumerate() {
        check_ends(nodes, index, sample.origin, sample.destination)?;
        if !(sample.bandwidth_bps > 0.0 && sample.bandwidth_bps <= HIGHEST_BPS) {
            let problem = format!(
                "[{index}] = {} is not above 0 and at most {HIGHEST_BPS:e}: leave out what was \
                 not measured",
                sample.bandwidth_bps
            );
            return Err(Error::InvalidArgument {
                argument: "bandwidth_bps",
                problem,
            });
        }
    }
    Ok(())
}
