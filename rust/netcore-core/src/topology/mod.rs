//! The network between the nodes, as far as it is known.
//!
//! A [`Topology`] holds what was measured, or is handed in as arrays, in matrices over the node
//! slots whose rows are sparse or dense by what is known. [`Reports`] keeps the `NodeNetwork`
//! objects behind it and writes them in as they come, expire and go. [`Declared`] answers for pairs
//! that nobody measured, with the costs that a `NetworkTopology` declares between zones and regions. What none of them knows is unknown: never
//! zero, never best.

mod arrays;
mod declared;
mod link;
mod links;
mod location_costs;
mod locations;
mod matrix;
mod measured;
pub(crate) mod network_topology;
mod node_network;
mod reports;
mod row;

pub use arrays::Arrays;
pub use declared::{DEFAULT_WEIGHTS, Declared, Direction};
pub use link::{Link, Provenance};
pub use links::Topology;
pub(crate) use links::{DEFAULT_NEAR_RTT_MS, Rewritten};
pub use location_costs::LocationCosts;
pub use locations::{Location, LocationId, Locations, RegionId};
pub use matrix::{Cell, Matrix, Plane};
pub use network_topology::{Costs, DeclaredCost, NetworkTopology, WeightSet};
pub use node_network::{NodeNetwork, Peer};
pub use reports::Reports;
pub use row::{Row, Storage};
