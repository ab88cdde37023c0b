//! Arrays of Python as the core takes them: copied, since another thread may write to an array
//! while the engine reads without the GIL.

use netcore_core::all_pairs::Cells;
use numpy::{
    Element, PyArrayDescrMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::error;

/// Which nodes are feasible.
pub(crate) enum Mask {
    /// For every pod, `[N]`.
    Row(Vec<bool>),
    /// For each pod, with the shape, `[P, N]`.
    Rows([usize; 2], Vec<bool>),
}

/// What an argument is, for the message that says what it must be.
fn found(given: &Bound<'_, PyAny>) -> String {
    match given.cast::<PyUntypedArray>() {
        Ok(array) => format!(
            "is an array of {} and shape {:?}",
            array.dtype(),
            array.shape()
        ),
        Err(_) => match given.get_type().name() {
            Ok(name) => format!("is of type {name}"),
            Err(_) => "is something else".to_owned(),
        },
    }
}

fn refused(argument: &str, given: &Bound<'_, PyAny>, needed: &str) -> PyErr {
    let problem = format!("{argument}: {}, must be {needed}", found(given));
    error::invalid(given.py(), &problem)
}

/// The array, copied where its values lie across the addresses that they should begin at.
fn aligned<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match given.cast::<PyUntypedArray>() {
        Ok(array) if !array.is_aligned() => given.call_method0("copy"),
        _ => Ok(given.clone()),
    }
}

/// The values of a one-dimensional array of some type.
fn values<'py, T: Element + Copy>(given: &Bound<'py, PyAny>) -> Option<Vec<T>> {
    let array: PyReadonlyArray1<'py, T> = given.extract().ok()?;
    Some(match array.as_slice() {
        Ok(slice) => slice.to_vec(),
        Err(_) => array.as_array().iter().copied().collect(),
    })
}

/// Numbers of nodes, zones or entries, from an array of integers.
pub(crate) fn numbers<T: TryFrom<i64>>(
    argument: &str,
    given: &Bound<'_, PyAny>,
) -> PyResult<Vec<T>> {
    let given = &aligned(given)?;
    let widened = values::<i64>(given)
        .or_else(|| Some(values::<i32>(given)?.into_iter().map(i64::from).collect()))
        .or_else(|| Some(values::<u32>(given)?.into_iter().map(i64::from).collect()));
    let Some(widened) = widened else {
        let needed = "a one-dimensional array of int64, int32 or uint32";
        return Err(refused(argument, given, needed));
    };
    let numbers = widened.iter().enumerate().map(|(entry, &number)| {
        T::try_from(number).map_err(|_| {
            let problem = format!("{argument}: [{entry}] = {number} is out of range");
            error::invalid(given.py(), &problem)
        })
    });
    numbers.collect()
}

/// Weights or costs, from an array of floats.
pub(crate) fn weights(argument: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    let given = &aligned(given)?;
    let narrowed = values::<f32>(given).or_else(|| {
        Some(
            values::<f64>(given)?
                .into_iter()
                .map(|it| it as f32)
                .collect(),
        )
    });
    narrowed.ok_or_else(|| {
        let needed = "a one-dimensional array of float32 or float64";
        refused(argument, given, needed)
    })
}

/// The cells of a square matrix.
pub(crate) fn cells(argument: &str, given: &Bound<'_, PyAny>) -> PyResult<Cells> {
    let given = &aligned(given)?;
    let array: Option<PyReadonlyArray2<'_, f32>> = given.extract().ok();
    let is_square = |array: &PyReadonlyArray2<'_, f32>| array.shape()[0] == array.shape()[1];
    let Some(array) = array.filter(is_square) else {
        return Err(refused(
            argument,
            given,
            "an array of float32 and shape [N, N]",
        ));
    };
    let mut cells = Cells::new(array.shape()[0]).map_err(|it| error::raised(given.py(), &it))?;
    for (origin, row) in array.as_array().outer_iter().enumerate() {
        let target = cells.row_mut(origin);
        match row.as_slice() {
            Some(row) => target.copy_from_slice(row),
            None => target
                .iter_mut()
                .zip(row)
                .for_each(|(cell, &cost)| *cell = cost),
        }
    }
    Ok(cells)
}

/// A mask over nodes.
pub(crate) fn mask(argument: &str, given: &Bound<'_, PyAny>) -> PyResult<Mask> {
    let refused = || refused(argument, given, "an array of bool and shape [N] or [P, N]");
    let is_bool = given
        .cast::<PyUntypedArray>()
        .is_ok_and(|array| array.dtype().kind() == b'b' && array.ndim() < 3);
    if !is_bool {
        return Err(refused());
    }
    // A byte of an array of bool can hold anything; only 0 and 1 are a bool here.
    let bytes = given.call_method1("view", ("uint8",))?;
    let set = |bytes: &[u8]| bytes.iter().map(|&byte| byte != 0).collect();
    if let Ok(row) = bytes.extract::<PyReadonlyArray1<'_, u8>>() {
        return Ok(Mask::Row(match row.as_slice() {
            Ok(row) => set(row),
            Err(_) => row.as_array().iter().map(|&byte| byte != 0).collect(),
        }));
    }
    let rows: PyReadonlyArray2<'_, u8> = bytes.extract().map_err(|_| refused())?;
    let shape = [rows.shape()[0], rows.shape()[1]];
    let masks = match rows.as_slice() {
        Ok(rows) => set(rows),
        Err(_) => rows.as_array().iter().map(|&byte| byte != 0).collect(),
    };
    Ok(Mask::Rows(shape, masks))
}
