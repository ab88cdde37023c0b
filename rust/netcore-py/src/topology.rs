//! The measured network as arrays.
//!
//! `numpy` is imported when the first array is asked for, and not before.

use netcore_core::cost::{PolicyChoice, of_links};
use netcore_core::estimate::Estimate as Fit;
use netcore_core::topology::{Arrays, Link, NodeNetwork, Reports, Storage, Topology as Core};
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::array::{Kind, Seen, seen};
use crate::estimate::Estimate;
use crate::sequence::Items;
use crate::time::unix_seconds;
use crate::{error, gate};

/// The measured network: matrices over the nodes in order, `[origin, destination]`.
#[pyclass(frozen, module = "netcore", name = "Topology")]
pub(crate) struct Topology(pub(crate) Core);

/// The storage of a name.
pub(crate) fn storage(py: Python<'_>, name: &str) -> PyResult<Storage> {
    Storage::from_name(name).ok_or_else(|| {
        let problem = format!("storage: {name:?}: must be \"auto\", \"dense\" or \"sparse\"");
        error::invalid(py, &problem)
    })
}

/// A matrix over so many nodes, seen but not copied yet.
fn square<'a, 'py>(
    argument: &'static str,
    given: &'a Bound<'py, PyAny>,
    kind: Kind,
    nodes: usize,
) -> PyResult<Seen<'a, 'py, 2>> {
    seen(argument, given, &[kind], ["N", "N"])?.must_be([nodes, nodes])
}

/// A cost policy by its name, with its defaults.
pub(crate) fn policy_choice(py: Python<'_>, policy: &str) -> PyResult<PolicyChoice> {
    PolicyChoice::named(policy).ok_or_else(|| {
        let names = PolicyChoice::NAMES;
        error::invalid(py, &format!("policy: must be one of {names:?}"))
    })
}

impl Topology {
    fn matrix<'py, T: Element>(
        &self,
        py: Python<'py>,
        quantity: impl Fn(&Link) -> T + Sync,
    ) -> PyResult<Bound<'py, PyArray2<T>>> {
        let cells = gate::enter(py, || Ok(self.0.cells(&quantity)))?;
        self.shaped(py, cells)
    }

    fn shaped<'py, T: Element>(
        &self,
        py: Python<'py>,
        cells: Vec<T>,
    ) -> PyResult<Bound<'py, PyArray2<T>>> {
        let slots = self.0.slots();
        PyArray1::from_vec(py, cells).reshape([slots, slots])
    }
}

#[pymethods]
impl Topology {
    #[new]
    #[pyo3(signature = (nodes, rtt_ms, *, jitter_ms=None, loss=None, bandwidth_bps=None, age_s=None, storage="auto"))]
    #[expect(
        clippy::too_many_arguments,
        reason = "one argument for each of Python's"
    )]
    fn new(
        py: Python<'_>,
        nodes: &Bound<'_, PyAny>,
        rtt_ms: &Bound<'_, PyAny>,
        jitter_ms: Option<&Bound<'_, PyAny>>,
        loss: Option<&Bound<'_, PyAny>>,
        bandwidth_bps: Option<&Bound<'_, PyAny>>,
        age_s: Option<&Bound<'_, PyAny>>,
        storage: &str,
    ) -> PyResult<Self> {
        let storage = self::storage(py, storage)?;
        let nodes = Items::of("nodes", nodes)?;
        let optional = |argument, given: Option<_>, kind| {
            given
                .map(|it| square(argument, it, kind, nodes.len()))
                .transpose()
        };
        let rtt_ms = square("rtt_ms", rtt_ms, Kind::F32, nodes.len())?;
        let jitter_ms = optional("jitter_ms", jitter_ms, Kind::F32)?;
        let loss = optional("loss", loss, Kind::F32)?;
        let bandwidth_bps = optional("bandwidth_bps", bandwidth_bps, Kind::F64)?;
        let age_s = optional("age_s", age_s, Kind::F32)?;

        let nodes: Vec<String> = nodes.taken()?;
        let copied = |it: Option<Seen<'_, '_, 2>>| it.map(|it| it.copied::<f32>()).transpose();
        let rtt_ms: Vec<f32> = rtt_ms.copied()?;
        let (jitter_ms, loss, age_s) = (copied(jitter_ms)?, copied(loss)?, copied(age_s)?);
        let bandwidth_bps = bandwidth_bps.map(|it| it.copied::<f64>()).transpose()?;
        gate::enter(py, || {
            let arrays = Arrays {
                rtt_ms: &rtt_ms,
                jitter_ms: jitter_ms.as_deref(),
                loss: loss.as_deref(),
                bandwidth_bps: bandwidth_bps.as_deref(),
                age_s: age_s.as_deref(),
            };
            let topology = Core::from_arrays(nodes, arrays)?;
            Ok(Self(topology.stored(storage)))
        })
    }

    #[staticmethod]
    #[pyo3(signature = (nodes, node_networks, *, now, storage="auto"))]
    fn from_node_networks(
        py: Python<'_>,
        nodes: &Bound<'_, PyAny>,
        node_networks: &Bound<'_, PyAny>,
        now: f64,
        storage: &str,
    ) -> PyResult<Self> {
        let now = unix_seconds(py, "now", now)?;
        let storage = self::storage(py, storage)?;
        let nodes: Vec<String> = Items::of("nodes", nodes)?.taken()?;
        let objects: Vec<PyBackedBytes> = Items::of("node_networks", node_networks)?.taken()?;
        gate::enter(py, || {
            let mut topology = Core::new(nodes)?.stored(storage);
            let mut reports = Reports::default();
            reports.set_time(now, &mut topology);
            for object in objects {
                reports.apply(NodeNetwork::decode(&object)?, &mut topology);
            }
            reports.date(&mut topology);
            Ok(Self(topology))
        })
    }

    #[getter]
    fn nodes(&self) -> Vec<&str> {
        self.0.nodes().map(|(_, name)| &**name).collect()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.bytes()
    }

    fn rtt_ms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.matrix(py, |link| link.rtt_ms)
    }

    fn jitter_ms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.matrix(py, |link| link.jitter_ms)
    }

    fn loss<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.matrix(py, |link| link.loss)
    }

    fn bandwidth_bps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.matrix(py, |link| link.bandwidth_bps)
    }

    fn age_s<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.matrix(py, |link| link.age_s)
    }

    fn source<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u8>>> {
        self.matrix(py, |link| link.source as u8)
    }

    #[pyo3(signature = (policy="slo"))]
    fn cost<'py>(&self, py: Python<'py>, policy: &str) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let policy = policy_choice(py, policy)?;
        let cells = gate::enter(py, || Ok(of_links(&self.0, policy)))?;
        self.shaped(py, cells)
    }

    #[pyo3(signature = (previous=None, *, seed=0))]
    fn estimate(
        &self,
        py: Python<'_>,
        previous: Option<&Estimate>,
        seed: u64,
    ) -> PyResult<Estimate> {
        let previous = previous.map(|previous| &previous.0);
        gate::enter(py, || {
            Fit::of_topology(&self.0, previous, seed).map(Estimate)
        })
    }

    #[pyo3(signature = (estimate=None, *, seed=0))]
    fn estimated(&self, py: Python<'_>, estimate: Option<&Estimate>, seed: u64) -> PyResult<Self> {
        gate::enter(py, || {
            Ok(Self(match estimate {
                Some(estimate) => estimate.0.fill(&self.0),
                None => Fit::of_topology(&self.0, None, seed)?.fill(&self.0),
            }))
        })
    }

    fn __repr__(&self) -> String {
        format!("Topology({} nodes)", self.0.slots())
    }
}
