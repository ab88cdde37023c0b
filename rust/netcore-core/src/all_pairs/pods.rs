//! Pods by the placed peers that they work with.

use crate::error::Result;

use super::invalid;
use super::sizes::check_batch;

/// The peers of a batch of pods, pod after pod (compressed sparse rows).
///
/// The peers of pod p are the entries `indptr[p]..indptr[p + 1]` of the other arrays. A peer is the
/// node of a placed pod; one that comes twice counts with both its weights.
#[derive(Clone, Copy, Debug)]
pub struct Pods<'a> {
    /// Where the entries of each pod begin, and at last where all end: P + 1 numbers for P pods.
    pub indptr: &'a [u64],
    /// Nodes of the peers.
    pub peers: &'a [u32],
    /// How much each entry's traffic from the pod to the peer counts; `None`: not at all.
    pub weight_to: Option<&'a [f32]>,
    /// How much each entry's traffic from the peer to the pod counts; `None`: not at all.
    pub weight_from: Option<&'a [f32]>,
}

/// Where pods may run.
#[derive(Clone, Copy, Debug, Default)]
pub enum Feasible<'a> {
    /// Each pod on every node.
    #[default]
    Everywhere,
    /// Each pod on these nodes: N entries.
    Nodes(&'a [bool]),
    /// Each pod on its own nodes: P × N entries, pod after pod.
    NodesOfPods(&'a [bool]),
}

/// What one peer counts for. Weights are kept as their bits, which order as they do, since none is
/// negative: two equal vectors of terms are equal as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term {
    pub(super) peer: u32,
    to: u32,
    from: u32,
}

impl Term {
    pub(super) fn to(self) -> f32 {
        f32::from_bits(self.to)
    }

    pub(super) fn from(self) -> f32 {
        f32::from_bits(self.from)
    }
}

impl Pods<'_> {
    /// Number of pods.
    pub(super) fn len(&self) -> usize {
        self.indptr.len().saturating_sub(1)
    }

    /// Whether starts begin and end as those of so many peers do; the rest of a batch is checked
    /// when it is scored.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where they do not.
    pub fn check_ends(indptr: &[u64], peers: usize) -> Result<()> {
        let Some((&first, &last)) = indptr.first().zip(indptr.last()) else {
            let problem = "is empty: give [0] for no pods, else a start for each and the end";
            return Err(invalid("indptr", problem.to_owned()));
        };
        if first != 0 || last != peers as u64 {
            let problem = format!(
                "goes from {first} to {last}: it must go from 0 to the number of peers, {peers}"
            );
            return Err(invalid("indptr", problem));
        }
        Ok(())
    }

    /// Check the arrays against each other and against the matrix that they will be scored with.
    pub(super) fn check(&self, nodes: usize, largest_cost: f32) -> Result<()> {
        let entries = self.peers.len();
        check_batch(self.len(), entries)?;
        Self::check_ends(self.indptr, entries)?;
        if let Some(pod) = self.indptr.windows(2).position(|ends| ends[0] > ends[1]) {
            let problem = format!("falls after entry {pod}: each pod's peers follow the last's");
            return Err(invalid("indptr", problem));
        }
        if let Some(entry) = self.peers.iter().position(|&peer| peer as usize >= nodes) {
            let problem = format!(
                "[{entry}] = {} is no node: there are {nodes}",
                self.peers[entry]
            );
            return Err(invalid("peers", problem));
        }
        for (argument, weights) in [
            ("weight_to", self.weight_to),
            ("weight_from", self.weight_from),
        ] {
            let Some(weights) = weights else { continue };
            if weights.len() != entries {
                let problem = format!(
                    "has {} entries: it needs one for each of the {entries} peers",
                    weights.len()
                );
                return Err(invalid(argument, problem));
            }
            let is_weight = |weight: &f32| weight.is_finite() && *weight >= 0.0;
            if let Some(entry) = weights.iter().position(|weight| !is_weight(weight)) {
                let problem = format!(
                    "[{entry}] = {} must be finite and not negative",
                    weights[entry]
                );
                return Err(invalid(argument, problem));
            }
        }
        self.check_sums(largest_cost)
    }

    /// No score may leave the range of f32: an infinite one would mean *not feasible*.
    fn check_sums(&self, largest_cost: f32) -> Result<()> {
        let sum = |weights: Option<&[f32]>| {
            let weights = weights.unwrap_or_default();
            weights.iter().copied().map(f64::from).sum::<f64>()
        };
        let largest = f64::from(f32::MAX) / 4.0;
        let limit = largest / f64::from(largest_cost.max(1.0));
        if sum(self.weight_to) + sum(self.weight_from) <= limit {
            return Ok(());
        }
        for pod in 0..self.len() {
            let entries = self.indptr[pod] as usize..self.indptr[pod + 1] as usize;
            let of_pod = |weights: Option<&[f32]>| sum(weights.map(|all| &all[entries.clone()]));
            let weight = of_pod(self.weight_to) + of_pod(self.weight_from);
            if weight > limit {
                let problem = format!(
                    "the weights of pod {pod} sum to {weight:e}, too much for costs up to \
                     {largest_cost}: scale them down"
                );
                return Err(invalid("weight_to", problem));
            }
        }
        Ok(())
    }

    /// The terms of a pod in the one order and form that pods with equal peers share.
    pub(super) fn terms(&self, pod: usize, terms: &mut Vec<Term>) {
        // A sum of −0 would have other bits than one of 0.
        let bits = |weights: Option<&[f32]>, entry: usize| {
            weights.map_or(0, |weights| (weights[entry] + 0.0).to_bits())
        };
        terms.clear();
        let entries = self.indptr[pod] as usize..self.indptr[pod + 1] as usize;
        terms.extend(entries.map(|entry| Term {
            peer: self.peers[entry],
            to: bits(self.weight_to, entry),
            from: bits(self.weight_from, entry),
        }));
        terms.sort_unstable();
        terms.dedup_by(|next, kept| {
            let is_same = next.peer == kept.peer;
            if is_same {
                kept.to = (kept.to() + next.to()).to_bits();
                kept.from = (kept.from() + next.from()).to_bits();
            }
            is_same
        });
        terms.retain(|term| (term.to, term.from) != (0, 0));
    }
}

impl<'a> Feasible<'a> {
    /// Check the shape.
    pub(super) fn check(&self, pods: usize, nodes: usize) -> Result<()> {
        let (entries, needed) = match self {
            Self::Everywhere => return Ok(()),
            Self::Nodes(mask) => (mask.len(), Some(nodes)),
            Self::NodesOfPods(masks) => (masks.len(), pods.checked_mul(nodes)),
        };
        if Some(entries) == needed {
            return Ok(());
        }
        let problem =
            format!("has {entries} entries: shape [{nodes}] or [{pods}, {nodes}] is needed");
        Err(invalid("feasible", problem))
    }

    /// The nodes on which a pod may run; `None`: all of them.
    pub(super) fn of_pod(&self, pod: usize, nodes: usize) -> Option<&'a [bool]> {
        match self {
            Self::Everywhere => None,
            Self::Nodes(mask) => Some(mask),
            Self::NodesOfPods(masks) => Some(&masks[pod * nodes..(pod + 1) * nodes]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(peers: &[u32], to: &[f32], from: &[f32]) -> Vec<(u32, f32, f32)> {
        let pods = Pods {
            indptr: &[0, peers.len() as u64],
            peers,
            weight_to: Some(to),
            weight_from: Some(from),
        };
        pods.check(10, 1.0).expect("sound");
        let mut terms = Vec::new();
        pods.terms(0, &mut terms);
        terms
            .iter()
            .map(|it| (it.peer, it.to(), it.from()))
            .collect()
    }

    #[test]
    fn terms_are_sorted_and_merged_and_lose_what_counts_nothing() {
        assert_eq!(
            terms(&[7, 2, 7, 5], &[1.0, 0.5, 2.0, 0.0], &[0.0, -0.0, 4.0, 0.0]),
            [(2, 0.5, 0.0), (7, 3.0, 4.0)]
        );
        let (a, b, c) = (0.1, 1e8, 3.3);
        assert_eq!(
            terms(&[1, 1, 1], &[a, b, c], &[c, b, a]),
            terms(&[1, 1, 1], &[c, a, b], &[a, c, b]),
            "whatever the order"
        );
    }
}
