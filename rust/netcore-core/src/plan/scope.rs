//! What the filters say of a pod before any node is looked at.

use std::sync::Arc;

use crate::context::Context;
use crate::filter::{Filter, Scope};
use crate::node_set::NodeSet;

/// Where a pod can go at all.
#[derive(Debug)]
pub(super) struct Scoping {
    /// For each filter whether it has nothing to say of this pod.
    pub(super) skipped: Vec<bool>,
    /// The names outside of which no node can do, where some filter named them.
    names: Option<Vec<Arc<str>>>,
    /// The filters that did.
    narrowing: Vec<&'static str>,
    /// The filter for which no node can do, and why.
    nowhere: Option<(&'static str, String)>,
}

impl Scoping {
    /// Asks every filter, in order; the first for which no node can do has the last word.
    pub(super) fn of(context: Context<'_>, filters: &[Filter]) -> Self {
        let mut scoping = Self {
            skipped: vec![false; filters.len()],
            names: None,
            narrowing: Vec::new(),
            nowhere: None,
        };
        for (at, filter) in filters.iter().enumerate() {
            match filter.scope(context) {
                Scope::Skip => scoping.skipped[at] = true,
                Scope::EveryNode => {}
                Scope::Only(names) => scoping.narrow(filter.name(), &names),
                Scope::Nowhere(reason) => scoping.nowhere = Some((filter.name(), reason)),
            }
            if scoping.nowhere.is_some() {
                break;
            }
        }
        scoping
    }

    fn narrow(&mut self, plugin: &'static str, names: &[Arc<str>]) {
        self.narrowing.push(plugin);
        let names = match self.names.take() {
            None => names.to_vec(),
            Some(mut others) => {
                others.retain(|name| names.contains(name));
                others
            }
        };
        if names.is_empty() {
            let reason = format!("{} simultaneously", self.not_satisfied());
            self.nowhere = Some((plugin, reason));
        }
        self.names = Some(names);
    }

    /// Why the pod can go nowhere, where that is so.
    pub(super) fn nowhere(&self) -> Option<&str> {
        self.nowhere.as_ref().map(|(_, reason)| &**reason)
    }

    /// Leaves in the set the nodes that can be looked at.
    pub(super) fn restrict(&self, context: Context<'_>, nodes: &mut NodeSet) {
        if self.nowhere.is_some() {
            nodes.clear();
        } else if let Some(names) = &self.names {
            let mut named = NodeSet::new(nodes.slots());
            for node in names.iter().filter_map(|name| context.nodes().find(name)) {
                named.insert(node);
            }
            nodes.intersect(&named);
        }
    }

    /// The plugin that keeps the pod from a node which was not looked at, and its reason.
    pub(super) fn reason(&self) -> (&'static str, String) {
        self.nowhere.clone().unwrap_or_else(|| {
            let plugin = self.narrowing.first().copied().unwrap_or_default();
            (plugin, self.not_satisfied())
        })
    }

    fn not_satisfied(&self) -> String {
        let mut plugins = self.narrowing.clone();
        plugins.sort_unstable();
        format!("node(s) didn't satisfy plugin(s) [{}]", plugins.join(" "))
    }
}
