//! Room on the nodes as whole numbers, host ports among it.
//!
//! A host port is a resource of which every node has one. Where some pods take a port on every
//! address and others on one, there are two: one of the address, and one of the port, of which a
//! pod for one address takes one and a pod for all takes as many as there are addresses.

use std::sync::Arc;

use crate::filter::{Filter, NodeResourcesFit};
use crate::kube::{HostPort, PodSpec};
use crate::node_set::NodeId;
use crate::profile::Profile;
use crate::state::{ClusterState, Column, PodId};

/// Larger amounts are no different from this one, 64 PiB where they are bytes.
const LARGEST: i64 = 1 << 56;

/// What is counted of a pod, and what a node has of it.
enum Resource<'s> {
    Pods,
    Cpu,
    Memory,
    EphemeralStorage,
    Scalar(&'s Arc<str>),
    /// One port on every address, of so many addresses that pods ask for by themselves.
    Port(&'s HostPort, i64),
    /// One port on one address.
    Address(&'s HostPort),
}

/// The resources that the filters of a profile look at, for some pods.
pub(super) struct Resources<'s> {
    state: &'s ClusterState,
    specs: Vec<&'s PodSpec>,
    counted: Vec<Resource<'s>>,
}

impl<'s> Resources<'s> {
    pub(super) fn of(state: &'s ClusterState, profile: &Profile, pods: &[PodId]) -> Self {
        let spec = |&pod: &PodId| &*state.pods().get(pod).pod.spec;
        let specs: Vec<&PodSpec> = pods.iter().map(spec).collect();
        let mut counted = Vec::new();
        for filter in &profile.filters {
            match filter {
                Filter::NodeResourcesFit(fit) => add_amounts(&mut counted, &specs, fit),
                Filter::NodePorts => add_ports(&mut counted, &specs),
                _ => {}
            }
        }
        Self {
            state,
            specs,
            counted,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }

    /// What is free on each node, `[nodes, resources]`. Ports that are taken are in the masks.
    pub(super) fn capacities(&self, nodes: &[NodeId]) -> Vec<i64> {
        let columns = self.state.nodes();
        let column = |resource: &Resource<'_>| match resource {
            Resource::Pods => Some(columns.pods()),
            Resource::Cpu => Some(columns.cpu_milli()),
            Resource::Memory => Some(columns.memory()),
            Resource::EphemeralStorage => Some(columns.ephemeral_storage()),
            Resource::Scalar(name) => columns.scalar(name),
            Resource::Port(..) | Resource::Address(_) => None,
        };
        let free = |column: &Column, node: NodeId| {
            let at = node.index();
            let free = column.allocatable[at].saturating_sub(column.requested[at]);
            free.clamp(-LARGEST, LARGEST)
        };
        let mut capacities = Vec::with_capacity(nodes.len() * self.len());
        for &node in nodes {
            capacities.extend(self.counted.iter().map(|resource| match resource {
                Resource::Port(_, addresses) => (*addresses).max(1),
                Resource::Address(_) => 1,
                other => column(other).map_or(0, |column| free(column, node)),
            }));
        }
        capacities
    }

    /// What each pod asks for, `[pods, resources]`.
    pub(super) fn requests(&self) -> Vec<i64> {
        let mut requests = Vec::with_capacity(self.specs.len() * self.len());
        for spec in &self.specs {
            requests.extend(self.counted.iter().map(|resource| resource.request(spec)));
        }
        requests
    }
}

impl Resource<'_> {
    fn request(&self, spec: &PodSpec) -> i64 {
        // What must be free, and what is taken then, differ only while a pod is being resized.
        let (needed, taken) = (&spec.requests.needed, &spec.requests.taken);
        let amount = match self {
            Self::Pods => 1,
            Self::Cpu => needed.cpu_milli.max(taken.cpu_milli),
            Self::Memory => needed.memory.max(taken.memory),
            Self::EphemeralStorage => needed.ephemeral_storage.max(taken.ephemeral_storage),
            Self::Scalar(name) => needed.get(name).max(taken.get(name)),
            Self::Port(port, addresses) => {
                let same = spec.host_ports.iter().filter(|it| is_same_port(it, port));
                if same.clone().any(HostPort::is_everywhere) {
                    (*addresses).max(1)
                } else {
                    let mut own: Vec<_> = same.map(|it| &it.address).collect();
                    own.sort_unstable();
                    own.dedup();
                    own.iter().map(|_| 1).sum()
                }
            }
            Self::Address(port) => i64::from(spec.host_ports.contains(port)),
        };
        amount.clamp(0, LARGEST)
    }
}

fn is_same_port(one: &HostPort, other: &HostPort) -> bool {
    (one.port, &one.protocol) == (other.port, &other.protocol)
}

fn add_amounts<'s>(counted: &mut Vec<Resource<'s>>, specs: &[&'s PodSpec], fit: &NodeResourcesFit) {
    counted.extend([
        Resource::Pods,
        Resource::Cpu,
        Resource::Memory,
        Resource::EphemeralStorage,
    ]);
    let names = specs.iter().flat_map(|spec| &spec.requests.needed.scalars);
    let mut names: Vec<_> = names
        .filter(|(name, amount)| *amount > 0 && !fit.ignores(name))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    counted.extend(names.into_iter().map(Resource::Scalar));
}

fn add_ports<'s>(counted: &mut Vec<Resource<'s>>, specs: &[&'s PodSpec]) {
    let mut ports: Vec<&HostPort> = specs.iter().flat_map(|spec| &spec.host_ports).collect();
    ports.sort_unstable();
    ports.dedup();
    for same in ports.chunk_by(|a, b| a.port == b.port) {
        let mut protocols: Vec<_> = same.iter().map(|port| &port.protocol).collect();
        protocols.sort_unstable();
        protocols.dedup();
        for protocol in protocols {
            let alike: Vec<_> = same.iter().filter(|it| it.protocol == *protocol).collect();
            let own = alike.iter().filter(|port| !port.is_everywhere());
            let addresses = own.clone().map(|_| 1).sum();
            counted.push(Resource::Port(alike[0], addresses));
            counted.extend(own.map(|port| Resource::Address(port)));
        }
    }
}
