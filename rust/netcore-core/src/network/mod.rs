//! The network side of a cluster: what its nodes measured, what is declared, which applications
//! there are and where their pods run.
//!
//! A [`Network`] is told of every change that concerns it, one object or pod at a time, and
//! answers the plugins that place by the network. It knows nothing of resources, taints or queues.

mod audit;
mod bonds;
mod by_args;
mod change;
mod field;
mod layer;
mod layers;
mod ledger;
mod links;
mod members;
mod near;
mod path;
mod peer_links;
#[cfg(test)]
mod tests;
mod upkeep;
mod utility;
mod worth;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use audit::Audit;
pub use bonds::Bond;
use by_args::ByArgs;
pub(crate) use field::Field;
pub use ledger::Ledger;
pub(crate) use ledger::{pods, share_bps};
pub use links::Declaration;
use members::WorkloadNumber;
pub use members::{Members, Replicas};
use near::Near;
pub(crate) use utility::Utilities;
pub(crate) use worth::ONE;

use crate::NodeId;
use crate::app_graph::{AppGroup, WorkloadId};
use crate::cost::PolicyChoice;
use crate::error::Result;
use crate::kube::{Labels, Node, Pod};
use crate::network_overhead::{self, Absence, Overhead};
use crate::topology::{
    Declared, Location, Locations, NetworkTopology, NodeNetwork, Reports, Storage, Topology,
};

/// A namespace and a name in it.
type Key = (Box<str>, Box<str>);

/// What is known of the network between the nodes, and of those who use it.
#[derive(Debug)]
pub struct Network {
    topology: Topology,
    reports: Reports,
    locations: Locations,
    declarations: BTreeMap<Key, NetworkTopology>,
    app_groups: BTreeMap<Key, AppGroup>,
    members: Members,
    ledger: Ledger,
    /// Grows with every change of what is known of the links.
    links_version: u64,
    near: Near,
    declared: ByArgs<Declaration, Arc<Declared>>,
    cost_rows: ByArgs<Declaration, Arc<links::CostRows>>,
    utilities: ByArgs<(PolicyChoice, Declaration), Arc<Utilities>>,
    overhead_costs: ByArgs<network_overhead::Args, Option<Arc<network_overhead::Costs>>>,
    /// Grows with every change of what NetworkOverhead reads.
    overhead_version: u64,
    last_overhead: network_overhead::Last,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            topology: Topology::watched(),
            reports: Reports::default(),
            locations: Locations::default(),
            declarations: BTreeMap::new(),
            app_groups: BTreeMap::new(),
            members: Members::default(),
            ledger: Ledger::default(),
            links_version: 0,
            near: Near::default(),
            declared: ByArgs::default(),
            cost_rows: ByArgs::default(),
            utilities: ByArgs::default(),
            overhead_costs: ByArgs::default(),
            overhead_version: 0,
            last_overhead: network_overhead::Last::default(),
        }
    }
}

impl Network {
    /// The same network with its measured links held in this form.
    #[must_use]
    pub fn stored(mut self, storage: Storage) -> Self {
        self.topology = self.topology.stored(storage);
        self
    }

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

    /// The bandwidth that they have reserved.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many `AppGroup` and `NetworkTopology` objects there are.
    pub fn declarations(&self) -> (usize, usize) {
        (self.app_groups.len(), self.declarations.len())
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
        let moves = self.locate(node, location(&object.labels));
        let joins = self.topology.name(node) != Some(&object.name);
        if joins {
            self.topology.join(node, Arc::clone(&object.name));
            self.reports.joined(&object.name, &mut self.topology);
        }
        if moves || joins {
            self.node_changed(node);
        }
    }

    /// Forget a node whose object is gone. Its pods stay where they are.
    pub fn remove_node(&mut self, node: NodeId) {
        self.locate(node, Location::default());
        self.topology.leave(node);
        self.node_changed(node);
    }

    /// Tell where a node is now; whether that is another place.
    fn locate(&mut self, node: NodeId, location: Location) -> bool {
        let is_told = node.index() < self.locations.of_nodes().len();
        if is_told && *self.locations.get(self.locations.of(node)) == location {
            return false;
        }
        let (topology, locations) = (&self.topology, &mut self.locations);
        self.ledger.relocate(node, false, locations);
        self.near.relocate(node, false, topology, locations);
        locations.set(node, location);
        self.near.relocate(node, true, topology, locations);
        self.ledger.relocate(node, true, locations);
        true
    }

    /// Take in a `NodeNetwork` object.
    ///
    /// # Errors
    /// [`Error::InvalidObject`](crate::Error::InvalidObject): the last good version stands.
    pub fn apply_node_network(&mut self, json: &[u8]) -> Result<()> {
        self.reports
            .apply(NodeNetwork::decode(json)?, &mut self.topology);
        self.links_changed();
        Ok(())
    }

    /// Forget a `NodeNetwork` object; false where there was none.
    pub fn delete_node_network(&mut self, name: &str) -> bool {
        let existed = self.reports.delete(name, &mut self.topology);
        self.links_changed();
        existed
    }

    /// Take in a `NetworkTopology` object.
    ///
    /// # Errors
    /// [`Error::InvalidObject`](crate::Error::InvalidObject): the last good version stands.
    pub fn apply_network_topology(&mut self, json: &[u8]) -> Result<()> {
        let topology = NetworkTopology::decode(json)?;
        let key = (topology.namespace.clone(), topology.name.clone());
        self.declarations.insert(key, topology);
        self.declarations_changed();
        Ok(())
    }

    /// Forget a `NetworkTopology` object; false where there was none.
    pub fn delete_network_topology(&mut self, namespace: &str, name: &str) -> bool {
        self.declarations_changed();
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
        let key = (group.namespace.clone(), group.name.clone());
        self.overhead_version += 1;
        self.book_group(&key, false);
        self.app_groups.insert(key.clone(), group);
        self.book_group(&key, true);
        Ok(())
    }

    /// Forget an `AppGroup` object; false where there was none.
    pub fn delete_app_group(&mut self, namespace: &str, name: &str) -> bool {
        self.overhead_version += 1;
        let key = (namespace.into(), name.into());
        self.book_group(&key, false);
        self.app_groups.remove(&key).is_some()
    }

    /// Note a pod on a node, bound or assumed there.
    pub fn place(&mut self, pod: &Pod, node: NodeId) {
        self.overhead_version += 1;
        self.book_pod(pod, node, false);
        self.members.place(pod, node);
        self.book_pod(pod, node, true);
        let workload = self.members.number_of(pod);
        self.count(workload, (node, true));
    }

    /// Undo what [`place`](Self::place) did with the same arguments.
    pub fn displace(&mut self, pod: &Pod, node: NodeId) {
        self.overhead_version += 1;
        let workload = self.members.number_of(pod);
        self.book_pod(pod, node, false);
        self.members.displace(pod, node);
        self.book_pod(pod, node, true);
        self.count(workload, (node, false));
    }

    /// Add a pod of a workload to the sums over its pods, or take one out.
    fn count(&self, workload: Option<WorkloadNumber>, (node, adds): (NodeId, bool)) {
        if let Some(workload) = workload {
            for utilities in self.utilities.values() {
                utilities.count(self, workload, (node, adds));
            }
        }
    }

    /// Take away or add what all dependencies of a group reserve.
    fn book_group(&mut self, key: &Key, adds: bool) {
        let Some(group) = self.app_groups.get(key) else {
            return;
        };
        let replicas = |workload| {
            let selector = group.graph.selector(workload);
            self.members
                .replicas(&group.namespace, &group.name, selector)
        };
        for dependency in group.graph.dependencies() {
            self.ledger.book_dependency(
                dependency,
                replicas(dependency.caller),
                replicas(dependency.callee),
                None,
                adds,
                &self.locations,
            );
        }
    }

    /// Take away or add what the dependencies reserve that a pod on this node has a part in.
    fn book_pod(&mut self, pod: &Pod, node: NodeId, adds: bool) {
        let Some(label) = pod.app_group().filter(|_| pod.takes_room()) else {
            return;
        };
        let key = (Box::from(&*pod.namespace), Box::from(&**label));
        let Some(group) = self.app_groups.get(&key) else {
            return;
        };
        let graph = &group.graph;
        let Some(workload) = pod.workload().and_then(|it| graph.workload(it)) else {
            return;
        };
        let replicas = |workload| {
            self.members
                .replicas(&group.namespace, &group.name, graph.selector(workload))
        };
        // A caller's pod changes what the callers on its node reserve; a callee's changes every
        // caller's share.
        let calls = graph.outgoing(workload).iter().map(|id| (id, Some(node)));
        let called = graph.incoming(workload).iter().map(|id| (id, None));
        for (&id, only) in calls.chain(called) {
            let dependency = graph.dependency(id);
            if dependency.min_bandwidth_bps == 0 {
                continue;
            }
            let calls_itself = dependency.caller == dependency.callee;
            if calls_itself && only.is_some() {
                // Among those that call it, too, and there in whole.
                continue;
            }
            self.ledger.book_dependency(
                dependency,
                replicas(dependency.caller),
                replicas(dependency.callee),
                only,
                adds,
                &self.locations,
            );
        }
    }

    /// Judge the age and validity of measurements by this time, Unix seconds; whether it changed
    /// what is known.
    pub fn set_time(&mut self, now: f64) -> bool {
        let changes = self.reports.set_time(now, &mut self.topology);
        self.links_changed();
        changes
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
        .stored(self.topology.storage())
    }

    /// What NetworkOverhead reads of the declared costs with these arguments.
    pub(crate) fn overhead_costs(
        &self,
        args: &network_overhead::Args,
    ) -> Option<Arc<network_overhead::Costs>> {
        let work_out = || network_overhead::Costs::new(self, args).map(Arc::new);
        self.overhead_costs.get(args, work_out)
    }

    /// What NetworkOverhead works out for a pod before it looks at single nodes.
    pub(crate) fn overhead(
        &self,
        pod: &Pod,
        args: &network_overhead::Args,
    ) -> Arc<std::result::Result<Overhead, Absence>> {
        self.last_overhead
            .get(self, self.overhead_version, pod, args)
    }

    fn declarations_changed(&mut self) {
        self.overhead_version += 1;
        self.declared.clear();
        self.overhead_costs.clear();
        self.cost_rows.clear();
        self.utilities.clear();
    }
}

fn location(labels: &Labels) -> Location {
    let label = |key| labels.get(key).cloned().unwrap_or_default();
    Location {
        region: label(Node::REGION),
        zone: label(Node::ZONE),
    }
}
