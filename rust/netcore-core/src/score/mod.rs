//! Scores: which of the feasible nodes suit a pod best.
//!
//! Each plugin is a file. It fills a column with a raw number for each feasible node;
//! normalisation brings the column to 0–[`MAX_NODE_SCORE`]; the profile's weight is applied last.
//!
//! To add one: write its file, and give [`Score`] a variant for it.

mod network_cost;
mod network_overhead;
mod node_affinity;
mod node_resources_balanced_allocation;
mod node_resources_fit;
mod normalize;
mod resource;
mod taint_toleration;

pub use network_cost::NetworkCost;
pub use node_affinity::NodeAffinity;
pub use node_resources_balanced_allocation::NodeResourcesBalancedAllocation;
pub use node_resources_fit::{NodeResourcesFit, ShapePoint, Strategy};
pub use normalize::{Normalization, Scale};
pub use resource::ResourceWeight;

use crate::context::Context;
use crate::network_overhead::Args as NetworkOverheadArgs;
use crate::node_set::NodeSet;

/// The best that a node can be for one plugin, before its weight.
pub const MAX_NODE_SCORE: i64 = 100;

/// The score plugins of a profile.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Score {
    /// Nodes with few taints that the pod does not tolerate.
    TaintToleration,
    /// The pod's preferred node affinity.
    NodeAffinity(NodeAffinity),
    /// Free, or full, or well-shaped nodes.
    NodeResourcesFit(NodeResourcesFit),
    /// Nodes that the pod would leave with their resources used alike.
    NodeResourcesBalancedAllocation(NodeResourcesBalancedAllocation),
    /// Links to the placed pods that a pod works with.
    NetworkCost(NetworkCost),
    /// Diktyo's score: declared costs on the way to the pods that a pod depends on.
    NetworkOverhead(NetworkOverheadArgs),
}

impl Score {
    /// The name of the plugin.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TaintToleration => "TaintToleration",
            Self::NodeAffinity(_) => "NodeAffinity",
            Self::NodeResourcesFit(_) => "NodeResourcesFit",
            Self::NodeResourcesBalancedAllocation(_) => "NodeResourcesBalancedAllocation",
            Self::NetworkCost(_) => "NetworkCost",
            Self::NetworkOverhead(_) => "NetworkOverhead",
        }
    }

    /// Whether the raw score of a node depends on nothing but the pod's specification and that
    /// node. Then it holds for every replica, until the node changes.
    pub fn is_local(&self) -> bool {
        match self {
            Self::TaintToleration
            | Self::NodeAffinity(_)
            | Self::NodeResourcesFit(_)
            | Self::NodeResourcesBalancedAllocation(_) => true,
            Self::NetworkCost(_) | Self::NetworkOverhead(_) => false,
        }
    }

    /// Whether the plugin has no opinion on this pod, and stays out of the total.
    pub fn skips(&self, context: Context<'_>) -> bool {
        match self {
            Self::NodeAffinity(plugin) => plugin.skips(context),
            Self::NodeResourcesBalancedAllocation(plugin) => plugin.skips(context),
            Self::NetworkCost(_) => NetworkCost::skips(context),
            Self::TaintToleration | Self::NodeResourcesFit(_) | Self::NetworkOverhead(_) => false,
        }
    }

    /// Writes the raw scores of the nodes of `among` into their places of the column `raw`. Those of
    /// a plugin that is not local may depend on which nodes are among them.
    pub fn run(&self, context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
        match self {
            Self::TaintToleration => taint_toleration::run(context, among, raw),
            Self::NodeAffinity(plugin) => plugin.run(context, among, raw),
            Self::NodeResourcesFit(plugin) => plugin.run(context, among, raw),
            Self::NodeResourcesBalancedAllocation(plugin) => plugin.run(context, among, raw),
            Self::NetworkCost(plugin) => plugin.run(context, among, raw),
            Self::NetworkOverhead(args) => network_overhead::run(context, args, among, raw),
        }
    }

    /// How raw scores become 0–[`MAX_NODE_SCORE`].
    pub fn normalization(&self) -> Normalization {
        match self {
            Self::TaintToleration => Normalization::ReverseOfLargest,
            Self::NodeAffinity(_) | Self::NetworkCost(_) => Normalization::ShareOfLargest,
            Self::NodeResourcesFit(_) | Self::NodeResourcesBalancedAllocation(_) => {
                Normalization::AsIs
            }
            Self::NetworkOverhead(_) => Normalization::LeastIsBest,
        }
    }
}
