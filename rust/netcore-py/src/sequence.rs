//! Lists as arguments.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use crate::error;

/// A sequence that was given, of which no item was taken yet.
pub(crate) struct Items<'a, 'py> {
    argument: &'static str,
    given: &'a Bound<'py, PyAny>,
    len: usize,
}

impl<'a, 'py> Items<'a, 'py> {
    /// The argument, if it is a sequence and no text.
    pub(crate) fn of(argument: &'static str, given: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        let is_other = given.is_instance_of::<PyString>() || given.cast::<PyMapping>().is_ok();
        let len = given.len().ok();
        let is_sequence = !is_other && given.hasattr("__getitem__").unwrap_or(false);
        if let Some(len) = len.filter(|_| is_sequence) {
            return Ok(Self {
                argument,
                given,
                len,
            });
        }
        let found = given.get_type().name()?;
        let problem = format!("{argument}: is of type {found}, must be a list");
        Err(PyTypeError::new_err(problem))
    }

    /// How many items it says it has.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The items. Room is made as they come: a sequence can say that it has more than any memory
    /// holds.
    pub(crate) fn taken<T: FromPyObjectOwned<'py>>(&self) -> PyResult<Vec<T>> {
        let mut taken = Vec::with_capacity(self.len.min(1 << 16));
        for item in self.given.try_iter()? {
            let item = item?;
            let value: Result<T, PyErr> = item.extract().map_err(Into::into);
            taken.push(value.map_err(|cause| {
                let py = item.py();
                let problem = format!("{}[{}]: {}", self.argument, taken.len(), cause.value(py));
                if cause.is_instance_of::<PyTypeError>(py) {
                    PyTypeError::new_err(problem)
                } else {
                    error::invalid(py, &problem)
                }
            })?);
        }
        Ok(taken)
    }
}
