//! PrioritySort: larger priority first, then the pod that has waited longer.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use super::Waiting;
use crate::kube::Pod;
use crate::state::ClusterState;

/// A pod's place by PrioritySort; the smaller one goes first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    priority: Reverse<i32>,
    since: f64,
    key: &'a Arc<str>,
}

impl<'a> Turn<'a> {
    pub(super) fn of(pod: &'a Pod, since: f64) -> Self {
        Self {
            priority: Reverse(pod.priority),
            since,
            key: &pod.key,
        }
    }

    pub(super) fn order(self, other: Self) -> Ordering {
        self.priority
            .cmp(&other.priority)
            .then(self.since.total_cmp(&other.since))
            .then_with(|| self.key.cmp(other.key))
    }
}

pub(super) fn sort(state: &ClusterState, pods: &mut [Waiting]) {
    let turn = |waiting: &Waiting| Turn::of(&state.pods().get(waiting.pod).pod, waiting.since);
    pods.sort_by(|a, b| turn(a).order(turn(b)));
}
