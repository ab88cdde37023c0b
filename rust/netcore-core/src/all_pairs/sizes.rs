//! How much can be asked for at once.
//!
//! A caller asks before it makes its arrays: what is too large is refused for its size alone.

use crate::error::Result;

use super::invalid;

/// Most pods of one batch.
pub const MOST_PODS: usize = 1 << 24;

/// Most peers of all pods of a batch, and most measured links of a matrix by zones.
pub const MOST_ENTRIES: usize = 1 << 26;

/// Most nodes of a matrix by zones. A dense one meets the end of the memory before.
pub const MOST_NODES: usize = 1 << 20;

/// Whether so many pods with so many peers can be scored at once.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) with the array that is too long.
pub fn check_batch(pods: usize, peers: usize) -> Result<()> {
    at_most("indptr", "pods", pods, MOST_PODS)?;
    at_most("peers", "peers", peers, MOST_ENTRIES)
}

/// Whether a matrix by zones can have so many nodes and measured links.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) with the array that is too long.
pub fn check_zones(nodes: usize, links: usize) -> Result<()> {
    at_most("zones", "nodes", nodes, MOST_NODES)?;
    at_most("origins", "links", links, MOST_ENTRIES)
}

fn at_most(argument: &'static str, what: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    let problem = format!("there are {count} {what}: at most {most} can be taken at once");
    Err(invalid(argument, problem))
}
