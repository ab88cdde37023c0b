//! The dependencies that a pod to be placed has with pods that are.

use super::members::WorkloadNumber;
use super::{Network, Replicas};
use crate::app_graph::{Dependency, WorkloadId};
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
    /// Its number, as long as there is such a pod.
    pub(crate) workload: WorkloadNumber,
}

/// What ties two workloads of one application that do not call each other: that they share peers.
static KINSHIP: Dependency = Dependency {
    caller: WorkloadId(0),
    callee: WorkloadId(0),
    weight: 1.0,
    min_bandwidth_bps: 0,
    max_network_cost: None,
};

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
            let (workload, replicas) = self.members.workload(&group.namespace, &group.name, peer);
            Bond {
                dependency,
                direction,
                peer,
                replicas,
                workload,
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

    /// The dependencies of a pod's workload, if one of them has a placed pod at its other end; else
    /// all workloads of its application, as if it called each of them alike.
    ///
    /// Pods that do not call each other have peers in common, so the first pods of an application
    /// keep together where nothing better is known: else each of its first replicas would begin in
    /// a region of its own, and draw the others after it. A heuristic.
    pub fn bonds_or_kin(&self, pod: &Pod) -> Vec<Bond<'_>> {
        let bonds = self.bonds(pod);
        if bonds.iter().any(|bond| !bond.replicas.is_empty()) {
            return bonds;
        }
        let Some((group, _)) = self.app_group_of(pod) else {
            return bonds;
        };
        group
            .graph
            .selectors()
            .map(|peer| {
                let (workload, replicas) =
                    self.members.workload(&group.namespace, &group.name, peer);
                Bond {
                    dependency: &KINSHIP,
                    direction: Direction::To,
                    peer,
                    replicas,
                    workload,
                }
            })
            .collect()
    }
}
