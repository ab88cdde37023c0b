//! The pods of applications as a problem on arrays.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::LOCAL_SHARE;
use super::bonds::{self, Bond};
use super::resources::Resources;
use crate::app_graph::{AppGroup, WorkloadId};
use crate::group::{Arrays, Problem};
use crate::network::{Replicas, Utilities};
use crate::node_set::{NodeId, NodeSet};
use crate::plan::decide::Planner;
use crate::profile::Profile;
use crate::score::{MAX_NODE_SCORE, NetworkCost, Score};
use crate::state::{ClusterState, PodId};
use crate::topology::Direction;

/// Pairs of pods that talk to each other, at most: beyond them a plan pod by pod is what there is.
const MOST_PAIRS: usize = 2 << 20;
/// Nodes that are looked at, at least and at most; in between, as many as the time to work out the
/// costs between them allows.
const FEWEST_NODES: usize = 64;
const MOST_NODES: usize = 512;
const MOST_COSTS: usize = 16 << 20;
/// Nodes of the first plan around which others are looked for.
const MOST_ANCHORS: usize = 8;

/// Namespace and name of an application, and a workload in it.
type Role = (Box<str>, Box<str>, u32);

/// Who plays which part in which application.
pub(super) struct Cast {
    /// Positions of the pods that talk to others, in order.
    pub(super) members: Vec<usize>,
    /// The members of each workload, as positions among the members.
    roles: BTreeMap<Role, Vec<u32>>,
}

/// The nodes of a problem: those of the cluster that are looked at, by name.
pub(super) struct Nodes(Vec<NodeId>);

impl Nodes {
    /// A node by its position in the problem.
    pub(super) fn node(&self, position: u32) -> NodeId {
        self.0[position as usize]
    }

    /// Positions of nodes; None for those that are not looked at.
    pub(super) fn positions(&self, nodes: &[Option<NodeId>]) -> Vec<Option<u32>> {
        let position = |node: &Option<NodeId>| {
            let found = self.0.iter().position(|&it| Some(it) == *node)?;
            Some(found as u32)
        };
        nodes.iter().map(position).collect()
    }
}

impl Cast {
    /// None where no pod has a dependency with another or with a placed pod.
    pub(super) fn of(state: &ClusterState, pods: &[PodId]) -> Option<Self> {
        let network = state.network();
        let mut by_role: BTreeMap<Role, Vec<usize>> = BTreeMap::new();
        for (at, &pod) in pods.iter().enumerate() {
            if let Some((group, workload)) = network.app_group_of(&state.pods().get(pod).pod) {
                let role = (group.namespace.clone(), group.name.clone(), workload.0);
                by_role.entry(role).or_default().push(at);
            }
        }
        let mut members = Vec::new();
        for ((namespace, name, workload), of_role) in &by_role {
            let group = network.app_group(namespace, name)?;
            let has = |other: WorkloadId| {
                let pending = by_role.get(&(namespace.clone(), name.clone(), other.0));
                let placed = replicas(state, group, other);
                let itself = usize::from(other.0 == *workload);
                pending.map_or(0, Vec::len) + placed.len() > itself
            };
            let graph = &group.graph;
            let calls = graph.outgoing(WorkloadId(*workload)).iter();
            let mut calls = calls.map(|&id| graph.dependency(id).callee);
            let called = graph.incoming(WorkloadId(*workload)).iter();
            let mut called = called.map(|&id| graph.dependency(id).caller);
            if calls.any(has) || called.any(has) {
                members.extend(of_role);
            }
        }
        members.sort_unstable();
        by_role.retain(|_, of_role| members.binary_search(&of_role[0]).is_ok());
        let position = |at: &usize| members.binary_search(at).map_or(u32::MAX, |it| it as u32);
        let roles = by_role
            .into_iter()
            .map(|(role, of_role)| (role, of_role.iter().map(position).collect()))
            .collect();
        (!members.is_empty()).then_some(Self { members, roles })
    }

    pub(super) fn is_member(&self, at: usize) -> bool {
        self.members.binary_search(&at).is_ok()
    }

    fn of_role(&self, group: &AppGroup, workload: WorkloadId) -> &[u32] {
        let role = (group.namespace.clone(), group.name.clone(), workload.0);
        self.roles.get(&role).map_or(&[], Vec::as_slice)
    }

    /// The problem, and its nodes; None where there are too many pairs of pods, or no nodes.
    pub(super) fn problem(
        &self,
        state: &ClusterState,
        planner: &mut Planner<'_>,
        profile: &Profile,
        pods: &[PodId],
        greedy: &[Option<NodeId>],
    ) -> Option<(Problem, Nodes)> {
        let ids: Vec<_> = self.members.iter().map(|&at| pods[at]).collect();
        let plugin = network_cost(profile);
        let network = state.network();
        let utilities = network.utilities(plugin.policy, &plugin.declaration);
        let bonds = self.bonds(state)?;
        let mut masks = Vec::with_capacity(ids.len());
        let mut scores = Vec::with_capacity(ids.len());
        for &pod in &ids {
            let (feasible, local) = planner.look(state, pod);
            masks.push(feasible.clone());
            scores.push(local.to_vec());
        }
        let kinds = bonds::kinds(&bonds);
        let nodes = self.nodes(state, &utilities, &masks, greedy, &bonds, kinds.len());
        if nodes.0.is_empty() {
            return None;
        }
        let mut arrays = Arrays {
            nodes: nodes.0.len(),
            pods: ids.len(),
            ..Arrays::default()
        };
        let resources = Resources::of(state, profile, &ids);
        arrays.resources = resources.len();
        arrays.capacities = resources.capacities(&nodes.0);
        arrays.requests = resources.requests();
        for mask in &masks {
            let is_allowed = |&node: &NodeId| mask.contains(node);
            arrays.allowed.extend(nodes.0.iter().map(is_allowed));
        }
        for (mask, scores) in masks.iter().zip(&scores) {
            arrays
                .extra_costs
                .extend(local_costs(profile, mask, scores, &nodes.0));
        }
        for kind in &kinds {
            let need = utilities.need(kind);
            let mut costs = vec![0.0; nodes.0.len() * nodes.0.len()];
            for (column, &peer) in nodes.0.iter().enumerate() {
                let worth = utilities.worth(network, peer, Direction::To, &need);
                for (origin, &node) in nodes.0.iter().enumerate() {
                    costs[origin * nodes.0.len() + column] =
                        bonds::cost(worth.get(node.index()).copied());
                }
            }
            arrays.costs.push(costs);
        }
        for bond in &bonds {
            bond.add_to(&mut arrays, state, &utilities, &kinds, &nodes.0);
        }
        bonds::add_limits(&mut arrays, state, profile, &bonds, &nodes.0);
        Problem::new(arrays).ok().map(|problem| (problem, nodes))
    }

    /// The dependencies between the members, and with the pods that are placed.
    fn bonds<'s>(&'s self, state: &'s ClusterState) -> Option<Vec<Bond<'s>>> {
        let mut groups: Vec<_> = self
            .roles
            .keys()
            .map(|(space, name, _)| (space, name))
            .collect();
        groups.dedup();
        let (mut bonds, mut pairs) = (Vec::new(), 0);
        for (namespace, name) in groups {
            let group = state.network().app_group(namespace, name)?;
            let from = bonds.len();
            for dependency in group.graph.dependencies() {
                let bond = Bond {
                    dependency,
                    callers: self.of_role(group, dependency.caller),
                    callees: self.of_role(group, dependency.callee),
                    placed_callers: replicas(state, group, dependency.caller),
                    placed_callees: replicas(state, group, dependency.callee),
                    traffic: 0.0,
                };
                if bond.pairs() > 0.0 && !(bond.callers.is_empty() && bond.callees.is_empty()) {
                    pairs += bond.callers.len() * bond.callees.len();
                    bonds.push(bond);
                }
            }
            let mut of_group: Vec<u32> = Vec::new();
            for bond in &bonds[from..] {
                of_group.extend(bond.callers.iter().chain(bond.callees));
            }
            of_group.sort_unstable();
            of_group.dedup();
            bonds::share(&mut bonds[from..], of_group.len());
        }
        (pairs <= MOST_PAIRS).then_some(bonds)
    }

    /// The nodes to look at: those that some member can go to; where they are too many, those of
    /// the first plan, and the ones with the best links to these.
    fn nodes(
        &self,
        state: &ClusterState,
        utilities: &Utilities,
        masks: &[NodeSet],
        greedy: &[Option<NodeId>],
        bonds: &[Bond<'_>],
        kinds: usize,
    ) -> Nodes {
        debug_assert_eq!(masks.len(), self.members.len());
        let slots = state.nodes().slots();
        let mut feasible = NodeSet::new(slots);
        for mask in masks {
            feasible.unite(mask);
        }
        let per_node = slots.max(1) * kinds.max(1);
        let most = (MOST_COSTS / per_node).clamp(FEWEST_NODES, MOST_NODES);
        let by_name = |mut nodes: Vec<NodeId>| {
            nodes.sort_unstable_by(|a, b| state.nodes().name(*a).cmp(state.nodes().name(*b)));
            Nodes(nodes)
        };
        if feasible.count() <= most {
            return by_name(feasible.iter().collect());
        }
        let mut chosen = NodeSet::new(slots);
        let mut anchors: Vec<NodeId> = Vec::new();
        for &node in greedy.iter().flatten() {
            if !chosen.contains(node) {
                chosen.insert(node);
                anchors.push(node);
            }
        }
        let step = anchors.len().div_ceil(MOST_ANCHORS).max(1);
        let Some(bond) = bonds.first() else {
            return by_name(chosen.iter().collect());
        };
        let need = utilities.need(bond.dependency);
        let ranked = |&anchor: &NodeId| {
            let worth = utilities.worth(state.network(), anchor, Direction::To, &need);
            let mut nodes: Vec<_> = feasible.iter().collect();
            nodes.sort_unstable_by_key(|&node| {
                let worth = worth.get(node.index()).copied().unwrap_or(0);
                (Reverse(worth), state.nodes().name_hash(node))
            });
            nodes.truncate(most);
            nodes
        };
        let near: Vec<Vec<NodeId>> = anchors.iter().step_by(step).map(ranked).collect();
        let mut left = most.saturating_sub(chosen.count());
        for place in 0..most {
            for &node in near.iter().filter_map(|nodes| nodes.get(place)) {
                if left > 0 && !chosen.contains(node) {
                    chosen.insert(node);
                    left -= 1;
                }
            }
        }
        by_name(chosen.iter().collect())
    }
}

fn replicas<'s>(state: &'s ClusterState, group: &AppGroup, workload: WorkloadId) -> &'s Replicas {
    let selector = group.graph.selector(workload);
    state
        .network()
        .members()
        .replicas(&group.namespace, &group.name, selector)
}

/// The profile's own NetworkCost, or the default one.
fn network_cost(profile: &Profile) -> NetworkCost {
    let own = profile
        .scores
        .iter()
        .find_map(|weighted| match &weighted.score {
            Score::NetworkCost(plugin) => Some(plugin.clone()),
            _ => None,
        });
    own.unwrap_or_default()
}

/// What a pod costs on each node by the local scores.
fn local_costs<'n>(
    profile: &Profile,
    mask: &NodeSet,
    scores: &'n [i64],
    nodes: &'n [NodeId],
) -> impl Iterator<Item = f32> + 'n {
    let local = profile.scores.iter().filter(|it| it.score.is_local());
    let most = MAX_NODE_SCORE * local.map(|it| it.weight).sum::<i64>();
    // A node that is the worst by every plugin, and one that is the best: what all have in common
    // tells nothing apart.
    let best = mask
        .iter()
        .map(|node| scores[node.index()])
        .max()
        .unwrap_or(0);
    let share = LOCAL_SHARE / most.max(1) as f64;
    nodes.iter().map(move |node| {
        let behind = (best - scores[node.index()]).max(0);
        (share * behind as f64) as f32
    })
}
