//! What several parts need to answer exactly as Diktyo's plugins do.

use std::cmp::Ordering;

/// The entry that upstream's binary search meets first among equal ones.
///
/// Upstream searches lists that a user may have written in any order. In an unsorted one it may
/// miss an entry that is there, and so does this: the probes are the same.
///
/// *Source*: `FindOriginCosts`, `FindTopologyKey` and `FindPodOrder` in `pkg/networkaware/util` of
/// scheduler-plugins.
pub(crate) fn search<T>(list: &[T], compare: impl Fn(&T) -> Ordering) -> Option<&T> {
    let (mut low, mut high) = (0, list.len());
    while low < high {
        // `high` is exclusive here and inclusive there: the middle is the same.
        let middle = (low + high - 1) / 2;
        match compare(&list[middle]) {
            Ordering::Equal => return Some(&list[middle]),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_in_sorted_lists_and_misses_where_upstream_does() {
        let find = |list: &[&str], key: &str| search(list, |entry| (*entry).cmp(key)).is_some();
        for key in ["a", "b", "c", "d"] {
            assert!(find(&["a", "b", "c", "d"], key));
        }
        assert!(!find(&[], "a") && !find(&["a", "c"], "b"));
        // The middle of three is probed first: "c" > "b" sends the search to the left.
        assert!(!find(&["a", "c", "b"], "b"));
    }
}
