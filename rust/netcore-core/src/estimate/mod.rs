//! The round-trip time of every pair of nodes, from a few measured pairs a node.
//!
//! Each node is given a place in a space of three dimensions and a height, so that distances plus
//! heights suit what was measured ([`DIMENSIONS`]; `surroundings`). Eight such fits are made, each
//! from another start and without another eighth of the pairs (`embedding`); the median of them is
//! the estimate, and how far they differ tells how much it is worth (`ensemble`, `confidence`).
//! Paths of near nodes take detours alike, which a correction learns where it helps (`neighbours`,
//! `residuals`); a second fit to what is left then finds the places better. A fit that starts from
//! the last one takes a fraction of the time. Bandwidth has a model of its own ([`Bandwidth`]), and
//! is coarse.
//!
//! What was measured is never replaced by an estimate, and a pair that no path of measured pairs
//! joins stays unknown.

mod bandwidth;
mod confidence;
mod embedding;
mod ensemble;
mod fit;
mod graph;
mod landmarks;
mod lanes;
mod linear;
mod members;
mod neighbours;
mod random;
mod residuals;
mod surroundings;
mod topology;

pub use bandwidth::{Bandwidth, Throughput};
pub use confidence::RIGHT_WITHIN;
pub use fit::{Estimate, Guess};
pub use graph::{LONGEST_RTT_MS, MOST_NODES, MOST_SAMPLES, Sample, check_sizes};
pub use surroundings::DIMENSIONS;
