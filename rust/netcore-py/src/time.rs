//! Times as arguments.

use pyo3::prelude::*;

use crate::error;

/// The years 1 to 9999, which is what a time in Kubernetes can be.
const EARLIEST: f64 = -62_135_596_800.0;
const LATEST: f64 = 253_402_300_799.0;

/// The argument, if it is a point in time.
pub(crate) fn unix_seconds(py: Python<'_>, argument: &str, seconds: f64) -> PyResult<f64> {
    if (EARLIEST..=LATEST).contains(&seconds) {
        return Ok(seconds);
    }
    let problem = format!("{argument}: is {seconds}, must be Unix seconds in the years 1 to 9999");
    Err(error::invalid(py, &problem))
}
