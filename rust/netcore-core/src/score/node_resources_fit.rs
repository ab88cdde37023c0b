//! NodeResourcesFit: how full a node would be, by the strategy of the profile.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::MAX_NODE_SCORE;
use super::resource::{ResourceWeight, Use};
use crate::context::Context;
use crate::node_set::NodeSet;

/// A point of a shape: utilisation against score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapePoint {
    /// Per cent of what the node has.
    pub utilization: i64,
    /// 0 to [`MAX_NODE_SCORE`].
    pub score: i64,
}

/// What makes a node good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Room left over.
    LeastAllocated,
    /// No room left over.
    MostAllocated,
    /// What the line through the points says, sorted by utilisation, at least one.
    RequestedToCapacityRatio(Vec<ShapePoint>),
}

/// The score with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Args")]
pub struct NodeResourcesFit {
    /// What makes a node good.
    pub strategy: Strategy,
    /// The resources that count.
    pub resources: Vec<ResourceWeight>,
}

impl Default for NodeResourcesFit {
    fn default() -> Self {
        Self {
            strategy: Strategy::LeastAllocated,
            resources: ResourceWeight::cpu_and_memory(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Args {
    scoring_strategy: Option<StrategyForm>,
    /// The filter's.
    #[serde(rename = "ignoredResources")]
    _ignored_resources: IgnoredAny,
    /// The filter's.
    #[serde(rename = "ignoredResourceGroups")]
    _ignored_resource_groups: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StrategyForm {
    #[serde(rename = "type")]
    kind: StrategyKind,
    #[serde(default)]
    resources: Vec<ResourceWeight>,
    #[serde(default)]
    requested_to_capacity_ratio: RatioForm,
}

#[derive(Deserialize)]
enum StrategyKind {
    LeastAllocated,
    MostAllocated,
    RequestedToCapacityRatio,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RatioForm {
    shape: Vec<ShapePoint>,
}

/// The scores of a shape's points go from 0 to this in a configuration.
const LARGEST_SHAPE_SCORE: i64 = 10;

impl TryFrom<Args> for NodeResourcesFit {
    type Error = String;

    fn try_from(args: Args) -> Result<Self, String> {
        let Some(form) = args.scoring_strategy else {
            return Ok(Self::default());
        };
        let strategy = match form.kind {
            StrategyKind::LeastAllocated => Strategy::LeastAllocated,
            StrategyKind::MostAllocated => Strategy::MostAllocated,
            StrategyKind::RequestedToCapacityRatio => {
                Strategy::RequestedToCapacityRatio(form.requested_to_capacity_ratio.scaled()?)
            }
        };
        let resources = ResourceWeight::checked(form.resources)
            .map_err(|problem| format!("scoringStrategy.{problem}"))?;
        Ok(Self {
            strategy,
            resources,
        })
    }
}

impl RatioForm {
    /// The points with scores up to [`MAX_NODE_SCORE`].
    fn scaled(self) -> Result<Vec<ShapePoint>, String> {
        let is_sound = |point: &ShapePoint| {
            (0..=100).contains(&point.utilization)
                && (0..=LARGEST_SHAPE_SCORE).contains(&point.score)
        };
        let rises = self
            .shape
            .is_sorted_by(|a, b| a.utilization < b.utilization);
        if self.shape.is_empty() || !rises || !self.shape.iter().all(is_sound) {
            return Err(
                "scoringStrategy.requestedToCapacityRatio.shape: a shape must be given, whose \
                 utilizations rise within 0 to 100 and whose scores are 0 to 10"
                    .to_owned(),
            );
        }
        let scale = |point: ShapePoint| ShapePoint {
            score: point.score * (MAX_NODE_SCORE / LARGEST_SHAPE_SCORE),
            ..point
        };
        Ok(self.shape.into_iter().map(scale).collect())
    }
}

impl NodeResourcesFit {
    pub(super) fn run(&self, context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
        let requests = &context.spec().requests.scored;
        let uses = Use::of(context, &self.resources, requests, true);
        match &self.strategy {
            Strategy::LeastAllocated => weigh(&uses, among, raw, left_over),
            Strategy::MostAllocated => weigh(&uses, among, raw, taken),
            Strategy::RequestedToCapacityRatio(shape) => weigh_shaped(&uses, among, raw, shape),
        }
    }
}

/// Scores each node by the mean of its resources' scores.
fn weigh(uses: &[Use<'_>], among: &NodeSet, raw: &mut [i64], score: fn(i64, i64) -> i64) {
    for node in among {
        let mut sum = 0;
        let mut weights = 0;
        for part in uses {
            if let Some((requested, capacity)) = part.on(node) {
                sum += score(requested, capacity) * part.weight;
                weights += part.weight;
            }
        }
        raw[node.index()] = if weights == 0 { 0 } else { sum / weights };
    }
}

/// As [`weigh`], but resources that score 0 do not count, and halves go up.
fn weigh_shaped(uses: &[Use<'_>], among: &NodeSet, raw: &mut [i64], shape: &[ShapePoint]) {
    for node in among {
        let mut sum = 0;
        let mut weights = 0;
        for part in uses {
            let score = part.on(node).map_or(0, |(requested, capacity)| {
                shaped(shape, requested, capacity)
            });
            if score > 0 {
                sum += score * part.weight;
                weights += part.weight;
            }
        }
        raw[node.index()] = if weights == 0 {
            0
        } else {
            rounded_mean(sum, weights)
        };
    }
}

/// Halves go up.
fn rounded_mean(sum: i64, weights: i64) -> i64 {
    (2 * sum + weights) / (2 * weights)
}

fn left_over(requested: i64, capacity: i64) -> i64 {
    (capacity - requested).max(0) * MAX_NODE_SCORE / capacity
}

fn taken(requested: i64, capacity: i64) -> i64 {
    requested.min(capacity) * MAX_NODE_SCORE / capacity
}

/// The line through the points, flat outside of them.
fn shaped(shape: &[ShapePoint], requested: i64, capacity: i64) -> i64 {
    let utilization = requested.min(capacity) * 100 / capacity;
    let above = shape.partition_point(|point| point.utilization < utilization);
    match (
        above.checked_sub(1).map(|below| shape[below]),
        shape.get(above),
    ) {
        (None, Some(first)) => first.score,
        (Some(last), None) => last.score,
        (Some(below), Some(above)) => {
            below.score
                + (above.score - below.score) * (utilization - below.utilization)
                    / (above.utilization - below.utilization)
        }
        (None, None) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_through_the_points() {
        let shape = [(0, 0), (70, 100), (100, 30)]
            .map(|(utilization, score)| ShapePoint { utilization, score });
        for (requested, score) in [(0, 0), (35, 50), (70, 100), (85, 65), (100, 30), (200, 30)] {
            assert_eq!(shaped(&shape, requested, 100), score, "{requested}");
        }
        assert_eq!(shaped(&shape[1..], 10, 100), 100);
    }

    #[test]
    fn halves_go_up() {
        assert_eq!(
            (rounded_mean(5, 2), rounded_mean(7, 3), rounded_mean(8, 3)),
            (3, 2, 3)
        );
    }
}
