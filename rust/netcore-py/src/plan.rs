//! Plans and the decisions in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use netcore_core::plan::{self, NodeVerdict, Outcome, Part};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::error;

/// Where one pod goes, and why.
#[pyclass(frozen, module = "netcore", name = "Decision")]
pub(crate) struct Decision(Arc<plan::Decision>);

#[pymethods]
impl Decision {
    #[getter]
    fn pod(&self) -> &str {
        &self.0.pod
    }

    #[getter]
    fn node(&self) -> Option<&str> {
        self.0.node.as_deref()
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    #[getter]
    fn rejected_by(&self) -> Vec<&'static str> {
        self.0.rejected_by()
    }

    #[getter]
    fn feasible(&self) -> usize {
        self.0.feasible
    }

    #[getter]
    fn evaluated(&self) -> usize {
        self.0.evaluated
    }

    fn nodes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let nodes = self.all_nodes(py)?;
        let verdicts: Vec<_> = nodes
            .iter()
            .map(|node| verdict(py, node))
            .collect::<PyResult<_>>()?;
        PyList::new(py, verdicts)
    }

    fn codes(&self, py: Python<'_>) -> PyResult<BTreeMap<&str, &'static str>> {
        let rejected = self
            .all_nodes(py)?
            .iter()
            .filter_map(|verdict| match &verdict.outcome {
                Outcome::Rejected { code, .. } => Some((&*verdict.node, code.name())),
                Outcome::Accepted { .. } => None,
            });
        Ok(rejected.collect())
    }

    fn summary<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.summary())
    }

    fn __repr__(&self) -> String {
        format!("Decision(pod={:?}, node={:?})", self.pod(), self.node())
    }
}

impl Decision {
    fn all_nodes(&self, py: Python<'_>) -> PyResult<&[NodeVerdict]> {
        self.0.nodes.as_deref().ok_or_else(|| {
            error::invalid(
                py,
                "the plan holds no verdict on each node: make it with detail=\"full\"",
            )
        })
    }
}

fn verdict<'py>(py: Python<'py>, verdict: &NodeVerdict) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("node", &*verdict.node)?;
    let scores = PyDict::new(py);
    match &verdict.outcome {
        Outcome::Accepted { parts, total } => {
            dict.set_item("accepted", true)?;
            dict.set_item("plugin", py.None())?;
            dict.set_item("reasons", PyList::empty(py))?;
            for part in parts {
                scores.set_item(part.plugin, score(py, part)?)?;
            }
            dict.set_item("scores", scores)?;
            dict.set_item("total", total)?;
        }
        Outcome::Rejected {
            plugin, reasons, ..
        } => {
            dict.set_item("accepted", false)?;
            dict.set_item("plugin", plugin)?;
            dict.set_item("reasons", reasons)?;
            dict.set_item("scores", scores)?;
            dict.set_item("total", py.None())?;
        }
    }
    Ok(dict)
}

fn score<'py>(py: Python<'py>, part: &Part) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("raw", part.raw)?;
    dict.set_item("normalized", part.normalized)?;
    dict.set_item("weighted", part.weighted)?;
    Ok(dict)
}

/// The decisions of one batch, in the order in which the pods were placed.
#[pyclass(frozen, module = "netcore", name = "Plan")]
pub(crate) struct Plan(pub(crate) plan::Plan);

#[pymethods]
impl Plan {
    #[getter]
    fn decisions(&self) -> Vec<Decision> {
        self.0.decisions.iter().cloned().map(Decision).collect()
    }

    #[getter]
    fn snapshot(&self) -> u64 {
        self.0.snapshot
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.0.seed
    }

    fn __repr__(&self) -> String {
        format!(
            "Plan({} decisions, snapshot={})",
            self.0.decisions.len(),
            self.0.snapshot
        )
    }
}
