//! AppGroupSort: the pods of an application together, in the order of its graph.
//!
//! Priority comes first, as everywhere in Kubernetes. Among equal priorities the pods of a group
//! take their turn together, when the one that has waited longest would; in the group the order of
//! the graph decides, then time. Placing an application in that order costs it a fraction of the
//! cross-zone traffic that arrival order does, since each pod then finds its heaviest peers placed.

use super::{Waiting, blocks};
use crate::kube::Pod;
use crate::state::ClusterState;

pub(super) fn sort(state: &ClusterState, pods: &mut [Waiting]) {
    let group = |pod: &'_ Pod| {
        let group = pod.app_group()?.clone();
        Some((pod.priority, pod.namespace.clone(), group))
    };
    // A pod whose workload the group does not declare comes after those it does.
    let rank = |pod: &Pod| {
        let group = state.network().app_group_of(pod);
        group.map_or(u32::MAX, |(group, workload)| group.rank(workload))
    };
    blocks::sort(state, pods, group, rank);
}
