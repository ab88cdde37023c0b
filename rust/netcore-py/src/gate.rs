//! The one way from Python into the core: without the GIL, and with every failure as an exception.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, RwLock, TryLockError};

use netcore_core::Error;
use pyo3::prelude::*;

use crate::error;

/// Why nothing came of a call.
enum Failure {
    Core(Error),
    Busy,
    Broken,
    Panic(String),
}

/// Runs work of the core without the GIL.
pub(crate) fn enter<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> netcore_core::Result<T> + Send,
) -> PyResult<T> {
    run(py, || work().map_err(Failure::Core))
}

/// As [`enter`], on what a lock holds. A lock that is taken is an error, never a wait; one that was
/// held through a panic stays closed, since what it holds may be half changed.
pub(crate) fn enter_locked<S: Send, T: Send>(
    py: Python<'_>,
    lock: &Mutex<S>,
    work: impl FnOnce(&mut S) -> netcore_core::Result<T> + Send,
) -> PyResult<T> {
    run(py, || match lock.try_lock() {
        Ok(mut state) => work(&mut state).map_err(Failure::Core),
        Err(TryLockError::WouldBlock) => Err(Failure::Busy),
        Err(TryLockError::Poisoned(_)) => Err(Failure::Broken),
    })
}

/// As [`enter_locked`], on what others may read at the same time.
pub(crate) fn enter_shared<S: Send + Sync, T: Send>(
    py: Python<'_>,
    lock: &RwLock<S>,
    work: impl FnOnce(&S) -> netcore_core::Result<T> + Send,
) -> PyResult<T> {
    run(py, || match lock.try_read() {
        Ok(state) => work(&state).map_err(Failure::Core),
        Err(TryLockError::WouldBlock) => Err(Failure::Busy),
        Err(TryLockError::Poisoned(_)) => Err(Failure::Broken),
    })
}

/// As [`enter_locked`], on what others may read at other times.
pub(crate) fn enter_alone<S: Send + Sync, T: Send>(
    py: Python<'_>,
    lock: &RwLock<S>,
    work: impl FnOnce(&mut S) -> netcore_core::Result<T> + Send,
) -> PyResult<T> {
    run(py, || match lock.try_write() {
        Ok(mut state) => work(&mut state).map_err(Failure::Core),
        Err(TryLockError::WouldBlock) => Err(Failure::Busy),
        Err(TryLockError::Poisoned(_)) => Err(Failure::Broken),
    })
}

fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Failure> + Send) -> PyResult<T> {
    let outcome = py.detach(|| {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<&str>().map(ToString::to_string);
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Failure::Panic(said.unwrap_or_default()))
        })
    });
    outcome.map_err(|failure| match failure {
        Failure::Core(error) => error::raised(py, &error),
        Failure::Busy => error::busy(),
        Failure::Panic(said) => error::broken(py, format!("the engine failed: {said}")),
        Failure::Broken => error::broken(
            py,
            "an earlier failure left this object half changed: make a new one".to_owned(),
        ),
    })
}
