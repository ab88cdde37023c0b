//! The network side of a cluster: what its nodes measured, what is declared, which applications
//! there are and where their pods run.
//!
//! A [`Network`] is told of every change that concerns it, one object or pod at a time, and
//! answers the plugins that place by the network. It knows nothing of resources, taints or queues.

mod members;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use members::{Members, Replicas};

use crate::NodeId;
use crate::app_graph::{AppGroup, WorkloadId};
use crate::error::Result;
use crate::kube::{Labels, Node, Pod};
use crate::network_overhead;
use crate::topology::{Location, Locations, NetworkTopology, NodeNetwork, Reports, Topology};

/// A namespace and a name in it.
type Key = (Box<str>, Box<str>);

/// What is known of the network between the nodes, and of those who use it.
#[derive(Debug, Default)]
pub struct Network {
    topology: Topology,
    reports: Reports,
    locations: Locations,
    declarations: BTreeMap<Key, NetworkTopology>,
    app_groups: BTreeMap<Key, AppGroup>,
    members: Members,
    overhead_costs: Mutex<network_overhead::CostCache>,
}

impl Network {
    /// The measured links.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The `NodeNetwork` objects behind them.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Region and zone of each node.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// The placed pods of the applications.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Whether a node has an object.
    pub fn has_node(&self, node: NodeId) -> bool {
        self.topology.name(node).is_some()
    }

    /// An application by its object's namespace and name.
    pub fn app_group(&self, namespace: &str, name: &str) -> Option<&AppGroup> {
        self.app_groups.get(&(namespace.into(), name.into()))
    }

    /// The application of a pod, in the pod's own namespace, and the pod's workload in it.
    pub fn app_group_of(&self, pod: &Pod) -> Option<(&AppGroup, WorkloadId)> {
        let group = self.app_group(&pod.namespace, pod.app_group()?)?;
        Some((group, group.graph.workload(pod.workload()?)?))
    }

    /// Declared costs by their object's namespace and name.
    pub fn network_topology(&self, namespace: &str, name: &str) -> Option<&NetworkTopology> {
        self.declarations.get(&(namespace.into(), name.into()))
    }

    /// Take in a node that joined, or whose labels changed.
    pub fn set_node(&mut self, node: NodeId, object: &Node) {
        self.locations.set(node, location(&object.labels));
        if self.topology.name(node) != Some(&object.name) {
            self.topology.join(node, Arc::clone(&object.name));
            self.reports.joined(&object.name, &mut self.topology);
        }
    }

    /// Forget a node whose object is gone. Its pods stay where they are.
    pub fn remove_node(&mut self, node: NodeId) {
        self.topology.leave(node);
        self.locations.set(node, Location::default());
    }

    /// Take in a `NodeNetwork` object.
    ///
    /// # Errors
    /// [`Error::InvalidObject`](crate::Error::InvalidObject): the last good version stands.
    pub fn apply_node_network(&mut self, json: &[u8]) -> Result<()> {
        self.reports
            .apply(NodeNetwork::decode(json)?, &mut self.topology);
        Ok(())
    }

    /// Forget a `NodeNetwork` object; false where there was none.
    pub fn delete_node_network(&mut self, name: &str) -> bool {
        self.reports.delete(name, &mut self.topology)
    }

    /// Take in a `NetworkTopology` object.
    ///
    /// # Errors
    /// [`Error::InvalidObject`](crate::Error::InvalidObject): the last good version stands.
    pub fn apply_network_topology(&mut self, json: &[u8]) -> Result<()> {
        let topology = NetworkTopology::decode(json)?;
        let key = (topology.namespace.clone(), topology.name.clone());
        self.declarations.insert(key, topology);
        self.forget_costs();
        Ok(())
    }

    /// Forget a `NetworkTopology` object; false where there was none.
    pub fn delete_network_topology(&mut self, namespace: &str, name: &str) -> bool {
        self.forget_costs();
        self.declarations
            .remove(&(namespace.into(), name.into()))
            .is_some()
    }

    /// Take in an `AppGroup` object.
    ///
    /// # Errors
    /// [`Error::InvalidObject`](crate::Error::InvalidObject): the last good version stands.
    pub fn apply_app_group(&mut self, json: &[u8]) -> Result<()> {
        let group = AppGroup::decode(json)?;
        self.app_groups
            .insert((group.namespace.clone(), group.name.clone()), group);
        Ok(())
    }

    /// Forget an `AppGroup` object; false where there was none.
    pub fn delete_app_group(&mut self, namespace: &str, name: &str) -> bool {
        self.app_groups
            .remove(&(namespace.into(), name.into()))
            .is_some()
    }

    /// Note a pod on a node, bound or assumed there.
    pub fn place(&mut self, pod: &Pod, node: NodeId) {
        self.members.place(pod, node);
    }

    /// Undo what [`place`](Self::place) did with the same arguments.
    pub fn displace(&mut self, pod: &Pod, node: NodeId) {
        self.members.displace(pod, node);
    }

    /// Judge the age and validity of measurements by this time, Unix seconds; whether it changed
    /// what is known.
    pub fn set_time(&mut self, now: f64) -> bool {
        self.reports.set_time(now, &mut self.topology)
    }

    /// What is wrong in the objects held, sorted.
    pub fn warnings(&self) -> Vec<String> {
        let of_group = |group: &AppGroup| {
            let owner = format!("AppGroup {}/{}", group.namespace, group.name);
            let problems = group.graph.problems().to_vec();
            problems
                .into_iter()
                .map(move |problem| format!("{owner}: {problem}"))
        };
        let mut warnings: Vec<_> = self.app_groups.values().flat_map(of_group).collect();
        warnings.sort();
        warnings
    }

    /// The same objects in a cluster whose nodes and pods are still to be told of.
    pub(crate) fn without_nodes(&self) -> Self {
        Self {
            reports: self.reports.clone(),
            declarations: self.declarations.clone(),
            app_groups: self.app_groups.clone(),
            ..Self::default()
        }
    }

    /// What NetworkOverhead reads of the declared costs with these arguments.
    pub(crate) fn overhead_costs(
        &self,
        args: &network_overhead::Args,
    ) -> Option<Arc<network_overhead::Costs>> {
        let mut cache = self
            .overhead_costs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        cache.get(args, self)
    }

    fn forget_costs(&mut self) {
        self.overhead_costs
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

fn location(labels: &Labels) -> Location {
    let label = |key| labels.get(key).cloned().unwrap_or_default();
    Location {
        region: label(Node::REGION),
        zone: label(Node::ZONE),
    }
}
