//! Plans: pods placed one after another, each seeing what those before it took.
//!
//! Every node is looked at. Among the nodes with the best total a hash of seed, pod and node name
//! chooses, so that the same input and seed give the same plan, and replicas spread over equals.

mod candidates;
mod class;
mod decide;
mod decision;
mod explain;
mod group;
mod memory;
mod message;
mod rejections;
mod scope;
mod summary;
mod verdicts;

use std::sync::Arc;

use rustc_hash::FxHashSet;

pub use decision::{Candidate, Decision, Link, NodeVerdict, Outcome, Part, Rejection};
pub use group::{GroupFigures, GroupPlan, plan_group};
pub use memory::Memory;
pub use rejections::Rejections;
pub use summary::LARGEST_SUMMARY;

use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::state::{ClusterState, PodId};
use decide::Planner;

/// How much a decision tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// The rejections by reason and the best nodes.
    #[default]
    Summary,
    /// The verdict on every node too.
    Full,
}

/// How a plan is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Decides between equals.
    pub seed: u64,
    /// How much each decision tells.
    pub detail: Detail,
    /// Whether the placed pods stay assumed; otherwise the state ends as it was.
    pub commits: bool,
}

/// The decisions of one batch, in the order of placement.
#[derive(Debug, Clone)]
pub struct Plan {
    /// One for each pod.
    pub decisions: Vec<Arc<Decision>>,
    /// Generation of the state that the plan started from.
    pub snapshot: u64,
    /// The seed that decided between equals.
    pub seed: u64,
}

/// Places pods in the order given.
///
/// # Errors
/// [`Error::UnknownPod`] or [`Error::PodHasNode`] for a key that names no pending pod, and
/// [`Error::InvalidArgument`] for one that is given twice; nothing is placed then.
pub fn plan(
    state: &mut ClusterState,
    profile: &Profile,
    pods: &[&str],
    options: Options,
) -> Result<Plan> {
    let pending = pending(state, pods)?;
    let snapshot = state.generation();
    let mut planner = Planner::new(profile, options, snapshot, state.memory());
    let mut decisions = Vec::with_capacity(pods.len());
    for (at, &pod) in pending.iter().enumerate() {
        let (decision, node) = planner.decide(state, pod);
        // What is not kept need not be done for the last: nobody comes after it.
        let counts = options.commits || at + 1 < pending.len();
        if let Some(node) = node.filter(|_| counts) {
            state.assume_on(pod, node);
        }
        decisions.push(Arc::new(decision));
    }
    planner.finish(state.memory());
    if !options.commits {
        for pod in pods {
            state.forget(pod);
        }
        state.set_generation(snapshot);
    }
    Ok(Plan {
        decisions,
        snapshot,
        seed: options.seed,
    })
}

fn pending(state: &ClusterState, pods: &[&str]) -> Result<Vec<PodId>> {
    let mut seen = FxHashSet::default();
    let mut pending = Vec::with_capacity(pods.len());
    for &key in pods {
        if !seen.insert(key) {
            return Err(Error::InvalidArgument {
                argument: "pods",
                problem: format!("{key:?} is given twice: a pod is placed once"),
            });
        }
        pending.push(state.pending(key)?);
    }
    Ok(pending)
}
