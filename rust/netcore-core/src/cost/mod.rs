//! How a link becomes a utility in [0, 1], or its opposite, a cost.
//!
//! A policy is a pure function of one link and of what a dependency asks of it. Whatever the
//! policy, a node's link to itself costs nothing, more delay or loss never costs less, and a link
//! of which nothing is known has no cost at all: NaN, which the caller must treat as neither good
//! nor bad.

mod linear;
mod links;
#[cfg(test)]
mod properties;
mod slo;
mod time;

pub use linear::{Linear, LinearWeights};
pub use links::of_links;
pub use slo::Slo;
pub use time::Time;

pub use crate::kernel::Capped;
use crate::topology::Topology;

/// The utility of a quantity that a policy needs and nobody knows.
pub const NEUTRAL: f32 = 0.5;

/// Targets below this are taken for it, ms: 1 ns is no distance, and 0 would make 0/0 of it.
const SHORTEST_TARGET_MS: f32 = 1e-6;

/// What a policy reads of a link; NaN is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// Round-trip time, ms.
    pub rtt_ms: f32,
    /// Share of the packets that are lost on the way there or back, 0 to 1.
    pub loss: f32,
    /// Bandwidth that is left, bit/s.
    pub bandwidth_bps: f64,
}

impl Path {
    /// A path of which nothing is known.
    pub const UNKNOWN: Self = Self {
        rtt_ms: f32::NAN,
        loss: f32::NAN,
        bandwidth_bps: f64::NAN,
    };

    /// The path from a node to itself.
    pub const OWN: Self = Self {
        rtt_ms: 0.0,
        loss: 0.0,
        bandwidth_bps: f64::INFINITY,
    };

    /// Whether nothing is known of the path.
    #[inline]
    pub fn is_unknown(&self) -> bool {
        self.rtt_ms.is_nan() && self.loss.is_nan() && self.bandwidth_bps.is_nan()
    }
}

/// What a dependency asks of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// The round-trip time up to which the dependency wants for nothing, ms.
    pub target_rtt_ms: f32,
    /// The bandwidth that it needs, bit/s; 0 asks for none.
    pub min_bandwidth_bps: f64,
}

/// How a link becomes a utility.
pub trait CostPolicy: std::fmt::Debug + Send + Sync {
    /// The name in a configuration.
    fn name(&self) -> &'static str;

    /// Utility of a link between two nodes, 0 to 1; NaN where nothing of it is known.
    ///
    /// Never increases with round-trip time or loss, never decreases with bandwidth.
    fn utility(&self, path: &Path, need: &Need) -> f32;

    /// What the link lacks in utility; NaN where nothing of it is known.
    fn cost(&self, path: &Path, need: &Need) -> f32 {
        1.0 - self.utility(path, need)
    }

    /// What the utilities of round trips, ms, have in common whatever is needed, a cell each: worked
    /// out once, it serves many needs. By default the round trips themselves.
    fn prepare(&self, rtt_ms: &[f32], prepared: &mut [f32]) {
        prepared.copy_from_slice(rtt_ms);
    }

    /// Utilities of links of which nothing is known but the round trip, which is
    /// [prepared](Self::prepare), if that, and of which each is supposed to have this bandwidth,
    /// bit/s, NaN for none: for each what [`utility`](Self::utility) gives, bit for bit, and 0 where
    /// even the round trip is unknown.
    fn utilities(&self, prepared: &[f32], bandwidth_bps: f64, need: &Need, utilities: &mut [f32]) {
        for (utility, &rtt_ms) in utilities.iter_mut().zip(prepared) {
            let path = Path {
                rtt_ms,
                bandwidth_bps,
                ..Path::UNKNOWN
            };
            *utility = if rtt_ms.is_nan() {
                0.0
            } else {
                self.utility(&path, need)
            };
        }
    }

    /// Whether there is a [`line`](Self::line) for every need; else there is for none.
    fn has_lines(&self) -> bool {
        false
    }

    /// The line on which [`utilities`](Self::utilities) are by what is prepared: the way of working
    /// them out that takes the least time.
    fn line(&self, _bandwidth_bps: f64, _need: &Need) -> Option<Capped> {
        None
    }

    /// Whether the bandwidth of a link can change its utility.
    fn reads_bandwidth(&self, need: &Need) -> bool {
        need.min_bandwidth_bps > 0.0
    }

    /// The bandwidth that counts like an unknown one, bit/s, where bandwidth is read at all. A
    /// policy sees one link only: a caller that knows others which all have less supposes less.
    fn neutral_bandwidth_bps(&self, need: &Need) -> f64;

    /// Expected time of one call over a link, ms, by a policy that is about time; infinite where
    /// the link delivers nothing, `None` where nothing of it is known.
    fn time_ms(&self, _path: &Path, _need: &Need) -> Option<f64> {
        None
    }
}

/// A policy as a configuration chooses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PolicyChoice {
    /// Relative to each dependency's own target.
    Slo(Slo),
    /// Relative to the largest values in the cluster.
    Linear(LinearWeights),
    /// Expected communication time.
    Time(Time),
}

impl PolicyChoice {
    /// The names in a configuration.
    pub const NAMES: [&str; 3] = ["slo", "linear", "time"];

    /// The policy of a name, with its defaults.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "slo" => Some(Self::Slo(Slo::default())),
            "linear" => Some(Self::Linear(LinearWeights::default())),
            "time" => Some(Self::Time(Time::default())),
            _ => None,
        }
    }

    /// The policy, ready for these links, beside which round trips of up to `declared_ms` are
    /// declared.
    pub fn over(self, topology: &Topology, declared_ms: f32) -> Box<dyn CostPolicy> {
        match self {
            Self::Slo(slo) => Box::new(slo),
            Self::Linear(weights) => {
                let mut linear = Linear::over(topology, weights);
                linear.max_rtt_ms = linear.max_rtt_ms.max(declared_ms);
                Box::new(linear)
            }
            Self::Time(time) => Box::new(time),
        }
    }

    /// Whether the cost of a link depends on the others too, so that none stands when one changes.
    pub fn looks_at_all_links(self) -> bool {
        matches!(self, Self::Linear(_))
    }
}

impl Default for PolicyChoice {
    fn default() -> Self {
        Self::Slo(Slo::default())
    }
}

/// Loss of a round trip from the losses of its two ways; a way that nobody measured loses nothing
/// beyond what the other is known to lose.
#[inline]
pub fn round_trip_loss(there: f32, back: f32) -> f32 {
    match (there.is_nan(), back.is_nan()) {
        (false, false) => 1.0 - (1.0 - there) * (1.0 - back),
        (true, _) => back,
        (false, true) => there,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_loses_what_both_ways_lose() {
        assert!((round_trip_loss(0.1, 0.2) - 0.28).abs() < 1e-6);
        assert!(round_trip_loss(f32::NAN, f32::NAN).is_nan());
        assert!((round_trip_loss(f32::NAN, 0.2) - 0.2).abs() < 1e-6);
        assert!((round_trip_loss(0.1, f32::NAN) - 0.1).abs() < 1e-6);
    }

    #[test]
    fn every_policy_goes_by_its_own_name() {
        for name in PolicyChoice::NAMES {
            let choice = PolicyChoice::named(name).expect("a policy");
            assert_eq!(choice.over(&Topology::default(), 0.0).name(), name);
        }
        assert_eq!(PolicyChoice::named("best"), None);
    }
}
