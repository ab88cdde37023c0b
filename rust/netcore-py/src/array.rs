//! Arrays of Python as the core takes them: first seen, then copied.
//!
//! An array is *seen* before anything of it is read: its type and shape cost nothing to look at,
//! while a view can seem to hold more values than any memory. A call sees all its arrays, checks
//! their shapes against each other, and only then copies them, since another thread may write to
//! an array while the engine reads without the GIL.

use netcore_core::Error;
use netcore_core::all_pairs::Cells;
use numpy::{
    Element, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods, dtype,
};
use pyo3::intern;
use pyo3::prelude::*;

use crate::error;

/// What the values of an array are.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bool,
    F32,
    F64,
    I32,
    I64,
    U32,
    U8,
}

use Kind::{Bool, F32, F64, I32, I64, U8, U32};

/// Numbers of nodes, zones or entries come in any of these.
pub(crate) const INTEGERS: &[Kind] = &[I64, I32, U32];
/// Weights of a batch come in any of these.
pub(crate) const FLOATS: &[Kind] = &[F32, F64];

/// So many values are copied in less time than it takes to borrow them, or to hand them over.
pub(crate) const FEW: usize = 1024;

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Bool => "bool",
            F32 => "float32",
            F64 => "float64",
            I32 => "int32",
            I64 => "int64",
            U32 => "uint32",
            U8 => "uint8",
        }
    }

    /// Whether an array is of this kind, in the machine's own byte order.
    fn is_of(self, array: &Bound<'_, PyUntypedArray>) -> bool {
        let py = array.py();
        let kind = match self {
            Bool => dtype::<bool>(py),
            F32 => dtype::<f32>(py),
            F64 => dtype::<f64>(py),
            I32 => dtype::<i32>(py),
            I64 => dtype::<i64>(py),
            U32 => dtype::<u32>(py),
            U8 => dtype::<u8>(py),
        };
        array.dtype().is_equiv_to(&kind)
    }
}

/// An array of the right type and number of dimensions, of which no value was read yet.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a, 'py, const D: usize> {
    argument: &'static str,
    array: &'a Bound<'py, PyUntypedArray>,
    kind: Kind,
}

/// An array of some of these kinds with an axis for each name, `["N", "N"]`.
pub(crate) fn seen<'a, 'py, const D: usize>(
    argument: &'static str,
    given: &'a Bound<'py, PyAny>,
    kinds: &[Kind],
    axes: [&str; D],
) -> PyResult<Seen<'a, 'py, D>> {
    match kind_of(given, kinds, D) {
        Some((array, kind)) => Ok(Seen {
            argument,
            array,
            kind,
        }),
        None => Err(refused(argument, given, kinds, &axes.join(", "))),
    }
}

/// As [`seen`], of what may be left out.
pub(crate) fn seen_if_given<'a, 'py, const D: usize>(
    argument: &'static str,
    given: Option<&'a Bound<'py, PyAny>>,
    kinds: &[Kind],
    axes: [&str; D],
) -> PyResult<Option<Seen<'a, 'py, D>>> {
    given.map(|it| seen(argument, it, kinds, axes)).transpose()
}

fn kind_of<'a, 'py>(
    given: &'a Bound<'py, PyAny>,
    kinds: &[Kind],
    axes: usize,
) -> Option<(&'a Bound<'py, PyUntypedArray>, Kind)> {
    let array = given.cast::<PyUntypedArray>().ok()?;
    let kind = kinds.iter().find(|kind| kind.is_of(array))?;
    (array.ndim() == axes).then_some((array, *kind))
}

/// Refuse an argument that has not one value for each of another.
pub(crate) fn must_match(
    py: Python<'_>,
    argument: &str,
    length: usize,
    count: usize,
    beside: &str,
) -> PyResult<()> {
    if length == count {
        return Ok(());
    }
    let problem =
        format!("{argument}: has {length} entries: it needs one for each of the {count} {beside}");
    Err(error::invalid(py, &problem))
}

/// The error of an argument that is no such array.
fn refused(argument: &str, given: &Bound<'_, PyAny>, kinds: &[Kind], axes: &str) -> PyErr {
    let found = match given.cast::<PyUntypedArray>() {
        Ok(array) => format!(
            "is an array of {} and shape {:?}",
            array.dtype(),
            array.shape()
        ),
        Err(_) => match given.get_type().name() {
            Ok(name) => format!("is of type {name}"),
            Err(_) => "is something else".to_owned(),
        },
    };
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let names = names.join(" or ");
    let problem = format!("{argument}: {found}, must be an array of {names} and shape [{axes}]");
    error::invalid(given.py(), &problem)
}

impl<'py, const D: usize> Seen<'_, 'py, D> {
    /// The length of each axis.
    pub(crate) fn shape(&self) -> [usize; D] {
        std::array::from_fn(|axis| self.array.shape()[axis])
    }

    /// Itself, if this is its shape.
    pub(crate) fn must_be(self, shape: [usize; D]) -> PyResult<Self> {
        if self.shape() == shape {
            return Ok(self);
        }
        let Self { argument, .. } = self;
        let problem = format!("{argument}: shape is {:?}, must be {shape:?}", self.shape());
        Err(error::invalid(self.array.py(), &problem))
    }

    /// The values, row after row.
    pub(crate) fn copied<T: Element + Copy>(&self) -> PyResult<Vec<T>> {
        if let Some(values) = self.copied_if_few() {
            return Ok(values);
        }
        let array = self.values::<T>()?;
        let array = array.as_array();
        let mut values = self.room(array.len())?;
        // Not the slice of numpy, which runs down the columns where those lie together.
        match array.as_slice() {
            Some(slice) => values.extend_from_slice(slice),
            None => values.extend(array.rows().into_iter().flatten().copied()),
        }
        Ok(values)
    }

    /// The values of a small array that lies as one piece of memory.
    fn copied_if_few<T: Element + Copy>(&self) -> Option<Vec<T>> {
        if self.array.len() > FEW || !self.array.is_c_contiguous() || !self.array.is_aligned() {
            return None;
        }
        self.array.cast::<PyArrayDyn<T>>().ok()?.to_vec().ok()
    }

    /// Integers that are in the range of some type, row after row.
    pub(crate) fn numbers<T: TryFrom<i64>>(&self) -> PyResult<Vec<T>> {
        match self.kind {
            I32 => self.in_range::<i32, T>(),
            U32 => self.in_range::<u32, T>(),
            _ => self.in_range::<i64, T>(),
        }
    }

    fn in_range<S: Element + Copy + Into<i64>, T: TryFrom<i64>>(&self) -> PyResult<Vec<T>> {
        let values = self.copied::<S>()?;
        let mut numbers = self.room(values.len())?;
        for (entry, &number) in values.iter().enumerate() {
            let number = number.into();
            numbers.push(T::try_from(number).map_err(|_| {
                let problem = format!("{}: [{entry}] = {number} is out of range", self.argument);
                error::invalid(self.array.py(), &problem)
            })?);
        }
        Ok(numbers)
    }

    /// Floats of either width, in the smaller.
    pub(crate) fn floats(&self) -> PyResult<Vec<f32>> {
        if matches!(self.kind, F32) {
            return self.copied();
        }
        let array = self.values::<f64>()?;
        let mut floats = self.room(array.len())?;
        floats.extend(array.as_array().iter().map(|&it| it as f32));
        Ok(floats)
    }

    /// Booleans, row after row.
    pub(crate) fn flags(&self) -> PyResult<Vec<bool>> {
        let py = self.array.py();
        // A byte of an array of bool can hold anything; only 0 and 1 are a bool here.
        let bytes = self
            .array
            .call_method1(intern!(py, "view"), (dtype::<u8>(py),))?;
        let bytes = seen("", &bytes, &[U8], [""; D])?.copied::<u8>()?;
        Ok(bytes.into_iter().map(|byte| byte != 0).collect())
    }

    /// The array, copied first where its values lie across the addresses that they should begin at.
    fn values<T: Element>(&self) -> PyResult<PyReadonlyArrayDyn<'py, T>> {
        let array = self.array.as_any();
        Ok(if self.array.is_aligned() {
            array.extract()?
        } else {
            array.call_method0("copy")?.extract()?
        })
    }

    /// An empty list with room for so many values.
    fn room<T>(&self, count: usize) -> PyResult<Vec<T>> {
        let mut values = Vec::new();
        values.try_reserve_exact(count).map_err(|_| {
            let problem = format!("{}: there is no memory for {count} values", self.argument);
            error::invalid(self.array.py(), &problem)
        })?;
        Ok(values)
    }
}

impl Seen<'_, '_, 1> {
    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.array.len()
    }

    /// Refuse it where it has not one value for each of another array's.
    pub(crate) fn must_match_each(&self, other: &Self) -> PyResult<()> {
        self.must_match(other.len(), &format!("entries of {}", other.argument))
    }

    /// Refuse it where it has not one value for each of these.
    pub(crate) fn must_match(&self, count: usize, beside: &str) -> PyResult<()> {
        must_match(self.array.py(), self.argument, self.len(), count, beside)
    }
}

impl Seen<'_, '_, 2> {
    /// How many rows it has, and columns, if it is a square.
    pub(crate) fn side(self) -> PyResult<usize> {
        let [rows, _] = self.shape();
        self.must_be([rows, rows])?;
        Ok(rows)
    }

    /// The cells of a square matrix.
    pub(crate) fn cells(&self) -> PyResult<Cells> {
        let py = self.array.py();
        let mut cells = Cells::new(self.side()?).map_err(|error| match error {
            Error::InvalidArgument { problem, .. } => {
                error::invalid(py, &format!("{}: {problem}", self.argument))
            }
            other => error::raised(py, &other),
        })?;
        let array = self.values::<f32>()?;
        for (origin, row) in array.as_array().rows().into_iter().enumerate() {
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
}
