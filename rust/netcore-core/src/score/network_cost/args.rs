//! The arguments of NetworkCost as a configuration writes them.

use serde::{Deserialize, Deserializer};

use super::NetworkCost;
use crate::cost::{LinearWeights, PolicyChoice, Slo, Time};
use crate::network::Declaration;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Args {
    policy: PolicyName,
    worst_share: f64,
    slo: Slo,
    linear: LinearWeights,
    time: Time,
    namespaces: Vec<String>,
    network_topology_name: Option<String>,
    weights_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum PolicyName {
    Slo,
    Linear,
    Time,
}

impl Default for Args {
    fn default() -> Self {
        let Declaration {
            namespaces,
            network_topology_name,
            weights_name,
        } = Declaration::default();
        Self {
            policy: PolicyName::Slo,
            worst_share: NetworkCost::default().worst_share,
            slo: Slo::default(),
            linear: LinearWeights::default(),
            time: Time::default(),
            namespaces,
            network_topology_name,
            weights_name,
        }
    }
}

impl Args {
    /// What is out of range, where something is. The bounds are those of sense, and keep every sum
    /// and quotient of the policies finite.
    fn problem(&self) -> Option<String> {
        let Self {
            slo, linear, time, ..
        } = self;
        let ranges = [
            ("worstShare", self.worst_share, 0.0..=1.0),
            ("slo.alpha", slo.alpha.into(), 1e-3..=1e3),
            ("slo.latencyWeight", slo.latency_weight.into(), 0.0..=1e6),
            (
                "slo.bandwidthWeight",
                slo.bandwidth_weight.into(),
                0.0..=1e6,
            ),
            ("linear.latency", linear.latency.into(), 0.0..=1e6),
            ("linear.bandwidth", linear.bandwidth.into(), 0.0..=1e6),
            ("linear.loss", linear.loss.into(), 0.0..=1e6),
            ("time.roundTrips", time.round_trips, 1e-3..=1e6),
            ("time.messageBytes", time.message_bytes, 0.0..=1e15),
            ("time.rtoMs", time.rto_ms, 0.0..=1e6),
            ("time.segmentBytes", time.segment_bytes, 1.0..=1e6),
            ("time.bandwidthBps", time.bandwidth_bps, 1.0..=1e15),
        ];
        ranges.into_iter().find_map(|(field, value, range)| {
            let (least, most) = (range.start(), range.end());
            (!range.contains(&value))
                .then(|| format!("{field} is {value}: it must be {least} to {most}"))
        })
    }
}

impl<'de> Deserialize<'de> for NetworkCost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let args = Args::deserialize(deserializer)?;
        if let Some(problem) = args.problem() {
            return Err(serde::de::Error::custom(problem));
        }
        Ok(Self {
            policy: match args.policy {
                PolicyName::Slo => PolicyChoice::Slo(args.slo),
                PolicyName::Linear => PolicyChoice::Linear(args.linear),
                PolicyName::Time => PolicyChoice::Time(args.time),
            },
            worst_share: args.worst_share,
            declaration: Declaration {
                namespaces: args.namespaces,
                network_topology_name: args.network_topology_name,
                weights_name: args.weights_name,
            },
        })
    }
}
