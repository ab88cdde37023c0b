//! From raw scores to scores that can be weighed against each other.

use super::MAX_NODE_SCORE;
use crate::kernel;
use crate::node_set::NodeSet;

/// How a column of raw scores becomes 0–[`MAX_NODE_SCORE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalization {
    /// They are that already.
    AsIs,
    /// Each as a share of the largest; all 0 where that is 0.
    ShareOfLargest,
    /// As [`Self::ShareOfLargest`], upside down: a raw 0 is the best.
    ReverseOfLargest,
    /// Best for the smallest, 0 for the largest, in a line between them, rounded up; all best
    /// where they are equal, but all 0 where that is because all are 0.
    ///
    /// *Source*: scheduler-plugins, `networkoverhead.go`.
    LeastIsBest,
}

impl Normalization {
    /// The function that normalises each of some raw scores, which are those of all feasible nodes.
    /// Where a raw 0 is the least there is, nodes that have it may be left out of them.
    ///
    /// *Source*: `DefaultNormalizeScore` of kube-scheduler for the first three.
    pub fn over(self, raw: impl Iterator<Item = i64>) -> Scale {
        match self {
            Self::AsIs => Scale::Same,
            Self::ShareOfLargest => match raw.fold(0, i64::max) {
                0 => Scale::Same,
                largest => Scale::Share { largest },
            },
            Self::ReverseOfLargest => Scale::Reverse {
                largest: raw.fold(1, i64::max),
            },
            Self::LeastIsBest => {
                let ends = raw.fold((i64::MAX, i64::MIN), |(least, largest), raw| {
                    (least.min(raw), largest.max(raw))
                });
                match ends {
                    (0, 0) | (i64::MAX, _) => Scale::Same,
                    (least, largest) => Scale::Line {
                        least,
                        span: (largest - least).max(1),
                    },
                }
            }
        }
    }
}

/// The least and the largest raw score of the feasible nodes, where there are some: all that any
/// normalisation looks at.
fn ends(feasible: &NodeSet, raw: &[i64]) -> Option<[i64; 2]> {
    let (mut least, mut largest) = (i64::MAX, i64::MIN);
    kernel::extremes(&mut least, &mut largest, raw, feasible.words());
    (least <= largest).then_some([least, largest])
}

impl Normalization {
    /// Adds the normalised scores of the feasible nodes, times a weight, to their totals. Returns
    /// how they were normalised.
    pub fn add_to(self, totals: &mut [i64], weight: i64, feasible: &NodeSet, raw: &[i64]) -> Scale {
        let ends = ends(feasible, raw);
        let scale = self.over(ends.into_iter().flatten());
        // Quicker than to step over those that are not feasible, whose totals nobody reads.
        let mut add = |least, span, reversed| {
            kernel::add_points(totals, raw, least, span, weight, reversed);
        };
        match scale {
            Scale::Same => {
                for (total, &raw) in totals.iter_mut().zip(raw) {
                    *total = total.wrapping_add(weight.wrapping_mul(raw));
                }
            }
            Scale::Share { largest } => add(0, largest, false),
            Scale::Reverse { largest } => add(0, largest, true),
            Scale::Line { least, span } => add(least, span, true),
        }
        scale
    }
}

/// A normalisation with what it needs to know of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The raw score itself.
    Same,
    /// Its share of the largest.
    Share {
        /// The largest raw score.
        largest: i64,
    },
    /// What its share of the largest leaves.
    Reverse {
        /// The largest raw score, or 1 where all are 0.
        largest: i64,
    },
    /// How far it is from the largest, as a share of the distance between least and largest.
    Line {
        /// The smallest raw score.
        least: i64,
        /// The distance between least and largest, or 1 where they are equal.
        span: i64,
    },
}

impl Scale {
    /// The normalised form of one raw score.
    #[inline]
    pub fn of(self, raw: i64) -> i64 {
        match self {
            Self::Same => raw,
            Self::Share { largest } => points(raw, largest),
            Self::Reverse { largest } => MAX_NODE_SCORE - points(raw, largest),
            Self::Line { least, span } => MAX_NODE_SCORE - points(raw - least, span),
        }
    }
}

/// Points for a part of a whole, rounded down.
///
/// Divided as floats, which takes a fraction of the time that integers take: exact, since a raw
/// score is far below 2^46 and the quotient at most 100, so that no quotient which is not whole is
/// rounded up to a whole one.
#[inline]
fn points(part: i64, whole: i64) -> i64 {
    ((MAX_NODE_SCORE * part) as f64 / whole as f64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_those_of_integers() {
        for whole in (1..2000).chain([(1 << 46) - 1, 1 << 40]) {
            for part in (0..=whole.min(300)).chain([whole / 3, whole - 1, whole]) {
                assert_eq!(
                    points(part, whole),
                    MAX_NODE_SCORE * part / whole,
                    "{part} of {whole}"
                );
            }
        }
    }
}
