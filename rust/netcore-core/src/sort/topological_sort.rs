//! TopologicalSort: the order that Diktyo's controller wrote into an AppGroup's status.
//!
//! Upstream compares two pods of one group by that order alone, and any others by PrioritySort.
//! Taken as it stands that is no order: a group's pods of unlike priority can enclose a pod of
//! none in a circle, and equal places are each before the other. Here a group takes its turn as a
//! whole, when the first of its pods by PrioritySort would; in the group upstream's order decides,
//! and among equals PrioritySort.
//!
//! *Source*: `pkg/networkaware/topologicalsort` of scheduler-plugins.

use serde::Deserialize;

use super::{Key, Waiting, key};
use crate::app_graph::AppGroup;
use crate::kube::Pod;
use crate::state::ClusterState;

/// The plugin's arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopologicalSort {
    /// Namespaces in which applications are looked for, in this order.
    pub namespaces: Vec<String>,
}

impl Default for TopologicalSort {
    fn default() -> Self {
        Self {
            namespaces: vec!["default".to_owned()],
        }
    }
}

impl TopologicalSort {
    pub(super) fn keys<'s>(&self, state: &'s ClusterState, pods: &[Waiting]) -> Vec<Key<'s>> {
        let label = |pod: &'s Pod| pod.app_group().map(|label| &**label);
        let app_group = |label: &&str| {
            let mut namespaces = self.namespaces.iter();
            namespaces.find_map(|namespace| state.network().app_group(namespace, label))
        };
        key::by_block(state, pods, label, app_group, index)
    }
}

/// The index of the pod's workload; -1, which comes first, where there is none.
fn index(pod: &Pod, group: Option<&AppGroup>) -> i64 {
    let workload = pod.workload().map_or("", |workload| &**workload);
    group.map_or(-1, |group| group.topology_index(workload).into())
}
