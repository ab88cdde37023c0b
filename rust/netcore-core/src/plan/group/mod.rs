//! Plans for whole applications: their pods placed at once, not one after another.
//!
//! The pods are first planned one by one, in the order of their applications' graphs. Then those
//! that talk to each other, or to placed pods, become a problem of [`group`](crate::group), and
//! what its search finds is carried out pod by pod with every filter of the profile asked again: a
//! pod whose node is refused goes where it would go by itself. If the outcome is worse than the
//! first plan, that one stands.
//!
//! **What is minimised.** Each application has as much traffic as it has pods, split over its
//! dependencies by their weights and over the replicas at both ends evenly. A unit of it costs 1
//! less the utility of its link, by the cost policy of the profile's NetworkCost. To that comes for
//! each pod [`LOCAL_SHARE`] times 1 less the local scores of its node (all but the network's) as a
//! share of the best possible: enough to choose between nodes that serve an application alike, too
//! little to outweigh a link. The share of the worst-served dependency, which NetworkCost has for
//! single pods, has no part in it.
//!
//! Pods of higher priority are placed before others. Pods that are on a node stay there, and draw
//! the others. Pods that talk to nobody are left where the first plan puts them.

mod bonds;
mod problem;
mod resources;

use std::sync::Arc;

use super::decide::Planner;
use super::{Decision, Options, Plan, pending};
use crate::error::Result;
use crate::group::{Budget, Work, place};
use crate::node_set::NodeId;
use crate::profile::Profile;
use crate::sort::{QueueSort, Waiting};
use crate::state::{ClusterState, PodId};
use problem::Cast;

/// What the local scores count for, beside a pod's traffic. A heuristic.
pub const LOCAL_SHARE: f64 = 0.05;

/// A plan for whole applications.
#[derive(Debug, Clone)]
pub struct GroupPlan {
    /// The decisions, in the order in which they were carried out.
    pub plan: Plan,
    /// How they came about.
    pub figures: GroupFigures,
}

/// What a search was about, and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GroupFigures {
    /// Pods that were placed as a group; the others talk to nobody.
    pub grouped: usize,
    /// What the plan costs.
    pub objective: f64,
    /// What the pods would have cost one after another.
    pub greedy_objective: f64,
    /// Pods that no node was found for, of all.
    pub unplaced: usize,
    /// How many that would have been one after another.
    pub greedy_unplaced: usize,
    /// Pods that a filter kept from the node that the search had found.
    pub repaired: usize,
    /// What the search did.
    pub work: Work,
}

/// Places the pods of one or several applications at once.
///
/// The budget bounds the search alone: planning the pods one by one before it, and carrying its
/// outcome out, take about the time of two plans.
///
/// # Errors
/// As [`plan`](super::plan).
pub fn plan_group(
    state: &mut ClusterState,
    profile: &Profile,
    pods: &[&str],
    options: Options,
    budget: &mut Budget<'_>,
) -> Result<GroupPlan> {
    let pending = pending(state, pods)?;
    let snapshot = state.generation();
    let order = in_order(state, &pending);
    let mut run = Run {
        planner: Planner::new(profile, options, snapshot, state.memory()),
        state,
        profile,
        seed: options.seed,
        figures: GroupFigures::default(),
    };
    let mut decisions = Vec::with_capacity(pods.len());
    let priorities: Vec<_> = order.iter().map(|&pod| run.priority(pod)).collect();
    let mut from = 0;
    for block in priorities.chunk_by(|a, b| a == b) {
        let pods = &order[from..from + block.len()];
        decisions.extend(run.place(pods, budget));
        from += block.len();
    }
    let Run {
        planner, figures, ..
    } = run;
    planner.finish(state.memory());
    if !options.commits {
        for pod in pods {
            state.forget(pod);
        }
        state.set_generation(snapshot);
    }
    Ok(GroupPlan {
        plan: Plan {
            decisions,
            snapshot,
            seed: options.seed,
        },
        figures,
    })
}

/// The pods by priority and application, in the order of its graph; what that leaves open, as
/// given.
fn in_order(state: &ClusterState, pods: &[PodId]) -> Vec<PodId> {
    let waiting: Vec<_> = pods
        .iter()
        .enumerate()
        .map(|(at, &pod)| Waiting {
            pod,
            since: at as f64,
        })
        .collect();
    let order = QueueSort::AppGroupSort.order(state, &waiting);
    order.into_iter().map(|at| pods[at as usize]).collect()
}

/// Decisions about some pods, each with its node.
type Decided = Vec<(Arc<Decision>, Option<NodeId>)>;

fn left_out(decided: &Decided) -> usize {
    decided.iter().filter(|(_, node)| node.is_none()).count()
}

/// A plan that is being made.
struct Run<'r, 'p> {
    planner: Planner<'p>,
    state: &'r mut ClusterState,
    profile: &'p Profile,
    seed: u64,
    figures: GroupFigures,
}

impl Run<'_, '_> {
    fn priority(&self, pod: PodId) -> i32 {
        self.state.pods().get(pod).pod.priority
    }

    /// Places the pods of one priority, and leaves them assumed.
    fn place(&mut self, pods: &[PodId], budget: &mut Budget<'_>) -> Vec<Arc<Decision>> {
        let greedy = self.decide(pods, None);
        self.forget(pods);
        let better = self.improve(pods, &greedy, budget);
        let decided = better.unwrap_or_else(|| {
            self.assume(pods, &greedy);
            greedy
        });
        self.figures.unplaced += left_out(&decided);
        decided.into_iter().map(|(decision, _)| decision).collect()
    }

    /// What a search makes of a plan; None where that is no better. The pods are assumed where it
    /// is, and not where not.
    fn improve(
        &mut self,
        pods: &[PodId],
        greedy: &Decided,
        budget: &mut Budget<'_>,
    ) -> Option<Decided> {
        self.figures.greedy_unplaced += left_out(greedy);
        let cast = Cast::of(self.state, pods)?;
        self.figures.grouped += cast.members.len();
        // Those who talk to nobody keep their room.
        let others: Vec<_> = (0..pods.len()).filter(|at| !cast.is_member(*at)).collect();
        for &at in &others {
            if let Some(node) = greedy[at].1 {
                self.state.assume_on(pods[at], node);
            }
        }
        let nodes_of = |decided: &Decided| -> Vec<Option<NodeId>> {
            cast.members.iter().map(|&at| decided[at].1).collect()
        };
        let found = cast.problem(
            self.state,
            &mut self.planner,
            self.profile,
            pods,
            &nodes_of(greedy),
        );
        for &at in &others {
            self.state.forget_pod(pods[at]);
        }
        let (problem, nodes) = found?;
        let translated = |decided: &Decided| nodes.positions(&nodes_of(decided));
        let given = translated(greedy);
        let placement = place(&problem, Some(&given), self.seed, budget);
        let objective = |nodes: &[Option<u32>]| problem.arrays().objective(nodes);
        let (before, work) = (objective(&given), placement.work);
        self.figures.work += work;
        self.figures.greedy_objective += before;
        if placement.nodes == given {
            self.figures.objective += before;
            return None;
        }
        let mut wanted: Vec<_> = greedy.iter().map(|(_, node)| *node).collect();
        for (&at, &node) in cast.members.iter().zip(&placement.nodes) {
            wanted[at] = node.map(|node| nodes.node(node));
        }
        let decided = self.decide(pods, Some(&wanted));
        let after = objective(&translated(&decided));
        let is_better = (left_out(&decided), after) < (left_out(greedy), before);
        if !is_better {
            self.forget(pods);
            self.figures.objective += before;
            return None;
        }
        let is_repaired = |(wanted, (_, node)): &(&Option<NodeId>, &(_, Option<NodeId>))| {
            wanted.is_some() && *wanted != node
        };
        self.figures.repaired += wanted.iter().zip(&decided).filter(is_repaired).count();
        self.figures.objective += after;
        Some(decided)
    }

    /// Decides about the pods in their order, each on the wanted node where that is feasible, and
    /// leaves them assumed.
    fn decide(&mut self, pods: &[PodId], wanted: Option<&[Option<NodeId>]>) -> Decided {
        let mut decided = Vec::with_capacity(pods.len());
        for (at, &pod) in pods.iter().enumerate() {
            let wanted = wanted.and_then(|wanted| wanted[at]);
            let (decision, node) = self.planner.decide_for(self.state, pod, wanted);
            if let Some(node) = node {
                self.state.assume_on(pod, node);
            }
            decided.push((Arc::new(decision), node));
        }
        decided
    }

    fn assume(&mut self, pods: &[PodId], decided: &Decided) {
        for (&pod, (_, node)) in pods.iter().zip(decided) {
            if let Some(node) = *node {
                self.state.assume_on(pod, node);
            }
        }
    }

    fn forget(&mut self, pods: &[PodId]) {
        for &pod in pods {
            self.state.forget_pod(pod);
        }
    }
}
