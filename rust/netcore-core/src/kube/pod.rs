//! A Pod as the engine keeps it.

use std::sync::Arc;

use super::selector::{NodeSelector, PreferredTerm};
use super::taint::Toleration;
use super::{Labels, Requests, time, wire};
use crate::pool::Pool;

/// The label that names a pod's AppGroup.
pub const APP_GROUP_LABEL: &str = "appgroup.diktyo.x-k8s.io";
/// The label that names a pod's workload within its AppGroup, by the workload's selector.
pub const WORKLOAD_LABEL: &str = "appgroup.diktyo.x-k8s.io.workload";

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not all of its containers have started.
    #[default]
    Pending,
    /// It runs.
    Running,
    /// Every container ended well.
    Succeeded,
    /// A container ended badly.
    Failed,
    /// Its node does not answer.
    Unknown,
}

impl Phase {
    fn decode(text: &str) -> Self {
        match text {
            "Running" => Self::Running,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            "Unknown" => Self::Unknown,
            _ => Self::Pending,
        }
    }

    /// Whether it has ended, and takes no room any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// The name that the API gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

/// What the API server would have filled in for an empty text.
fn or_default<'t>(text: &'t str, default: &'t str) -> &'t str {
    if text.is_empty() { default } else { text }
}

/// A port of the node that a pod takes for itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// 1 to 65,535.
    pub port: i32,
    /// TCP, UDP or SCTP.
    pub protocol: Arc<str>,
    /// The address, or `0.0.0.0` for every address.
    pub address: Arc<str>,
}

impl HostPort {
    const EVERY_ADDRESS: &'static str = "0.0.0.0";

    /// Whether two pods with these ports cannot share a node.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address
                || &*self.address == Self::EVERY_ADDRESS
                || &*other.address == Self::EVERY_ADDRESS)
    }

    /// Whether the port is taken on every address of the node.
    pub fn is_everywhere(&self) -> bool {
        &*self.address == Self::EVERY_ADDRESS
    }

    fn decode(port: &wire::ContainerPort<'_>, strings: &mut Pool<str>) -> Option<Self> {
        Some(Self {
            port: port.host_port.filter(|&port| port > 0)?,
            protocol: strings.share(or_default(&port.protocol, "TCP")),
            address: strings.share(or_default(&port.host_ip, Self::EVERY_ADDRESS)),
        })
    }
}

/// What a pod asks of a node. The replicas of a workload share one copy, by which what was worked
/// out for one holds for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PodSpec {
    /// The resources it asks for.
    pub requests: Requests,
    /// The taints it tolerates.
    pub tolerations: Box<[Toleration]>,
    /// Labels that its node must have, sorted by key.
    pub node_selector: Box<[(Arc<str>, Arc<str>)]>,
    /// What its node must match beside that.
    pub required: Option<NodeSelector>,
    /// What raises a node's score; `Some` and empty where the list is there but empty.
    pub preferred: Option<Box<[PreferredTerm]>>,
    /// The ports of the node that it takes.
    pub host_ports: Box<[HostPort]>,
}

impl PodSpec {
    fn decode(wire: &wire::Pod<'_>, strings: &mut Pool<str>) -> Self {
        let spec = &wire.spec;
        let affinity = spec
            .affinity
            .as_ref()
            .and_then(|a| a.node_affinity.as_ref());
        let running = spec.init_containers.iter().filter(|c| c.is_sidecar());
        let mut node_selector: Box<[_]> = spec
            .node_selector
            .iter()
            .map(|(key, value)| (strings.share(&**key), strings.share(&**value)))
            .collect();
        node_selector.sort_unstable();
        Self {
            requests: Requests::decode(wire, strings),
            tolerations: spec
                .tolerations
                .iter()
                .filter_map(|toleration| Toleration::decode(toleration, strings))
                .collect(),
            node_selector,
            required: affinity
                .and_then(|a| a.required.as_ref())
                .map(|required| NodeSelector::decode(required, strings)),
            preferred: affinity
                .and_then(|a| a.preferred.as_ref())
                .map(|terms| PreferredTerm::decode_all(terms, strings)),
            host_ports: running
                .chain(spec.containers.iter())
                .flat_map(|container| container.ports.iter())
                .filter_map(|port| HostPort::decode(port, strings))
                .collect(),
        }
    }
}

/// What counts of a Pod object.
#[derive(Debug, Clone)]
pub struct Pod {
    /// `namespace/name`.
    pub key: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its identity: a pod of the same name with another one is another pod.
    pub uid: Arc<str>,
    /// The version of the object.
    pub resource_version: Arc<str>,
    /// The scheduler that is to place it.
    pub scheduler_name: Arc<str>,
    /// Larger goes first.
    pub priority: i32,
    /// The node that the object names, where it names one.
    pub node_name: Option<Arc<str>>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// What it asks of a node.
    pub spec: Arc<PodSpec>,
    /// Names of what it still waits for before it may be placed.
    pub scheduling_gates: Box<[Arc<str>]>,
    /// Whether its deletion was asked for.
    pub is_deleting: bool,
    /// Unix seconds; 0 where the object does not say.
    pub created_at: f64,
}

impl Pod {
    pub(super) fn decode(wire: &wire::Pod<'_>, pools: &mut super::Pools) -> Self {
        let metadata = &wire.metadata;
        let strings = &mut pools.strings;
        let spec = PodSpec::decode(wire, strings);
        let node_name = &wire.spec.node_name;
        Self {
            // A pod's key is hardly ever shared: pooling it would cost more than it saves.
            key: format!("{}/{}", &*metadata.namespace, &*metadata.name).into(),
            namespace: strings.share(&*metadata.namespace),
            uid: (*metadata.uid).into(),
            resource_version: (*metadata.resource_version).into(),
            scheduler_name: strings
                .share(or_default(&wire.spec.scheduler_name, "default-scheduler")),
            priority: wire.spec.priority.unwrap_or_default(),
            node_name: (!node_name.is_empty()).then(|| strings.share(&**node_name)),
            phase: Phase::decode(&wire.status.phase),
            labels: pools
                .labels
                .share(Labels::decode(&metadata.labels, strings)),
            spec: pools.specs.share(spec),
            scheduling_gates: wire
                .spec
                .scheduling_gates
                .iter()
                .map(|gate| strings.share(&*gate.name))
                .collect(),
            is_deleting: !metadata.deletion_timestamp.is_empty(),
            created_at: time::unix_seconds(&metadata.creation_timestamp).unwrap_or_default(),
        }
    }

    /// The name of its AppGroup, whether that exists or not.
    pub fn app_group(&self) -> Option<&Arc<str>> {
        self.labels
            .get(APP_GROUP_LABEL)
            .filter(|name| !name.is_empty())
    }

    /// The selector of its workload within the AppGroup.
    pub fn workload(&self) -> Option<&Arc<str>> {
        self.labels.get(WORKLOAD_LABEL)
    }

    /// Whether it takes room on the node it is on.
    pub fn takes_room(&self) -> bool {
        !self.phase.is_terminal()
    }
}
