//! From cells as they are known to the form that they are stored in.

use crate::error::Result;

use super::aligned::Square;
use super::dense::{Dense, check_cost};
use super::sizes::check_zones;
use super::zones::Zoned;
use super::{CostMatrix, Form, invalid};

/// Nodes from which [`Storage::Auto`] takes the form by zones.
const MANY_NODES: usize = 2048;

/// The share of known cells up to which [`Storage::Auto`] takes the form by zones, as 1 in so many:
/// a measured link takes 16 bytes there, four to eight cells of a dense matrix in f32.
const FEW_KNOWN: usize = 16;

/// How costs are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// By zones where zones are given, there are at least 2,048 nodes, and at most one cell in 16
    /// is known; else dense in f32.
    #[default]
    Auto,
    /// A cell of 4 bytes for each pair of nodes.
    F32,
    /// A cell of 2 bytes for each pair of nodes, in steps of 1/65,535 of the largest cost: off by
    /// at most 1/131,070 of that, and by the rounding of f32.
    U16,
    /// A cost for each pair of zones, and the links that are known to differ from it.
    Zones,
}

/// What to make of known cells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// How costs are stored.
    pub storage: Storage,
    /// The zone of each node, any number.
    pub zones: Option<&'a [u32]>,
    /// The cost of what nothing is known of; `None`: that is an error.
    pub unknown: Option<f32>,
    /// By zones: links that differ from their zones' cost by at most this share of their own are
    /// not stored, 0 to 1.
    pub tolerance: f32,
    /// The largest cost that can be set later, for u16; at least the largest of the cells.
    pub largest_cost: f32,
}

/// Known cells, to become a [`CostMatrix`]: row-major, origin → destination, NaN is unknown.
#[derive(Debug)]
pub struct Cells(Square<f32>);

impl Cells {
    /// Cells over so many nodes, each 0.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where there is no memory for them.
    pub fn new(nodes: usize) -> Result<Self> {
        if nodes > i32::MAX as usize {
            let problem = format!(
                "there are {nodes} nodes: at most {} can be told apart",
                i32::MAX
            );
            return Err(invalid("costs", problem));
        }
        Square::new(nodes).map(Self)
    }

    /// The cells from one origin.
    ///
    /// # Panics
    ///
    /// Where the origin is out of range.
    pub fn row_mut(&mut self, origin: usize) -> &mut [f32] {
        self.0.row_mut(origin)
    }

    /// Refuse what no cost can be; the largest known one, and how many are known.
    fn check(&self) -> Result<(f32, usize)> {
        let (mut largest, mut known) = (0.0_f32, 0);
        for origin in 0..self.0.size() {
            for (destination, &cost) in self.0.row(origin).iter().enumerate() {
                if cost.is_nan() {
                    continue;
                }
                if !(0.0..=f32::MAX).contains(&cost) {
                    let at = format!("[{origin}, {destination}] = {cost} ");
                    check_cost("costs", &at, cost)?;
                }
                known += 1;
                largest = largest.max(cost);
            }
        }
        Ok((largest, known))
    }

    /// Give every unknown cell a cost.
    fn fill(&mut self, cost: impl Fn(usize, usize) -> Option<f32>) -> Result<()> {
        for origin in 0..self.0.size() {
            for (destination, cell) in self.0.row_mut(origin).iter_mut().enumerate() {
                if cell.is_nan() {
                    let Some(cost) = cost(origin, destination) else {
                        let at = format!("[{origin}, {destination}] ");
                        return check_cost("costs", &at, *cell);
                    };
                    *cell = cost;
                }
                // −0 is 0, also in its bits.
                *cell += 0.0;
            }
        }
        Ok(())
    }
}

impl CostMatrix {
    /// The costs of these cells, stored as the options say.
    ///
    /// Where zones are given, an unknown cell costs what the known ones between the same zones
    /// cost in the median (its lower one; a node's own cell tells nothing of its zone where there
    /// are others), whatever the storage; only where no such cell is known in either direction does
    /// it cost `unknown`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where a cost is negative or
    /// infinite, or unknown without a cost for that, or an option does not fit.
    pub fn new(mut cells: Cells, options: &Options<'_>) -> Result<Self> {
        if let Some(unknown) = options.unknown {
            check_cost("unknown", "", unknown)?;
        }
        check_cost("largest_cost", "", options.largest_cost)?;
        if !(0.0..=1.0).contains(&options.tolerance) {
            let problem = format!("{} must be from 0 to 1", options.tolerance);
            return Err(invalid("tolerance", problem));
        }
        let nodes = cells.0.size();
        let (largest, known) = cells.check()?;
        let largest = largest.max(options.unknown.unwrap_or(0.0));
        let zoned = options
            .zones
            .map(|zones| medians(&cells.0, zones, options.unknown));
        let zoned = zoned.transpose()?;
        let is_sparse = nodes >= MANY_NODES && known <= nodes * nodes / FEW_KNOWN;
        let by_zones = match options.storage {
            Storage::Auto => is_sparse,
            Storage::Zones => true,
            Storage::F32 | Storage::U16 => false,
        };
        let form = match zoned {
            Some(mut zoned) if by_zones => {
                let links = measured(&cells.0, &zoned, options.tolerance);
                zoned.extend(links.into_iter());
                Form::Zones(zoned)
            }
            None if options.storage == Storage::Zones => {
                let problem = "are needed to store costs by zones: give each node's";
                return Err(invalid("zones", problem.to_owned()));
            }
            zoned => {
                match zoned {
                    Some(zoned) => cells.fill(|from, to| Some(zoned.zone_cost(from, to)))?,
                    None => cells.fill(|_, _| options.unknown)?,
                }
                if options.storage == Storage::U16 {
                    Form::U16(Dense::<u16>::new(
                        &cells.0,
                        largest.max(options.largest_cost),
                    )?)
                } else {
                    Form::F32(Dense::<f32>::new(cells.0)?)
                }
            }
        };
        Ok(Self { form, largest })
    }

    /// Costs between zones, and those of single links, `(origin, destination, cost)`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where a node's zone has no costs,
    /// a cost is negative, infinite or NaN, or a link leads to no node or comes twice.
    pub fn from_zones(zones: &[u32], zone_costs: Cells, links: &[(u32, u32, f32)]) -> Result<Self> {
        check_zones(zones.len(), links.len())?;
        let mut zone_costs = zone_costs;
        let (mut largest, _) = zone_costs
            .check()
            .map_err(|error| renamed(error, "zone_costs"))?;
        let filled = zone_costs.fill(|_, _| None);
        filled.map_err(|error| renamed(error, "zone_costs"))?;
        let mut matrix = Zoned::new(zones.to_vec(), zone_costs.0)?;
        let mut order: Vec<usize> = (0..links.len()).collect();
        order.sort_by_key(|&link| (links[link].0, links[link].1));
        for pair in order.windows(2) {
            let (first, second) = (links[pair[0]], links[pair[1]]);
            if (first.0, first.1) == (second.0, second.1) {
                let problem = format!("[{}, {}] comes twice: give each once", first.0, first.1);
                return Err(invalid("links", problem));
            }
        }
        for &(origin, destination, cost) in links {
            if origin.max(destination) as usize >= zones.len() {
                let problem = format!(
                    "[{origin}, {destination}] leads to no node: there are {}",
                    zones.len()
                );
                return Err(invalid("links", problem));
            }
            check_cost(
                "links",
                &format!("[{origin}, {destination}] = {cost} "),
                cost,
            )?;
            largest = largest.max(cost);
        }
        matrix.extend(order.iter().map(|&link| {
            let (origin, destination, cost) = links[link];
            (origin as usize, destination as usize, cost + 0.0)
        }));
        Ok(Self {
            form: Form::Zones(matrix),
            largest,
        })
    }
}

fn renamed(error: crate::Error, argument: &'static str) -> crate::Error {
    match error {
        crate::Error::InvalidArgument { problem, .. } => invalid(argument, problem),
        other => other,
    }
}

/// The cost of each pair of zones: the lower median of the known cells between them.
fn medians(cells: &Square<f32>, zones: &[u32], unknown: Option<f32>) -> Result<Zoned> {
    let nodes = cells.size();
    if zones.len() != nodes {
        let problem = format!(
            "has {} entries: it needs one for each of {nodes} nodes",
            zones.len()
        );
        return Err(invalid("zones", problem));
    }
    let mut numbers = zones.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let zone_of: Vec<u32> = zones
        .iter()
        .map(|zone| numbers.partition_point(|number| number < zone) as u32)
        .collect();
    let mut between = Square::new(numbers.len())?;
    let mut members = vec![Vec::new(); numbers.len()];
    for (node, &zone) in zone_of.iter().enumerate() {
        members[zone as usize].push(node);
    }
    let mut known = vec![Vec::new(); numbers.len()];
    for (zone, members) in members.iter().enumerate() {
        for &origin in members {
            for (destination, &cost) in cells.row(origin).iter().enumerate() {
                let is_own = origin == destination && members.len() > 1;
                if !cost.is_nan() && !is_own {
                    known[zone_of[destination] as usize].push(cost);
                }
            }
        }
        for (known, cost) in known.iter_mut().zip(between.row_mut(zone)) {
            *cost = lower_median(known);
            known.clear();
        }
    }
    for origin in 0..numbers.len() {
        for destination in 0..numbers.len() {
            if between.row(origin)[destination].is_nan() {
                let back = between.row(destination)[origin];
                let cost = if back.is_nan() { unknown } else { Some(back) };
                let Some(cost) = cost else {
                    let problem = format!(
                        "nothing is known from zone {} to zone {} nor back: it needs unknown=, a \
                         neutral cost",
                        numbers[origin], numbers[destination]
                    );
                    return Err(invalid("costs", problem));
                };
                between.row_mut(origin)[destination] = cost;
            }
            between.row_mut(origin)[destination] += 0.0;
        }
    }
    Zoned::new(zone_of, between)
}

/// NaN of nothing.
fn lower_median(values: &mut [f32]) -> f32 {
    let Some(middle) = values.len().checked_sub(1).map(|last| last / 2) else {
        return f32::NAN;
    };
    let (_, &mut median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    median
}

/// The known cells that are not, or not nearly, what their zones cost.
fn measured(cells: &Square<f32>, zoned: &Zoned, tolerance: f32) -> Vec<(usize, usize, f32)> {
    let mut links = Vec::new();
    for origin in 0..cells.size() {
        for (destination, &cost) in cells.row(origin).iter().enumerate() {
            let difference = (cost - zoned.zone_cost(origin, destination)).abs();
            // Never so of NaN.
            if difference > tolerance * cost {
                links.push((origin, destination, cost + 0.0));
            }
        }
    }
    links
}
