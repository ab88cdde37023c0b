//! The nodes as columns, and the room that pods take on them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Changes, Sums};
use crate::hash;
use crate::kube::{Amounts, Effect, HostPort, Labels, Node, PodSpec, Taint};
use crate::node_set::{NodeId, NodeSet};

/// One resource of every node.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// What the pods of the node may take together.
    pub allocatable: Vec<i64>,
    /// What they have taken.
    pub requested: Sums,
}

impl Column {
    fn resize(&mut self, slots: usize) {
        self.allocatable.resize(slots, 0);
        self.requested.resize(slots);
    }
}

/// Every node that an object or a pod speaks of, in slots that [`NodeId`]s point to.
///
/// Slots are in order of arrival and reused; whatever must not depend on that order sorts by name
/// or hashes names.
#[derive(Debug, Default)]
pub struct Nodes {
    /// Shared with who words later what was decided now.
    names: Arc<Vec<Arc<str>>>,
    by_name: FxHashMap<Arc<str>, NodeId>,
    free: Vec<NodeId>,
    /// The objects; None where pods name a node that has no object.
    objects: Vec<Option<Node>>,
    /// Pods that name the node, whether they take room or not.
    residents: Vec<u32>,
    name_hashes: Vec<u64>,
    present: NodeSet,
    unschedulable: NodeSet,
    forbidding: NodeSet,
    discouraging: NodeSet,
    cpu_milli: Column,
    memory: Column,
    ephemeral_storage: Column,
    scalars: Vec<(Arc<str>, Column)>,
    /// How many pods a node may run, and how many take room on it.
    pods: Column,
    nonzero_cpu_milli: Sums,
    nonzero_memory: Sums,
    /// Ports taken, sorted; a port stands in it once for each pod that takes it.
    ports: Vec<Vec<HostPort>>,
    changes: Changes,
}

static NO_LABELS: std::sync::LazyLock<Labels> = std::sync::LazyLock::new(Labels::default);

impl Nodes {
    /// How many slots the columns have.
    pub fn slots(&self) -> usize {
        self.names.len()
    }

    /// The nodes that have an object: those on which pods can be placed.
    pub fn present(&self) -> &NodeSet {
        &self.present
    }

    /// The cordoned nodes.
    pub fn unschedulable(&self) -> &NodeSet {
        &self.unschedulable
    }

    /// The nodes with a taint that keeps pods away which do not tolerate it.
    pub fn forbidding(&self) -> &NodeSet {
        &self.forbidding
    }

    /// The nodes with a taint that lowers their score.
    pub fn discouraging(&self) -> &NodeSet {
        &self.discouraging
    }

    /// The slot of a name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// The slots that stand for a name.
    pub(crate) fn named(&self) -> impl Iterator<Item = NodeId> {
        self.by_name.values().copied()
    }

    /// The name of a node.
    pub fn name(&self, node: NodeId) -> &Arc<str> {
        &self.names[node.index()]
    }

    /// The names by slot, to keep while nodes come and go.
    pub(crate) fn names(&self) -> Arc<Vec<Arc<str>>> {
        Arc::clone(&self.names)
    }

    /// A hash of the node's name, the same in every process.
    pub fn name_hash(&self, node: NodeId) -> u64 {
        self.name_hashes[node.index()]
    }

    /// The node's object, where it has one.
    pub fn object(&self, node: NodeId) -> Option<&Node> {
        self.objects[node.index()].as_ref()
    }

    /// The node's labels; none where it has no object.
    pub fn labels(&self, node: NodeId) -> &Labels {
        self.object(node)
            .map_or(&NO_LABELS, |object| &object.labels)
    }

    /// The node's taints; none where it has no object.
    pub fn taints(&self, node: NodeId) -> &[Taint] {
        self.object(node).map_or(&[], |object| &object.taints)
    }

    /// Thousandths of a core.
    pub fn cpu_milli(&self) -> &Column {
        &self.cpu_milli
    }

    /// Bytes of memory.
    pub fn memory(&self) -> &Column {
        &self.memory
    }

    /// Bytes of local storage.
    pub fn ephemeral_storage(&self) -> &Column {
        &self.ephemeral_storage
    }

    /// How many pods a node may run, and runs.
    pub fn pods(&self) -> &Column {
        &self.pods
    }

    /// Any other resource; None where no node and no placed pod speaks of it.
    pub fn scalar(&self, resource: &str) -> Option<&Column> {
        let (_, column) = self.scalars.iter().find(|(name, _)| &**name == resource)?;
        Some(column)
    }

    /// Thousandths of a core taken, where a container that asks for none counts for 0.1 cores.
    pub fn nonzero_cpu_milli(&self) -> &[i64] {
        &self.nonzero_cpu_milli
    }

    /// Bytes of memory taken, where a container that asks for none counts for 200 MiB.
    pub fn nonzero_memory(&self) -> &[i64] {
        &self.nonzero_memory
    }

    /// The ports that the node's pods take, sorted.
    pub fn ports(&self, node: NodeId) -> &[HostPort] {
        &self.ports[node.index()]
    }

    /// Which nodes changed.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The nodes that have an object, sorted by name.
    pub fn by_name(&self) -> Vec<NodeId> {
        let mut nodes: Vec<_> = self.present.iter().collect();
        nodes.sort_unstable_by(|a, b| self.name(*a).cmp(self.name(*b)));
        nodes
    }

    /// The slot of a name, made where there is none yet.
    pub(super) fn slot(&mut self, name: &Arc<str>) -> NodeId {
        if let Some(node) = self.find(name) {
            return node;
        }
        let node = self.free.pop().unwrap_or_else(|| {
            let node = NodeId(self.slots() as u32);
            self.resize(self.slots() + 1);
            node
        });
        Arc::make_mut(&mut self.names)[node.index()] = Arc::clone(name);
        self.name_hashes[node.index()] = hash::text(name);
        self.by_name.insert(Arc::clone(name), node);
        node
    }

    fn resize(&mut self, slots: usize) {
        Arc::make_mut(&mut self.names).resize(slots, Arc::default());
        self.objects.resize(slots, None);
        self.residents.resize(slots, 0);
        self.name_hashes.resize(slots, 0);
        for set in [
            &mut self.present,
            &mut self.unschedulable,
            &mut self.forbidding,
            &mut self.discouraging,
        ] {
            set.resize(slots);
        }
        for column in [
            &mut self.cpu_milli,
            &mut self.memory,
            &mut self.ephemeral_storage,
            &mut self.pods,
        ] {
            column.resize(slots);
        }
        for (_, column) in &mut self.scalars {
            column.resize(slots);
        }
        self.nonzero_cpu_milli.resize(slots);
        self.nonzero_memory.resize(slots);
        self.ports.resize(slots, Vec::new());
    }

    /// Takes in a node's object. Returns None where nothing about it changed.
    pub(super) fn apply(&mut self, object: Node) -> Option<NodeId> {
        let node = self.slot(&object.name);
        if self.object(node) == Some(&object) {
            return None;
        }
        self.describe(node, Some(object));
        Some(node)
    }

    /// Forgets a node's object. Returns None where it had none.
    pub(super) fn delete(&mut self, name: &str) -> Option<NodeId> {
        let node = self
            .find(name)
            .filter(|&node| self.present.contains(node))?;
        self.describe(node, None);
        self.free_if_unused(node);
        Some(node)
    }

    /// Sets all that follows from a node's object.
    fn describe(&mut self, node: NodeId, object: Option<Node>) {
        let has_taint = |forbids: bool| {
            object.as_ref().is_some_and(|object| {
                let forbidding = |taint: &Taint| Effect::forbids_placement(taint.effect);
                object
                    .taints
                    .iter()
                    .any(|taint| forbidding(taint) == forbids)
            })
        };
        self.forbidding.set(node, has_taint(true));
        self.discouraging.set(node, has_taint(false));
        self.present.set(node, object.is_some());
        let is_unschedulable = object
            .as_ref()
            .is_some_and(|object| object.is_unschedulable);
        self.unschedulable.set(node, is_unschedulable);
        let nothing = Amounts::default();
        let amounts = object
            .as_ref()
            .map_or(&nothing, |object| &object.allocatable);
        let at = node.index();
        self.cpu_milli.allocatable[at] = amounts.cpu_milli;
        self.memory.allocatable[at] = amounts.memory;
        self.ephemeral_storage.allocatable[at] = amounts.ephemeral_storage;
        self.pods.allocatable[at] = object.as_ref().map_or(0, |object| object.allowed_pods);
        for (_, column) in &mut self.scalars {
            column.allocatable[at] = 0;
        }
        for (name, amount) in &amounts.scalars {
            self.scalar_mut(name).allocatable[at] = *amount;
        }
        self.objects[at] = object;
        self.changes.note(node);
    }

    fn scalar_mut(&mut self, resource: &Arc<str>) -> &mut Column {
        let found = self.scalars.iter().position(|(name, _)| name == resource);
        let at = found.unwrap_or_else(|| {
            let mut column = Column::default();
            column.resize(self.slots());
            self.scalars.push((Arc::clone(resource), column));
            self.scalars.len() - 1
        });
        &mut self.scalars[at].1
    }

    /// Notes a pod that names the node, and the room that it takes where it takes some.
    pub(super) fn occupy(&mut self, node: NodeId, room: Option<&PodSpec>) {
        self.residents[node.index()] += 1;
        if let Some(spec) = room {
            self.count(node, spec, 1);
            let ports = &mut self.ports[node.index()];
            for port in &spec.host_ports {
                let at = ports.binary_search(port).unwrap_or_else(|at| at);
                ports.insert(at, port.clone());
            }
        }
    }

    /// Undoes what [`Self::occupy`] did with the same arguments.
    pub(super) fn vacate(&mut self, node: NodeId, room: Option<&PodSpec>) {
        self.residents[node.index()] -= 1;
        if let Some(spec) = room {
            self.count(node, spec, -1);
            let ports = &mut self.ports[node.index()];
            for port in &spec.host_ports {
                if let Ok(at) = ports.binary_search(port) {
                    ports.remove(at);
                }
            }
        }
        self.free_if_unused(node);
    }

    fn count(&mut self, node: NodeId, spec: &PodSpec, sign: i64) {
        let requests = &spec.requests;
        let taken = &requests.taken;
        let at = node.index();
        let storage = &mut self.ephemeral_storage;
        for (sums, amount) in [
            (&mut self.cpu_milli.requested, taken.cpu_milli),
            (&mut self.memory.requested, taken.memory),
            (&mut storage.requested, taken.ephemeral_storage),
            (&mut self.pods.requested, 1),
            (
                &mut self.nonzero_cpu_milli,
                requests.taken_nonzero_cpu_milli,
            ),
            (&mut self.nonzero_memory, requests.taken_nonzero_memory),
        ] {
            sums.count(at, amount, sign);
        }
        for (name, amount) in &taken.scalars {
            self.scalar_mut(name).requested.count(at, *amount, sign);
        }
        self.changes.note(node);
    }

    fn free_if_unused(&mut self, node: NodeId) {
        if self.residents[node.index()] == 0 && !self.present.contains(node) {
            let name = std::mem::take(&mut Arc::make_mut(&mut self.names)[node.index()]);
            self.by_name.remove(&name);
            self.free.push(node);
        }
    }
}
