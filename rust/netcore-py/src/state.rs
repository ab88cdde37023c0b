//! The cluster.

use std::collections::BTreeMap;
use std::sync::Mutex;

use netcore_core::ClusterState as Core;
use netcore_core::group::Budget;
use netcore_core::plan::{self, Detail, Options};
use netcore_core::sort::Waiting;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::error;
use crate::gate::enter_locked;
use crate::group::{self, Deadline, GroupPlan};
use crate::plan::Plan;
use crate::pod::PodSummary;
use crate::profile::Profile;
use crate::sequence::Items;
use crate::time::unix_seconds;
use crate::topology::{self, Topology};

/// Columns of nodes and pods, the applications and the network between the nodes.
#[pyclass(frozen, module = "netcore", name = "ClusterState")]
pub(crate) struct ClusterState(Mutex<Core>);

#[pymethods]
impl ClusterState {
    #[new]
    #[pyo3(signature = (*, storage="auto"))]
    fn new(py: Python<'_>, storage: &str) -> PyResult<Self> {
        let storage = topology::storage(py, storage)?;
        Ok(Self(Mutex::new(Core::new().stored(storage))))
    }

    #[getter]
    fn generation(&self, py: Python<'_>) -> PyResult<u64> {
        enter_locked(py, &self.0, |state| Ok(state.generation()))
    }

    #[getter]
    fn nodes(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        enter_locked(py, &self.0, |state| {
            let nodes = state.nodes();
            Ok(nodes
                .by_name()
                .into_iter()
                .map(|node| nodes.name(node).to_string())
                .collect())
        })
    }

    #[getter]
    fn nbytes(&self, py: Python<'_>) -> PyResult<usize> {
        enter_locked(py, &self.0, |state| Ok(state.network().topology().bytes()))
    }

    fn apply(&self, py: Python<'_>, kind: &str, obj: &[u8]) -> PyResult<Option<PodSummary>> {
        enter_locked(py, &self.0, |state| {
            let pod = state.apply(kind, obj)?;
            Ok(pod.map(|pod| PodSummary::of(state, pod)))
        })
    }

    fn delete(&self, py: Python<'_>, kind: &str, namespace: &str, name: &str) -> PyResult<bool> {
        enter_locked(py, &self.0, |state| Ok(state.delete(kind, namespace, name)))
    }

    fn pod(&self, py: Python<'_>, key: &str) -> PyResult<Option<PodSummary>> {
        enter_locked(py, &self.0, |state| {
            Ok(state.pods().find(key).map(|pod| PodSummary::of(state, pod)))
        })
    }

    fn counts(&self, py: Python<'_>) -> PyResult<BTreeMap<&'static str, usize>> {
        let counts = enter_locked(py, &self.0, |state| Ok(state.counts()))?;
        Ok(BTreeMap::from([
            ("Node", counts.nodes),
            ("Pod", counts.pods),
            ("Namespace", counts.namespaces),
            ("Service", counts.services),
            ("AppGroup", counts.app_groups),
            ("NetworkTopology", counts.network_topologies),
            ("NodeNetwork", counts.node_networks),
            ("stale", counts.stale_node_networks),
            ("bound", counts.placed - counts.assumed),
            ("assumed", counts.assumed),
            ("pending", counts.pods - counts.placed),
        ]))
    }

    fn warnings(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        enter_locked(py, &self.0, |state| Ok(state.warnings()))
    }

    fn set_time(&self, py: Python<'_>, now: f64) -> PyResult<()> {
        let now = unix_seconds(py, "now", now)?;
        enter_locked(py, &self.0, |state| {
            state.set_time(now);
            Ok(())
        })
    }

    fn topology(&self, py: Python<'_>) -> PyResult<Topology> {
        enter_locked(py, &self.0, |state| Ok(Topology(state.topology())))
    }

    fn assume(&self, py: Python<'_>, pod: &str, node: &str) -> PyResult<()> {
        enter_locked(py, &self.0, |state| state.assume(pod, node))
    }

    fn forget(&self, py: Python<'_>, pod: &str) -> PyResult<()> {
        enter_locked(py, &self.0, |state| {
            state.forget(pod);
            Ok(())
        })
    }

    fn sort(
        &self,
        py: Python<'_>,
        profile: &Profile,
        pods: &Bound<'_, PyAny>,
        queued_at: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<PyBackedStr>> {
        let pods = Items::of("pods", pods)?;
        let queued_at = Items::of("queued_at", queued_at)?;
        if pods.len() != queued_at.len() {
            let problem = format!(
                "queued_at: has {} times for {} pods: give one each",
                queued_at.len(),
                pods.len()
            );
            return Err(error::invalid(py, &problem));
        }
        let pods: Vec<PyBackedStr> = pods.taken()?;
        let queued_at: Vec<f64> = queued_at.taken()?;
        if let Some(at) = queued_at.iter().position(|since| !since.is_finite()) {
            let problem = format!(
                "queued_at[{at}] is {}: must be Unix seconds, as a finite number",
                queued_at[at]
            );
            return Err(error::invalid(py, &problem));
        }
        let queue_sort = &profile.0.queue_sort;
        let order = enter_locked(py, &self.0, |state| {
            let mut waiting = Vec::with_capacity(pods.len());
            for (key, &since) in pods.iter().zip(&queued_at) {
                let pod = state.known(key)?;
                waiting.push(Waiting { pod, since });
            }
            Ok(queue_sort.order(state, &waiting))
        })?;
        // The very strings that came in: no text crosses the boundary.
        let pod = |position: u32| pods[position as usize].clone_ref(py);
        Ok(order.into_iter().map(pod).collect())
    }

    #[pyo3(signature = (profile, pods, *, seed=0, detail="summary", commit=true))]
    fn plan(
        &self,
        py: Python<'_>,
        profile: &Profile,
        pods: &Bound<'_, PyAny>,
        seed: u64,
        detail: &str,
        commit: bool,
    ) -> PyResult<Plan> {
        let detail = told(py, detail)?;
        let options = Options {
            seed,
            detail,
            commits: commit,
        };
        let profile = &profile.0;
        let pods: Vec<PyBackedStr> = Items::of("pods", pods)?.taken()?;
        enter_locked(py, &self.0, |state| {
            let pods: Vec<&str> = pods.iter().map(|pod| &**pod).collect();
            plan::plan(state, profile, &pods, options).map(Plan)
        })
    }

    #[pyo3(
        text_signature = "($self, profile, pods, *, seed=0, deadline_ms=50.0, max_steps=None, \
        detail='summary', commit=True)"
    )]
    #[pyo3(signature = (
        profile, pods, *, seed=0, deadline_ms=Some(50.0), max_steps=None, detail="summary",
        commit=true,
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "PyO3 hands keyword arguments over one by one"
    )]
    fn plan_group(
        &self,
        py: Python<'_>,
        profile: &Profile,
        pods: &Bound<'_, PyAny>,
        seed: u64,
        deadline_ms: Option<f64>,
        max_steps: Option<u64>,
        detail: &str,
        commit: bool,
    ) -> PyResult<GroupPlan> {
        let mut deadline = Deadline::new(py, deadline_ms)?;
        let most_steps = group::most_steps(py, deadline_ms, max_steps)?;
        let options = Options {
            seed,
            detail: told(py, detail)?,
            commits: commit,
        };
        let profile = &profile.0;
        let pods: Vec<PyBackedStr> = Items::of("pods", pods)?.taken()?;
        enter_locked(py, &self.0, |state| {
            let pods: Vec<&str> = pods.iter().map(|pod| &**pod).collect();
            // What comes after the search takes about as long as what comes before it.
            let mut time_left = || deadline.left(1.0);
            let mut budget = Budget::new(most_steps, &mut time_left);
            let plan = plan::plan_group(state, profile, &pods, options, &mut budget)?;
            let search_s = deadline.search_s();
            Ok(GroupPlan { plan, search_s })
        })
    }
}

/// How much decisions tell, by its name.
fn told(py: Python<'_>, detail: &str) -> PyResult<Detail> {
    match detail {
        "summary" => Ok(Detail::Summary),
        "full" => Ok(Detail::Full),
        _ => Err(error::invalid(
            py,
            "detail: must be \"summary\" or \"full\"",
        )),
    }
}
