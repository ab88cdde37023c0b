//! Scores of all nodes for a whole batch of pods, from the costs of all links.
//!
//! What a pod pays on a node is the sum, over the placed peers that it works with, of what the
//! links to and from them cost. A [`CostMatrix`] holds those costs so that the sum walks whole
//! rows: dense, in f32 or in 16 bits, or by zones with the measured links that differ. The time is
//! what the memory takes to hand over the rows; what is left to save is reading them at all, so
//! pods with equal peers share one row of scores, and the best nodes are picked while a part of the
//! row is still in the first cache.
//!
//! It knows no pods, workloads or policies: peers are nodes with weights, and costs are numbers.

mod aligned;
mod best;
mod build;
mod classes;
mod dense;
mod pods;
mod score;
mod sizes;
mod zones;

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};

use dense::{Dense, check_cost};
use zones::Zoned;

pub use build::{Cells, Options, Storage};
pub use pods::{Feasible, Pods};
pub use score::{Request, Scores, best_of};
pub use sizes::{MOST_ENTRIES, MOST_NODES, MOST_PODS, check_batch, check_zones};

/// The cost of the link between every ordered pair of nodes.
///
/// A symmetric matrix is stored once, any other with its transpose. Rows are padded to cache lines:
/// from 160 nodes on a dense one takes at most 1.1 × the cells that it holds.
///
/// ```
/// use netcore_core::all_pairs::{Cells, CostMatrix, Feasible, Options, Pods, Request};
///
/// let mut cells = Cells::new(3)?;
/// cells.row_mut(0).copy_from_slice(&[0.0, 1.0, 5.0]);
/// cells.row_mut(1).copy_from_slice(&[1.0, 0.0, 2.0]);
/// cells.row_mut(2).copy_from_slice(&[5.0, 2.0, 0.0]);
/// let costs = CostMatrix::new(cells, &Options::default())?;
/// // A pod that calls one on node 0, and is called three times as much by one on node 2.
/// let pods = Pods {
///     indptr: &[0, 2],
///     peers: &[0, 2],
///     weight_to: Some(&[1.0, 0.0]),
///     weight_from: Some(&[0.0, 3.0]),
/// };
/// let request = Request { pods, feasible: Feasible::Everywhere, best: 2, matrix: true, threads: 1 };
/// let scores = costs.score(&request)?;
/// assert_eq!(scores.matrix.as_deref(), Some(&[15.0, 7.0, 5.0][..]));
/// assert_eq!(scores.best_nodes, [2, 1]);
/// # Ok::<(), netcore_core::Error>(())
/// ```
#[derive(Debug)]
pub struct CostMatrix {
    form: Form,
    /// No cost is larger.
    largest: f32,
}

#[derive(Debug)]
enum Form {
    F32(Dense<f32>),
    U16(Dense<u16>),
    Zones(Zoned),
}

impl CostMatrix {
    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        match &self.form {
            Form::F32(dense) => dense.nodes(),
            Form::U16(dense) => dense.nodes(),
            Form::Zones(zoned) => zoned.nodes(),
        }
    }

    /// How the costs are stored; never [`Storage::Auto`].
    pub fn storage(&self) -> Storage {
        match &self.form {
            Form::F32(_) => Storage::F32,
            Form::U16(_) => Storage::U16,
            Form::Zones(_) => Storage::Zones,
        }
    }

    /// Whether both directions of each link are stored as one.
    pub fn is_symmetric(&self) -> bool {
        match &self.form {
            Form::F32(dense) => dense.is_symmetric(),
            Form::U16(dense) => dense.is_symmetric(),
            Form::Zones(zoned) => zoned.is_symmetric(),
        }
    }

    /// Bytes that the costs take.
    pub fn nbytes(&self) -> usize {
        match &self.form {
            Form::F32(dense) => dense.nbytes(),
            Form::U16(dense) => dense.nbytes(),
            Form::Zones(zoned) => zoned.nbytes(),
        }
    }

    /// Links that are stored one by one: all, but by zones only those that differ from their zones'.
    pub fn links(&self) -> usize {
        match &self.form {
            Form::F32(_) | Form::U16(_) => self.nodes() * self.nodes(),
            Form::Zones(zoned) => zoned.links(),
        }
    }

    /// The cost of a link, as stored.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where there is no such node.
    pub fn link(&self, origin: usize, destination: usize) -> Result<f32> {
        self.check_link(origin, destination)?;
        Ok(match &self.form {
            Form::F32(dense) => dense.get(origin, destination),
            Form::U16(dense) => dense.get(origin, destination),
            Form::Zones(zoned) => zoned.get(origin, destination),
        })
    }

    /// Set the cost from one node to another.
    ///
    /// *Complexity*: O(1), by zones O(measured links of the two nodes). The first that makes a
    /// symmetric dense matrix asymmetric makes its transpose, O(N²); [`Self::set_both`] never does.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] where there is no such node, or the cost is negative, not finite
    /// or, in u16, larger than the largest that the matrix was made for.
    pub fn set_link(&mut self, origin: usize, destination: usize, cost: f32) -> Result<()> {
        let cost = self.check_new(origin, destination, cost)?;
        match &mut self.form {
            Form::F32(dense) => dense.set(origin, destination, cost),
            Form::U16(dense) => dense.set(origin, destination, cost),
            Form::Zones(zoned) => {
                zoned.set(origin, destination, cost);
                Ok(())
            }
        }
    }

    /// Set the cost of both directions of a link.
    ///
    /// *Complexity*: O(1), by zones O(measured links of the two nodes).
    ///
    /// # Errors
    ///
    /// As [`Self::set_link`].
    pub fn set_both(&mut self, origin: usize, destination: usize, cost: f32) -> Result<()> {
        let cost = self.check_new(origin, destination, cost)?;
        match &mut self.form {
            Form::F32(dense) => dense.set_both(origin, destination, cost),
            Form::U16(dense) => dense.set_both(origin, destination, cost),
            Form::Zones(zoned) => {
                zoned.set(origin, destination, cost);
                zoned.set(destination, origin, cost);
            }
        }
        Ok(())
    }

    fn check_link(&self, origin: usize, destination: usize) -> Result<()> {
        for (argument, node) in [("origin", origin), ("destination", destination)] {
            if node >= self.nodes() {
                let problem = format!("{node} is no node: there are {}", self.nodes());
                return Err(invalid(argument, problem));
            }
        }
        Ok(())
    }

    fn check_new(&mut self, origin: usize, destination: usize, cost: f32) -> Result<f32> {
        self.check_link(origin, destination)?;
        check_cost("cost", &format!("{cost} "), cost)?;
        if let Form::U16(dense) = &self.form
            && cost > dense.largest()
        {
            let problem = format!(
                "{cost} is above {}, the largest that u16 was scaled for: give largest_cost= when \
                 the matrix is made",
                dense.largest()
            );
            return Err(invalid("cost", problem));
        }
        self.largest = self.largest.max(cost);
        Ok(cost + 0.0)
    }
}

fn invalid(argument: &'static str, problem: String) -> Error {
    Error::InvalidArgument { argument, problem }
}
