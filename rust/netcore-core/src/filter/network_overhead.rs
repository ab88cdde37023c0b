//! NetworkOverhead: nodes from which more dependencies are out of reach than within.

use std::sync::Arc;

use crate::context::Context;
use crate::filter::Scope;
use crate::network_overhead::{self, Absence, Args, Overhead, Tally};
use crate::node_set::{NodeId, NodeSet};
use crate::topology::LocationId;

pub(super) fn scope(context: Context<'_>, args: &Args) -> Scope {
    match &*context.network().overhead(context.pod, args) {
        Ok(_) => Scope::EveryNode,
        Err(Absence::ScoreEqually) => Scope::Skip,
        Err(Absence::MissingNodes(nodes)) => {
            // One is named, and by its name: slots tell of a cluster's history.
            let names = nodes.iter().map(|&node| context.nodes().name(node));
            let first = names.min().map_or("", |name| name);
            Scope::Nowhere(format!(
                "the node {first:?} of a pod in the AppGroup is gone"
            ))
        }
    }
}

pub(super) fn run(
    context: Context<'_>,
    args: &Args,
    among: &NodeSet,
    mut reject: impl FnMut(NodeId, u64),
) {
    let network = context.network();
    let overhead = network.overhead(context.pod, args);
    let Ok(overhead) = &*overhead else {
        return;
    };
    let mut with_peers = NodeSet::new(context.nodes().slots());
    for (node, tally) in overhead.with_peers() {
        with_peers.insert(node);
        if among.contains(node) && !tally.is_accepted() {
            reject(node, detail(tally));
        }
    }
    let tallies = overhead.by_location();
    if tallies.iter().all(|tally| tally.is_accepted()) {
        return;
    }
    let details: Vec<Option<u64>> = tallies
        .iter()
        .map(|&tally| (!tally.is_accepted()).then(|| detail(tally)))
        .collect();
    // Which of each 64 are rejected, all or none of a location: quicker than node by node.
    let rejects: Vec<bool> = details.iter().map(Option::is_some).collect();
    let locations = network.locations().of_nodes().chunks(u64::BITS as usize);
    for (block, (locations, &members)) in locations.zip(among.words()).enumerate() {
        let mut left = 0_u64;
        for (bit, location) in locations.iter().enumerate() {
            left |= u64::from(rejects[location.index()]) << bit;
        }
        left &= members;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            let node = NodeId(block as u32 * u64::BITS + bit);
            let location = locations[bit as usize];
            if let Some(detail) = details[location.index()]
                && !with_peers.contains(node)
            {
                reject(node, detail);
            }
        }
    }
}

/// The two counts of a tally, which a pod's peers keep far below what fits.
fn detail(tally: Tally) -> u64 {
    (tally.satisfied as u64) << 32 | tally.violated as u64
}

pub(super) fn reason(context: Context<'_>, node: NodeId, detail: u64) -> String {
    let tally = Tally {
        satisfied: i64::from((detail >> 32) as u32),
        violated: i64::from(detail as u32),
        cost: 0,
    };
    network_overhead::reason(context.nodes().name(node), tally)
}

/// What the reasons of a pod's rejections are worded from, when somebody asks.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    overhead: Arc<Result<Overhead, Absence>>,
    locations: Arc<Vec<LocationId>>,
    names: Arc<Vec<Arc<str>>>,
}

impl Wording {
    /// The name of a node.
    pub(crate) fn name(&self, node: NodeId) -> &Arc<str> {
        &self.names[node.index()]
    }

    /// Why the node was rejected.
    pub(crate) fn reason(&self, node: NodeId) -> String {
        let location = self
            .locations
            .get(node.index())
            .copied()
            .unwrap_or_default();
        let tally = match &*self.overhead {
            Ok(overhead) => overhead.tally(node, location),
            Err(_) => Tally::default(),
        };
        network_overhead::reason(self.name(node), tally)
    }
}

pub(super) fn wording(context: Context<'_>, args: &Args) -> Wording {
    Wording {
        overhead: context.network().overhead(context.pod, args),
        locations: context.network().locations().shared(),
        names: context.nodes().names(),
    }
}
