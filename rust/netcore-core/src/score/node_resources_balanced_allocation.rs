//! NodeResourcesBalancedAllocation: a node whose resources would be used alike is better.

use serde::Deserialize;

use super::MAX_NODE_SCORE;
use super::resource::{ResourceWeight, Use};
use crate::context::Context;
use crate::node_set::NodeSet;

/// The score with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Args")]
pub struct NodeResourcesBalancedAllocation {
    /// The resources that count; their weights are all 1.
    pub resources: Vec<ResourceWeight>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Args {
    resources: Vec<ResourceWeight>,
}

impl TryFrom<Args> for NodeResourcesBalancedAllocation {
    type Error = String;

    fn try_from(args: Args) -> Result<Self, String> {
        ResourceWeight::checked(args.resources).map(|resources| Self { resources })
    }
}

impl Default for NodeResourcesBalancedAllocation {
    fn default() -> Self {
        Self {
            resources: ResourceWeight::cpu_and_memory(),
        }
    }
}

impl NodeResourcesBalancedAllocation {
    /// A pod that asks for nothing would make every node look as balanced as it is, and pile up.
    pub(super) fn skips(&self, context: Context<'_>) -> bool {
        let needed = &context.spec().requests.needed;
        self.resources
            .iter()
            .all(|resource| needed.get(&resource.name) == 0)
    }

    pub(super) fn run(&self, context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
        let needed = &context.spec().requests.needed;
        let uses = Use::of(context, &self.resources, needed, false);
        let mut shares = Vec::with_capacity(uses.len());
        for node in among {
            shares.clear();
            shares.extend(uses.iter().filter_map(|part| part.on(node)).map(share));
            raw[node.index()] = ((1.0 - deviation(&shares)) * MAX_NODE_SCORE as f64) as i64;
        }
    }
}

/// How much of the resource is requested, at most all.
fn share((requested, capacity): (i64, i64)) -> f64 {
    (requested as f64 / capacity as f64).min(1.0)
}

/// The standard deviation of the shares, 0 to 0.5.
fn deviation(shares: &[f64]) -> f64 {
    match shares {
        [] | [_] => 0.0,
        // The same by definition, but not to the last bit: kube-scheduler computes it this way.
        [a, b] => ((a - b) / 2.0).abs(),
        _ => {
            let count = shares.len() as f64;
            let mean = shares.iter().sum::<f64>() / count;
            let squares: f64 = shares
                .iter()
                .map(|share| (share - mean) * (share - mean))
                .sum();
            (squares / count).sqrt()
        }
    }
}
