//! Profiles.

use netcore_core::Profile as Core;
use pyo3::prelude::*;

use crate::gate;

/// One profile of a scheduler: its queue sort, filters and weighted scores, validated.
#[pyclass(frozen, module = "netcore", name = "Profile")]
pub(crate) struct Profile(pub(crate) Core);

#[pymethods]
impl Profile {
    #[new]
    fn new(py: Python<'_>, config: &[u8]) -> PyResult<Self> {
        gate::enter(py, || Core::decode(config).map(Self))
    }

    #[getter]
    fn scheduler_name(&self) -> &str {
        &self.0.scheduler_name
    }

    #[getter]
    fn filters(&self) -> Vec<&'static str> {
        self.0
            .filters
            .iter()
            .map(netcore_core::filter::Filter::name)
            .collect()
    }

    #[getter]
    fn scores(&self) -> Vec<&'static str> {
        self.0
            .scores
            .iter()
            .map(|weighted| weighted.score.name())
            .collect()
    }

    fn __repr__(&self) -> String {
        format!("Profile(scheduler_name={:?})", self.0.scheduler_name)
    }
}
