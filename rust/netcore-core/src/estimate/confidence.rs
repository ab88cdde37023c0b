//! How likely an estimate is right, learnt from pairs that were held out.

use super::graph::ENOUGH_PEERS;
use super::residuals::HeldOut;

/// An estimate within this share of the true value counts as right.
pub const RIGHT_WITHIN: f32 = 0.25;

/// Groups of held-out pairs whose share of right ones is counted, and the least pairs of one.
const MOST_GROUPS: usize = 32;
const LEAST_PAIRS: usize = 40;

/// Share of right estimates by how far the members of the ensemble differ.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    /// Spread and share, by rising spread; the shares fall.
    shares: Vec<(f32, f32)>,
}

impl Calibration {
    /// Learn from the pairs that one member did not see.
    ///
    /// One member alone errs more than the ensemble: the share is on the low side. It stays there
    /// although the member from whose places it started had seen the pair.
    pub(super) fn new(mut pairs: Vec<HeldOut>) -> Self {
        pairs.sort_by(|a, b| a.spread.total_cmp(&b.spread));
        let size = pairs.len().div_ceil(MOST_GROUPS).max(LEAST_PAIRS);
        // Spread, right ones, all: neighbours join where the share would rise with the spread
        // (pool adjacent violators).
        let mut groups: Vec<(f32, f32, f32)> = Vec::new();
        for group in pairs.chunks(size) {
            let is_right = |pair: &&HeldOut| (pair.error.exp() - 1.0).abs() <= RIGHT_WITHIN;
            let right = group.iter().filter(is_right).count() as f32;
            let spreads: f32 = group.iter().map(|pair| pair.spread).sum();
            let mut newest = (spreads, right, group.len() as f32);
            while let Some(before) = groups.pop_if(|before| share(before) < share(&newest)) {
                newest = (
                    newest.0 + before.0,
                    newest.1 + before.1,
                    newest.2 + before.2,
                );
            }
            groups.push(newest);
        }
        Self {
            shares: groups
                .iter()
                .map(|group| (group.0 / group.2, share(group)))
                .collect(),
        }
    }

    /// Probability that an estimate is right, from how far the members differ about it and from
    /// how many peers either end was measured with. One half where nothing could be learnt.
    pub(super) fn probability(&self, spread: f32, fewest_peers: usize) -> f32 {
        let after = self.shares.partition_point(|knot| knot.0 < spread);
        let share = match (
            after.checked_sub(1).map(|at| self.shares[at]),
            self.shares.get(after),
        ) {
            (Some(low), Some(&high)) => {
                low.1 + (high.1 - low.1) * (spread - low.0) / (high.0 - low.0)
            }
            (Some(end), None) | (None, Some(&end)) => end.1,
            (None, None) => 0.5,
        };
        // A heuristic: what was learnt, was learnt from nodes with enough peers.
        share * (fewest_peers as f32 / ENOUGH_PEERS as f32).min(1.0)
    }
}

/// Share of right ones among all, by Laplace's rule of succession.
fn share(group: &(f32, f32, f32)) -> f32 {
    (group.1 + 1.0) / (group.2 + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_spread_is_never_more_confidence() {
        let pair = |index: u16| HeldOut {
            spread: f32::from(index) / 1000.0,
            error: if index % 7 < index / 150 { 0.5 } else { 0.0 },
        };
        let calibration = Calibration::new((0..1000).map(pair).collect());
        let of = |spread| calibration.probability(spread, 16);
        for step in 0..1200_u16 {
            let spread = f32::from(step) / 1000.0;
            assert!(of(spread) >= of(spread + 0.001));
        }
        assert!(of(0.0) > 0.95 && of(2.0) < 0.3, "{} {}", of(0.0), of(2.0));
        assert!(
            calibration.probability(0.0, 1) < 0.2,
            "one peer tells little"
        );
        assert!((Calibration::new(Vec::new()).probability(0.1, 16) - 0.5).abs() < 1e-6);
    }
}
