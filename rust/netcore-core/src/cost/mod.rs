//! How a link becomes a utility in [0, 1], or its opposite, a cost.
//!
//! A policy is a pure function of one link and of what a dependency asks of it. Whatever the
//! policy, a node's link to itself costs nothing, more delay or loss never costs less, and a link
//! of which nothing is known has no cost at all: NaN, which the caller must treat as neither good
//! nor bad.

mod linear;
mod links;
mod slo;

pub use linear::{Linear, LinearWeights};
pub use links::of_links;
pub use slo::Slo;

/// The utility of a quantity that a policy needs and nobody knows.
pub const NEUTRAL: f32 = 0.5;

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

    /// Utilities of links of which nothing is known but the round-trip time, ms, if that.
    fn utilities(&self, rtt_ms: &[f32], need: &Need, utilities: &mut [f32]) {
        for (utility, &rtt_ms) in utilities.iter_mut().zip(rtt_ms) {
            *utility = 1.0
                - self.cost(
                    &Path {
                        rtt_ms,
                        ..Path::UNKNOWN
                    },
                    need,
                );
        }
    }
}

/// A policy as a configuration chooses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PolicyChoice {
    /// Relative to each dependency's own target.
    Slo(Slo),
    /// Relative to the largest values in the cluster.
    Linear(LinearWeights),
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
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A quantity that may be unknown.
    fn maybe(values: std::ops::RangeInclusive<f32>) -> impl Strategy<Value = f32> {
        prop_oneof![4 => values, 1 => Just(f32::NAN)]
    }

    pub(crate) fn path() -> impl Strategy<Value = Path> {
        (maybe(0.0..=1000.0), maybe(0.0..=1.0), maybe(0.0..=1e10)).prop_map(
            |(rtt_ms, loss, bandwidth)| Path {
                rtt_ms,
                loss,
                bandwidth_bps: f64::from(bandwidth),
            },
        )
    }

    pub(crate) fn need() -> impl Strategy<Value = Need> {
        (0.0..=200.0_f32, prop_oneof![Just(0.0), 1.0..=1e10_f64]).prop_map(
            |(target_rtt_ms, min_bandwidth_bps)| Need {
                target_rtt_ms,
                min_bandwidth_bps,
            },
        )
    }

    fn policies() -> Vec<Box<dyn CostPolicy>> {
        vec![
            Box::new(Slo::default()),
            Box::new(Slo {
                alpha: 2.0,
                latency_weight: 1.0,
                bandwidth_weight: 0.3,
            }),
            Box::new(Linear {
                max_rtt_ms: 500.0,
                max_bandwidth_bps: 1e10,
                max_loss: 0.5,
                ..Linear::default()
            }),
            // No link has any spread: every maximum is 0.
            Box::new(Linear {
                max_rtt_ms: 0.0,
                max_bandwidth_bps: 0.0,
                max_loss: 0.0,
                ..Linear::default()
            }),
        ]
    }

    proptest! {
        #[test]
        fn costs_are_bounded_and_unknown_only_where_nothing_is_known(path in path(), need in need()) {
            for policy in policies() {
                let cost = policy.cost(&path, &need);
                prop_assert_eq!(cost.is_nan(), path.is_unknown(), "{} {}", policy.name(), cost);
                prop_assert!(cost.is_nan() || (0.0..=1.0).contains(&cost), "{} {}", policy.name(), cost);
            }
        }

        #[test]
        fn costs_are_monotone(path in path(), need in need(), rtt in 0.0..100.0_f32,
                              loss in 0.0..1.0_f32, bandwidth in 0.0..1e9_f64) {
            let worse = [
                Path { rtt_ms: path.rtt_ms + rtt, ..path },
                Path { loss: (path.loss + loss).min(1.0).max(path.loss), ..path },
                Path { bandwidth_bps: (path.bandwidth_bps - bandwidth).max(0.0), ..path },
            ];
            // A quantity that is unknown stays so: only known ones can get worse.
            let known = [!path.rtt_ms.is_nan(), !path.loss.is_nan(), !path.bandwidth_bps.is_nan()];
            for policy in policies() {
                let cost = policy.cost(&path, &need);
                for (worse, _) in worse.iter().zip(known).filter(|(_, known)| *known) {
                    prop_assert!(policy.cost(worse, &need) >= cost, "{} {worse:?}", policy.name());
                }
            }
        }

        #[test]
        fn whole_rows_give_what_single_links_give(
            rtts in proptest::collection::vec(maybe(0.0..=1000.0), 0..40), need in need(),
        ) {
            let need = Need { min_bandwidth_bps: 0.0, ..need };
            for policy in policies() {
                let mut row = vec![0.0; rtts.len()];
                policy.utilities(&rtts, &need, &mut row);
                for (&rtt_ms, utility) in rtts.iter().zip(row) {
                    let single = policy.utility(&Path { rtt_ms, ..Path::UNKNOWN }, &need);
                    prop_assert_eq!(utility.is_nan(), single.is_nan());
                    prop_assert!(utility.is_nan() || utility.to_bits() == single.to_bits());
                }
            }
        }
    }

    #[test]
    fn a_round_trip_loses_what_both_ways_lose() {
        assert!((round_trip_loss(0.1, 0.2) - 0.28).abs() < 1e-6);
        assert!(round_trip_loss(f32::NAN, f32::NAN).is_nan());
        assert!((round_trip_loss(f32::NAN, 0.2) - 0.2).abs() < 1e-6);
        assert!((round_trip_loss(0.1, f32::NAN) - 0.1).abs() < 1e-6);
    }
}
