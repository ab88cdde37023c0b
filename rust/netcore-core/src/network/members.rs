//! Which pods of which workload are on which node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::NodeId;
use crate::kube::Pod;

/// The placed pods of one workload, by node.
pub type Replicas = BTreeMap<NodeId, BTreeSet<Arc<str>>>;

/// How many pods of one workload each node has.
pub(crate) type Tally = BTreeMap<NodeId, u32>;

/// Entries by a namespace, a label value or the like.
type ByName<V> = FxHashMap<Arc<str>, V>;

/// The placed pods that carry a group label, indexed as the plugins ask for them.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// Namespace → group → workload → the pods that take room.
    by_namespace: ByName<ByName<ByName<Workload>>>,
    /// Group → workload → every pod that names a node, in whatever namespace and phase: what
    /// Diktyo's plugins count.
    by_label: ByName<ByName<Tally>>,
    /// How many workloads got a number.
    numbered: WorkloadNumber,
}

/// Stands for a workload as long as it has a placed pod; no two have the same, ever.
pub(crate) type WorkloadNumber = u64;

/// A workload with placed pods.
#[derive(Clone, Debug, Default)]
struct Workload {
    number: WorkloadNumber,
    replicas: Replicas,
}

impl Members {
    /// Note a pod on a node; one without a group label is none of ours.
    pub(super) fn place(&mut self, pod: &Pod, node: NodeId) {
        let Some((group, workload)) = labels(pod) else {
            return;
        };
        let workloads = self.by_label.entry(Arc::clone(group)).or_default();
        let tally = workloads.entry(Arc::clone(&workload)).or_default();
        *tally.entry(node).or_default() += 1;
        if pod.takes_room() {
            let groups = self
                .by_namespace
                .entry(Arc::clone(&pod.namespace))
                .or_default();
            let workloads = groups.entry(Arc::clone(group)).or_default();
            let workload = workloads.entry(workload).or_insert_with(|| {
                self.numbered += 1;
                Workload {
                    number: self.numbered,
                    replicas: Replicas::new(),
                }
            });
            workload
                .replicas
                .entry(node)
                .or_default()
                .insert(Arc::clone(&pod.key));
        }
    }

    /// Undo what [`place`](Self::place) did with the same arguments.
    pub(super) fn displace(&mut self, pod: &Pod, node: NodeId) {
        let Some((group, workload)) = labels(pod) else {
            return;
        };
        update(&mut self.by_label, group, |workloads| {
            update(workloads, &workload, |tally| {
                if let Some(count) = tally.get_mut(&node) {
                    *count -= 1;
                    if *count == 0 {
                        tally.remove(&node);
                    }
                }
                tally.is_empty()
            });
            workloads.is_empty()
        });
        if !pod.takes_room() {
            return;
        }
        update(&mut self.by_namespace, &pod.namespace, |groups| {
            update(groups, group, |workloads| {
                update(workloads, &workload, |Workload { replicas, .. }| {
                    if let Some(pods) = replicas.get_mut(&node) {
                        pods.remove(&pod.key);
                        if pods.is_empty() {
                            replicas.remove(&node);
                        }
                    }
                    replicas.is_empty()
                });
                workloads.is_empty()
            });
            groups.is_empty()
        });
    }

    /// The pods of a workload that take room, by node.
    pub fn replicas(&self, namespace: &str, group: &str, workload: &str) -> &Replicas {
        self.workload(namespace, group, workload).1
    }

    /// A workload's number and its pods that take room, by node; 0 where it has none.
    pub(crate) fn workload(
        &self,
        namespace: &str,
        group: &str,
        workload: &str,
    ) -> (WorkloadNumber, &Replicas) {
        static NONE: Replicas = Replicas::new();
        let groups = self.by_namespace.get(namespace);
        let workloads = groups.and_then(|groups| groups.get(group));
        let found = workloads.and_then(|workloads| workloads.get(workload));
        found.map_or((0, &NONE), |it| (it.number, &it.replicas))
    }

    /// The pods of each workload, by its number.
    pub(super) fn by_number(&self) -> FxHashMap<WorkloadNumber, &Replicas> {
        let groups = self.by_namespace.values().flat_map(FxHashMap::values);
        let workloads = groups.flat_map(FxHashMap::values);
        workloads.map(|it| (it.number, &it.replicas)).collect()
    }

    /// The number of a placed pod's workload; `None` where its pods take no part.
    pub(super) fn number_of(&self, pod: &Pod) -> Option<WorkloadNumber> {
        let (group, workload) = labels(pod).filter(|_| pod.takes_room())?;
        let (number, _) = self.workload(&pod.namespace, group, &workload);
        (number > 0).then_some(number)
    }

    /// How many pods with these labels name each node: in any namespace, ended ones included.
    pub(crate) fn tally(&self, group: &str, workload: &str) -> &Tally {
        static NONE: Tally = Tally::new();
        let workloads = self.by_label.get(group);
        workloads
            .and_then(|workloads| workloads.get(workload))
            .unwrap_or(&NONE)
    }
}

/// Group and workload of a pod; a missing workload label is an empty one, as upstream reads it.
fn labels(pod: &Pod) -> Option<(&Arc<str>, Arc<str>)> {
    Some((
        pod.app_group()?,
        pod.workload().cloned().unwrap_or_default(),
    ))
}

/// Change an entry, and remove it where that leaves nothing of it.
fn update<V>(map: &mut ByName<V>, key: &Arc<str>, change: impl FnOnce(&mut V) -> bool) {
    if let Some(value) = map.get_mut(key)
        && change(value)
    {
        map.remove(key);
    }
}
