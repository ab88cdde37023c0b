//! Resources as the scores by allocation see them.

use serde::Deserialize;

use crate::context::Context;
use crate::kube::Amounts;
use crate::kube::names::is_scalar_resource;
use crate::node_set::NodeId;

/// A resource that counts, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceWeight {
    /// Its name.
    pub name: String,
    /// 1 to 100.
    #[serde(default = "one")]
    pub weight: i64,
}

fn one() -> i64 {
    1
}

impl ResourceWeight {
    /// The resources of an argument: processor and memory where it names none.
    ///
    /// # Errors
    /// The problem, where a weight is out of range.
    pub(super) fn checked(resources: Vec<Self>) -> Result<Vec<Self>, String> {
        if resources.is_empty() {
            return Ok(Self::cpu_and_memory());
        }
        let wrong = resources
            .iter()
            .find(|resource| !(1..=100).contains(&resource.weight));
        match wrong {
            Some(Self { name, weight }) => Err(format!(
                "resources: weight {weight} of {name} is not 1 to 100"
            )),
            None => Ok(resources),
        }
    }

    /// Processor and memory alike.
    pub fn cpu_and_memory() -> Vec<Self> {
        ["cpu", "memory"]
            .map(|name| Self {
                name: name.to_owned(),
                weight: 1,
            })
            .into()
    }
}

/// One resource of every node, with the pod on top.
pub(super) struct Use<'a> {
    allocatable: &'a [i64],
    requested: &'a [i64],
    own: i64,
    pub(super) weight: i64,
}

impl<'a> Use<'a> {
    /// The resources that play a part for this pod. A resource beside processor, memory and local
    /// storage plays none for a pod that does not ask for it.
    pub(super) fn of(
        context: Context<'a>,
        resources: &[ResourceWeight],
        requests: &Amounts,
        counts_assumed_use: bool,
    ) -> Vec<Self> {
        let nodes = context.nodes();
        let part = |resource: &ResourceWeight| {
            let name = &*resource.name;
            let own = requests.get(name);
            let (column, nonzero) = match name {
                "cpu" => (nodes.cpu_milli(), nodes.nonzero_cpu_milli()),
                "memory" => (nodes.memory(), nodes.nonzero_memory()),
                "ephemeral-storage" => {
                    let column = nodes.ephemeral_storage();
                    (column, &*column.requested)
                }
                _ if own == 0 || !is_scalar_resource(name) => return None,
                _ => {
                    let column = nodes.scalar(name)?;
                    (column, &*column.requested)
                }
            };
            let requested = if counts_assumed_use {
                nonzero
            } else {
                &*column.requested
            };
            Some(Self {
                allocatable: &column.allocatable,
                requested,
                own,
                weight: resource.weight,
            })
        };
        resources.iter().filter_map(part).collect()
    }

    /// What would be requested of a node with the pod on it, and what it has to give; None where
    /// it has nothing of the resource.
    #[inline]
    pub(super) fn on(&self, node: NodeId) -> Option<(i64, i64)> {
        let allocatable = self.allocatable[node.index()];
        (allocatable != 0).then(|| (self.requested[node.index()] + self.own, allocatable))
    }
}
