//! Placing pods that talk to each other at once: in a cluster, and as a problem on arrays.

use std::time::Instant;

use netcore_core::group::{self, Arrays, Budget, Edge, Limit, Problem};
use netcore_core::plan;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::{Kind, Seen, seen, seen_if_given};
use crate::plan::Plan;
use crate::{error, gate};

/// A budget of wall-clock time, of which some is kept for what comes after the search.
pub(crate) struct Deadline {
    start: Instant,
    seconds: f64,
    /// Seconds from the start until the search began, and until it last asked for the time.
    begun_s: Option<f64>,
    asked_s: f64,
}

/// How long a search goes on without a deadline of its own.
const LONGEST_S: f64 = 86_400.0;

impl Deadline {
    /// None is without end, for searches that their steps bound.
    pub(crate) fn new(py: Python<'_>, deadline_ms: Option<f64>) -> PyResult<Self> {
        let is_sound = |ms: f64| ms.is_finite() && (0.0..=LONGEST_S * 1e3).contains(&ms);
        if let Some(ms) = deadline_ms.filter(|&ms| !is_sound(ms)) {
            let problem = format!("deadline_ms: is {ms}, must be 0 to 86,400,000");
            return Err(error::invalid(py, &problem));
        }
        Ok(Self {
            start: Instant::now(),
            seconds: deadline_ms.map_or(f64::INFINITY, |ms| ms / 1e3),
            begun_s: None,
            asked_s: 0.0,
        })
    }

    /// How long the search took.
    pub(crate) fn search_s(&self) -> f64 {
        self.begun_s.map_or(0.0, |begun| self.asked_s - begun)
    }

    /// The share of the time that is left for the search. `keeps` of the time that passed before
    /// it is kept for after it.
    pub(crate) fn left(&mut self, keeps: f64) -> f64 {
        let elapsed = self.start.elapsed().as_secs_f64();
        self.asked_s = elapsed;
        let begun = *self.begun_s.get_or_insert(elapsed);
        let end = self.seconds - keeps * begun;
        if end.is_infinite() {
            return 1.0;
        }
        if end <= begun {
            return 0.0;
        }
        (end - elapsed) / (end - begun)
    }
}

/// The limit on steps: none where there is a deadline instead.
pub(crate) fn most_steps(
    py: Python<'_>,
    deadline_ms: Option<f64>,
    max_steps: Option<u64>,
) -> PyResult<u64> {
    if deadline_ms.is_none() && max_steps.is_none() {
        return Err(error::invalid(
            py,
            "deadline_ms: is None, and so is max_steps: give one of them, or the search never ends",
        ));
    }
    Ok(max_steps.unwrap_or(u64::MAX))
}

fn work<'py>(py: Python<'py>, work: &group::Work, search_s: f64) -> PyResult<Bound<'py, PyDict>> {
    let figures = PyDict::new(py);
    figures.set_item("starts", work.starts)?;
    figures.set_item("steps", work.steps)?;
    figures.set_item("taken", work.taken)?;
    figures.set_item("rounds", work.rounds)?;
    figures.set_item("improvements", work.improvements)?;
    figures.set_item("search_s", search_s)?;
    let rate = if search_s > 0.0 {
        work.steps as f64 / search_s
    } else {
        0.0
    };
    figures.set_item("steps_per_s", rate)?;
    Ok(figures)
}

/// A plan for whole applications.
#[pyclass(frozen, module = "netcore", name = "GroupPlan")]
pub(crate) struct GroupPlan {
    pub(crate) plan: plan::GroupPlan,
    pub(crate) search_s: f64,
}

#[pymethods]
impl GroupPlan {
    #[getter]
    fn plan(&self) -> Plan {
        Plan(self.plan.plan.clone())
    }

    #[getter]
    fn objective(&self) -> f64 {
        self.plan.figures.objective
    }

    #[getter]
    fn greedy_objective(&self) -> f64 {
        self.plan.figures.greedy_objective
    }

    #[getter]
    fn grouped(&self) -> usize {
        self.plan.figures.grouped
    }

    #[getter]
    fn unplaced(&self) -> usize {
        self.plan.figures.unplaced
    }

    #[getter]
    fn greedy_unplaced(&self) -> usize {
        self.plan.figures.greedy_unplaced
    }

    #[getter]
    fn repaired(&self) -> usize {
        self.plan.figures.repaired
    }

    fn work<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        work(py, &self.plan.figures.work, self.search_s)
    }

    fn __repr__(&self) -> String {
        format!(
            "GroupPlan({} decisions, objective={}, greedy_objective={})",
            self.plan.plan.decisions.len(),
            self.objective(),
            self.greedy_objective()
        )
    }
}

/// Where the pods of a problem on arrays go.
#[pyclass(frozen, module = "netcore", name = "GroupPlacement")]
pub(crate) struct GroupPlacement {
    placement: group::Placement,
    search_s: f64,
}

#[pymethods]
impl GroupPlacement {
    fn nodes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let node = |node: &Option<u32>| node.map_or(-1, i64::from);
        PyArray1::from_vec(py, self.placement.nodes.iter().map(node).collect())
    }

    #[getter]
    fn cost(&self) -> f64 {
        self.placement.cost
    }

    #[getter]
    fn greedy_cost(&self) -> f64 {
        self.placement.greedy_cost
    }

    #[getter]
    fn greedy_unplaced(&self) -> usize {
        self.placement.greedy_unplaced
    }

    fn unplaced<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let reasons = |unplaced: &group::Unplaced| {
            let reasons = PyDict::new(py);
            reasons.set_item("pod", unplaced.pod)?;
            reasons.set_item("forbidden", unplaced.forbidden)?;
            reasons.set_item("full", unplaced.full)?;
            reasons.set_item("beyond", unplaced.beyond)?;
            Ok(reasons)
        };
        self.placement.unplaced.iter().map(reasons).collect()
    }

    fn work<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        work(py, &self.placement.work, self.search_s)
    }

    fn __repr__(&self) -> String {
        format!(
            "GroupPlacement({} pods, cost={}, greedy_cost={})",
            self.placement.nodes.len(),
            self.placement.cost,
            self.placement.greedy_cost
        )
    }
}

/// The arrays of a problem, each of them seen before any is copied.
struct Given<'a, 'py> {
    costs: Seen<'a, 'py, 2>,
    capacities: Seen<'a, 'py, 2>,
    requests: Seen<'a, 'py, 2>,
    edges: Seen<'a, 'py, 2>,
    weights: Seen<'a, 'py, 1>,
    max_costs: Option<Seen<'a, 'py, 1>>,
    allowed: Option<Seen<'a, 'py, 2>>,
    extra_costs: Option<Seen<'a, 'py, 2>>,
    fixed: Option<Seen<'a, 'py, 1>>,
}

impl Given<'_, '_> {
    /// Check the shapes against each other: how many nodes, pods and resources there are.
    fn sizes(&self, py: Python<'_>) -> PyResult<[usize; 3]> {
        let nodes = self.costs.side()?;
        let [pods, resources] = self.requests.shape();
        let [edges, _] = self.edges.shape();
        self.edges.must_be([edges, 2])?;
        gate::enter(py, || Arrays::check_sizes(nodes, pods, resources, edges))?;
        self.capacities.must_be([nodes, resources])?;
        self.weights.must_match(edges, "edges")?;
        if let Some(max_costs) = &self.max_costs {
            max_costs.must_match(edges, "edges")?;
        }
        for by_node in [&self.allowed, &self.extra_costs].into_iter().flatten() {
            by_node.must_be([pods, nodes])?;
        }
        if let Some(fixed) = &self.fixed {
            fixed.must_match(pods, "pods")?;
        }
        Ok([nodes, pods, resources])
    }

    /// Both pods of each edge, with its weight.
    fn pairs(&self, py: Python<'_>, pods: usize) -> PyResult<Vec<(u32, u32, f64)>> {
        let ends: Vec<i64> = self.edges.copied()?;
        let weights: Vec<f64> = self.weights.copied()?;
        let pod = |pod: i64| {
            u32::try_from(pod).map_err(|_| {
                let problem = format!("edges: names pod {pod}, there are {pods}");
                error::invalid(py, &problem)
            })
        };
        let pair = |(ends, weight): (&[i64], f64)| Ok((pod(ends[0])?, pod(ends[1])?, weight));
        ends.chunks_exact(2).zip(weights).map(pair).collect()
    }

    /// The pairs of pods that are kept near each other.
    fn limits(&self, py: Python<'_>, pairs: &[(u32, u32, f64)]) -> PyResult<Vec<Limit>> {
        let Some(max_costs) = &self.max_costs else {
            return Ok(Vec::new());
        };
        let mut limits = Vec::new();
        for (&(from, to, _), most) in pairs.iter().zip(max_costs.copied::<f32>()?) {
            if most.is_nan() || most < 0.0 {
                let problem = format!("max_costs: holds {most}, must be 0 or more, or infinite");
                return Err(error::invalid(py, &problem));
            }
            if most.is_finite() {
                limits.push(Limit { from, to, most });
            }
        }
        Ok(limits)
    }

    /// The problem.
    fn arrays(&self, py: Python<'_>) -> PyResult<Arrays> {
        let [nodes, pods, resources] = self.sizes(py)?;
        let costs: Vec<f32> = self.costs.copied()?;
        let pairs = self.pairs(py, pods)?;
        let limits = self.limits(py, &pairs)?;
        let edge = |(from, to, weight)| Edge {
            from,
            to,
            weight,
            matrix: 0,
        };
        let mut arrays = Arrays {
            nodes,
            pods,
            resources,
            capacities: self.capacities.copied()?,
            requests: self.requests.copied()?,
            distances: if limits.is_empty() {
                Vec::new()
            } else {
                costs.clone()
            },
            costs: vec![costs],
            edges: pairs.into_iter().map(edge).collect(),
            limits,
            ..Arrays::default()
        };
        if let Some(allowed) = &self.allowed {
            arrays.allowed = allowed.flags()?;
        }
        if let Some(extra_costs) = &self.extra_costs {
            arrays.extra_costs = extra_costs.copied()?;
        }
        if let Some(fixed) = &self.fixed {
            arrays.fixed = nodes_of_fixed(py, &fixed.copied()?, nodes)?;
        }
        Ok(arrays)
    }
}

/// Places the pods of a problem on arrays at once.
#[pyfunction]
#[pyo3(
    text_signature = "(costs, capacities, requests, edges, weights, *, max_costs=None, \
    allowed=None, extra_costs=None, fixed=None, seed=0, deadline_ms=50.0, max_steps=None)"
)]
#[pyo3(signature = (
    costs, capacities, requests, edges, weights, *, max_costs=None, allowed=None,
    extra_costs=None, fixed=None, seed=0, deadline_ms=Some(50.0), max_steps=None,
))]
#[expect(
    clippy::too_many_arguments,
    reason = "PyO3 hands keyword arguments over one by one"
)]
pub(crate) fn place_group(
    py: Python<'_>,
    costs: &Bound<'_, PyAny>,
    capacities: &Bound<'_, PyAny>,
    requests: &Bound<'_, PyAny>,
    edges: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    max_costs: Option<&Bound<'_, PyAny>>,
    allowed: Option<&Bound<'_, PyAny>>,
    extra_costs: Option<&Bound<'_, PyAny>>,
    fixed: Option<&Bound<'_, PyAny>>,
    seed: u64,
    deadline_ms: Option<f64>,
    max_steps: Option<u64>,
) -> PyResult<GroupPlacement> {
    let mut deadline = Deadline::new(py, deadline_ms)?;
    let most_steps = most_steps(py, deadline_ms, max_steps)?;
    let given = Given {
        costs: seen("costs", costs, &[Kind::F32], ["N", "N"])?,
        capacities: seen("capacities", capacities, &[Kind::I64], ["N", "R"])?,
        requests: seen("requests", requests, &[Kind::I64], ["P", "R"])?,
        edges: seen("edges", edges, &[Kind::I64], ["E", "2"])?,
        weights: seen("weights", weights, &[Kind::F64], ["E"])?,
        max_costs: seen_if_given("max_costs", max_costs, &[Kind::F32], ["E"])?,
        allowed: seen_if_given("allowed", allowed, &[Kind::Bool], ["P", "N"])?,
        extra_costs: seen_if_given("extra_costs", extra_costs, &[Kind::F32], ["P", "N"])?,
        fixed: seen_if_given("fixed", fixed, &[Kind::I64], ["P"])?,
    };
    let arrays = given.arrays(py)?;
    gate::enter(py, || {
        let problem = Problem::new(arrays)?;
        let placement = {
            let mut time_left = || deadline.left(0.0);
            let mut budget = Budget::new(most_steps, &mut time_left);
            group::place(&problem, None, seed, &mut budget)
        };
        Ok(GroupPlacement {
            placement,
            search_s: deadline.search_s(),
        })
    })
}

fn nodes_of_fixed(py: Python<'_>, fixed: &[i64], nodes: usize) -> PyResult<Vec<Option<u32>>> {
    let node = |&node: &i64| match u32::try_from(node) {
        Ok(node) if (node as usize) < nodes => Ok(Some(node)),
        _ if node == -1 => Ok(None),
        _ => {
            let problem = format!("fixed: names node {node}, must be -1 or 0 to {nodes} - 1");
            Err(error::invalid(py, &problem))
        }
    };
    fixed.iter().map(node).collect()
}
