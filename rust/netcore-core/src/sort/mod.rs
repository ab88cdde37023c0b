//! Queue sorts: which of the waiting pods is placed first.
//!
//! Each works out one sort key for every pod, once, and sorts by those. They are tuples that end in
//! the pod's own key, `namespace/name`, of which there are no two: so each sort is a strict weak
//! order, and of the orders of some pods only one is right. What a queue sort decides stands in how
//! it makes the sort keys.

mod app_group_sort;
mod key;
#[cfg(test)]
mod properties;
mod topological_sort;

pub use topological_sort::TopologicalSort;

use key::Key;

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
    /// Unix seconds; not NaN.
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

    /// The positions of the pods in the list, in the order in which they are to be placed. A pod
    /// that is in the list twice comes twice.
    ///
    /// *Complexity*: O(n log n) comparisons of keys, nearly all of which read integers only.
    pub fn order(&self, state: &ClusterState, pods: &[Waiting]) -> Vec<u32> {
        let mut keys = self.keys(state, pods);
        keys.sort_unstable();
        keys.iter().map(|key| key.position).collect()
    }

    /// The key of each pod, in the order of the list.
    fn keys<'s>(&self, state: &'s ClusterState, pods: &[Waiting]) -> Vec<Key<'s>> {
        match self {
            Self::PrioritySort => key::by_turn(state, pods),
            Self::AppGroupSort => app_group_sort::keys(state, pods),
            Self::TopologicalSort(plugin) => plugin.keys(state, pods),
        }
    }
}
