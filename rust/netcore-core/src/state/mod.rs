//! The cluster as the engine knows it: nodes, pods, and who takes what.
//!
//! Objects come in one at a time and change only what they touch: a pod that is bound or leaves
//! costs O(1) in the tables of nodes. All sums are integers, so that adding and taking away in any
//! order leaves exactly what counting anew would give ([`ClusterState::rebuilt`]).

mod changes;
mod nodes;
mod pods;
mod sums;

use std::sync::Arc;

use rustc_hash::FxHashMap;

pub use changes::Changes;
pub use nodes::{Column, Nodes};
pub use pods::{PlacedPod, Placement, PodId, Pods};
pub use sums::{LARGEST_SUM, Sums};

use crate::error::{Error, Result};
use crate::kube::{self, Namespace, Node, Pod, Pools, Service};
use crate::network::{Audit, Declaration, Network};
use crate::node_set::NodeId;
use crate::plan::Memory;
use crate::topology::{Storage, Topology};

/// Columns of nodes and pods, and the other objects that placement looks at.
#[derive(Debug, Default)]
pub struct ClusterState {
    generation: u64,
    pools: Pools,
    nodes: Nodes,
    pods: Pods,
    namespaces: FxHashMap<Arc<str>, Namespace>,
    services: FxHashMap<Arc<str>, Service>,
    network: Network,
    memory: Memory,
}

/// How many objects a state holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes that have an object.
    pub nodes: usize,
    /// Pods, wherever they are.
    pub pods: usize,
    /// Pods on a node, assumed ones included.
    pub placed: usize,
    /// Pods that the engine placed and whose binding has not been seen.
    pub assumed: usize,
    /// Namespaces.
    pub namespaces: usize,
    /// Services.
    pub services: usize,
    /// Applications.
    pub app_groups: usize,
    /// Declarations of network costs.
    pub network_topologies: usize,
    /// Reports of what nodes measured.
    pub node_networks: usize,
    /// How many of them are past their validity.
    pub stale_node_networks: usize,
}

impl ClusterState {
    /// An empty cluster.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same cluster with the measured links held in this form. No answer depends on it.
    #[must_use]
    pub fn stored(mut self, storage: Storage) -> Self {
        self.network = self.network.stored(storage);
        self
    }

    /// Grows with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The pods.
    pub fn pods(&self) -> &Pods {
        &self.pods
    }

    /// The network between the nodes, and the applications that use it.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// A Namespace by name.
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.namespaces.get(name)
    }

    /// How many objects of each kind there are.
    pub fn counts(&self) -> Counts {
        let (app_groups, network_topologies) = self.network.declarations();
        let mut counts = Counts {
            app_groups,
            network_topologies,
            node_networks: self.network.reports().len(),
            stale_node_networks: self.network.reports().expired(),
            nodes: self.nodes.present().count(),
            pods: self.pods.len(),
            namespaces: self.namespaces.len(),
            services: self.services.len(),
            ..Counts::default()
        };
        for (_, pod) in self.pods.iter() {
            counts.placed += usize::from(pod.placement.is_some());
            counts.assumed += usize::from(pod.placement.is_some_and(|p| p.is_assumed));
        }
        counts
    }

    /// Takes in one object in JSON; kinds that placement does not look at are left alone. Returns
    /// the pod for a Pod.
    ///
    /// An assumed pod stays assumed until its bound form or its deletion arrives.
    ///
    /// # Errors
    /// [`Error::InvalidObject`] where the object does not decode: the last good version stands.
    pub fn apply(&mut self, kind: &str, json: &[u8]) -> Result<Option<PodId>> {
        match kind {
            "Node" => {
                let node = kube::decode_node(json, &mut self.pools)?;
                self.apply_node(node);
            }
            "Pod" => {
                let pod = kube::decode_pod(json, &mut self.pools)?;
                return Ok(Some(self.apply_pod(pod)));
            }
            "Namespace" => {
                let namespace = kube::decode_namespace(json, &mut self.pools)?;
                self.namespaces
                    .insert(Arc::clone(&namespace.name), namespace);
                self.generation += 1;
            }
            "Service" => {
                let service = kube::decode_service(json, &mut self.pools)?;
                self.services.insert(Arc::clone(&service.key), service);
                self.generation += 1;
            }
            "AppGroup" => {
                self.network.apply_app_group(json)?;
                self.generation += 1;
            }
            "NetworkTopology" => {
                self.network.apply_network_topology(json)?;
                self.generation += 1;
            }
            "NodeNetwork" => {
                self.network.apply_node_network(json)?;
                self.generation += 1;
            }
            _ => {}
        }
        Ok(None)
    }

    /// Forgets an object; false where there was none. Pods of a deleted node stay known.
    pub fn delete(&mut self, kind: &str, namespace: &str, name: &str) -> bool {
        let key = format!("{namespace}/{name}");
        let existed = match kind {
            "Node" => match self.nodes.delete(name) {
                Some(node) => {
                    self.network.remove_node(node);
                    true
                }
                None => false,
            },
            "Pod" => match self.pods.find(&key) {
                Some(pod) => {
                    self.remove_pod(pod);
                    true
                }
                None => false,
            },
            "Namespace" => self.namespaces.remove(name).is_some(),
            "Service" => self.services.remove(key.as_str()).is_some(),
            "AppGroup" => self.network.delete_app_group(namespace, name),
            "NetworkTopology" => self.network.delete_network_topology(namespace, name),
            "NodeNetwork" => self.network.delete_node_network(name),
            _ => false,
        };
        self.generation += u64::from(existed);
        existed
    }

    fn apply_node(&mut self, node: Node) {
        if let Some(id) = self.nodes.apply(node)
            && let Some(object) = self.nodes.object(id)
        {
            self.network.set_node(id, object);
            self.generation += 1;
        }
    }

    fn apply_pod(&mut self, new: Pod) -> PodId {
        self.generation += 1;
        let known = self.pods.find(&new.key);
        let Some(id) = known.filter(|&id| self.pods.get(id).pod.uid == new.uid) else {
            // Another pod under the same name: the deletion of the first was missed.
            if let Some(id) = known {
                self.remove_pod(id);
            }
            let placement = self.placement_of(&new, None);
            let id = self.pods.insert(new);
            self.settle(id, placement);
            return id;
        };
        let before = self.pods.get(id).placement;
        let placement = self.placement_of(&new, before);
        let old = &self.pods.get(id).pod;
        // What a node's sums are made of is shared, so that the address tells whether it changed.
        let is_as_before = placement.map(|p| p.node) == before.map(|p| p.node)
            && old.takes_room() == new.takes_room()
            && Arc::ptr_eq(&old.spec, &new.spec)
            && Arc::ptr_eq(&old.labels, &new.labels);
        if is_as_before {
            let placed = self.pods.get_mut(id);
            placed.pod = new;
            placed.placement = placement;
        } else {
            let placed = self.pods.get_mut(id);
            let old = std::mem::replace(
                placed,
                PlacedPod {
                    pod: new,
                    placement,
                },
            );
            // First the new place, so that a node without an object keeps its slot in between.
            Self::occupy(&mut self.nodes, self.pods.get(id));
            Self::vacate(&mut self.nodes, &old);
            // The network knows its pods by key: first the old form goes, then the new one comes.
            if let Some(Placement { node, .. }) = old.placement {
                self.network.displace(&old.pod, node);
            }
            if let Some(Placement { node, .. }) = placement {
                self.network.place(&self.pods.get(id).pod, node);
            }
        }
        id
    }

    /// Where a pod is by its object, or where it is assumed as long as the object names no node.
    fn placement_of(&mut self, new: &Pod, before: Option<Placement>) -> Option<Placement> {
        match &new.node_name {
            Some(name) => Some(Placement {
                node: self.nodes.slot(name),
                is_assumed: false,
            }),
            None => before.filter(|placement| placement.is_assumed && new.takes_room()),
        }
    }

    fn remove_pod(&mut self, pod: PodId) {
        self.unsettle(pod);
        self.pods.remove(pod);
    }

    /// Puts a pod that has no node on one.
    fn settle(&mut self, pod: PodId, placement: Option<Placement>) {
        self.pods.get_mut(pod).placement = placement;
        let placed = self.pods.get(pod);
        Self::occupy(&mut self.nodes, placed);
        if let Some(Placement { node, .. }) = placement {
            self.network.place(&placed.pod, node);
        }
    }

    /// Takes a pod off its node, where it has one.
    fn unsettle(&mut self, pod: PodId) {
        let placed = self.pods.get(pod);
        Self::vacate(&mut self.nodes, placed);
        if let Some(Placement { node, .. }) = placed.placement {
            self.network.displace(&placed.pod, node);
        }
        self.pods.get_mut(pod).placement = None;
    }

    fn occupy(nodes: &mut Nodes, placed: &PlacedPod) {
        if let Some(Placement { node, .. }) = placed.placement {
            nodes.occupy(node, placed.room());
        }
    }

    fn vacate(nodes: &mut Nodes, placed: &PlacedPod) {
        if let Some(Placement { node, .. }) = placed.placement {
            nodes.vacate(node, placed.room());
        }
    }

    /// Holds room for a pod on a node until its binding is seen.
    ///
    /// # Errors
    /// [`Error::UnknownPod`], [`Error::UnknownNode`], or [`Error::PodHasNode`].
    pub fn assume(&mut self, pod: &str, node: &str) -> Result<()> {
        let pod = self.pending(pod)?;
        let found = self.nodes.find(node);
        let node = found
            .filter(|&found| self.nodes.present().contains(found))
            .ok_or_else(|| Error::UnknownNode(node.to_owned()))?;
        self.assume_on(pod, node);
        Ok(())
    }

    pub(crate) fn assume_on(&mut self, pod: PodId, node: NodeId) {
        self.settle(
            pod,
            Some(Placement {
                node,
                is_assumed: true,
            }),
        );
        self.generation += 1;
    }

    /// Gives back the room of an assumed pod; does nothing where none is assumed.
    pub fn forget(&mut self, pod: &str) {
        if let Some(pod) = self.pods.find(pod) {
            self.forget_pod(pod);
        }
    }

    pub(crate) fn forget_pod(&mut self, pod: PodId) {
        if self.pods.get(pod).placement.is_some_and(|it| it.is_assumed) {
            self.unsettle(pod);
            self.generation += 1;
        }
    }

    /// A pod that is known.
    ///
    /// # Errors
    /// [`Error::UnknownPod`].
    pub fn known(&self, key: &str) -> Result<PodId> {
        let pod = self.pods.find(key);
        pod.ok_or_else(|| Error::UnknownPod(key.to_owned()))
    }

    /// A pod that is known and has no node yet.
    ///
    /// # Errors
    /// [`Error::UnknownPod`] or [`Error::PodHasNode`].
    pub fn pending(&self, key: &str) -> Result<PodId> {
        let pod = self.known(key)?;
        match self.pods.get(pod).placement {
            None => Ok(pod),
            Some(placement) => Err(Error::PodHasNode {
                pod: key.to_owned(),
                node: self.nodes.name(placement.node).to_string(),
            }),
        }
    }

    /// Judges the age and validity of measurements by this time, Unix seconds.
    pub fn set_time(&mut self, now: f64) {
        if self.network.set_time(now) {
            self.generation += 1;
        }
    }

    /// The network as placement sees it now: the nodes sorted by name, each link as it was
    /// measured, with its age, else as it is declared.
    pub fn topology(&self) -> Topology {
        self.network
            .seen(&self.nodes.by_name(), &Declaration::default())
    }

    /// What is wrong in the objects held, sorted.
    pub fn warnings(&self) -> Vec<String> {
        self.network.warnings()
    }

    /// What planning remembers.
    pub(crate) fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    pub(crate) fn set_generation(&mut self, generation: u64) {
        self.generation = generation;
    }

    /// What is kept of the network, to be quick, but is not what counting anew gives, in words. It
    /// is a claim of the engine that there is none of it.
    ///
    /// *Complexity*: O(N × what is kept), and that of [`rebuilt`](Self::rebuilt).
    pub fn audit(&self) -> Vec<String> {
        let anew = self.rebuilt();
        let slots = self.nodes.named().filter_map(|node| {
            let there = anew.nodes.find(self.nodes.name(node))?;
            Some((node, there))
        });
        let audit = Audit {
            kept: &self.network,
            anew: &anew.network,
            slots: slots.collect(),
        };
        audit.problems()
    }

    /// The same cluster counted anew from its objects: what the incremental tables must equal.
    #[must_use]
    pub fn rebuilt(&self) -> Self {
        let mut new = Self {
            namespaces: self.namespaces.clone(),
            services: self.services.clone(),
            network: self.network.without_nodes(),
            ..Self::default()
        };
        for node in self.nodes.by_name() {
            new.apply_node(self.nodes.object(node).cloned().unwrap_or_default());
        }
        for (_, placed) in self.pods.iter() {
            let id = new.pods.insert(placed.pod.clone());
            let placement = placed.placement.map(|placement| Placement {
                node: new.nodes.slot(self.nodes.name(placement.node)),
                ..placement
            });
            new.settle(id, placement);
        }
        new.generation = self.generation;
        new
    }
}
