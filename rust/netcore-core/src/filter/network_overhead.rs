//! NetworkOverhead: nodes from which more dependencies are out of reach than within.

use crate::context::Context;
use crate::filter::Scope;
use crate::network_overhead::{self, Absence, Args, Overhead, Tally};
use crate::node_set::{NodeId, NodeSet};

pub(super) fn scope(context: Context<'_>, args: &Args) -> Scope {
    match Overhead::new(context.network(), context.pod, args) {
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
    let Ok(overhead) = Overhead::new(network, context.pod, args) else {
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
    for node in among {
        let tally = tallies[network.locations().of(node).index()];
        if !tally.is_accepted() && !with_peers.contains(node) {
            reject(node, detail(tally));
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
