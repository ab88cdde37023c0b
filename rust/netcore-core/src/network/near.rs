//! The round trip of two nodes that are near each other.
//!
//! It is the target of dependencies that name none, and what closeness is measured by, so whatever
//! reads it changes as a whole when it changes. Therefore it is told on a coarse grid: a median of
//! many round trips moves with every report, but seldom from one step of the grid to the next.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::NodeId;
use crate::topology::{DEFAULT_NEAR_RTT_MS, Direction, Locations, Rewritten, Topology};

/// Shorter round trips than a microsecond are taken for one.
const SHORTEST_RTT_MS: f32 = 1e-3;

/// Longer ones than eleven days are taken for that.
const LONGEST_RTT_MS: f32 = 1e9;

/// 2^(1/4) and 2^(3/4): between them lie the round trips that √2 stands for.
const STEPS: [f32; 2] = [1.189_207_1, 1.681_792_9];

/// A step of the grid: a round trip of 2^(step/2) ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step(i32);

impl Step {
    /// The step that is nearest to a round trip, by ratio. By comparisons alone, since logarithms
    /// differ from one machine to another in their last digits.
    fn of(rtt_ms: f32) -> Self {
        let rtt_ms = rtt_ms.clamp(SHORTEST_RTT_MS, LONGEST_RTT_MS);
        let bits = rtt_ms.to_bits();
        let exponent = (bits >> 23).cast_signed() - 127;
        let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
        let halves = STEPS.map(|step| i32::from(mantissa >= step));
        Self(2 * exponent + halves[0] + halves[1])
    }

    fn rtt_ms(self) -> f32 {
        let whole = f32::from_bits(((self.0.div_euclid(2) + 127) as u32) << 23);
        if self.0 % 2 == 0 {
            whole
        } else {
            whole * std::f32::consts::SQRT_2
        }
    }
}

/// How many round trips are nearest to each step.
#[derive(Debug, Default, PartialEq, Eq)]
struct Histogram(BTreeMap<Step, u64>);

impl Histogram {
    fn count(&mut self, rtt_ms: f32, adds: bool) {
        if rtt_ms.is_nan() {
            return;
        }
        let step = Step::of(rtt_ms);
        let count = self.0.entry(step).or_default();
        *count = if adds { *count + 1 } else { *count - 1 };
        if *count == 0 {
            self.0.remove(&step);
        }
    }

    /// The lower median.
    fn median(&self) -> Option<Step> {
        let total: u64 = self.0.values().sum();
        let mut before_middle = total.checked_sub(1)? / 2;
        self.0.iter().find_map(|(&step, &count)| {
            let is_here = before_middle < count;
            before_middle = before_middle.saturating_sub(count);
            is_here.then_some(step)
        })
    }
}

/// What is known of near nodes, kept up to date link by link.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// Round trips between nodes of one zone, each direction for itself.
    within_zones: Histogram,
    nearest: Mutex<Nearest>,
}

/// Each node's shortest round trip, as far as it was asked for.
#[derive(Debug, Default)]
struct Nearest {
    /// By node, if it has one.
    shortest: FxHashMap<NodeId, Option<Step>>,
    /// Of the nodes that have one, until a link changes.
    median: Option<Step>,
}

impl Near {
    /// Whether the counts are those of another.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.within_zones == other.within_zones
    }

    /// Take in a link that changed, between nodes that are where they are now.
    ///
    /// *Complexity*: O(1).
    pub(super) fn rewrite(&mut self, link: &Rewritten, locations: &Locations) {
        if share_zone(locations, link.origin, link.destination) {
            self.within_zones.count(link.rtt_before_ms, false);
            self.within_zones.count(link.rtt_after_ms, true);
        }
        let nearest = self
            .nearest
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        nearest.median = None;
        nearest.shortest.remove(&link.origin);
    }

    /// Take out the links of a node that is about to move, or put them in where it is now.
    ///
    /// *Complexity*: O(its links).
    pub(super) fn relocate(
        &mut self,
        node: NodeId,
        adds: bool,
        topology: &Topology,
        locations: &Locations,
    ) {
        for direction in [Direction::To, Direction::From] {
            for (other, rtt_ms) in topology.rtt_ms().row(node.index(), direction).known() {
                if share_zone(locations, node, NodeId(other as u32)) {
                    self.within_zones.count(rtt_ms, adds);
                }
            }
        }
    }

    /// The round trip of two nodes that are near each other, ms.
    ///
    /// *Complexity*: O(steps) where one was measured within a zone; else, where links changed since
    /// the last time, O(N) and the links of their nodes.
    pub(super) fn rtt_ms(&self, topology: &Topology) -> f32 {
        let step = self
            .within_zones
            .median()
            .or_else(|| self.nearest(topology));
        step.map_or(DEFAULT_NEAR_RTT_MS, Step::rtt_ms)
    }

    /// The median of each node's shortest round trip.
    fn nearest(&self, topology: &Topology) -> Option<Step> {
        if topology.rtt_ms().is_blank() {
            return None;
        }
        let mut nearest = self.nearest.lock().unwrap_or_else(PoisonError::into_inner);
        if nearest.median.is_none() {
            let shortest = &mut nearest.shortest;
            let steps = topology.present().iter().filter_map(|node| {
                let work_out = || topology.shortest_rtt_ms(node).map(Step::of);
                *shortest.entry(node).or_insert_with(work_out)
            });
            let mut steps: Vec<Step> = steps.collect();
            let middle = steps.len().checked_sub(1)? / 2;
            nearest.median = Some(*steps.select_nth_unstable(middle).1);
        }
        nearest.median
    }
}

fn share_zone(locations: &Locations, here: NodeId, there: NodeId) -> bool {
    let (here, there) = (locations.of(here), locations.of(there));
    here == there && locations.get(here).shares_zone(locations.get(there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_go_to_the_nearest_step() {
        for step in -19..40 {
            let rtt_ms = 2_f64.powf(f64::from(step) / 2.0);
            assert!((f64::from(Step(step).rtt_ms()) / rtt_ms - 1.0).abs() < 1e-6);
            // Just short of the boundaries, a quarter of an octave away on either side.
            for part in [-0.249, 0.0, 0.249] {
                let near = rtt_ms * 2_f64.powf(part);
                assert_eq!(Step::of(near as f32), Step(step), "{near}");
            }
        }
        assert_eq!(Step::of(0.0), Step::of(SHORTEST_RTT_MS));
        assert!(Step::of(f32::MAX).rtt_ms().is_finite());
        assert_eq!(Step::of(1.0).rtt_ms().to_bits(), 1.0_f32.to_bits());
    }

    #[test]
    fn the_median_is_the_lower_one_and_what_is_taken_out_leaves_nothing() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.median(), None);
        for rtt_ms in [1.0, 8.0, 1.0, 8.0, f32::NAN] {
            histogram.count(rtt_ms, true);
        }
        assert_eq!(histogram.median(), Some(Step(0)));
        histogram.count(1.0, false);
        assert_eq!(histogram.median(), Some(Step(6)));
        for rtt_ms in [1.0, 8.0, 8.0] {
            histogram.count(rtt_ms, false);
        }
        assert!(histogram.0.is_empty());
    }
}
