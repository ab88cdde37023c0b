//! The pods that the state knows.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::kube::{Pod, PodSpec};
use crate::node_set::NodeId;

/// Position of a pod in a [`Pods`]; reused once the pod is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(pub u32);

/// Where a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The node.
    pub node: NodeId,
    /// Whether the engine put it there and its binding has not been seen yet.
    pub is_assumed: bool,
}

/// A pod and where it is.
#[derive(Debug, Clone)]
pub struct PlacedPod {
    /// The pod.
    pub pod: Pod,
    /// Where it is, where it has a node.
    pub placement: Option<Placement>,
}

impl PlacedPod {
    /// What takes room on its node; None for a pod that has ended.
    pub fn room(&self) -> Option<&PodSpec> {
        self.pod.takes_room().then_some(&*self.pod.spec)
    }
}

/// Every pod, by key.
#[derive(Debug, Default)]
pub struct Pods {
    slots: Vec<Option<PlacedPod>>,
    by_key: FxHashMap<Arc<str>, PodId>,
    free: Vec<PodId>,
}

impl Pods {
    /// How many pods there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is no pod.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The pod with a key, `namespace/name`.
    pub fn find(&self, key: &str) -> Option<PodId> {
        self.by_key.get(key).copied()
    }

    /// The pod in a slot.
    ///
    /// # Panics
    /// Where the pod has been deleted.
    pub fn get(&self, pod: PodId) -> &PlacedPod {
        self.slots[pod.0 as usize]
            .as_ref()
            .expect("a PodId is dropped with its pod")
    }

    /// Every pod, in order of its slot.
    pub fn iter(&self) -> impl Iterator<Item = (PodId, &PlacedPod)> {
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((PodId(at as u32), slot.as_ref()?)))
    }

    pub(super) fn get_mut(&mut self, pod: PodId) -> &mut PlacedPod {
        self.slots[pod.0 as usize]
            .as_mut()
            .expect("a PodId is dropped with its pod")
    }

    pub(super) fn insert(&mut self, pod: Pod) -> PodId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            PodId(self.slots.len() as u32 - 1)
        });
        self.by_key.insert(Arc::clone(&pod.key), id);
        self.slots[id.0 as usize] = Some(PlacedPod {
            pod,
            placement: None,
        });
        id
    }

    pub(super) fn remove(&mut self, pod: PodId) {
        if let Some(placed) = self.slots[pod.0 as usize].take() {
            self.by_key.remove(&placed.pod.key);
            self.free.push(pod);
        }
    }
}
