//! `slo`: a link is as good as it serves the dependency's own target.

use serde::Deserialize;

use super::{CostPolicy, NEUTRAL, Need, Path, SHORTEST_TARGET_MS};
use crate::kernel::{self, Capped};

/// Utility relative to each dependency's target, after Faro's relaxed utility:
///
/// `U = min(1, (L*/L)^α)^w_latency · min(1, B/B*)^w_bandwidth · (1 − φ(p))`
///
/// with round-trip time L against its target L*, bandwidth B against the minimum B*, and the strict
/// drop penalty φ of the loss p. A product, so that no bandwidth makes up for a dead link; and free
/// of any maximum over the cluster, so that a slow link elsewhere never turns two nodes round.
///
/// What is needed but unknown counts [`NEUTRAL`] in its factor; loss that nobody measured is not
/// held against a link whose round-trip time is known.
///
/// ```
/// use netcore_core::cost::{CostPolicy, Need, Path, Slo};
///
/// let need = Need { target_rtt_ms: 4.0, min_bandwidth_bps: 0.0 };
/// let path = |rtt_ms| Path { rtt_ms, ..Path::UNKNOWN };
/// assert_eq!(Slo::default().cost(&path(4.0), &need), 0.0);
/// assert_eq!(Slo::default().cost(&path(16.0), &need), 0.5);
/// ```
///
/// *Source*: Faro (`src/utility.py`): relaxed utility, and the strict knots of its drop penalty.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Slo {
    /// How steeply utility falls beyond the target; above 0.
    pub alpha: f32,
    /// Exponent of the latency factor.
    pub latency_weight: f32,
    /// Exponent of the bandwidth factor.
    pub bandwidth_weight: f32,
}

impl Default for Slo {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            latency_weight: 0.5,
            bandwidth_weight: 0.5,
        }
    }
}

/// Loss and its penalty: straight lines between these.
const DROP_PENALTY: [(f32, f32); 5] = [
    (0.0, 0.0),
    (0.001, 0.0),
    (0.03, 0.25),
    (0.08, 0.5),
    (1.0, 1.0),
];

impl Slo {
    /// So much of the utility times `(L*/L)^(α·w)`, at most 1; L is known.
    #[inline]
    fn by_latency(&self, most: f32, rtt_ms: f32, need: &Need) -> f32 {
        if self.has_lines() {
            return line(need, most).at(kernel::inverse_root(rtt_ms));
        }
        // By −0 the quotient would be less than nothing.
        let ratio = (target_ms(need) / (rtt_ms + 0.0)).min(1.0);
        most * power(ratio, self.alpha * self.latency_weight)
    }

    #[inline]
    fn bandwidth_factor(&self, bandwidth_bps: f64, need: &Need) -> f32 {
        if need.min_bandwidth_bps <= 0.0 {
            return 1.0;
        }
        let ratio = ((bandwidth_bps + 0.0) / need.min_bandwidth_bps).min(1.0) as f32;
        power(
            if bandwidth_bps.is_nan() {
                NEUTRAL
            } else {
                ratio
            },
            self.bandwidth_weight,
        )
    }
}

fn target_ms(need: &Need) -> f32 {
    need.target_rtt_ms.max(SHORTEST_TARGET_MS)
}

/// So much times √L*/√L, at most that much, by the inverse of √L. The slope is rounded up until a
/// link of the length of the target lacks nothing.
#[inline]
fn line(need: &Need, most: f32) -> Capped {
    let inverse = kernel::inverse_root(target_ms(need));
    let mut slope = most / inverse;
    while slope * inverse < most {
        slope = slope.next_up();
    }
    Capped { slope, most }
}

/// `base^exponent`; the root that the default weights ask for is a single instruction.
#[inline]
#[expect(clippy::float_cmp, reason = "only the very number has the quick way")]
fn power(base: f32, exponent: f32) -> f32 {
    if exponent == 0.5 {
        base.sqrt()
    } else {
        base.powf(exponent)
    }
}

/// φ(p): what a share of lost packets takes off the utility.
fn drop_penalty(loss: f32) -> f32 {
    for pair in DROP_PENALTY.windows(2) {
        let ((from, low), (to, high)) = (pair[0], pair[1]);
        if loss <= to {
            return low + (high - low) * (loss - from) / (to - from);
        }
    }
    1.0
}

impl CostPolicy for Slo {
    fn name(&self) -> &'static str {
        "slo"
    }

    fn utility(&self, path: &Path, need: &Need) -> f32 {
        if path.is_unknown() {
            return f32::NAN;
        }
        let bandwidth = self.bandwidth_factor(path.bandwidth_bps, need);
        let by_latency = if path.rtt_ms.is_nan() {
            NEUTRAL * bandwidth
        } else {
            self.by_latency(bandwidth, path.rtt_ms, need)
        };
        let kept = if path.loss.is_nan() {
            1.0
        } else {
            1.0 - drop_penalty(path.loss)
        };
        by_latency * kept
    }

    fn neutral_bandwidth_bps(&self, need: &Need) -> f64 {
        f64::from(NEUTRAL) * need.min_bandwidth_bps
    }

    fn prepare(&self, rtt_ms: &[f32], prepared: &mut [f32]) {
        if self.has_lines() {
            kernel::inverse_roots(prepared, rtt_ms);
        } else {
            prepared.copy_from_slice(rtt_ms);
        }
    }

    fn utilities(&self, prepared: &[f32], bandwidth_bps: f64, need: &Need, utilities: &mut [f32]) {
        let utilities = utilities.iter_mut().zip(prepared);
        if let Some(line) = self.line(bandwidth_bps, need) {
            utilities.for_each(|(utility, &prepared)| *utility = line.at(prepared));
            return;
        }
        let bandwidth = self.bandwidth_factor(bandwidth_bps, need);
        for (utility, &rtt_ms) in utilities {
            *utility = if rtt_ms.is_nan() {
                0.0
            } else {
                self.by_latency(bandwidth, rtt_ms, need)
            };
        }
    }

    /// Whether the latency factor is a root, as it is by default: √L* by √L, of which the one is
    /// the same for all links and the other for all needs.
    #[expect(clippy::float_cmp, reason = "only the very number has the quick way")]
    fn has_lines(&self) -> bool {
        self.alpha * self.latency_weight == 0.5
    }

    fn line(&self, bandwidth_bps: f64, need: &Need) -> Option<Capped> {
        let bandwidth = self.bandwidth_factor(bandwidth_bps, need);
        self.has_lines().then(|| line(need, bandwidth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utility(rtt_ms: f32, bandwidth_bps: f64, loss: f32) -> f32 {
        let need = Need {
            target_rtt_ms: 2.0,
            min_bandwidth_bps: 300.0,
        };
        Slo::default().utility(
            &Path {
                rtt_ms,
                loss,
                bandwidth_bps,
            },
            &need,
        )
    }

    #[test]
    fn the_worked_example() {
        for (found, expected) in [
            (utility(1.0, 600.0, 0.0), 1.0),
            (utility(6.0, 1000.0, 0.0), 0.577),
            (utility(1.0, 600.0, 0.01), 0.922),
            (utility(30.0, 600.0, 0.0), 0.258),
            (utility(1.0, 75.0, 0.0), 0.5),
        ] {
            assert!((found - expected).abs() < 5e-4, "{found} {expected}");
        }
    }

    #[test]
    fn the_drop_penalty_is_strict() {
        for (loss, expected) in [
            (0.0, 0.0),
            (0.001, 0.0),
            (0.0155, 0.125),
            (0.03, 0.25),
            (0.055, 0.375),
            (0.54, 0.75),
            (1.0, 1.0),
        ] {
            assert!((drop_penalty(loss) - expected).abs() < 1e-6, "{loss}");
        }
    }

    #[test]
    fn nothing_makes_up_for_a_dead_link() {
        assert!(utility(0.1, 1e12, 1.0).abs() < 1e-6);
        // All probes lost: no round-trip time, but not unknown.
        let need = Need {
            target_rtt_ms: 2.0,
            min_bandwidth_bps: 0.0,
        };
        let dead = Path {
            loss: 1.0,
            ..Path::UNKNOWN
        };
        assert!((Slo::default().cost(&dead, &need) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_target_of_zero_is_defined() {
        let need = Need {
            target_rtt_ms: 0.0,
            min_bandwidth_bps: 0.0,
        };
        let cost = |rtt_ms| {
            Slo::default().cost(
                &Path {
                    rtt_ms,
                    ..Path::UNKNOWN
                },
                &need,
            )
        };
        assert!(cost(0.0).abs() < 1e-6 && cost(10.0) > 0.99);
    }

    #[test]
    fn nothing_is_lacking_up_to_the_target() {
        for step in 1..u16::MAX {
            let target_rtt_ms = f32::from(step) / 977.0;
            let need = Need {
                target_rtt_ms,
                min_bandwidth_bps: 0.0,
            };
            for most in [1.0_f32, 0.3] {
                let utility = |rtt_ms| Slo::default().by_latency(most, rtt_ms, &need);
                assert_eq!(utility(target_rtt_ms).to_bits(), most.to_bits(), "{step}");
                let half = utility(4.0 * target_rtt_ms);
                assert!((half / most - 0.5).abs() < 1e-6, "{step}: {half}");
            }
        }
    }
}
