//! A Node as the engine keeps it.

use std::sync::Arc;

use super::taint::Taint;
use super::{Amounts, Labels, wire};
use crate::pool::Pool;

/// What counts of a Node object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// Its taints, in the order given.
    pub taints: Box<[Taint]>,
    /// Whether it is cordoned.
    pub is_unschedulable: bool,
    /// What its pods may take together.
    pub allocatable: Amounts,
    /// How many pods it may run.
    pub allowed_pods: i64,
}

impl Node {
    /// The label by which clouds tell the region.
    pub const REGION: &'static str = "topology.kubernetes.io/region";
    /// The label by which clouds tell the zone.
    pub const ZONE: &'static str = "topology.kubernetes.io/zone";

    pub(super) fn decode(
        wire: &wire::Node<'_>,
        strings: &mut Pool<str>,
        labels: &mut Pool<Labels>,
    ) -> Self {
        let allocatable = &wire.status.allocatable;
        Self {
            name: strings.share(&*wire.metadata.name),
            labels: labels.share(Labels::decode(&wire.metadata.labels, strings)),
            taints: wire
                .spec
                .taints
                .iter()
                .filter_map(|taint| Taint::decode(taint, strings))
                .collect(),
            is_unschedulable: wire.spec.unschedulable.unwrap_or_default(),
            allocatable: Amounts::from_list(
                allocatable.iter().map(|(name, amount)| (&**name, *amount)),
                strings,
            ),
            allowed_pods: allocatable
                .get("pods")
                .map_or(0, |pods| pods.whole().max(0)),
        }
    }
}
