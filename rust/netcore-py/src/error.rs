//! The exceptions of the engine, and which of its errors becomes which.

use netcore_core::Error;
use pyo3::exceptions::{PyException, PyKeyError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyTuple, PyType};

struct Tree {
    base: Py<PyType>,
    invalid_input: Py<PyType>,
    unknown_object: Py<PyType>,
}

static TREE: PyOnceLock<Tree> = PyOnceLock::new();

fn tree(py: Python<'_>) -> PyResult<&Tree> {
    TREE.get_or_try_init(py, || {
        let class = |name: &str, doc: &str, bases: Bound<'_, PyTuple>| {
            let members = [("__module__", "netcore"), ("__doc__", doc)].into_py_dict(py)?;
            let class = py.get_type::<PyType>().call1((name, bases, members))?;
            PyResult::Ok(class.cast_into::<PyType>()?.unbind())
        };
        let base = class(
            "NetcoreError",
            "Base of every error of the engine.",
            PyTuple::new(py, [py.get_type::<PyException>()])?,
        )?;
        let invalid_input = class(
            "InvalidInputError",
            "An argument or object is not what it must be; the message names it and the remedy.",
            PyTuple::new(py, [base.bind(py), &py.get_type::<PyValueError>()])?,
        )?;
        let unknown_object = class(
            "UnknownObjectError",
            "A pod, node or plugin that is not there.",
            PyTuple::new(py, [base.bind(py), &py.get_type::<PyKeyError>()])?,
        )?;
        Ok(Tree {
            base,
            invalid_input,
            unknown_object,
        })
    })
}

/// Adds the exceptions to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let tree = tree(module.py())?;
    module.add("NetcoreError", &tree.base)?;
    module.add("InvalidInputError", &tree.invalid_input)?;
    module.add("UnknownObjectError", &tree.unknown_object)
}

/// The exception for an error of the core.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let class = |tree: &Tree| match error {
        Error::UnknownPod(_) | Error::UnknownNode(_) | Error::PodHasNode { .. } => {
            tree.unknown_object.clone_ref(py)
        }
        _ => tree.invalid_input.clone_ref(py),
    };
    match tree(py) {
        Ok(tree) => PyErr::from_type(class(tree).into_bound(py), error.to_string()),
        Err(failure) => failure,
    }
}

/// The exception for an argument that is not what it must be.
pub(crate) fn invalid(py: Python<'_>, problem: &str) -> PyErr {
    match tree(py) {
        Ok(tree) => PyErr::from_type(tree.invalid_input.bind(py).clone(), problem.to_owned()),
        Err(failure) => failure,
    }
}

/// The exception for a failure of the engine itself.
pub(crate) fn broken(py: Python<'_>, problem: String) -> PyErr {
    match tree(py) {
        Ok(tree) => PyErr::from_type(tree.base.bind(py).clone(), problem),
        Err(failure) => failure,
    }
}

/// The exception for a call made while another thread is inside the same object.
pub(crate) fn busy() -> PyErr {
    PyRuntimeError::new_err(
        "another thread is using this object: serialise the calls, or give each thread its own",
    )
}
