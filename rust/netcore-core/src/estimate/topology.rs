//! A measured topology, and its gaps filled with estimates.

use super::fit::Estimate;
use super::graph::Sample;
use crate::NodeId;
use crate::error::Result;
use crate::topology::{Link, Provenance, Topology};

/// A measurement of this age counts half as much as a fresh one, s. A heuristic: within an hour
/// most wide paths change by less than the model errs.
const HALF_LIFE_S: f32 = 3600.0;

impl Estimate {
    /// Fit to what a topology holds as measured, older measurements counting less; from where
    /// nodes are in an earlier estimate, if there is one (its seed stays).
    ///
    /// # Errors
    ///
    /// As [`Estimate::fit`].
    pub fn of_topology(topology: &Topology, previous: Option<&Self>, seed: u64) -> Result<Self> {
        let nodes: Vec<NodeId> = topology.nodes().map(|(node, _)| node).collect();
        let names = topology.nodes().map(|(_, name)| name.clone());
        let mut samples = Vec::new();
        for (origin, &from) in nodes.iter().enumerate() {
            for (destination, &to) in nodes.iter().enumerate() {
                let link = topology.link(from, to);
                if link.source == Provenance::Measured && !link.rtt_ms.is_nan() {
                    samples.push(Sample {
                        origin: origin as u32,
                        destination: destination as u32,
                        rtt_ms: link.rtt_ms,
                        weight: freshness(link.age_s),
                    });
                }
            }
        }
        match previous {
            Some(previous) => previous.refit(names, &samples),
            None => Self::fit(names, &samples, seed),
        }
    }

    /// The topology with estimated round-trip times where it knows none, marked as estimated.
    /// Nodes are matched by name. Nothing that the topology knows changes, and loss, jitter and
    /// bandwidth are not estimated.
    pub fn fill(&self, topology: &Topology) -> Topology {
        let mut filled = topology.clone();
        let size = self.nodes().len();
        let slots: Vec<Option<NodeId>> = self
            .nodes()
            .iter()
            .map(|name| topology.node(name))
            .collect();
        let rtt_ms = self.rtt_ms();
        for (cell, &rtt_ms) in rtt_ms.iter().enumerate() {
            let (Some(origin), Some(destination)) = (slots[cell / size], slots[cell % size]) else {
                continue;
            };
            if origin == destination || rtt_ms.is_nan() {
                continue;
            }
            let link = topology.link(origin, destination);
            if link.rtt_ms.is_nan() {
                let link = Link {
                    rtt_ms,
                    source: Provenance::Estimated,
                    ..link
                };
                filled.set(origin, destination, &link);
            }
        }
        filled
    }
}

/// Weight of a measurement by its age; one of unknown age is fresh.
fn freshness(age_s: f32) -> f32 {
    if age_s.is_nan() {
        1.0
    } else {
        (-age_s / HALF_LIFE_S).exp2().max(1e-3)
    }
}
