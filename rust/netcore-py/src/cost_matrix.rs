//! Scores of batches of pods from the costs of all links.

use std::sync::RwLock;

use netcore_core::Error;
use netcore_core::all_pairs::{
    Cells, CostMatrix as Core, Feasible, Options, Pods, Request, Scores as CoreScores, Storage,
};
use netcore_core::cost::of_links;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::array::{self, Mask};
use crate::topology::{Topology, policy_choice};
use crate::{error, gate};

/// The cost of the link between every ordered pair of nodes.
#[pyclass(frozen, module = "netcore", name = "CostMatrix")]
pub(crate) struct CostMatrix(RwLock<Core>);

/// What came of a batch.
#[pyclass(frozen, get_all, module = "netcore", name = "Scores")]
#[expect(
    clippy::struct_field_names,
    reason = "Python reads them by these names"
)]
pub(crate) struct Scores {
    best_nodes: Py<PyArray2<i32>>,
    best_scores: Py<PyArray2<f32>>,
    matrix: Option<Py<PyArray2<f32>>>,
    classes: usize,
}

/// The options of a matrix as Python gives them.
struct Choice {
    storage: Storage,
    zones: Option<Vec<u32>>,
    unknown: Option<f32>,
    tolerance: f32,
    largest_cost: f32,
}

impl Choice {
    fn build(&self, cells: Cells) -> netcore_core::Result<CostMatrix> {
        let options = Options {
            storage: self.storage,
            zones: self.zones.as_deref(),
            unknown: self.unknown,
            tolerance: self.tolerance,
            largest_cost: self.largest_cost,
        };
        Core::new(cells, &options).map(|core| CostMatrix(RwLock::new(core)))
    }
}

fn storage(py: Python<'_>, name: &str) -> PyResult<Storage> {
    match name {
        "auto" => Ok(Storage::Auto),
        "f32" => Ok(Storage::F32),
        "u16" => Ok(Storage::U16),
        "zones" => Ok(Storage::Zones),
        _ => Err(error::invalid(
            py,
            "storage: must be \"auto\", \"f32\", \"u16\" or \"zones\"",
        )),
    }
}

impl CostMatrix {
    fn read<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Core) -> netcore_core::Result<T> + Send,
    ) -> PyResult<T> {
        gate::enter_shared(py, &self.0, work)
    }
}

#[pymethods]
impl CostMatrix {
    #[new]
    #[pyo3(signature = (
        costs, *, zones=None, storage="auto", unknown=None, tolerance=0.0, largest_cost=None
    ))]
    fn new(
        costs: &Bound<'_, PyAny>,
        zones: Option<&Bound<'_, PyAny>>,
        storage: &str,
        unknown: Option<f32>,
        tolerance: f32,
        largest_cost: Option<f32>,
    ) -> PyResult<Self> {
        let py = costs.py();
        let choice = Choice {
            storage: self::storage(py, storage)?,
            zones: zones.map(|it| array::numbers("zones", it)).transpose()?,
            unknown,
            tolerance,
            largest_cost: largest_cost.unwrap_or(0.0),
        };
        let cells = array::cells("costs", costs)?;
        gate::enter(py, || choice.build(cells))
    }

    #[staticmethod]
    #[pyo3(signature = (
        topology, *, policy="slo", zones=None, storage="auto", unknown=None, tolerance=0.0
    ))]
    fn from_topology(
        py: Python<'_>,
        topology: &Topology,
        policy: &str,
        zones: Option<&Bound<'_, PyAny>>,
        storage: &str,
        unknown: Option<f32>,
        tolerance: f32,
    ) -> PyResult<Self> {
        let policy = policy_choice(py, policy)?;
        let choice = Choice {
            storage: self::storage(py, storage)?,
            zones: zones.map(|it| array::numbers("zones", it)).transpose()?,
            unknown,
            tolerance,
            largest_cost: 1.0,
        };
        gate::enter(py, || {
            let nodes = topology.0.slots();
            let costs = of_links(&topology.0, policy);
            let mut cells = Cells::new(nodes)?;
            for (origin, row) in costs.chunks(nodes.max(1)).enumerate() {
                cells.row_mut(origin).copy_from_slice(row);
            }
            choice.build(cells)
        })
    }

    #[staticmethod]
    #[pyo3(signature = (zones, zone_costs, *, origins=None, destinations=None, costs=None))]
    fn from_zones(
        zones: &Bound<'_, PyAny>,
        zone_costs: &Bound<'_, PyAny>,
        origins: Option<&Bound<'_, PyAny>>,
        destinations: Option<&Bound<'_, PyAny>>,
        costs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = zones.py();
        let zones: Vec<u32> = array::numbers("zones", zones)?;
        let zone_costs = array::cells("zone_costs", zone_costs)?;
        let numbers = |argument, it: Option<&Bound<'_, PyAny>>| {
            it.map_or(Ok(Vec::new()), |it| array::numbers::<u32>(argument, it))
        };
        let origins = numbers("origins", origins)?;
        let destinations = numbers("destinations", destinations)?;
        let costs = costs.map_or(Ok(Vec::new()), |it| array::weights("costs", it))?;
        for (argument, length) in [("destinations", destinations.len()), ("costs", costs.len())] {
            if length != origins.len() {
                let problem = format!(
                    "{argument}: has {length} entries: it needs one for each of the {} origins",
                    origins.len()
                );
                return Err(error::invalid(py, &problem));
            }
        }
        gate::enter(py, || {
            let links = origins.iter().zip(&destinations).zip(&costs);
            let links: Vec<_> = links
                .map(|((&from, &to), &cost)| (from, to, cost))
                .collect();
            Core::from_zones(&zones, zone_costs, &links).map(|core| Self(RwLock::new(core)))
        })
    }

    #[getter]
    fn nodes(&self, py: Python<'_>) -> PyResult<usize> {
        self.read(py, |core| Ok(core.nodes()))
    }

    #[getter]
    fn storage(&self, py: Python<'_>) -> PyResult<&'static str> {
        let storage = self.read(py, |core| Ok(core.storage()))?;
        Ok(match storage {
            Storage::Auto => "auto",
            Storage::F32 => "f32",
            Storage::U16 => "u16",
            Storage::Zones => "zones",
        })
    }

    #[getter]
    fn is_symmetric(&self, py: Python<'_>) -> PyResult<bool> {
        self.read(py, |core| Ok(core.is_symmetric()))
    }

    #[getter]
    fn nbytes(&self, py: Python<'_>) -> PyResult<usize> {
        self.read(py, |core| Ok(core.nbytes()))
    }

    #[getter]
    fn links(&self, py: Python<'_>) -> PyResult<usize> {
        self.read(py, |core| Ok(core.links()))
    }

    fn link(&self, py: Python<'_>, origin: usize, destination: usize) -> PyResult<f32> {
        self.read(py, |core| core.link(origin, destination))
    }

    #[pyo3(signature = (origin, destination, cost, *, both_directions=false))]
    fn set_link(
        &self,
        py: Python<'_>,
        origin: usize,
        destination: usize,
        cost: f32,
        both_directions: bool,
    ) -> PyResult<()> {
        gate::enter_alone(py, &self.0, |core| {
            if both_directions {
                core.set_both(origin, destination, cost)
            } else {
                core.set_link(origin, destination, cost)
            }
        })
    }

    #[pyo3(signature = (
        indptr, peers, weight_to=None, weight_from=None, *,
        feasible=None, best=8, matrix=false, threads=0
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arrays of a batch, and four keywords"
    )]
    fn score(
        &self,
        indptr: &Bound<'_, PyAny>,
        peers: &Bound<'_, PyAny>,
        weight_to: Option<&Bound<'_, PyAny>>,
        weight_from: Option<&Bound<'_, PyAny>>,
        feasible: Option<&Bound<'_, PyAny>>,
        best: usize,
        matrix: bool,
        threads: usize,
    ) -> PyResult<Scores> {
        let py = indptr.py();
        let weights = |argument, it: Option<&Bound<'_, PyAny>>| {
            it.map(|it| array::weights(argument, it)).transpose()
        };
        let indptr: Vec<u64> = array::numbers("indptr", indptr)?;
        let peers: Vec<u32> = array::numbers("peers", peers)?;
        let weight_to = weights("weight_to", weight_to)?;
        let weight_from = weights("weight_from", weight_from)?;
        let pods = indptr.len().saturating_sub(1);
        let feasible = feasible.map(|it| array::mask("feasible", it)).transpose()?;
        let (scores, nodes) = self.read(py, |core| {
            let mask = match &feasible {
                None => Feasible::Everywhere,
                Some(Mask::Row(mask)) => Feasible::Nodes(mask),
                Some(Mask::Rows(shape, _)) if *shape != [pods, core.nodes()] => {
                    let problem = format!("shape is {shape:?}, must be [N] or [P, N]");
                    return Err(Error::InvalidArgument {
                        argument: "feasible",
                        problem,
                    });
                }
                Some(Mask::Rows(_, masks)) => Feasible::NodesOfPods(masks),
            };
            let request = Request {
                pods: Pods {
                    indptr: &indptr,
                    peers: &peers,
                    weight_to: weight_to.as_deref(),
                    weight_from: weight_from.as_deref(),
                },
                feasible: mask,
                best,
                matrix,
                threads,
            };
            core.score(&request).map(|scores| (scores, core.nodes()))
        })?;
        Scores::of(py, scores, [pods, best], [pods, nodes])
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let storage = self.storage(py)?;
        Ok(format!(
            "CostMatrix({} nodes, {storage:?})",
            self.nodes(py)?
        ))
    }
}

impl Scores {
    fn of(
        py: Python<'_>,
        scores: CoreScores,
        of_best: [usize; 2],
        all: [usize; 2],
    ) -> PyResult<Self> {
        let matrix = scores
            .matrix
            .map(|matrix| PyArray1::from_vec(py, matrix).reshape(all));
        Ok(Self {
            best_nodes: PyArray1::from_vec(py, scores.best_nodes)
                .reshape(of_best)?
                .unbind(),
            best_scores: PyArray1::from_vec(py, scores.best_scores)
                .reshape(of_best)?
                .unbind(),
            matrix: matrix.transpose()?.map(Bound::unbind),
            classes: scores.classes,
        })
    }
}

#[pymethods]
impl Scores {
    fn __repr__(&self, py: Python<'_>) -> String {
        let shape = numpy::PyUntypedArrayMethods::shape(self.best_nodes.bind(py)).to_vec();
        format!("Scores({} pods, best {})", shape[0], shape[1])
    }
}
