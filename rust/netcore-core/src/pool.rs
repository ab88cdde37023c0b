//! One shared copy of each equal value.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashSet;

/// Hands out one [`Arc`] for equal values, and forgets those that nobody else holds.
///
/// Thousands of replicas share one specification and one set of labels that way, and two of them
/// are equal exactly where their addresses are.
#[derive(Debug)]
pub struct Pool<T: ?Sized + Eq + Hash> {
    held: FxHashSet<Arc<T>>,
    sweep_at: usize,
}

/// Below this many values a sweep is not worth its walk.
const SMALLEST_SWEEP: usize = 1024;

impl<T: ?Sized + Eq + Hash> Default for Pool<T> {
    fn default() -> Self {
        Self {
            held: FxHashSet::default(),
            sweep_at: SMALLEST_SWEEP,
        }
    }
}

impl<T: ?Sized + Eq + Hash> Pool<T> {
    /// The shared copy of `value`.
    ///
    /// *Complexity*: one hash; amortised, since a sweep runs only after the pool has doubled.
    pub fn share<V>(&mut self, value: V) -> Arc<T>
    where
        V: Borrow<T> + Into<Arc<T>>,
    {
        if let Some(shared) = self.held.get(value.borrow()) {
            return Arc::clone(shared);
        }
        if self.held.len() >= self.sweep_at {
            self.held.retain(|shared| Arc::strong_count(shared) > 1);
            self.sweep_at = (self.held.len() * 2).max(SMALLEST_SWEEP);
        }
        let shared = value.into();
        self.held.insert(Arc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_unused_ones_go() {
        let mut pool = Pool::<str>::default();
        let kept = pool.share("kept");
        for value in 0..10 * SMALLEST_SWEEP {
            pool.share(value.to_string().as_str());
        }
        assert!(Arc::ptr_eq(&kept, &pool.share("kept")));
        assert!(pool.held.len() <= 2 * SMALLEST_SWEEP);
    }
}
