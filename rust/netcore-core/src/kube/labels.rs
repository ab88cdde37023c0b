//! Labels of an object.

use std::sync::Arc;

use super::wire;
use crate::pool::Pool;

/// The labels of one object, sorted by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels(Box<[(Arc<str>, Arc<str>)]>);

impl Labels {
    pub(super) fn decode(labels: &wire::Labels<'_>, strings: &mut Pool<str>) -> Self {
        let mut pairs: Vec<_> = labels
            .iter()
            .map(|(key, value)| (strings.share(&**key), strings.share(&**value)))
            .collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        // Of equal keys the last counts: the sort is stable, so the later one follows.
        pairs.reverse();
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        pairs.reverse();
        Self(pairs.into())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Arc<str>> {
        let at = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// The pairs in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}
