//! A topology from matrices, as a caller of the library has them.

use std::sync::Arc;

use super::links::invalid;
use super::{Link, Provenance, Topology};
use crate::NodeId;
use crate::error::Result;

/// Matrices of shape `[N, N]`, row-major, `[origin, destination]`; NaN is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrays<'a> {
    /// Round-trip time, ms.
    pub rtt_ms: &'a [f32],
    /// Spread of the round-trip time, ms.
    pub jitter_ms: Option<&'a [f32]>,
    /// Share of packets lost on the way, 0 to 1.
    pub loss: Option<&'a [f32]>,
    /// Bandwidth, bit/s.
    pub bandwidth_bps: Option<&'a [f64]>,
    /// Time since the pair was observed, s.
    pub age_s: Option<&'a [f32]>,
}

impl Topology {
    /// A topology from matrices. Values on the diagonal are not read.
    ///
    /// Where only one direction of a pair has a round-trip time, it serves both, and so does its
    /// jitter; loss and bandwidth belong to their direction alone.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where a shape does not fit the
    /// nodes, or a value is negative, infinite, or a loss above 1.
    pub fn from_arrays<N: Into<Arc<str>>>(
        nodes: impl IntoIterator<Item = N>,
        arrays: Arrays<'_>,
    ) -> Result<Self> {
        let mut topology = Self::new(nodes)?;
        let size = topology.slots();
        topology.check("rtt_ms", Some(arrays.rtt_ms), f64::MAX)?;
        topology.check("jitter_ms", arrays.jitter_ms, f64::MAX)?;
        topology.check("loss", arrays.loss, 1.0)?;
        topology.check("bandwidth_bps", arrays.bandwidth_bps, f64::MAX)?;
        topology.check("age_s", arrays.age_s, f64::MAX)?;
        let at = |values: Option<&[f32]>, cell: usize| values.map_or(f32::NAN, |all| all[cell]);
        for origin in 0..size {
            for destination in (0..size).filter(|&destination| destination != origin) {
                let (there, back) = (origin * size + destination, destination * size + origin);
                let measured = if arrays.rtt_ms[there].is_nan() {
                    back
                } else {
                    there
                };
                let rtt_ms = arrays.rtt_ms[measured];
                let link = Link {
                    rtt_ms,
                    jitter_ms: at(arrays.jitter_ms, measured),
                    loss: at(arrays.loss, there),
                    bandwidth_bps: arrays.bandwidth_bps.map_or(f64::NAN, |all| all[there]),
                    age_s: at(arrays.age_s, measured),
                    source: Provenance::of_measured(rtt_ms),
                    ..Link::UNKNOWN
                };
                if !link.is_blank() {
                    topology.set(NodeId(origin as u32), NodeId(destination as u32), &link);
                }
            }
        }
        Ok(topology)
    }

    /// Whether each value of a matrix is unknown or within `0..=highest`.
    fn check<T: Copy + Into<f64>>(
        &self,
        argument: &'static str,
        values: Option<&[T]>,
        highest: f64,
    ) -> Result<()> {
        let Some(values) = values else { return Ok(()) };
        let size = self.slots();
        if values.len() != size * size {
            let shape = format!(
                "has {} values: shape [{size}, {size}] is needed",
                values.len()
            );
            return Err(invalid(argument, shape));
        }
        for (cell, &value) in values.iter().enumerate() {
            let value: f64 = value.into();
            if value.is_nan() || (0.0..=highest).contains(&value) && value.is_finite() {
                continue;
            }
            let problem = match value {
                _ if value.is_infinite() => "is infinite",
                _ if value < 0.0 => "is negative",
                _ => "is above 1",
            };
            let (origin, destination) = (cell / size, cell % size);
            return Err(invalid(
                argument,
                format!("[{origin}, {destination}] = {value} {problem}: use NaN for unknown"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are copied, not computed")]
pub(super) mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    /// A topology of round trips alone.
    pub(in super::super) fn rtt(nodes: &[&str], rtt_ms: &[f32]) -> Result<Topology> {
        Topology::from_arrays(
            nodes.iter().copied(),
            Arrays {
                rtt_ms,
                ..Arrays::default()
            },
        )
    }

    #[test]
    fn one_direction_serves_both_for_round_trips_only() {
        let topology = Topology::from_arrays(
            ["a", "b", "c"],
            Arrays {
                rtt_ms: &[NAN, 5.0, NAN, 7.0, NAN, NAN, 9.0, NAN, NAN],
                jitter_ms: Some(&[NAN, 0.5, NAN, NAN, NAN, NAN, 0.9, NAN, NAN]),
                loss: Some(&[NAN, 0.1, NAN, NAN, NAN, 0.3, 0.2, NAN, NAN]),
                bandwidth_bps: Some(&[1e9; 9]),
                age_s: None,
            },
        )
        .expect("valid");
        let link = |a: u32, b: u32| topology.link(NodeId(a), NodeId(b));
        assert_eq!(
            (link(0, 1).rtt_ms, link(1, 0).rtt_ms),
            (5.0, 7.0),
            "asymmetry is kept"
        );
        assert_eq!((link(2, 0).rtt_ms, link(0, 2).rtt_ms), (9.0, 9.0));
        assert_eq!((link(0, 2).jitter_ms, link(2, 0).jitter_ms), (0.9, 0.9));
        assert!(
            link(1, 0).jitter_ms.is_nan(),
            "its own measurement has none"
        );
        assert_eq!(link(2, 0).loss, 0.2);
        assert!(link(0, 2).loss.is_nan(), "loss belongs to its direction");
        assert!(link(1, 2).rtt_ms.is_nan());
        assert_eq!(link(1, 2).loss, 0.3);
        assert_eq!(link(1, 1).source, Provenance::Own);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let cases = [
            (rtt(&["a", "a"], &[0.0; 4]), "nodes: \"a\" comes twice"),
            (rtt(&["a", ""], &[0.0; 4]), "nodes: name 1 is empty"),
            (
                rtt(&["a", "b"], &[0.0; 3]),
                "rtt_ms: has 3 values: shape [2, 2]",
            ),
            (
                rtt(&["a", "b"], &[0.0, -1.0, 0.0, 0.0]),
                "rtt_ms: [0, 1] = -1 is negative",
            ),
            (
                rtt(&["a", "b"], &[0.0, f32::INFINITY, 0.0, 0.0]),
                "is infinite",
            ),
        ];
        for (result, expected) in cases {
            let message = result.expect_err(expected).to_string();
            assert!(message.contains(expected), "{message}");
        }
        let loss = Arrays {
            rtt_ms: &[0.0; 4],
            loss: Some(&[1.5; 4]),
            ..Arrays::default()
        };
        let message = Topology::from_arrays(["a", "b"], loss)
            .expect_err("loss")
            .to_string();
        assert!(
            message.starts_with("loss: [0, 0] = 1.5 is above 1"),
            "{message}"
        );
    }

    #[test]
    fn one_node_and_none() {
        let one = rtt(&["a"], &[NAN]).expect("valid");
        assert_eq!(one.cells(|link| link.rtt_ms), [0.0]);
        assert_eq!(one.nearest_rtt_ms(), None);
        assert!(
            rtt(&[], &[])
                .expect("valid")
                .cells(|link| link.rtt_ms)
                .is_empty()
        );
    }
}
