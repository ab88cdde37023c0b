//! Applications as graphs.

use netcore_core::app_graph::{Algorithm, AppGroup, WorkloadId};
use pyo3::prelude::*;

use crate::gate;

/// Workloads and the directed, weighted dependencies between them.
#[pyclass(frozen, module = "netcore", name = "AppGraph")]
pub(crate) struct AppGraph(netcore_core::app_graph::AppGraph);

#[pymethods]
impl AppGraph {
    #[staticmethod]
    fn from_app_group(py: Python<'_>, app_group: &[u8]) -> PyResult<Self> {
        gate::enter(py, || {
            AppGroup::decode(app_group).map(|group| Self(group.graph))
        })
    }

    #[getter]
    fn workloads(&self) -> Vec<&str> {
        self.0.selectors().collect()
    }

    #[getter]
    fn problems(&self) -> Vec<String> {
        self.0.problems().to_vec()
    }

    fn cycle(&self) -> Vec<&str> {
        self.selectors(&self.0.cycle())
    }

    fn order(&self, py: Python<'_>, algorithm: &str) -> PyResult<Vec<&str>> {
        let order = gate::enter(py, || self.0.order(algorithm.parse::<Algorithm>()?))?;
        Ok(self.selectors(&order))
    }

    fn __repr__(&self) -> String {
        format!("AppGraph(workloads={:?})", self.workloads())
    }
}

impl AppGraph {
    fn selectors(&self, workloads: &[WorkloadId]) -> Vec<&str> {
        workloads.iter().map(|&id| self.0.selector(id)).collect()
    }
}
