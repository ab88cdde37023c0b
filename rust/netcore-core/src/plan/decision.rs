//! What was decided about one pod, and why.

use std::sync::Arc;

use super::rejections::Rejections;
use crate::filter::Code;

/// Where one pod goes, or that no node is feasible, with the reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// `namespace/name`.
    pub pod: Arc<str>,
    /// The chosen node; None where no node is feasible.
    pub node: Option<Arc<str>>,
    /// The text of the `Scheduled` or `FailedScheduling` event, as kube-scheduler words it.
    pub message: String,
    /// Generation of the state that the plan started from.
    pub snapshot: u64,
    /// The seed that decided between equals.
    pub seed: u64,
    /// How many nodes were looked at: all.
    pub evaluated: usize,
    /// How many of them could take the pod.
    pub feasible: usize,
    /// Which of them could not, and why.
    pub rejections: Rejections,
    /// The best nodes, the chosen one first.
    pub top: Vec<Candidate>,
    /// The verdict on every node, sorted by name, where the plan was asked for it.
    pub nodes: Option<Vec<NodeVerdict>>,
}

/// Nodes that one plugin rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The plugin.
    pub plugin: &'static str,
    /// Why.
    pub reason: String,
    /// How many nodes.
    pub count: usize,
    /// Names of the first few of them, by name.
    pub nodes: Vec<Arc<str>>,
}

/// A feasible node with its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub node: Arc<str>,
    /// The sum of its weighted scores.
    pub total: i64,
    /// The parts of the total, in the order of the profile.
    pub parts: Vec<Part>,
    /// The links between the pod on this node and the placed pods it talks to.
    pub links: Vec<Link>,
}

/// One plugin's part of a node's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The plugin.
    pub plugin: &'static str,
    /// Its own measure.
    pub raw: i64,
    /// 0 to 100.
    pub normalized: i64,
    /// Times the weight.
    pub weighted: i64,
}

/// A dependency's link, as it would be from one node.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The workload at the other end.
    pub peer: Arc<str>,
    /// Its pod.
    pub pod: Arc<str>,
    /// Whether the placed pod depends on this workload, rather than the other way about.
    pub is_dependant: bool,
    /// Where the peer is.
    pub node: Arc<str>,
    /// The dependency's share of the traffic.
    pub weight: f64,
    /// Round trip in milliseconds, where it is known.
    pub rtt_ms: Option<f64>,
    /// What the link costs, 0 to 1.
    pub cost: f64,
    /// Expected communication time in milliseconds per second, where the policy is about time and
    /// the link known and alive; the weight is taken for calls per second.
    pub ms_per_second: Option<f64>,
    /// Where the figures come from: `same-node`, `measured`, `declared`, `estimated`, `unknown`.
    pub source: &'static str,
    /// Age of the measurement in seconds, where there is one.
    pub age_s: Option<f64>,
}

/// The verdict on one node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeVerdict {
    /// Its name.
    pub node: Arc<str>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one node.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A filter rejected it.
    Rejected {
        /// The first filter, in the order of the profile, that did.
        plugin: &'static str,
        /// Why.
        reasons: Vec<String>,
        /// Whether making room can help.
        code: Code,
    },
    /// It could take the pod.
    Accepted {
        /// The parts of its total, in the order of the profile.
        parts: Vec<Part>,
        /// Their sum.
        total: i64,
    },
}

impl Decision {
    /// The plugins that rejected a node, sorted, each once.
    pub fn rejected_by(&self) -> Vec<&'static str> {
        self.rejections.plugins()
    }
}
