//! The dependencies that a pod to be placed has with pods that are.

use super::{Network, Replicas};
use crate::app_graph::Dependency;
use crate::kube::Pod;
use crate::topology::Direction;

/// One dependency of a pod's workload, with the placed pods at its other end.
#[derive(Clone, Copy, Debug)]
pub struct Bond<'a> {
    /// The dependency.
    pub dependency: &'a Dependency,
    /// Which way the calls go: `To` where the pod calls its peers, `From` where they call it.
    pub direction: Direction,
    /// The workload at the other end.
    pub peer: &'a str,
    /// Its placed pods, by node.
    pub replicas: &'a Replicas,
}

impl Bond<'_> {
    /// How many pods are placed at the other end.
    pub fn pods(&self) -> usize {
        self.replicas
            .values()
            .map(std::collections::BTreeSet::len)
            .sum()
    }
}

impl Network {
    /// The dependencies of a pod's workload: those in which it calls, then those in which it is
    /// called, both in declared order, be there placed pods at the other end or not.
    ///
    /// Empty for a pod that belongs to no application, or to a workload that it does not declare.
    pub fn bonds(&self, pod: &Pod) -> Vec<Bond<'_>> {
        let Some((group, workload)) = self.app_group_of(pod) else {
            return Vec::new();
        };
        let graph = &group.graph;
        let bond = |dependency, direction, peer| {
            let peer = graph.selector(peer);
            let replicas = self.members.replicas(&group.namespace, &group.name, peer);
            Bond {
                dependency,
                direction,
                peer,
                replicas,
            }
        };
        let calls = graph.outgoing(workload).iter().map(|&id| {
            let dependency = graph.dependency(id);
            bond(dependency, Direction::To, dependency.callee)
        });
        let called = graph.incoming(workload).iter().map(|&id| {
            let dependency = graph.dependency(id);
            bond(dependency, Direction::From, dependency.caller)
        });
        calls.chain(called).collect()
    }
}
