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
    /// What is out of range, where something is.
    fn problem(&self) -> Option<String> {
        let weights = [
            ("slo.latencyWeight", self.slo.latency_weight),
            ("slo.bandwidthWeight", self.slo.bandwidth_weight),
            ("linear.latency", self.linear.latency),
            ("linear.bandwidth", self.linear.bandwidth),
            ("linear.loss", self.linear.loss),
        ];
        for (field, weight) in weights {
            if !(weight.is_finite() && weight >= 0.0) {
                return Some(format!("{field} is {weight}: a weight is 0 or more"));
            }
        }
        let Time {
            round_trips,
            message_bytes,
            rto_ms,
            segment_bytes,
            bandwidth_bps,
        } = self.time;
        for (field, amount) in [("time.messageBytes", message_bytes), ("time.rtoMs", rto_ms)] {
            if !(amount.is_finite() && amount >= 0.0) {
                return Some(format!("{field} is {amount}: it must be 0 or more"));
            }
        }
        for (field, value) in [
            ("slo.alpha", self.slo.alpha.into()),
            ("time.roundTrips", round_trips),
            ("time.segmentBytes", segment_bytes),
            ("time.bandwidthBps", bandwidth_bps),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Some(format!("{field} is {value}: it must be above 0"));
            }
        }
        let is_share = (0.0..=1.0).contains(&self.worst_share);
        (!is_share).then(|| format!("worstShare is {}: a share is 0 to 1", self.worst_share))
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
