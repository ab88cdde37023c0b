//! From a `NodeNetwork` object to what one node measured.

use std::sync::Arc;

use serde::Deserialize;

use super::{Link, Provenance};
use crate::error::{Error, Result};
use crate::kube::wire::{List, Metadata, Text};
use crate::kube::{self, time};

/// The kind, as errors name it.
const KIND: &str = "NodeNetwork";
/// Peers of one node: more than any cluster has nodes.
const MOST_PEERS: usize = 16_384;
/// Longest round trip that is taken for one: ten minutes.
const LONGEST_RTT_MICROS: i64 = 600_000_000;
/// Highest bandwidth that is taken for one: 1 Pbit/s.
const HIGHEST_BANDWIDTH_BPS: i64 = 1_000_000_000_000_000;

/// What one node measured of the paths to its peers.
#[derive(Clone, Debug)]
pub struct NodeNetwork {
    /// The node that measured.
    pub node: Arc<str>,
    /// When the newest measurement was taken, Unix seconds.
    pub observed_at: f64,
    /// After this the measurements count as unknown, Unix seconds.
    pub valid_until: f64,
    /// The peers, by name.
    peers: Vec<Peer>,
}

/// A path as one end of it measured it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The node at the other end.
    pub node: Arc<str>,
    /// From the node that measured to the peer.
    pub to: Link,
    /// From the peer to the node that measured, as far as that node can tell.
    pub from: Link,
}

impl NodeNetwork {
    /// Decode the JSON of an object. One without status has no peers.
    ///
    /// An RTT or a bandwidth of 0 means that there is none: no probe came back, or nothing was
    /// tested. That is unknown, not best.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidObject`] where the object breaks its schema, speaks for another node than
    /// its name says, its arrays differ in length, or a value is out of range.
    pub fn decode(json: &[u8]) -> Result<Self> {
        let wire: Wire<'_> = kube::parse(KIND, json)?;
        wire.decode()
            .map_err(|(field, problem)| Error::InvalidObject {
                kind: KIND,
                name: (*wire.metadata.name).to_owned(),
                field: field.to_owned(),
                problem,
            })
    }

    /// The peers, by name.
    pub fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// What was measured of the path to a node.
    pub fn peer(&self, node: &str) -> Option<&Peer> {
        let at = self
            .peers
            .binary_search_by(|peer| (*peer.node).cmp(node))
            .ok()?;
        Some(&self.peers[at])
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: WireSpec<'a>,
    #[serde(borrow, default)]
    status: WireStatus<'a>,
}

#[derive(Deserialize)]
struct WireSpec<'a> {
    #[serde(borrow)]
    node: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireStatus<'a> {
    #[serde(borrow)]
    observed_at: Text<'a>,
    #[serde(borrow)]
    valid_until: Text<'a>,
    #[serde(borrow)]
    peers: List<Text<'a>>,
    rtt_micros: List<i64>,
    rtt_p90_micros: List<i64>,
    jitter_micros: List<i64>,
    loss_to_ppm: List<i64>,
    loss_from_ppm: List<i64>,
    bandwidth_bps: List<i64>,
}

/// A field, and what is wrong with it.
type Problem = (&'static str, String);

impl Wire<'_> {
    fn decode(&self) -> Result<NodeNetwork, Problem> {
        let node = &*self.spec.node;
        check_name("spec.node", node)?;
        if node != &*self.metadata.name {
            let problem = format!("{node:?} is not the object's name: a node reports about itself");
            return Err(("spec.node", problem));
        }
        let status = &self.status;
        let peers = status.decode_peers(node)?;
        let at = |field, text: &str| match time::unix_seconds(text) {
            Some(seconds) => Ok(seconds),
            None if peers.is_empty() && text.is_empty() => Ok(f64::NEG_INFINITY),
            None => Err((field, format!("{text:?} is no time: RFC 3339 is needed"))),
        };
        Ok(NodeNetwork {
            node: node.into(),
            observed_at: at("status.observedAt", &status.observed_at)?,
            valid_until: at("status.validUntil", &status.valid_until)?,
            peers,
        })
    }
}

impl WireStatus<'_> {
    fn decode_peers(&self, node: &str) -> Result<Vec<Peer>, Problem> {
        let count = self.peers.len();
        if count > MOST_PEERS {
            return Err((
                "status.peers",
                format!("{count} peers: at most {MOST_PEERS}"),
            ));
        }
        let column = |field, values, highest| Column::new(field, values, count, highest);
        let rtt = column("status.rttMicros", &self.rtt_micros, LONGEST_RTT_MICROS)?;
        let rtt_p90 = column(
            "status.rttP90Micros",
            &self.rtt_p90_micros,
            LONGEST_RTT_MICROS,
        )?;
        let jitter = column(
            "status.jitterMicros",
            &self.jitter_micros,
            LONGEST_RTT_MICROS,
        )?;
        let loss_to = column("status.lossToPpm", &self.loss_to_ppm, 1_000_000)?;
        let loss_from = column("status.lossFromPpm", &self.loss_from_ppm, 1_000_000)?;
        let bandwidth = column(
            "status.bandwidthBps",
            &self.bandwidth_bps,
            HIGHEST_BANDWIDTH_BPS,
        )?;
        if rtt.values.is_empty() && count > 0 {
            return Err(("status.rttMicros", format!("is missing for {count} peers")));
        }
        let mut peers = Vec::with_capacity(count);
        for (index, name) in self.peers.iter().enumerate() {
            check_name("status.peers", name)?;
            if &**name == node {
                return Err(("status.peers", format!("{node:?} is no peer of itself")));
            }
            let rtt_ms = rtt.positive(index, 1e-3) as f32;
            let to = Link {
                rtt_ms,
                rtt_p90_ms: rtt_p90.positive(index, 1e-3) as f32,
                // Where no probe came back there is no spread either.
                jitter_ms: if rtt_ms.is_nan() {
                    f32::NAN
                } else {
                    jitter.get(index, 1e-3) as f32
                },
                loss: loss_to.get(index, 1e-6) as f32,
                bandwidth_bps: bandwidth.positive(index, 1.0),
                age_s: f32::NAN,
                source: Provenance::of_measured(rtt_ms),
            };
            let from = Link {
                loss: loss_from.get(index, 1e-6) as f32,
                bandwidth_bps: f64::NAN,
                ..to
            };
            peers.push(Peer {
                node: (&**name).into(),
                to,
                from,
            });
        }
        peers.sort_by(|a, b| a.node.cmp(&b.node));
        if let Some(twice) = peers.windows(2).find(|pair| pair[0].node == pair[1].node) {
            return Err(("status.peers", format!("{:?} comes twice", twice[0].node)));
        }
        Ok(peers)
    }
}

/// One of the parallel arrays; empty where the object lacks it.
struct Column<'a> {
    values: &'a [i64],
}

impl<'a> Column<'a> {
    fn new(
        field: &'static str,
        values: &'a [i64],
        count: usize,
        highest: i64,
    ) -> Result<Self, Problem> {
        if !values.is_empty() && values.len() != count {
            return Err((
                field,
                format!("has {} values for {count} peers", values.len()),
            ));
        }
        match values
            .iter()
            .position(|value| !(0..=highest).contains(value))
        {
            Some(at) => Err((
                field,
                format!("[{at}] = {} is not in 0..{highest}", values[at]),
            )),
            None => Ok(Self { values }),
        }
    }

    /// The value in another unit; NaN where the column is missing.
    fn get(&self, index: usize, unit: f64) -> f64 {
        self.values
            .get(index)
            .map_or(f64::NAN, |&value| value as f64 * unit)
    }

    /// The value in another unit; NaN where it is 0 or the column is missing.
    fn positive(&self, index: usize, unit: f64) -> f64 {
        let value = self.get(index, unit);
        if value > 0.0 { value } else { f64::NAN }
    }
}

fn check_name(field: &'static str, name: &str) -> Result<(), Problem> {
    if name.is_empty() || name.len() > kube::LONGEST_NAME {
        let problem = format!(
            "a node name has 1 to {} bytes, not {}",
            kube::LONGEST_NAME,
            name.len()
        );
        return Err((field, problem));
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are copied, not computed")]
pub(crate) mod tests {
    use super::*;

    /// An object with the given fields of its status.
    pub(crate) fn object(node: &str, status: &str) -> String {
        format!(
            r#"{{"metadata": {{"name": "{node}"}}, "spec": {{"node": "{node}"}}, "status":
            {{"observedAt": "2024-05-01T00:00:00Z", "validUntil": "2024-05-01T00:01:00Z", {status}}}}}"#
        )
    }

    #[test]
    fn columns_become_links_of_both_directions() {
        let json = object(
            "a",
            r#""bootId": "x", "peers": ["c", "b"], "rttMicros": [0, 2500], "rttP90Micros": [0, 4000],
            "jitterMicros": [0, 250], "lossToPpm": [1000000, 10000], "lossFromPpm": [0, 500],
            "bandwidthBps": [0, 1000000000], "samples": [10, 10]"#,
        );
        let report = NodeNetwork::decode(json.as_bytes()).expect("valid");
        assert_eq!(report.valid_until - report.observed_at, 60.0);
        let b = report.peer("b").expect("is there");
        assert_eq!(
            (b.to.rtt_ms, b.to.rtt_p90_ms, b.to.jitter_ms),
            (2.5, 4.0, 0.25)
        );
        assert_eq!((b.to.loss, b.from.loss), (0.01, 0.0005));
        assert_eq!(b.to.bandwidth_bps, 1e9);
        assert_eq!(b.from.rtt_ms, 2.5);
        assert!(b.from.bandwidth_bps.is_nan());
        let c = &report.peer("c").expect("is there").to;
        assert!(c.rtt_ms.is_nan() && c.jitter_ms.is_nan() && c.bandwidth_bps.is_nan());
        assert_eq!((c.loss, c.source), (1.0, Provenance::Unknown));
        assert!(report.peer("d").is_none());
    }

    #[test]
    fn optional_columns_and_status_may_be_missing() {
        let json = object(
            "a",
            r#""peers": ["b"], "rttMicros": [1000], "lossToPpm": null"#,
        );
        let report = NodeNetwork::decode(json.as_bytes()).expect("valid");
        assert!(report.peers()[0].to.loss.is_nan());
        let json = br#"{"metadata": {"name": "a"}, "spec": {"node": "a"}}"#;
        assert!(NodeNetwork::decode(json).expect("valid").peers().is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused_by_field() {
        let cases = [
            (
                r#""peers": ["b"], "rttMicros": [1, 2]"#,
                "status.rttMicros: has 2 values for 1 peers",
            ),
            (
                r#""peers": ["b"]"#,
                "status.rttMicros: is missing for 1 peers",
            ),
            (
                r#""peers": ["b"], "rttMicros": [-1]"#,
                "status.rttMicros: [0] = -1 is not in",
            ),
            (
                r#""peers": ["b"], "rttMicros": [1], "lossToPpm": [1000001]"#,
                "status.lossToPpm: [0]",
            ),
            (
                r#""peers": ["b", "b"], "rttMicros": [1, 2]"#,
                "status.peers: \"b\" comes twice",
            ),
            (
                r#""peers": ["a"], "rttMicros": [1]"#,
                "\"a\" is no peer of itself",
            ),
            (
                r#""peers": [""], "rttMicros": [1]"#,
                "status.peers: a node name has 1 to 253",
            ),
            (r#""peers": ["b"], "rttMicros": [1.5]"#, "status.rttMicros"),
        ];
        for (status, expected) in cases {
            let message = NodeNetwork::decode(object("a", status).as_bytes())
                .expect_err(expected)
                .to_string();
            assert!(message.contains(expected), "{message}");
        }
        let timeless = br#"{"metadata": {"name": "a"}, "spec": {"node": "a"}, "status":
            {"observedAt": "2024-05-01T00:00:00Z", "peers": ["b"], "rttMicros": [1]}}"#;
        let message = NodeNetwork::decode(timeless)
            .expect_err("timeless")
            .to_string();
        assert!(
            message.contains("status.validUntil: \"\" is no time"),
            "{message}"
        );
        let spoofed = br#"{"metadata": {"name": "a"}, "spec": {"node": "b"}}"#;
        let message = NodeNetwork::decode(spoofed)
            .expect_err("spoofed")
            .to_string();
        assert!(message.contains("a node reports about itself"), "{message}");
    }
}
