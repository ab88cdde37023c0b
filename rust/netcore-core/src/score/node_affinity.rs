//! NodeAffinity: the weights of the preferred terms that a node matches.

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::context::Context;
use crate::kube::{AddedAffinity, PreferredTerm};
use crate::node_set::NodeSet;

/// The score with its arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeAffinity {
    /// What the profile prefers for every pod.
    pub added: Box<[PreferredTerm]>,
}

impl<'de> Deserialize<'de> for NodeAffinity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let args = AddedAffinity::deserialize(deserializer)?;
        let added = args.preferred();
        let added =
            added.map_err(|error| D::Error::custom(format_args!("addedAffinity: {error}")))?;
        Ok(Self { added })
    }
}

impl NodeAffinity {
    pub(super) fn skips(&self, context: Context<'_>) -> bool {
        self.added.is_empty() && context.spec().preferred.is_none()
    }

    pub(super) fn run(&self, context: Context<'_>, among: &NodeSet, raw: &mut [i64]) {
        let own = context.spec().preferred.as_deref().unwrap_or_default();
        for node in among {
            let name = context.nodes().name(node);
            let labels = context.nodes().labels(node);
            raw[node.index()] = self
                .added
                .iter()
                .chain(own)
                .filter(|preferred| preferred.term.matches(name, labels))
                .map(|preferred| preferred.weight)
                .sum();
        }
    }
}
