//! What Python keeps of a pod.

use std::sync::Arc;

use netcore_core::kube::Pod;
use netcore_core::state::{ClusterState, PodId};
use pyo3::prelude::*;

/// What a queue and a binding need to know of a pod; the rest stays in the engine.
#[pyclass(frozen, module = "netcore", name = "PodSummary")]
pub(crate) struct PodSummary {
    pod: Pod,
    node: Option<Arc<str>>,
    #[pyo3(get)]
    is_assumed: bool,
}

impl PodSummary {
    pub(crate) fn of(state: &ClusterState, pod: PodId) -> Self {
        let placed = state.pods().get(pod);
        let node = |placement: netcore_core::state::Placement| {
            Arc::clone(state.nodes().name(placement.node))
        };
        Self {
            pod: placed.pod.clone(),
            node: placed.placement.map(node),
            is_assumed: placed
                .placement
                .is_some_and(|placement| placement.is_assumed),
        }
    }
}

#[pymethods]
impl PodSummary {
    #[getter]
    fn key(&self) -> &str {
        &self.pod.key
    }

    #[getter]
    fn uid(&self) -> &str {
        &self.pod.uid
    }

    #[getter]
    fn resource_version(&self) -> &str {
        &self.pod.resource_version
    }

    #[getter]
    fn scheduler_name(&self) -> &str {
        &self.pod.scheduler_name
    }

    #[getter]
    fn priority(&self) -> i32 {
        self.pod.priority
    }

    #[getter]
    fn node_name(&self) -> Option<&str> {
        self.node.as_deref()
    }

    #[getter]
    fn phase(&self) -> &'static str {
        self.pod.phase.name()
    }

    #[getter]
    fn app_group(&self) -> Option<String> {
        let group = self.pod.app_group()?;
        Some(format!("{}/{group}", self.pod.namespace))
    }

    #[getter]
    fn workload(&self) -> Option<&str> {
        self.pod.workload().map(|workload| &**workload)
    }

    #[getter]
    fn scheduling_gates(&self) -> Vec<&str> {
        self.pod
            .scheduling_gates
            .iter()
            .map(|gate| &**gate)
            .collect()
    }

    #[getter]
    fn is_deleting(&self) -> bool {
        self.pod.is_deleting
    }

    #[getter]
    fn created_at(&self) -> f64 {
        self.pod.created_at
    }

    fn __repr__(&self) -> String {
        format!(
            "PodSummary(key={:?}, node_name={:?})",
            self.key(),
            self.node_name()
        )
    }
}
