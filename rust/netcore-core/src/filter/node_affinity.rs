//! NodeAffinity: the labels and names that a pod requires of its node.

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::context::Context;
use crate::filter::Scope;
use crate::kube::{AddedAffinity, Labels, NodeSelector};
use crate::node_set::{NodeId, NodeSet};

const REASON_POD: &str = "node(s) didn't match Pod's node affinity/selector";
const REASON_ENFORCED: &str = "node(s) didn't match scheduler-enforced node affinity";
const REASON_CONFLICT: &str = "pod affinity terms conflict";

/// Details of a rejection: whose requirement it was.
const BY_POD: u64 = 0;
const BY_PROFILE: u64 = 1;

/// The filter with its arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAffinity {
    /// What the profile requires for every pod.
    pub added: Option<NodeSelector>,
}

impl<'de> Deserialize<'de> for NodeAffinity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let args = AddedAffinity::deserialize(deserializer)?;
        let added = args.required();
        let added =
            added.map_err(|error| D::Error::custom(format_args!("addedAffinity: {error}")))?;
        Ok(Self { added })
    }
}

impl NodeAffinity {
    pub(super) fn scope(&self, context: Context<'_>) -> Scope {
        let spec = context.spec();
        match spec.required.as_ref().map(NodeSelector::node_names) {
            None if self.added.is_none() && spec.node_selector.is_empty() => Scope::Skip,
            None | Some(None) => Scope::EveryNode,
            Some(Some([])) => Scope::Nowhere(REASON_CONFLICT.to_owned()),
            Some(Some(names)) => Scope::Only(names.into()),
        }
    }

    pub(super) fn run(
        &self,
        context: Context<'_>,
        among: &NodeSet,
        mut reject: impl FnMut(NodeId, u64),
    ) {
        let spec = context.spec();
        let has_labels = |labels: &Labels| {
            let mut pairs = spec.node_selector.iter();
            pairs.all(|(key, value)| labels.get(key) == Some(value))
        };
        for node in among {
            let name = context.nodes().name(node);
            let labels = context.nodes().labels(node);
            let matches = |selector: &NodeSelector| selector.matches(name, labels);
            if !self.added.as_ref().is_none_or(matches) {
                reject(node, BY_PROFILE);
            } else if !(has_labels(labels) && spec.required.as_ref().is_none_or(matches)) {
                reject(node, BY_POD);
            }
        }
    }

    pub(super) fn reason(detail: u64) -> &'static str {
        match detail {
            BY_PROFILE => REASON_ENFORCED,
            _ => REASON_POD,
        }
    }
}
