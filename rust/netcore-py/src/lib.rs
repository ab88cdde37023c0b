//! Python bindings of the netcore engine: convert in, release the GIL, call, convert out.

use pyo3::prelude::*;

/// The compiled half of the Python package `netcore`.
#[pymodule]
mod _netcore {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
