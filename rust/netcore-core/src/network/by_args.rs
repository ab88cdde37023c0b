//! What was worked out for the arguments of a plugin, until an object changes.

use std::sync::{Mutex, PoisonError};

/// Profiles have one set of arguments each, and there are few profiles.
const MOST_ENTRIES: usize = 16;

/// A value for each set of arguments in use.
#[derive(Debug)]
pub(crate) struct ByArgs<A, V>(Mutex<Vec<(A, V)>>);

impl<A, V> Default for ByArgs<A, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<A: Clone + PartialEq, V: Clone> ByArgs<A, V> {
    /// The value for these arguments, worked out where it is not known yet.
    pub(crate) fn get(&self, args: &A, work_out: impl FnOnce() -> V) -> V {
        self.get_if(args, |_| true, work_out)
    }

    /// The value for these arguments where it is still good; else it is worked out anew.
    pub(crate) fn get_if(
        &self,
        args: &A,
        is_good: impl FnOnce(&V) -> bool,
        work_out: impl FnOnce() -> V,
    ) -> V {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = entries.iter_mut().find(|(known, _)| known == args) {
            if !is_good(value) {
                *value = work_out();
            }
            return value.clone();
        }
        let value = work_out();
        if entries.len() >= MOST_ENTRIES {
            entries.clear();
        }
        entries.push((args.clone(), value.clone()));
        value
    }

    /// Every value.
    pub(crate) fn values(&self) -> Vec<V> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(_, value)| value.clone()).collect()
    }

    /// Every value with its arguments.
    pub(crate) fn entries(&self) -> Vec<(A, V)> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.clone()
    }

    /// Forgets every value.
    pub(crate) fn clear(&mut self) {
        self.0
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
