//! The network between the nodes, as far as it is known.
//!
//! A [`Topology`] holds what was measured, or is handed in as arrays, in dense matrices over the
//! node slots. [`Reports`] keeps the `NodeNetwork` objects behind it and writes them in as they
//! come, expire and go. [`Declared`] answers for pairs that nobody measured, with the costs that a
//! `NetworkTopology` declares between zones and regions. What none of them knows is unknown: never
//! zero, never best.

mod declared;
mod dense;
mod link;
mod locations;
mod matrix;
pub(crate) mod network_topology;
mod node_network;
mod reports;

pub use declared::{DEFAULT_WEIGHTS, Declared, Direction};
pub use dense::{Arrays, Topology};
pub(crate) use dense::{DEFAULT_NEAR_RTT_MS, median};
pub use link::{Link, Provenance};
pub use locations::{Location, LocationId, Locations, RegionId};
pub use matrix::{Cell, Matrix, Plane};
pub use network_topology::{Costs, DeclaredCost, NetworkTopology, WeightSet};
pub use node_network::{NodeNetwork, Peer};
pub use reports::Reports;
