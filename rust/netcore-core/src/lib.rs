//! The placement engine of netcore.
//!
//! Objects of a cluster go into a [`ClusterState`]; [`plan`](plan::plan) says for each pending pod
//! which node it goes to and why. No clock, no I/O, no randomness beyond the seed: the same input
//! gives the same output, byte for byte.
//!
//! ```
//! use netcore_core::{ClusterState, Profile, plan};
//!
//! let mut state = ClusterState::new();
//! state.apply(
//!     "Node",
//!     br#"{"metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "2", "pods": "10"}}}"#,
//! )?;
//! state.apply(
//!     "Pod",
//!     br#"{"metadata": {"namespace": "default", "name": "p", "uid": "1"}, "spec": {}}"#,
//! )?;
//! let profile = Profile::decode(
//!     br#"{"schedulerName": "netcore", "queueSort": {"name": "PrioritySort"},
//!          "filters": [{"name": "NodeResourcesFit"}], "scores": []}"#,
//! )?;
//! let plan = plan::plan(&mut state, &profile, &["default/p"], plan::Options::default())?;
//! assert_eq!(plan.decisions[0].node.as_deref(), Some("a"));
//! # Ok::<(), netcore_core::Error>(())
//! ```

pub mod all_pairs;
pub mod app_graph;
mod context;
pub mod cost;
mod diktyo;
pub mod error;
pub mod estimate;
pub mod filter;
pub mod group;
mod hash;
mod kernel;
pub mod kube;
pub mod network;
pub mod network_overhead;
mod node_set;
pub mod plan;
mod pool;
mod profile;
pub mod score;
pub mod sort;
pub mod state;
pub mod topology;

pub use context::Context;
pub use error::{Error, Result};
pub use node_set::{Members, NodeId, NodeSet};
pub use profile::{Profile, WeightedScore};
pub use state::ClusterState;
