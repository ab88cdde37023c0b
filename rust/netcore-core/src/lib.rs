//! The placement engine of netcore.

pub mod error;
pub mod kube;
mod node_set;
mod pool;

pub use error::{Error, Result};
pub use node_set::{Members, NodeId, NodeSet};
