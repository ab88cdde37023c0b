//! What can be wrong with an input of the engine.

/// Every failure of the engine, with its data in fields.
///
/// That no node is feasible is a decision, never an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object of the API does not decode, or a field of it is out of range.
    #[error("{kind} {name:?} is not valid: {field}: {problem}")]
    InvalidObject {
        /// The kind the object was handed in as.
        kind: &'static str,
        /// `namespace/name` as far as it could be read, else empty.
        name: String,
        /// Path of the field, as in `spec.containers[0].resources.requests[cpu]`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A profile names a plugin that the engine does not have.
    #[error("profile {profile:?}: {point} plugin {plugin:?} is unknown; known are {known}")]
    UnknownPlugin {
        /// Scheduler name of the profile.
        profile: String,
        /// `queueSort`, `filter` or `score`.
        point: &'static str,
        /// The name that was given.
        plugin: String,
        /// The names that can be given, in a sentence.
        known: String,
    },
    /// A profile, or an argument of one of its plugins, does not decode or is out of range.
    #[error("profile {profile:?}: {field}: {problem}")]
    InvalidProfile {
        /// Scheduler name of the profile, empty where it could not be read.
        profile: String,
        /// Path of the field, as in `NodeResourcesFit.scoringStrategy.type`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An argument of a call is not what it must be.
    #[error("{argument}: {problem}")]
    InvalidArgument {
        /// Name of the argument.
        argument: &'static str,
        /// What is wrong with it, and the remedy.
        problem: String,
    },
    /// A key names no pod that the state holds.
    #[error("pod {0:?} is not known: apply it first")]
    UnknownPod(String),
    /// A pod that is to be placed has a node already.
    #[error("pod {pod:?} is on node {node:?} already: delete or forget it first")]
    PodHasNode {
        /// `namespace/name`.
        pod: String,
        /// Where it is bound or assumed.
        node: String,
    },
    /// A name is no node that the state holds.
    #[error("node {0:?} is not known: apply it first")]
    UnknownNode(String),
    /// No order of placement has this name.
    #[error(
        "unknown topologySortingAlgorithm {0:?}: use one of TrafficSort, KahnSort, TarjanSort, \
         ReverseKahn, ReverseTarjan, AlternateKahn, AlternateTarjan"
    )]
    UnknownAlgorithm(String),
    /// An order that puts callers before callees was asked of a graph with a cycle.
    #[error(
        "{algorithm} needs dependencies without a cycle, and {} is one: remove one of these \
         dependencies or use TrafficSort",
        .cycle.join(" -> ")
    )]
    Cycle {
        /// Name of the order.
        algorithm: &'static str,
        /// Selectors of the workloads along the cycle, the first repeated at the end.
        cycle: Vec<String>,
    },
}

/// The result of every fallible call of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;
