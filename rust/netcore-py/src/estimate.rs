//! Estimates of what was not measured, as arrays.
//!
//! Arrays are copied in: another thread may write to them while the engine reads without the GIL.

use netcore_core::estimate::{Bandwidth, DIMENSIONS, Estimate as Core, Sample, Throughput};
use netcore_core::topology::Provenance;
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::{error, gate};

/// Round-trip times between all nodes, estimated from measured pairs.
#[pyclass(frozen, module = "netcore", name = "Estimate")]
pub(crate) struct Estimate(pub(crate) Core);

/// Bandwidths between all nodes, estimated from measured paths. Coarse.
#[pyclass(frozen, module = "netcore", name = "BandwidthEstimate")]
pub(crate) struct BandwidthEstimate {
    nodes: Vec<String>,
    model: Bandwidth,
}

/// Measured pairs, as parallel arrays.
struct Pairs<T> {
    origins: Vec<u32>,
    destinations: Vec<u32>,
    values: Vec<T>,
}

impl<T: Element + Copy> Pairs<T> {
    fn new(
        py: Python<'_>,
        origins: &PyReadonlyArray1<'_, i64>,
        destinations: &PyReadonlyArray1<'_, i64>,
        (argument, values): (&str, &PyReadonlyArray1<'_, T>),
    ) -> PyResult<Self> {
        let values = copied(values);
        Ok(Self {
            origins: indices(py, "origins", origins, values.len(), argument)?,
            destinations: indices(py, "destinations", destinations, values.len(), argument)?,
            values,
        })
    }
}

fn copied<T: Element + Copy>(array: &PyReadonlyArray1<'_, T>) -> Vec<T> {
    array.as_array().iter().copied().collect()
}

fn indices(
    py: Python<'_>,
    argument: &str,
    array: &PyReadonlyArray1<'_, i64>,
    count: usize,
    beside: &str,
) -> PyResult<Vec<u32>> {
    let indices = copied(array);
    check_length(py, argument, indices.len(), count, beside)?;
    let index = |(at, value): (usize, i64)| {
        u32::try_from(value).map_err(|_| {
            let problem = format!("{argument}: [{at}] = {value} is no place in the list of nodes");
            error::invalid(py, &problem)
        })
    };
    indices.into_iter().enumerate().map(index).collect()
}

fn check_length(
    py: Python<'_>,
    argument: &str,
    length: usize,
    count: usize,
    beside: &str,
) -> PyResult<()> {
    if length == count {
        return Ok(());
    }
    let problem =
        format!("{argument}: has {length} values, {beside} has {count}: one each is needed");
    Err(error::invalid(py, &problem))
}

fn samples(
    py: Python<'_>,
    origins: &PyReadonlyArray1<'_, i64>,
    destinations: &PyReadonlyArray1<'_, i64>,
    rtt_ms: &PyReadonlyArray1<'_, f32>,
    weights: Option<&PyReadonlyArray1<'_, f32>>,
) -> PyResult<Vec<Sample>> {
    let pairs = Pairs::new(py, origins, destinations, ("rtt_ms", rtt_ms))?;
    let weights = match weights {
        Some(weights) => copied(weights),
        None => vec![1.0; pairs.values.len()],
    };
    check_length(py, "weights", weights.len(), pairs.values.len(), "rtt_ms")?;
    let all = pairs
        .origins
        .iter()
        .zip(&pairs.destinations)
        .zip(pairs.values)
        .zip(weights);
    let sample = |(((&origin, &destination), rtt_ms), weight)| Sample {
        origin,
        destination,
        rtt_ms,
        weight,
    };
    Ok(all.map(sample).collect())
}

/// Fit to measured pairs, from nothing.
#[pyfunction]
#[pyo3(signature = (nodes, origins, destinations, rtt_ms, *, weights=None, seed=0))]
#[expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arrays over as values"
)]
pub(crate) fn estimate(
    py: Python<'_>,
    nodes: Vec<String>,
    origins: PyReadonlyArray1<'_, i64>,
    destinations: PyReadonlyArray1<'_, i64>,
    rtt_ms: PyReadonlyArray1<'_, f32>,
    weights: Option<PyReadonlyArray1<'_, f32>>,
    seed: u64,
) -> PyResult<Estimate> {
    let samples = samples(py, &origins, &destinations, &rtt_ms, weights.as_ref())?;
    gate::enter(py, || Core::fit(nodes, &samples, seed).map(Estimate))
}

/// Fit the bandwidths of all paths to measured ones.
#[pyfunction]
#[pyo3(signature = (nodes, origins, destinations, bandwidth_bps, *, seed=0))]
#[expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arrays over as values"
)]
pub(crate) fn estimate_bandwidth(
    py: Python<'_>,
    nodes: Vec<String>,
    origins: PyReadonlyArray1<'_, i64>,
    destinations: PyReadonlyArray1<'_, i64>,
    bandwidth_bps: PyReadonlyArray1<'_, f64>,
    seed: u64,
) -> PyResult<BandwidthEstimate> {
    let pairs = Pairs::new(
        py,
        &origins,
        &destinations,
        ("bandwidth_bps", &bandwidth_bps),
    )?;
    let all = pairs
        .origins
        .iter()
        .zip(&pairs.destinations)
        .zip(pairs.values);
    let sample = |((&origin, &destination), bandwidth_bps)| Throughput {
        origin,
        destination,
        bandwidth_bps,
    };
    let samples: Vec<Throughput> = all.map(sample).collect();
    let model = gate::enter(py, || Bandwidth::fit(nodes.len(), &samples, seed))?;
    Ok(BandwidthEstimate { nodes, model })
}

fn square<T: Element>(
    py: Python<'_>,
    cells: Vec<T>,
    size: usize,
) -> PyResult<Bound<'_, PyArray2<T>>> {
    PyArray1::from_vec(py, cells).reshape([size, size])
}

impl Estimate {
    fn slot(&self, py: Python<'_>, argument: &str, node: &str) -> PyResult<usize> {
        let slot = self.0.nodes().iter().position(|name| &**name == node);
        slot.ok_or_else(|| {
            let problem = format!("{argument}: {node:?} is none of the nodes of this estimate");
            error::invalid(py, &problem)
        })
    }
}

#[pymethods]
impl Estimate {
    #[pyo3(signature = (origins, destinations, rtt_ms, *, nodes=None, weights=None))]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arrays over as values"
    )]
    fn refit(
        &self,
        py: Python<'_>,
        origins: PyReadonlyArray1<'_, i64>,
        destinations: PyReadonlyArray1<'_, i64>,
        rtt_ms: PyReadonlyArray1<'_, f32>,
        nodes: Option<Vec<String>>,
        weights: Option<PyReadonlyArray1<'_, f32>>,
    ) -> PyResult<Self> {
        let samples = samples(py, &origins, &destinations, &rtt_ms, weights.as_ref())?;
        gate::enter(py, || {
            let fit = match nodes {
                Some(nodes) => self.0.refit(nodes, &samples),
                None => self.0.refit(self.0.nodes().iter().cloned(), &samples),
            };
            fit.map(Self)
        })
    }

    #[getter]
    fn nodes(&self) -> Vec<&str> {
        self.0.nodes().iter().map(|name| &**name).collect()
    }

    #[getter]
    fn uses_residuals(&self) -> bool {
        self.0.uses_residuals()
    }

    fn rtt_ms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let cells = gate::enter(py, || Ok(self.0.rtt_ms()))?;
        square(py, cells, self.0.nodes().len())
    }

    fn confidence<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let cells = gate::enter(py, || Ok(self.0.confidence()))?;
        square(py, cells, self.0.nodes().len())
    }

    fn pair(
        &self,
        py: Python<'_>,
        origin: &str,
        destination: &str,
    ) -> PyResult<(f32, f32, &'static str)> {
        let (from, to) = (
            self.slot(py, "origin", origin)?,
            self.slot(py, "destination", destination)?,
        );
        let guess = gate::enter(py, || Ok(self.0.pair(from, to)))?;
        Ok((
            guess.rtt_ms,
            guess.confidence,
            Provenance::name(guess.source),
        ))
    }

    fn coordinates_ms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let cells = gate::enter(py, || Ok(self.0.coordinates_ms()))?;
        PyArray1::from_vec(py, cells).reshape([self.0.nodes().len(), DIMENSIONS])
    }

    fn heights_ms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let heights = gate::enter(py, || Ok(self.0.heights_ms()))?;
        Ok(PyArray1::from_vec(py, heights))
    }

    fn __repr__(&self) -> String {
        format!("Estimate({} nodes)", self.0.nodes().len())
    }
}

#[pymethods]
impl BandwidthEstimate {
    #[getter]
    fn nodes(&self) -> Vec<&str> {
        self.nodes.iter().map(|name| &**name).collect()
    }

    #[getter]
    fn held_out_error(&self) -> Option<f64> {
        self.model.held_out_error()
    }

    fn bandwidth_bps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let cells = gate::enter(py, || Ok(self.model.cells()))?;
        square(py, cells, self.nodes.len())
    }

    fn __repr__(&self) -> String {
        format!("BandwidthEstimate({} nodes)", self.nodes.len())
    }
}
