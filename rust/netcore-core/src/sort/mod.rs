//! Queue sorts: which of the waiting pods is placed first.
//!
//! Each is a strict weak order with the pod's key as the last word, so that the same pods always
//! come in the same order.

mod app_group_sort;
mod blocks;
mod priority_sort;
mod topological_sort;

pub use topological_sort::TopologicalSort;

use crate::state::{ClusterState, PodId};

/// The queue sort plugin of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueSort {
    /// Larger priority first, then the pod that has waited longer.
    PrioritySort,
    /// As PrioritySort, but the pods of an application stay together and come in the order of its
    /// graph.
    AppGroupSort,
    /// Diktyo's order.
    TopologicalSort(TopologicalSort),
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
            Self::AppGroupSort => "AppGroupSort",
            Self::TopologicalSort(_) => "TopologicalSort",
        }
    }

    /// Brings the pods into the order in which they are to be placed.
    pub fn sort(&self, state: &ClusterState, pods: &mut [Waiting]) {
        match self {
            Self::PrioritySort => priority_sort::sort(state, pods),
            Self::AppGroupSort => app_group_sort::sort(state, pods),
            Self::TopologicalSort(plugin) => plugin.sort(state, pods),
        }
    }
}
