//! NodeResourcesFit: what a pod asks for must be free on its node.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::context::Context;
use crate::filter::Code;
use crate::kube::names::is_extended_resource;
use crate::node_set::{NodeId, NodeSet};
use crate::state::Column;

/// The filter with its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Args")]
pub struct NodeResourcesFit {
    /// Extended resources that are not looked at.
    pub ignored_resources: Vec<String>,
    /// Domains of extended resources that are not looked at.
    pub ignored_resource_groups: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Args {
    ignored_resources: Vec<String>,
    ignored_resource_groups: Vec<String>,
    /// The score's.
    #[serde(rename = "scoringStrategy")]
    _scoring_strategy: IgnoredAny,
}

impl From<Args> for NodeResourcesFit {
    fn from(args: Args) -> Self {
        Self {
            ignored_resources: args.ignored_resources,
            ignored_resource_groups: args.ignored_resource_groups,
        }
    }
}

// A detail is a set of the resources that were short, a bit each.
const PODS: u64 = 1 << 0;
const CPU: u64 = 1 << 1;
const MEMORY: u64 = 1 << 2;
const EPHEMERAL_STORAGE: u64 = 1 << 3;
/// The bit of the first of the pod's other resources, in their order.
const FIRST_SCALAR: u32 = 4;
/// Set where even the empty node would be too small.
const TOO_SMALL: u64 = 1 << 63;
/// The other resources that have a bit; a pod that asks for more kinds is still judged by all.
const MOST_SCALARS: u32 = 59;

/// One resource that the pod asks for.
struct Need<'a> {
    amount: i64,
    bit: u64,
    /// None where no node has any.
    column: Option<&'a Column>,
}

impl NodeResourcesFit {
    pub(super) fn run(
        &self,
        context: Context<'_>,
        among: &NodeSet,
        mut reject: impl FnMut(NodeId, u64),
    ) {
        let pods = context.nodes().pods();
        let needs = self.needs(context);
        for node in among {
            let at = node.index();
            let mut short = 0;
            if pods.requested[at] + 1 > pods.allocatable[at] {
                short |= PODS;
            }
            for need in &needs {
                let (allocatable, requested) = need.column.map_or((0, 0), |column| {
                    (column.allocatable[at], column.requested[at])
                });
                if need.amount > allocatable - requested {
                    short |= need.bit;
                    if need.amount > allocatable {
                        short |= TOO_SMALL;
                    }
                }
            }
            if short != 0 {
                reject(node, short);
            }
        }
    }

    fn needs<'a>(&self, context: Context<'a>) -> Vec<Need<'a>> {
        let nodes = context.nodes();
        let needed = &context.spec().requests.needed;
        let named = [
            (needed.cpu_milli, CPU, nodes.cpu_milli()),
            (needed.memory, MEMORY, nodes.memory()),
            (
                needed.ephemeral_storage,
                EPHEMERAL_STORAGE,
                nodes.ephemeral_storage(),
            ),
        ];
        let named = named.into_iter().map(|(amount, bit, column)| Need {
            amount,
            bit,
            column: Some(column),
        });
        let scalars = (FIRST_SCALAR..)
            .zip(&needed.scalars)
            .filter(|(_, (name, _))| !self.ignores(name))
            .map(|(bit, (name, amount))| Need {
                amount: *amount,
                bit: 1 << bit.min(FIRST_SCALAR + MOST_SCALARS - 1),
                column: nodes.scalar(name),
            });
        named
            .chain(scalars)
            .filter(|need| need.amount > 0)
            .collect()
    }

    /// Whether the filter looks away from a resource.
    pub(crate) fn ignores(&self, resource: &Arc<str>) -> bool {
        let group = resource.split('/').next().unwrap_or_default();
        is_extended_resource(resource)
            && (self
                .ignored_resources
                .iter()
                .any(|name| name == &**resource)
                || self
                    .ignored_resource_groups
                    .iter()
                    .any(|name| name == group))
    }

    pub(super) fn reasons(context: Context<'_>, detail: u64) -> Vec<String> {
        let scalars = &context.spec().requests.needed.scalars;
        let named = [
            (PODS, "Too many pods"),
            (CPU, "Insufficient cpu"),
            (MEMORY, "Insufficient memory"),
            (EPHEMERAL_STORAGE, "Insufficient ephemeral-storage"),
        ];
        let named = named
            .iter()
            .filter(|(bit, _)| detail & bit != 0)
            .map(|(_, reason)| (*reason).to_owned());
        let scalars = (FIRST_SCALAR..FIRST_SCALAR + MOST_SCALARS)
            .zip(scalars)
            .filter(|(bit, _)| detail & (1 << bit) != 0)
            .map(|(_, (name, _))| format!("Insufficient {name}"));
        named.chain(scalars).collect()
    }

    pub(super) fn code(detail: u64) -> Code {
        if detail & TOO_SMALL == 0 {
            Code::Unschedulable
        } else {
            Code::UnschedulableAndUnresolvable
        }
    }
}
