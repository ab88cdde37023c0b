//! Scores of batches of pods from the costs of all links.

use std::sync::RwLock;

use netcore_core::all_pairs::{
    Cells, CostMatrix as Core, Feasible, Options, Pods, Request, Scores as CoreScores, Storage,
    check_batch, check_zones,
};
use netcore_core::cost::of_links;
use numpy::ndarray::Array2;
use numpy::{Element, IntoPyArray, PyArray2, PyUntypedArray, PyUntypedArrayMethods, ToPyArray};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::array::{FEW, FLOATS, INTEGERS, Kind, Seen, must_match, seen, seen_if_given};
use crate::topology::{Topology, policy_choice};
use crate::{error, gate};

/// The cost of the link between every ordered pair of nodes.
#[pyclass(frozen, module = "netcore", name = "CostMatrix")]
pub(crate) struct CostMatrix {
    core: RwLock<Core>,
    nodes: usize,
}

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
        Core::new(cells, &options).map(CostMatrix::of)
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

/// The zone of each node, one for every node there is.
fn zones_of(given: Option<&Bound<'_, PyAny>>, nodes: usize) -> PyResult<Option<Vec<u32>>> {
    let zones = seen_if_given("zones", given, INTEGERS, ["N"])?;
    let zones = zones.map(|zones| {
        zones.must_match(nodes, "nodes")?;
        zones.numbers()
    });
    zones.transpose()
}

/// Which nodes can be chosen: for every pod, or for each.
enum Mask<Nodes, NodesOfPods> {
    Nodes(Nodes),
    NodesOfPods(NodesOfPods),
}

/// The mask, if it is one of these pods over these nodes.
fn seen_mask<'a, 'py>(
    given: &'a Bound<'py, PyAny>,
    pods: usize,
    nodes: usize,
) -> PyResult<Mask<Seen<'a, 'py, 1>, Seen<'a, 'py, 2>>> {
    let array = given.cast::<PyUntypedArray>();
    if array.is_ok_and(|it| it.ndim() == 2) {
        let masks = seen("feasible", given, &[Kind::Bool], ["P", "N"])?;
        return Ok(Mask::NodesOfPods(masks.must_be([pods, nodes])?));
    }
    let mask = seen("feasible", given, &[Kind::Bool], ["N] or [P, N"])?;
    mask.must_match(nodes, "nodes")?;
    Ok(Mask::Nodes(mask))
}

impl Mask<Seen<'_, '_, 1>, Seen<'_, '_, 2>> {
    fn copied(&self) -> PyResult<Mask<Vec<bool>, Vec<bool>>> {
        Ok(match self {
            Self::Nodes(mask) => Mask::Nodes(mask.flags()?),
            Self::NodesOfPods(masks) => Mask::NodesOfPods(masks.flags()?),
        })
    }
}

impl Mask<Vec<bool>, Vec<bool>> {
    fn feasible(&self) -> Feasible<'_> {
        match self {
            Self::Nodes(mask) => Feasible::Nodes(mask),
            Self::NodesOfPods(masks) => Feasible::NodesOfPods(masks),
        }
    }
}

impl CostMatrix {
    fn of(core: Core) -> Self {
        Self {
            nodes: core.nodes(),
            core: RwLock::new(core),
        }
    }

    fn read<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Core) -> netcore_core::Result<T> + Send,
    ) -> PyResult<T> {
        gate::enter_shared(py, &self.core, work)
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
        let costs = seen("costs", costs, &[Kind::F32], ["N", "N"])?;
        let choice = Choice {
            storage: self::storage(py, storage)?,
            zones: zones_of(zones, costs.side()?)?,
            unknown,
            tolerance,
            largest_cost: largest_cost.unwrap_or(0.0),
        };
        let cells = costs.cells()?;
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
            zones: zones_of(zones, topology.0.slots())?,
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
        let zones = seen("zones", zones, INTEGERS, ["N"])?;
        let zone_costs = seen("zone_costs", zone_costs, &[Kind::F32], ["Z", "Z"])?;
        let origins = seen_if_given("origins", origins, INTEGERS, ["L"])?;
        let destinations = seen_if_given("destinations", destinations, INTEGERS, ["L"])?;
        let costs = seen_if_given("costs", costs, &[Kind::F32], ["L"])?;
        let length = |it: &Option<Seen<'_, '_, 1>>| it.as_ref().map_or(0, Seen::len);
        let links = length(&origins);
        for (argument, length) in [
            ("destinations", length(&destinations)),
            ("costs", length(&costs)),
        ] {
            must_match(py, argument, length, links, "origins")?;
        }
        zone_costs.side()?;
        check_zones(zones.len(), links).map_err(|it| error::raised(py, &it))?;
        let numbers = |it: Option<Seen<'_, '_, 1>>| it.map_or(Ok(Vec::new()), |it| it.numbers());
        let zones: Vec<u32> = zones.numbers()?;
        let origins: Vec<u32> = numbers(origins)?;
        let destinations: Vec<u32> = numbers(destinations)?;
        let costs: Vec<f32> = costs.map_or(Ok(Vec::new()), |it| it.copied())?;
        let zone_costs = zone_costs.cells()?;
        gate::enter(py, || {
            let links = origins.iter().zip(&destinations).zip(&costs);
            let links: Vec<_> = links
                .map(|((&from, &to), &cost)| (from, to, cost))
                .collect();
            Core::from_zones(&zones, zone_costs, &links).map(Self::of)
        })
    }

    #[getter]
    fn nodes(&self) -> usize {
        self.nodes
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
        gate::enter_alone(py, &self.core, |core| {
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
        let indptr = seen("indptr", indptr, INTEGERS, ["P + 1"])?;
        let peers = seen("peers", peers, INTEGERS, ["E"])?;
        let weight_to = seen_if_given("weight_to", weight_to, FLOATS, ["E"])?;
        let weight_from = seen_if_given("weight_from", weight_from, FLOATS, ["E"])?;
        let (pods, entries) = (indptr.len().saturating_sub(1), peers.len());
        check_batch(pods, entries).map_err(|it| error::raised(py, &it))?;
        let feasible = feasible
            .map(|it| seen_mask(it, pods, self.nodes))
            .transpose()?;
        for weights in [&weight_to, &weight_from].into_iter().flatten() {
            weights.must_match(entries, "peers")?;
        }
        let indptr: Vec<u64> = indptr.numbers()?;
        Pods::check_ends(&indptr, entries).map_err(|it| error::raised(py, &it))?;
        let peers: Vec<u32> = peers.numbers()?;
        let weights = |it: Option<Seen<'_, '_, 1>>| it.map(|it| it.floats()).transpose();
        let (weight_to, weight_from) = (weights(weight_to)?, weights(weight_from)?);
        let feasible = feasible.map(|it| it.copied()).transpose()?;
        let scores = self.read(py, |core| {
            let request = Request {
                pods: Pods {
                    indptr: &indptr,
                    peers: &peers,
                    weight_to: weight_to.as_deref(),
                    weight_from: weight_from.as_deref(),
                },
                feasible: feasible
                    .as_ref()
                    .map_or(Feasible::Everywhere, Mask::feasible),
                best,
                matrix,
                threads,
            };
            core.score(&request)
        })?;
        Scores::of(py, scores, [pods, best], [pods, self.nodes])
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let storage = self.storage(py)?;
        Ok(format!("CostMatrix({} nodes, {storage:?})", self.nodes))
    }
}

impl Scores {
    fn of(
        py: Python<'_>,
        scores: CoreScores,
        of_best: [usize; 2],
        all: [usize; 2],
    ) -> PyResult<Self> {
        let matrix = scores.matrix.map(|it| shaped(py, it, all)).transpose()?;
        Ok(Self {
            best_nodes: shaped(py, scores.best_nodes, of_best)?.unbind(),
            best_scores: shaped(py, scores.best_scores, of_best)?.unbind(),
            matrix: matrix.map(Bound::unbind),
            classes: scores.classes,
        })
    }
}

/// The values as an array: a few are copied, which takes less than to hand over what holds them.
fn shaped<T: Element>(
    py: Python<'_>,
    values: Vec<T>,
    shape: [usize; 2],
) -> PyResult<Bound<'_, PyArray2<T>>> {
    let are_few = values.len() <= FEW;
    let array = Array2::from_shape_vec(shape, values);
    let array = array.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(if are_few {
        array.to_pyarray(py)
    } else {
        array.into_pyarray(py)
    })
}

#[pymethods]
impl Scores {
    fn __repr__(&self, py: Python<'_>) -> String {
        let shape = self.best_nodes.bind(py).shape().to_vec();
        format!("Scores({} pods, best {})", shape[0], shape[1])
    }
}
