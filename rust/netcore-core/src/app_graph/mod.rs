//! Applications as graphs: workloads, and the directed dependencies between them.
//!
//! An edge points from the workload that calls to the one that is called. Both directions are
//! indexed, since the placement of a pod cares for its callers as much as for those it calls.

mod cycle;
mod decode;
mod order;
mod traffic;

pub use decode::AppGroup;
pub use order::Algorithm;

use rustc_hash::FxHashMap;

use crate::error::Result;

/// Position of a workload in the declared order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId(pub u32);

impl WorkloadId {
    /// The position as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Position of a dependency in the order in which the object lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DependencyId(pub u32);

impl DependencyId {
    /// The position as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What one workload needs of the network to another that it calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The workload that calls.
    pub caller: WorkloadId,
    /// The workload that is called.
    pub callee: WorkloadId,
    /// Share of the application's calls that go this way, in any unit; at least 0.
    pub weight: f64,
    /// Bandwidth that each pod of the caller needs towards the callee; 0 asks for none.
    pub min_bandwidth_bps: u64,
    /// Highest network cost (RTT in ms where measured) that the dependency bears; `None` is no limit.
    pub max_network_cost: Option<u32>,
}

/// Workloads and the directed, weighted dependencies between them.
///
/// ```
/// use netcore_core::app_graph::{AppGraph, Algorithm};
///
/// let graph = AppGraph::new(&["web", "cart", "redis"], &[(0, 1, 3.0), (1, 2, 5.0)]);
/// let order = graph.order(Algorithm::Traffic).expect("traffic order needs no acyclic graph");
/// let names: Vec<_> = order.iter().map(|&id| graph.selector(id)).collect();
/// assert_eq!(names, ["cart", "redis", "web"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppGraph {
    selectors: Vec<Box<str>>,
    by_selector: FxHashMap<Box<str>, WorkloadId>,
    dependencies: Vec<Dependency>,
    /// Per workload: dependencies in which it is the caller, in declared order.
    outgoing: Vec<Vec<DependencyId>>,
    /// Per workload: dependencies in which it is the callee, in declared order.
    incoming: Vec<Vec<DependencyId>>,
    problems: Vec<String>,
}

impl AppGraph {
    /// A graph over workloads with plain edges `(caller, callee, weight)` by position.
    ///
    /// # Panics
    ///
    /// Where an edge names a position outside of `selectors`.
    pub fn new(selectors: &[&str], edges: &[(u32, u32, f64)]) -> Self {
        let mut graph = Self::default();
        for selector in selectors {
            graph.add_workload(selector);
        }
        for &(caller, callee, weight) in edges {
            graph.add_dependency(Dependency {
                caller: WorkloadId(caller),
                callee: WorkloadId(callee),
                weight,
                min_bandwidth_bps: 0,
                max_network_cost: None,
            });
        }
        graph
    }

    /// Number of workloads.
    pub fn len(&self) -> usize {
        self.selectors.len()
    }

    /// Whether the graph has no workload.
    pub fn is_empty(&self) -> bool {
        self.selectors.is_empty()
    }

    /// Workloads in declared order.
    pub fn workloads(&self) -> impl ExactSizeIterator<Item = WorkloadId> + use<> {
        (0..self.selectors.len() as u32).map(WorkloadId)
    }

    /// Selectors of the workloads in declared order: the value of the workload label of their pods.
    pub fn selectors(&self) -> impl ExactSizeIterator<Item = &str> {
        self.selectors.iter().map(AsRef::as_ref)
    }

    /// The selector of one workload.
    pub fn selector(&self, workload: WorkloadId) -> &str {
        &self.selectors[workload.index()]
    }

    /// The workload whose pods carry this label value.
    pub fn workload(&self, selector: &str) -> Option<WorkloadId> {
        self.by_selector.get(selector).copied()
    }

    /// All dependencies, in declared order.
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// One dependency.
    pub fn dependency(&self, id: DependencyId) -> &Dependency {
        &self.dependencies[id.index()]
    }

    /// Dependencies in which the workload is the caller, in declared order.
    pub fn outgoing(&self, workload: WorkloadId) -> &[DependencyId] {
        &self.outgoing[workload.index()]
    }

    /// Dependencies in which the workload is the callee, in declared order.
    pub fn incoming(&self, workload: WorkloadId) -> &[DependencyId] {
        &self.incoming[workload.index()]
    }

    /// What is wrong in the object, in the order in which it was found; the rest of it stands.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Workloads on one cycle, in its order; empty where there is none.
    ///
    /// The cycle is the first that a depth-first walk in declared order closes; a workload that
    /// depends on itself is a cycle of one.
    pub fn cycle(&self) -> Vec<WorkloadId> {
        cycle::find(self)
    }

    /// Workloads in the order of placement.
    ///
    /// # Errors
    ///
    /// [`Error::Cycle`](crate::Error::Cycle) where the algorithm needs a graph without cycles and
    /// this one has one.
    pub fn order(&self, algorithm: Algorithm) -> Result<Vec<WorkloadId>> {
        order::order(self, algorithm)
    }

    /// Callees of a workload in the order in which it lists them, duplicates included.
    fn callees(&self, workload: WorkloadId) -> impl DoubleEndedIterator<Item = WorkloadId> + '_ {
        self.outgoing(workload)
            .iter()
            .map(|&id| self.dependency(id).callee)
    }

    fn add_workload(&mut self, selector: &str) -> WorkloadId {
        let id = WorkloadId(self.selectors.len() as u32);
        self.selectors.push(selector.into());
        self.by_selector.insert(selector.into(), id);
        self.outgoing.push(Vec::new());
        self.incoming.push(Vec::new());
        id
    }

    fn add_dependency(&mut self, dependency: Dependency) {
        let id = DependencyId(self.dependencies.len() as u32);
        self.outgoing[dependency.caller.index()].push(id);
        self.incoming[dependency.callee.index()].push(id);
        self.dependencies.push(dependency);
    }
}
