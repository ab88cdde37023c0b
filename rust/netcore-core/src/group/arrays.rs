//! What is to be placed where, as arrays.

use crate::error::{Error, Result};

/// Traffic between two pods: it costs `weight · costs[matrix][node of from][node of to]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The pod that calls.
    pub from: u32,
    /// The pod that is called.
    pub to: u32,
    /// How much traffic; finite, at least 0.
    pub weight: f64,
    /// Which of the cost matrices it is billed by.
    pub matrix: u32,
}

/// A hard limit: two pods may not be on nodes farther apart than this.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The pod at the origin of the link.
    pub from: u32,
    /// The pod at its destination.
    pub to: u32,
    /// The largest distance from the one node to the other that is allowed.
    pub most: f32,
}

/// A problem as its arrays, all of them row-major. Sizes follow from `nodes`, `pods` and
/// `resources`; see [`Problem::new`](super::Problem::new) for what is checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arrays {
    /// N, how many nodes there are.
    pub nodes: usize,
    /// P, how many pods there are, fixed ones included.
    pub pods: usize,
    /// R, how many resources are counted.
    pub resources: usize,
    /// `[N, R]`: the room on each node before any of these pods. Below 0 is none.
    pub capacities: Vec<i64>,
    /// `[P, R]`: what each pod takes; 0 asks for none, even where room is below 0.
    pub requests: Vec<i64>,
    /// Each `[N, N]`, `[origin, destination]`: finite and at least 0.
    pub costs: Vec<Vec<f32>>,
    /// The traffic.
    pub edges: Vec<Edge>,
    /// `[N, N]`: what limits are compared with; NaN is unknown and never beyond. Empty where there
    /// is no limit.
    pub distances: Vec<f32>,
    /// The hard limits.
    pub limits: Vec<Limit>,
    /// `[P, N]`: whether a pod may be on a node. Empty where each may be on every one.
    pub allowed: Vec<bool>,
    /// `[P, N]`: what it costs to have a pod on a node, beside its traffic; finite and at least 0.
    /// Empty where that is nothing.
    pub extra_costs: Vec<f32>,
    /// `[P]`: the node of a pod that is on one already and stays there. Empty where there is none.
    pub fixed: Vec<Option<u32>>,
}

/// The table of every pod on every node takes four bytes a cell: half a gigabyte at most.
const MOST_CELLS: usize = 1 << 27;

/// Sums beyond this one would lose their meaning in single precision.
const LARGEST_SUM: f64 = 1e30;

/// Quantities beyond this one could overflow a sum; it is 64 PiB where they are bytes.
const LARGEST_QUANTITY: i64 = 1 << 56;

fn invalid(argument: &'static str, problem: impl Into<String>) -> Error {
    Error::InvalidArgument {
        argument,
        problem: problem.into(),
    }
}

fn sized(argument: &'static str, len: usize, rows: usize, columns: usize) -> Result<()> {
    if rows.checked_mul(columns) == Some(len) {
        return Ok(());
    }
    let problem = format!("holds {len} values, must hold [{rows}, {columns}]");
    Err(invalid(argument, problem))
}

/// As [`sized`], for an array that may be left out.
fn optional(argument: &'static str, len: usize, rows: usize, columns: usize) -> Result<()> {
    if len == 0 {
        return Ok(());
    }
    sized(argument, len, rows, columns)
}

fn costs_are_sound(argument: &'static str, costs: &[f32]) -> Result<()> {
    match costs
        .iter()
        .find(|cost| !(cost.is_finite() && **cost >= 0.0))
    {
        Some(cost) => Err(invalid(
            argument,
            format!("holds {cost}: a cost is finite and at least 0"),
        )),
        None => Ok(()),
    }
}

impl Arrays {
    /// Whether arrays of these sizes can be worked with, so that a caller can ask before it makes
    /// them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] with the name of the array that would be too large.
    pub fn check_sizes(nodes: usize, pods: usize, resources: usize, edges: usize) -> Result<()> {
        let sizes = [
            ("edges", edges, 2),
            ("costs", nodes, nodes),
            ("capacities", nodes, resources),
            ("requests", pods, resources),
            ("requests", pods, nodes),
        ];
        for (argument, rows, columns) in sizes {
            if rows.checked_mul(columns).is_none_or(|it| it > MOST_CELLS) {
                let problem = format!(
                    "{pods} pods, {edges} edges and {resources} resources on {nodes} nodes make a \
                     table of [{rows}, {columns}], which may have {MOST_CELLS} cells: leave some out"
                );
                return Err(invalid(argument, problem));
            }
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<()> {
        let (nodes, pods, resources) = (self.nodes, self.pods, self.resources);
        Self::check_sizes(nodes, pods, resources, self.edges.len())?;
        sized("capacities", self.capacities.len(), nodes, resources)?;
        sized("requests", self.requests.len(), pods, resources)?;
        optional("allowed", self.allowed.len(), pods, nodes)?;
        optional("extra_costs", self.extra_costs.len(), pods, nodes)?;
        optional("fixed", self.fixed.len(), pods, 1)?;
        for costs in &self.costs {
            sized("costs", costs.len(), nodes, nodes)?;
            costs_are_sound("costs", costs)?;
        }
        costs_are_sound("extra_costs", &self.extra_costs)?;
        self.check_quantities()?;
        self.check_edges()?;
        self.check_limits()?;
        let is_outside = |node: &&u32| **node as usize >= nodes;
        match self.fixed.iter().flatten().find(is_outside) {
            Some(node) => Err(invalid(
                "fixed",
                format!("names node {node}, there are {nodes}"),
            )),
            None => Ok(()),
        }
    }

    fn check_quantities(&self) -> Result<()> {
        let is_wrong = |it: &&i64| !(0..=LARGEST_QUANTITY).contains(*it);
        if let Some(request) = self.requests.iter().find(is_wrong) {
            let problem = format!("holds {request}, must be 0 to 2^56");
            return Err(invalid("requests", problem));
        }
        let is_wrong = |it: &&i64| !(-LARGEST_QUANTITY..=LARGEST_QUANTITY).contains(*it);
        if let Some(capacity) = self.capacities.iter().find(is_wrong) {
            let problem = format!("holds {capacity}, must be -2^56 to 2^56");
            return Err(invalid("capacities", problem));
        }
        if self.pods > 64 && self.resources > 0 {
            // Of 64 addends none overflows: only longer sums are worth the look.
            for resource in 0..self.resources {
                let column = self.requests.iter().skip(resource).step_by(self.resources);
                let sum: i128 = column.map(|&it| i128::from(it)).sum();
                if sum > i128::from(i64::MAX / 2) {
                    return Err(invalid("requests", "sum up to more than 2^62"));
                }
            }
        }
        Ok(())
    }

    fn check_pair(&self, argument: &'static str, from: u32, to: u32) -> Result<()> {
        let pods = self.pods;
        if from as usize >= pods || to as usize >= pods {
            let problem = format!("names the pair ({from}, {to}), there are {pods} pods");
            return Err(invalid(argument, problem));
        }
        if from == to {
            let problem = format!("ties pod {from} to itself: leave that out");
            return Err(invalid(argument, problem));
        }
        Ok(())
    }

    fn check_edges(&self) -> Result<()> {
        let matrices = self.costs.len();
        for edge in &self.edges {
            self.check_pair("edges", edge.from, edge.to)?;
            if !(0.0..=LARGEST_SUM).contains(&edge.weight) {
                let problem = format!("holds {}: a weight is 0 to 1e30", edge.weight);
                return Err(invalid("weights", problem));
            }
            if edge.matrix as usize >= matrices {
                let problem = format!("an edge names matrix {}, there are {matrices}", edge.matrix);
                return Err(invalid("costs", problem));
            }
        }
        if self.largest_sum() > LARGEST_SUM {
            return Err(invalid(
                "weights",
                "times costs sum up to more than 1e30: scale them down",
            ));
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<()> {
        let needed = if self.limits.is_empty() {
            0
        } else {
            self.nodes
        };
        optional("distances", self.distances.len(), self.nodes, self.nodes)?;
        if self.distances.len() < needed * self.nodes {
            return Err(invalid("distances", "are left out, but there are limits"));
        }
        for limit in &self.limits {
            self.check_pair("limits", limit.from, limit.to)?;
            if limit.most.is_nan() {
                return Err(invalid("limits", "holds NaN: leave an unknown limit out"));
            }
        }
        Ok(())
    }

    /// No placement costs more than this.
    fn largest_sum(&self) -> f64 {
        let largest = |costs: &Vec<f32>| f64::from(costs.iter().copied().fold(0.0, f32::max));
        let by_matrix: Vec<_> = self.costs.iter().map(largest).collect();
        let traffic = self.edges.iter();
        let traffic: f64 = traffic
            .map(|edge| edge.weight * by_matrix[edge.matrix as usize])
            .sum();
        let extra = self.extra_costs.iter().copied().fold(0.0, f32::max);
        traffic + f64::from(extra) * self.pods as f64
    }
}
