//! Diktyo's NetworkOverhead plugin, to the digit: which nodes it rejects, and what they cost.
//!
//! It looks downstream only, counts a dependency as satisfied or violated by majority, knows zones
//! and regions but no nodes, and takes any pod with the group's label for a member, be it ended or
//! in another namespace. All that is kept, since the mode stands for the plugin in comparisons and
//! migrations; netcore's own NetworkLimits and NetworkCost do without. One thing is not: where the
//! AppGroup or the NetworkTopology is missing, upstream crashes, and this treats all nodes alike,
//! as its proposal promises. A pod that the engine has assumed on a node counts as placed there,
//! as it does upstream once its binding has been seen.
//!
//! *Source*: `pkg/networkaware/networkoverhead` of scheduler-plugins; KEP 260.

mod costs;

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde::Deserialize;

pub(crate) use costs::Costs;

use crate::NodeId;
use crate::kube::Pod;
use crate::network::Network;
use crate::topology::LocationId;

/// Cost on the way to a node without zone and region, or where none is declared.
const MAX_COST: i64 = 100;
/// Cost between two nodes of one zone.
const SAME_ZONE: i64 = 1;

/// The plugin's arguments.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Args {
    /// Where AppGroup and NetworkTopology are looked for, in this order.
    pub namespaces: Vec<String>,
    /// Name of the set of costs.
    pub weights_name: String,
    /// Name of the `NetworkTopology`.
    pub network_topology_name: String,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            namespaces: vec!["default".to_owned()],
            weights_name: "UserDefined".to_owned(),
            network_topology_name: "nt-default".to_owned(),
        }
    }
}

/// What the plugin found out about one candidate node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Placed pods that a dependency reaches within its limit.
    pub satisfied: i64,
    /// Placed pods that a dependency reaches beyond its limit.
    pub violated: i64,
    /// Sum of the costs on the way to all of them.
    pub cost: i64,
}

impl Tally {
    /// Whether the plugin's filter lets the node pass: ties pass.
    pub fn is_accepted(self) -> bool {
        self.violated <= self.satisfied
    }

    fn add(&mut self, other: Self, times: i64) {
        self.satisfied += times * other.satisfied;
        self.violated += times * other.violated;
        self.cost += times * other.cost;
    }
}

/// What the plugin says of every node for one pod.
///
/// A tally depends on the candidate's zone and region, and beyond that only on which peers share
/// the very node: one tally a location and one for each node with peers answer for all.
#[derive(Clone, Debug)]
pub struct Overhead {
    by_location: Vec<Tally>,
    with_peers: FxHashMap<NodeId, Tally>,
}

/// Why there is no [`Overhead`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// There is nothing to tell nodes apart by: all pass, and all score 0.
    ScoreEqually,
    /// Placed peers are on these nodes, which are gone: upstream fails until the peers are too.
    MissingNodes(Vec<NodeId>),
}

/// What was found out about the last pod, for the next plugin that asks.
#[derive(Debug, Default)]
pub(crate) struct Last(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    /// Of the network when it was found out.
    version: u64,
    args: Args,
    group: Option<Arc<str>>,
    workload: Option<Arc<str>>,
    result: Arc<Result<Overhead, Absence>>,
}

impl Last {
    /// As [`Overhead::new`], worked out once as long as the network stays as it is in all that it
    /// reads, of which `version` tells.
    pub(crate) fn get(
        &self,
        network: &Network,
        version: u64,
        pod: &Pod,
        args: &Args,
    ) -> Arc<Result<Overhead, Absence>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (group, workload) = (pod.app_group(), pod.workload());
        let known = last.as_ref().filter(|known| {
            known.version == version
                && known.group.as_ref() == group
                && known.workload.as_ref() == workload
                && known.args == *args
        });
        if let Some(known) = known {
            return Arc::clone(&known.result);
        }
        let result = Arc::new(Overhead::new(network, pod, args));
        *last = Some(Known {
            version,
            args: args.clone(),
            group: group.cloned(),
            workload: workload.cloned(),
            result: Arc::clone(&result),
        });
        result
    }
}

impl Overhead {
    /// What the plugin works out before it looks at single nodes.
    ///
    /// *Complexity*: O(locations × dependencies × distinct locations of peers).
    ///
    /// # Errors
    /// [`Absence`], which is a result of the plugin too.
    pub fn new(network: &Network, pod: &Pod, args: &Args) -> Result<Self, Absence> {
        let label = pod.app_group().ok_or(Absence::ScoreEqually)?;
        let group = args
            .namespaces
            .iter()
            .find_map(|space| network.app_group(space, label));
        let (group, costs) = group
            .zip(network.overhead_costs(args))
            .ok_or(Absence::ScoreEqually)?;
        let workload = pod.workload().map_or("", |workload| &**workload);
        let dependencies = group.listed(workload);
        if dependencies.is_empty() {
            return Err(Absence::ScoreEqually);
        }
        let peers = |selector: &str| network.members().tally(label, selector).iter();
        let missing: Vec<_> = dependencies
            .iter()
            .flat_map(|dependency| peers(&dependency.selector))
            .map(|(&node, _)| node)
            .filter(|&node| !network.has_node(node))
            .collect();
        if !missing.is_empty() {
            return Err(Absence::MissingNodes(missing));
        }
        let locations = network.locations();
        let mut overhead = Self {
            by_location: vec![Tally::default(); locations.distinct().len()],
            with_peers: FxHashMap::default(),
        };
        // How many of the peers that a dependency means are in each location.
        let mut by_location: FxHashMap<LocationId, i64> = FxHashMap::default();
        for dependency in dependencies {
            by_location.clear();
            let limit = dependency.max_network_cost;
            for (&node, &pods) in peers(&dependency.selector) {
                let (location, pods) = (locations.of(node), i64::from(pods));
                *by_location.entry(location).or_default() += pods;
                // On the peer's own node its location's verdict gives way to a satisfied 0.
                let shared = overhead.with_peers.entry(node).or_default();
                shared.satisfied += pods;
                let of_location = costs.ways(locations, location)[location.index()];
                shared.add(of_location.tally(limit), -pods);
            }
            for (&peer, &pods) in &by_location {
                let ways = costs.ways(locations, peer);
                for (tally, way) in overhead.by_location.iter_mut().zip(&*ways) {
                    tally.add(way.tally(limit), pods);
                }
            }
        }
        for (&node, shared) in &mut overhead.with_peers {
            shared.add(overhead.by_location[locations.of(node).index()], 1);
        }
        Ok(overhead)
    }

    /// The nodes with peers, for which a tally of their location does not hold, and what does.
    pub fn with_peers(&self) -> impl Iterator<Item = (NodeId, Tally)> {
        self.with_peers.iter().map(|(&node, &tally)| (node, tally))
    }

    /// The tallies of all other nodes, by their location.
    pub fn by_location(&self) -> &[Tally] {
        &self.by_location
    }

    /// What the plugin found out about a node.
    #[inline]
    pub fn tally(&self, node: NodeId, location: LocationId) -> Tally {
        let shared = self.with_peers.get(&node);
        shared
            .copied()
            .unwrap_or_else(|| self.by_location[location.index()])
    }
}

/// The text of a rejection.
pub fn reason(node: &str, tally: Tally) -> String {
    format!(
        "Node {node} does not meet several network requirements from Workload dependencies: \
         Satisfied: {} Violated: {}",
        tally.satisfied, tally.violated
    )
}
