//! The cluster.

use std::collections::BTreeMap;
use std::sync::Mutex;

use netcore_core::ClusterState as Core;
use netcore_core::plan::{self, Detail, Options};
use netcore_core::sort::Waiting;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::error;
use crate::gate::enter_locked;
use crate::plan::Plan;
use crate::pod::PodSummary;
use crate::profile::Profile;
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

    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands lists over as vectors"
    )]
    fn sort(
        &self,
        py: Python<'_>,
        profile: &Profile,
        pods: Vec<PyBackedStr>,
        queued_at: Vec<f64>,
    ) -> PyResult<Vec<PyBackedStr>> {
        if pods.len() != queued_at.len() {
            let problem = format!(
                "{} pods, but {} times: give one each",
                pods.len(),
                queued_at.len()
            );
            return Err(error::invalid(py, &problem));
        }
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
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands lists over as vectors"
    )]
    fn plan(
        &self,
        py: Python<'_>,
        profile: &Profile,
        pods: Vec<String>,
        seed: u64,
        detail: &str,
        commit: bool,
    ) -> PyResult<Plan> {
        let detail = match detail {
            "summary" => Detail::Summary,
            "full" => Detail::Full,
            _ => {
                return Err(error::invalid(
                    py,
                    "detail: must be \"summary\" or \"full\"",
                ));
            }
        };
        let options = Options {
            seed,
            detail,
            commits: commit,
        };
        let profile = &profile.0;
        enter_locked(py, &self.0, |state| {
            let pods: Vec<_> = pods.iter().map(String::as_str).collect();
            plan::plan(state, profile, &pods, options).map(Plan)
        })
    }
}
