//! Python bindings of the netcore engine: convert in, release the GIL, call, convert out.

mod array;
mod cost_matrix;
mod error;
mod estimate;
mod gate;
mod graph;
mod group;
mod plan;
mod pod;
mod profile;
mod sequence;
mod state;
mod time;
mod topology;

use pyo3::prelude::*;

/// The compiled half of the Python package `netcore`.
#[pymodule]
mod _netcore {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::cost_matrix::{CostMatrix, Scores};
    #[pymodule_export]
    use super::estimate::{BandwidthEstimate, Estimate, estimate, estimate_bandwidth};
    #[pymodule_export]
    use super::graph::AppGraph;
    #[pymodule_export]
    use super::group::{GroupPlacement, GroupPlan, place_group};
    #[pymodule_export]
    use super::plan::{Decision, Plan};
    #[pymodule_export]
    use super::pod::PodSummary;
    #[pymodule_export]
    use super::profile::Profile;
    #[pymodule_export]
    use super::state::ClusterState;
    #[pymodule_export]
    use super::topology::Topology;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::error::register(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
