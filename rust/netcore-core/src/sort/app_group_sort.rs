//! AppGroupSort: the pods of an application together, in the order of its graph.
//!
//! Priority comes first, as everywhere in Kubernetes. Among equal priorities the pods of a group
//! take their turn together, when the one that has waited longest would; in the group the order of
//! the graph decides, then time. Placing an application in that order costs it a fraction of the
//! cross-zone traffic that arrival order does, since each pod then finds its heaviest peers placed.

use super::{Key, Waiting, key};
use crate::app_graph::AppGroup;
use crate::kube::Pod;
use crate::state::ClusterState;

pub(super) fn keys<'s>(state: &'s ClusterState, pods: &[Waiting]) -> Vec<Key<'s>> {
    let block = |pod: &'s Pod| Some((&*pod.namespace, &**pod.app_group()?, pod.priority));
    let app_group = |&(namespace, group, _): &_| state.network().app_group(namespace, group);
    key::by_block(state, pods, block, app_group, rank)
}

/// Place of the pod's workload in the order of its application. A pod whose workload the group does
/// not declare comes after those it does.
fn rank(pod: &Pod, group: Option<&AppGroup>) -> i64 {
    let rank = || {
        let group = group?;
        let workload = group.graph.workload(pod.workload()?)?;
        Some(group.rank(workload).into())
    };
    rank().unwrap_or(i64::MAX)
}
