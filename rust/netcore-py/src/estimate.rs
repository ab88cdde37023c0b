//! Estimates of what was not measured, as arrays.

use netcore_core::estimate::{
    Bandwidth, DIMENSIONS, Estimate as Core, Sample, Throughput, check_sizes,
};
use netcore_core::topology::Provenance;
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::array::{Kind, Seen, seen, seen_if_given};
use crate::sequence::Items;
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

/// The nodes of a fit and both ends of each measured pair, seen before any of it is taken in.
struct Pairs<'a, 'py> {
    nodes: Option<Items<'a, 'py>>,
    origins: Seen<'a, 'py, 1>,
    destinations: Seen<'a, 'py, 1>,
}

impl<'a, 'py> Pairs<'a, 'py> {
    fn seen(
        nodes: Option<&'a Bound<'py, PyAny>>,
        origins: &'a Bound<'py, PyAny>,
        destinations: &'a Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        Ok(Self {
            nodes: nodes.map(|it| Items::of("nodes", it)).transpose()?,
            origins: seen("origins", origins, &[Kind::I64], ["P"])?,
            destinations: seen("destinations", destinations, &[Kind::I64], ["P"])?,
        })
    }

    /// The names, if there are any, and the places of both ends of so many pairs.
    fn taken(&self, py: Python<'_>, values: &Seen<'_, '_, 1>) -> PyResult<Taken> {
        let pairs = values.len();
        for ends in [&self.origins, &self.destinations] {
            ends.must_match_each(values)?;
        }
        let nodes = self.nodes.as_ref().map_or(0, Items::len);
        check_sizes(nodes, pairs).map_err(|it| error::raised(py, &it))?;
        Ok(Taken {
            nodes: self.nodes.as_ref().map(Items::taken).transpose()?,
            origins: self.origins.numbers()?,
            destinations: self.destinations.numbers()?,
        })
    }
}

/// Measured pairs, as parallel lists.
struct Taken {
    nodes: Option<Vec<String>>,
    origins: Vec<u32>,
    destinations: Vec<u32>,
}

impl Taken {
    fn ends(&self) -> impl Iterator<Item = (u32, u32)> {
        let destinations = self.destinations.iter().copied();
        self.origins.iter().copied().zip(destinations)
    }
}

/// The names, if there are any, and the measured round trips.
fn round_trips(
    py: Python<'_>,
    pairs: &Pairs<'_, '_>,
    rtt_ms: &Bound<'_, PyAny>,
    weights: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Option<Vec<String>>, Vec<Sample>)> {
    let rtt_ms = seen("rtt_ms", rtt_ms, &[Kind::F32], ["P"])?;
    let weights = seen_if_given("weights", weights, &[Kind::F32], ["P"])?;
    if let Some(weights) = &weights {
        weights.must_match_each(&rtt_ms)?;
    }
    let taken = pairs.taken(py, &rtt_ms)?;
    let weights = match &weights {
        Some(weights) => weights.copied()?,
        None => vec![1.0; rtt_ms.len()],
    };
    let all = taken.ends().zip(rtt_ms.copied::<f32>()?).zip(weights);
    let sample = |(((origin, destination), rtt_ms), weight)| Sample {
        origin,
        destination,
        rtt_ms,
        weight,
    };
    let samples = all.map(sample).collect();
    Ok((taken.nodes, samples))
}

/// Fit to measured pairs, from nothing.
#[pyfunction]
#[pyo3(signature = (nodes, origins, destinations, rtt_ms, *, weights=None, seed=0))]
pub(crate) fn estimate(
    py: Python<'_>,
    nodes: &Bound<'_, PyAny>,
    origins: &Bound<'_, PyAny>,
    destinations: &Bound<'_, PyAny>,
    rtt_ms: &Bound<'_, PyAny>,
    weights: Option<&Bound<'_, PyAny>>,
    seed: u64,
) -> PyResult<Estimate> {
    let pairs = Pairs::seen(Some(nodes), origins, destinations)?;
    let (nodes, samples) = round_trips(py, &pairs, rtt_ms, weights)?;
    let nodes = nodes.unwrap_or_default();
    gate::enter(py, || Core::fit(nodes, &samples, seed).map(Estimate))
}

/// Fit the bandwidths of all paths to measured ones.
#[pyfunction]
#[pyo3(signature = (nodes, origins, destinations, bandwidth_bps, *, seed=0))]
pub(crate) fn estimate_bandwidth(
    py: Python<'_>,
    nodes: &Bound<'_, PyAny>,
    origins: &Bound<'_, PyAny>,
    destinations: &Bound<'_, PyAny>,
    bandwidth_bps: &Bound<'_, PyAny>,
    seed: u64,
) -> PyResult<BandwidthEstimate> {
    let pairs = Pairs::seen(Some(nodes), origins, destinations)?;
    let bandwidth_bps = seen("bandwidth_bps", bandwidth_bps, &[Kind::F64], ["P"])?;
    let taken = pairs.taken(py, &bandwidth_bps)?;
    let all = taken.ends().zip(bandwidth_bps.copied::<f64>()?);
    let sample = |((origin, destination), bandwidth_bps)| Throughput {
        origin,
        destination,
        bandwidth_bps,
    };
    let samples: Vec<Throughput> = all.map(sample).collect();
    let nodes = taken.nodes.unwrap_or_default();
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
    fn refit(
        &self,
        py: Python<'_>,
        origins: &Bound<'_, PyAny>,
        destinations: &Bound<'_, PyAny>,
        rtt_ms: &Bound<'_, PyAny>,
        nodes: Option<&Bound<'_, PyAny>>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let pairs = Pairs::seen(nodes, origins, destinations)?;
        let (nodes, samples) = round_trips(py, &pairs, rtt_ms, weights)?;
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
