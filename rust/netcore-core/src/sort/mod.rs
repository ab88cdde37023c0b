//! Queue sorts: which of the waiting pods is placed first.
//!
//! Each is a strict weak order with the pod's key as the last word, so that the same pods always
//! come in the same order.

use std::cmp::Reverse;

use crate::state::{ClusterState, PodId};

/// The queue sort plugin of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueSort {
    /// Larger priority first, then the pod that has waited longer.
    PrioritySort,
}

/// A pod that waits, and since when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// The pod.
    pub pod: PodId,
    /// Unix seconds.
    pub since: f64,
}

impl QueueSort {
    /// The name of the plugin.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PrioritySort => "PrioritySort",
        }
    }

    /// Brings the pods into the order in which they are to be placed.
    pub fn sort(&self, state: &ClusterState, pods: &mut [Waiting]) {
        match self {
            Self::PrioritySort => pods.sort_by(|a, b| {
                let key = |waiting: &Waiting| &state.pods().get(waiting.pod).pod;
                let (one, other) = (key(a), key(b));
                (Reverse(one.priority).cmp(&Reverse(other.priority)))
                    .then(a.since.total_cmp(&b.since))
                    .then_with(|| one.key.cmp(&other.key))
            }),
        }
    }
}
