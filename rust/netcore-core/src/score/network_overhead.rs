//! NetworkOverhead: the declared cost on the way to the pods that a pod depends on.

use crate::context::Context;
use crate::network_overhead::Args;
use crate::node_set::NodeSet;

pub(super) fn run(context: Context<'_>, args: &Args, among: &NodeSet, raw: &mut [i64]) {
    let network = context.network();
    match &*network.overhead(context.pod, args) {
        Ok(overhead) => {
            let costs: Vec<i64> = overhead.by_location().iter().map(|it| it.cost).collect();
            for (raw, location) in raw.iter_mut().zip(network.locations().of_nodes()) {
                *raw = costs[location.index()];
            }
            for (node, tally) in overhead.with_peers() {
                raw[node.index()] = tally.cost;
            }
        }
        Err(_) => {
            for node in among {
                raw[node.index()] = 0;
            }
        }
    }
}
