//! `linear`: a weighted sum of latency, bandwidth and loss, each relative to the largest there is.

use serde::Deserialize;

use super::{CostPolicy, NEUTRAL, Need, Path};
use crate::topology::Topology;

/// The classic cost of this project:
///
/// `C = (w_latency · L/L_max + w_bandwidth · (1 − B/B_max) + w_loss · p/p_max) / Σw`
///
/// It is kept for comparison, since it fails what `slo` and `time` hold: the maxima are taken over
/// the whole cluster, so that one slow link anywhere changes which of two other links is the better
/// (`linear_is_not_blind_to_a_new_maximum` shows it), bandwidth beyond any need still lowers the
/// cost, and a dead link can be made up for. A maximum of 0 means that no link differs in that quantity: its term is 0. An unknown
/// quantity counts [`NEUTRAL`] in its term.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Linear {
    /// How much each term counts.
    pub weights: LinearWeights,
    /// The longest round trip, ms.
    pub max_rtt_ms: f32,
    /// The highest bandwidth, bit/s.
    pub max_bandwidth_bps: f64,
    /// The largest loss.
    pub max_loss: f32,
}

/// How much each term of the sum counts; only their ratio matters.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinearWeights {
    /// Weight of the round-trip time.
    pub latency: f32,
    /// Weight of the bandwidth that is missing to the largest.
    pub bandwidth: f32,
    /// Weight of the loss.
    pub loss: f32,
}

impl Default for LinearWeights {
    fn default() -> Self {
        Self {
            latency: 0.5,
            bandwidth: 0.3,
            loss: 0.2,
        }
    }
}

impl Linear {
    /// The sum with the maxima of all links that are known.
    pub fn over(topology: &Topology, weights: LinearWeights) -> Self {
        Self {
            weights,
            max_rtt_ms: topology.max_rtt_ms().unwrap_or_default(),
            max_bandwidth_bps: topology.bandwidth_bps().max().unwrap_or_default(),
            max_loss: topology.loss().max().unwrap_or_default(),
        }
    }
}

/// Share of a maximum, 0 to 1; [`NEUTRAL`] where the value is unknown.
fn share(value: f64, max: f64) -> f32 {
    match value {
        _ if max <= 0.0 => 0.0,
        value if value.is_nan() => NEUTRAL,
        value => (value / max).clamp(0.0, 1.0) as f32,
    }
}

impl CostPolicy for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn reads_bandwidth(&self, _: &Need) -> bool {
        self.max_bandwidth_bps > 0.0
    }

    fn neutral_bandwidth_bps(&self, _: &Need) -> f64 {
        f64::from(NEUTRAL) * self.max_bandwidth_bps
    }

    fn utility(&self, path: &Path, _: &Need) -> f32 {
        if path.is_unknown() {
            return f32::NAN;
        }
        let LinearWeights {
            latency,
            bandwidth,
            loss,
        } = self.weights;
        let weights = latency + bandwidth + loss;
        if weights <= 0.0 {
            return 1.0;
        }
        let lacking = if self.max_bandwidth_bps > 0.0 {
            1.0 - share(path.bandwidth_bps, self.max_bandwidth_bps)
        } else {
            0.0
        };
        let sum = latency * share(path.rtt_ms.into(), self.max_rtt_ms.into())
            + bandwidth * lacking
            + loss * share(path.loss.into(), self.max_loss.into());
        1.0 - (sum / weights).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Arrays;

    const NEED: Need = Need {
        target_rtt_ms: 1.0,
        min_bandwidth_bps: 0.0,
    };

    #[test]
    fn the_maxima_are_those_of_the_known_links() {
        let nan = f32::NAN;
        let topology = Topology::from_arrays(
            ["a", "b"],
            Arrays {
                rtt_ms: &[nan, 4.0, nan, nan],
                loss: Some(&[nan, nan, 0.25, nan]),
                ..Arrays::default()
            },
        )
        .expect("valid");
        let linear = Linear::over(&topology, LinearWeights::default());
        let maxima = [
            linear.max_rtt_ms,
            linear.max_loss,
            linear.max_bandwidth_bps as f32,
        ];
        assert_eq!(
            maxima.map(f32::to_bits),
            [4.0_f32, 0.25, 0.0].map(f32::to_bits)
        );
        let worst = Path {
            rtt_ms: 4.0,
            loss: 0.25,
            bandwidth_bps: f64::NAN,
        };
        assert!(
            (linear.cost(&worst, &NEED) - 0.7).abs() < 1e-6,
            "bandwidth differs nowhere"
        );
    }
}
