//! Filters: which nodes a pod cannot go to, and why.
//!
//! Each plugin is a file. It walks the columns of the nodes that are left and rejects some, each
//! with a *detail*: a number of its own from which the reasons are worded only when somebody asks.
//!
//! To add one: write its file, and give [`Filter`] a variant for it.

mod network_limits;
mod network_overhead;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_fit;
mod node_unschedulable;
mod taint_toleration;

use std::sync::Arc;

pub use network_limits::NetworkLimits;
pub(crate) use network_overhead::Wording;
pub use node_affinity::NodeAffinity;
pub use node_resources_fit::NodeResourcesFit;

use crate::context::Context;
use crate::network_overhead::Args as NetworkOverheadArgs;
use crate::node_set::{NodeId, NodeSet};

/// Whether making room can turn a rejection into a placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It can: pods that leave the node may make it feasible.
    Unschedulable,
    /// It cannot: the node is wrong for the pod, however empty.
    UnschedulableAndUnresolvable,
}

impl Code {
    /// The name that kube-scheduler gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unschedulable => "Unschedulable",
            Self::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
        }
    }
}

/// What a filter says of a pod before it looks at any node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// It has no opinion on this pod: it need not be run.
    Skip,
    /// Every node is to be looked at.
    EveryNode,
    /// Only the nodes of these names can do.
    Only(Arc<[Arc<str>]>),
    /// No node can do, for this reason.
    Nowhere(String),
}

/// The filter plugins of a profile.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// Cordoned nodes.
    NodeUnschedulable,
    /// The node that the pod asks for by name.
    NodeName,
    /// Taints that the pod does not tolerate.
    TaintToleration,
    /// The pod's node selector and required node affinity.
    NodeAffinity(NodeAffinity),
    /// Ports of the node that are taken.
    NodePorts,
    /// Resources that are not free.
    NodeResourcesFit(NodeResourcesFit),
    /// Dependencies out of reach or without bandwidth.
    NetworkLimits(NetworkLimits),
    /// Diktyo's filter: dependencies out of reach.
    NetworkOverhead(NetworkOverheadArgs),
}

impl Filter {
    /// The name of the plugin.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NodeUnschedulable => "NodeUnschedulable",
            Self::NodeName => "NodeName",
            Self::TaintToleration => "TaintToleration",
            Self::NodeAffinity(_) => "NodeAffinity",
            Self::NodePorts => "NodePorts",
            Self::NodeResourcesFit(_) => "NodeResourcesFit",
            Self::NetworkLimits(_) => "NetworkLimits",
            Self::NetworkOverhead(_) => "NetworkOverhead",
        }
    }

    /// Whether the verdict on a node depends on nothing but the pod's specification and that node.
    /// Then it holds for every replica, until the node changes.
    pub fn is_local(&self) -> bool {
        match self {
            Self::NodeUnschedulable
            | Self::TaintToleration
            | Self::NodeAffinity(_)
            | Self::NodePorts
            | Self::NodeResourcesFit(_) => true,
            Self::NodeName | Self::NetworkLimits(_) | Self::NetworkOverhead(_) => false,
        }
    }

    /// What can be said before looking at nodes.
    pub fn scope(&self, context: Context<'_>) -> Scope {
        match self {
            Self::NodeAffinity(plugin) => plugin.scope(context),
            Self::NodePorts => node_ports::scope(context),
            Self::NodeName => node_name::scope(context),
            Self::NetworkLimits(_) => NetworkLimits::scope(context),
            Self::NetworkOverhead(args) => network_overhead::scope(context, args),
            _ => Scope::EveryNode,
        }
    }

    /// Calls `reject` with each node of `among` that the pod cannot go to, and the detail of why.
    pub fn run(&self, context: Context<'_>, among: &NodeSet, reject: impl FnMut(NodeId, u64)) {
        match self {
            Self::NodeUnschedulable => node_unschedulable::run(context, among, reject),
            Self::NodeName => node_name::run(context, among, reject),
            Self::TaintToleration => taint_toleration::run(context, among, reject),
            Self::NodeAffinity(plugin) => plugin.run(context, among, reject),
            Self::NodePorts => node_ports::run(context, among, reject),
            Self::NodeResourcesFit(plugin) => plugin.run(context, among, reject),
            Self::NetworkLimits(plugin) => plugin.run(context, among, reject),
            Self::NetworkOverhead(args) => network_overhead::run(context, args, among, reject),
        }
    }

    /// The reasons of a rejection, as kube-scheduler 1.35 words them.
    pub fn reasons(&self, context: Context<'_>, node: NodeId, detail: u64) -> Vec<String> {
        match self {
            Self::NodeUnschedulable => vec![node_unschedulable::REASON.to_owned()],
            Self::NodeName => vec![node_name::REASON.to_owned()],
            Self::TaintToleration => vec![taint_toleration::REASON.to_owned()],
            Self::NodeAffinity(_) => vec![NodeAffinity::reason(detail).to_owned()],
            Self::NodePorts => vec![node_ports::REASON.to_owned()],
            Self::NodeResourcesFit(_) => NodeResourcesFit::reasons(context, detail),
            Self::NetworkLimits(_) => NetworkLimits::reasons(context, detail),
            Self::NetworkOverhead(_) => vec![network_overhead::reason(context, node, detail)],
        }
    }

    /// Whether the reasons of a rejection name the node.
    pub fn names_node(&self) -> bool {
        matches!(self, Self::NetworkOverhead(_))
    }

    /// What words the reasons later, where each names its node: a text for every node of a large
    /// cluster, which hardly anybody reads.
    pub(crate) fn wording(&self, context: Context<'_>) -> Option<Wording> {
        match self {
            Self::NetworkOverhead(args) => Some(network_overhead::wording(context, args)),
            _ => None,
        }
    }

    /// Whether making room on the node can help.
    pub fn code(&self, detail: u64) -> Code {
        match self {
            Self::NodePorts | Self::NetworkOverhead(_) => Code::Unschedulable,
            Self::NodeResourcesFit(_) => NodeResourcesFit::code(detail),
            Self::NetworkLimits(_) => NetworkLimits::code(detail),
            _ => Code::UnschedulableAndUnresolvable,
        }
    }
}
