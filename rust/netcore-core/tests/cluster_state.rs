//! However a cluster came to be, the state of it is the same, and so is what is planned on it.

use std::collections::BTreeMap;

use netcore_core::plan::{self, Decision, Detail, Options};
use netcore_core::state::Column;
use netcore_core::{ClusterState, Profile};
use proptest::prelude::*;

const NODES: [&str; 5] = ["a", "b", "c", "d", "e"];
const PODS: [&str; 8] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];

/// An application of two workloads, and what it costs to go from zone to zone.
const OBJECTS: [(&str, &str); 2] = [
    (
        "AppGroup",
        r#"{"metadata": {"namespace": "ns", "name": "g", "uid": "1"},
            "spec": {"topologySortingAlgorithm": "TrafficSort", "workloads": [
                {"workload": {"selector": "caller"}, "dependencies": [
                    {"workload": {"selector": "callee"}, "maxNetworkCost": 5}]},
                {"workload": {"selector": "callee"}}]}}"#,
    ),
    (
        "NetworkTopology",
        r#"{"metadata": {"namespace": "ns", "name": "nt", "uid": "1"},
            "spec": {"configmapName": "c", "weights": [{"name": "UserDefined", "topologyList": [
                {"topologyKey": "topology.kubernetes.io/zone", "originList": [
                    {"origin": "hdd", "costList": [{"destination": "ssd", "networkCost": 3}]},
                    {"origin": "ssd", "costList": [{"destination": "hdd", "networkCost": 9}]}
                ]}]}]}}"#,
    ),
];

/// Something that happens to a cluster.
#[derive(Debug, Clone)]
enum Event {
    Node {
        name: usize,
        form: NodeForm,
    },
    NodeGone {
        name: usize,
    },
    Pod {
        name: usize,
        form: PodForm,
    },
    PodGone {
        name: usize,
    },
    Assume {
        pod: usize,
        node: usize,
    },
    Forget {
        pod: usize,
    },
    Plan {
        pods: Vec<usize>,
        commits: bool,
        seed: u64,
    },
}

#[derive(Debug, Clone)]
struct NodeForm {
    cpu: u8,
    gpus: u8,
    is_cordoned: bool,
    taint: Option<&'static str>,
    disk: &'static str,
}

#[derive(Debug, Clone)]
struct PodForm {
    uid: u8,
    node: Option<usize>,
    phase: &'static str,
    milli: u16,
    gpus: u8,
    port: Option<u16>,
    disk: Option<&'static str>,
    tolerates: bool,
    workload: Option<&'static str>,
}

impl NodeForm {
    fn json(&self, name: &str) -> String {
        let disk = self.disk;
        let taint = self
            .taint
            .map(|effect| format!(r#"{{"key": "k", "effect": "{effect}"}}"#));
        format!(
            r#"{{"metadata": {{"name": "{name}", "labels": {{
                    "disk": "{disk}", "topology.kubernetes.io/zone": "{disk}"}}}},
                "spec": {{"unschedulable": {}, "taints": [{}]}},
                "status": {{"allocatable": {{"cpu": "{}", "memory": "8Gi", "pods": "4",
                                             "example.com/gpu": "{}"}}}}}}"#,
            self.is_cordoned,
            taint.unwrap_or_default(),
            self.cpu,
            self.gpus,
        )
    }
}

impl PodForm {
    fn json(&self, name: &str) -> String {
        let gpus = match self.gpus {
            0 => String::new(),
            gpus => format!(r#", "example.com/gpu": "{gpus}""#),
        };
        let port = self.port.map(|port| format!(r#"{{"hostPort": {port}}}"#));
        let selector = self.disk.map(|disk| format!(r#""disk": "{disk}""#));
        let tolerations = if self.tolerates {
            r#"{"operator": "Exists"}"#
        } else {
            ""
        };
        let node = self.node.map_or("", |node| NODES[node]);
        let labels = self.workload.map_or(String::new(), |workload| {
            format!(
                r#""appgroup.diktyo.x-k8s.io": "g",
                   "appgroup.diktyo.x-k8s.io.workload": "{workload}""#
            )
        });
        format!(
            r#"{{"metadata": {{"namespace": "ns", "name": "{name}", "uid": "{}", "labels": {{{labels}}}}},
                "spec": {{"nodeName": "{node}", "nodeSelector": {{{}}}, "tolerations": [{tolerations}],
                          "containers": [{{"ports": [{}],
                                           "resources": {{"requests": {{"cpu": "{}m"{gpus}}}}}}}]}},
                "status": {{"phase": "{}"}}}}"#,
            self.uid,
            selector.unwrap_or_default(),
            port.unwrap_or_default(),
            self.milli,
            self.phase,
        )
    }
}

fn node_form() -> impl Strategy<Value = NodeForm> {
    let taint = prop::option::of(prop::sample::select(vec!["NoSchedule", "PreferNoSchedule"]));
    let disk = prop::sample::select(vec!["ssd", "hdd"]);
    (1..5_u8, 0..3_u8, prop::bool::weighted(0.1), taint, disk).prop_map(
        |(cpu, gpus, is_cordoned, taint, disk)| NodeForm {
            cpu,
            gpus,
            is_cordoned,
            taint,
            disk,
        },
    )
}

fn pod_form() -> impl Strategy<Value = PodForm> {
    let phase = prop::sample::select(vec!["Pending", "Pending", "Running", "Succeeded"]);
    let disk = prop::option::weighted(0.3, prop::sample::select(vec!["ssd", "hdd"]));
    (
        0..2_u8,
        prop::option::weighted(0.3, 0..NODES.len()),
        phase,
        prop::sample::select(vec![0_u16, 100, 900]),
        0..2_u8,
        prop::option::weighted(0.3, 80..82_u16),
        disk,
        any::<bool>(),
        prop::option::of(prop::sample::select(vec!["caller", "callee"])),
    )
        .prop_map(
            |(uid, node, phase, milli, gpus, port, disk, tolerates, workload)| PodForm {
                uid,
                node,
                phase,
                milli,
                gpus,
                port,
                disk,
                tolerates,
                workload,
            },
        )
}

fn event() -> impl Strategy<Value = Event> {
    let node = 0..NODES.len();
    let pod = 0..PODS.len();
    prop_oneof![
        3 => (node.clone(), node_form()).prop_map(|(name, form)| Event::Node { name, form }),
        1 => node.clone().prop_map(|name| Event::NodeGone { name }),
        5 => (pod.clone(), pod_form()).prop_map(|(name, form)| Event::Pod { name, form }),
        1 => pod.clone().prop_map(|name| Event::PodGone { name }),
        1 => (pod.clone(), node).prop_map(|(pod, node)| Event::Assume { pod, node }),
        1 => pod.clone().prop_map(|pod| Event::Forget { pod }),
        2 => (prop::sample::subsequence((0..PODS.len()).collect::<Vec<_>>(), 0..=PODS.len()),
              any::<bool>(), any::<u64>())
            .prop_map(|(pods, commits, seed)| Event::Plan { pods, commits, seed }),
    ]
}

fn profile() -> Profile {
    Profile::decode(
        br#"{"schedulerName": "s", "queueSort": {"name": "PrioritySort"},
             "filters": [{"name": "NodeUnschedulable"}, {"name": "NodeName"},
                         {"name": "NetworkOverhead",
                          "args": {"namespaces": ["ns"], "networkTopologyName": "nt"}},
                         {"name": "TaintToleration"}, {"name": "NodeAffinity"},
                         {"name": "NodePorts"}, {"name": "NodeResourcesFit"},
                         {"name": "NetworkLimits"}],
             "scores": [{"name": "TaintToleration", "weight": 3},
                        {"name": "NodeAffinity", "weight": 2},
                        {"name": "NodeResourcesFit", "weight": 1},
                        {"name": "NodeResourcesBalancedAllocation", "weight": 1},
                        {"name": "NetworkCost", "weight": 5}]}"#,
    )
    .expect("a sound profile")
}

/// Everything that the columns say of each node, by name: slots differ from history to history.
fn census(state: &ClusterState) -> BTreeMap<&'static str, String> {
    let nodes = state.nodes();
    let row = |&name: &&'static str| {
        let node = nodes.find(name)?;
        let cell = |column: &Column| {
            (
                column.allocatable[node.index()],
                column.requested[node.index()],
            )
        };
        let row = format!(
            "{:?} cpu {:?} memory {:?} disk {:?} pods {:?} gpu {:?} nonzero {:?} {:?} ports {:?} sets {:?}",
            nodes.object(node),
            cell(nodes.cpu_milli()),
            cell(nodes.memory()),
            cell(nodes.ephemeral_storage()),
            cell(nodes.pods()),
            nodes.scalar("example.com/gpu").map_or((0, 0), cell),
            nodes.nonzero_cpu_milli()[node.index()],
            nodes.nonzero_memory()[node.index()],
            nodes.ports(node),
            [
                nodes.present(),
                nodes.unschedulable(),
                nodes.forbidding(),
                nodes.discouraging()
            ]
            .map(|set| set.contains(node)),
        );
        Some((name, row))
    };
    NODES.iter().filter_map(row).collect()
}

/// Where each pod is, and whether it is only assumed there.
fn placements(state: &ClusterState) -> BTreeMap<String, Option<(String, bool)>> {
    let entry = |(_, placed): (_, &netcore_core::state::PlacedPod)| {
        let place = placed.placement.map(|placement| {
            (
                state.nodes().name(placement.node).to_string(),
                placement.is_assumed,
            )
        });
        (placed.pod.key.to_string(), place)
    };
    state.pods().iter().map(entry).collect()
}

/// Decisions without the generation, which counts the history.
fn plan(state: &mut ClusterState, pods: &[String], seed: u64, commits: bool) -> Vec<Decision> {
    let keys: Vec<_> = pods.iter().map(String::as_str).collect();
    let options = Options {
        seed,
        detail: Detail::Full,
        commits,
    };
    let plan = plan::plan(state, &profile(), &keys, options).expect("pending pods");
    let decisions = plan.decisions.iter().map(|decision| Decision {
        snapshot: 0,
        ..(**decision).clone()
    });
    decisions.collect()
}

fn pending(state: &ClusterState, pods: impl IntoIterator<Item = usize>) -> Vec<String> {
    let keys = pods.into_iter().map(|pod| format!("ns/{}", PODS[pod]));
    keys.filter(|key| state.pending(key).is_ok()).collect()
}

fn start() -> ClusterState {
    let mut state = ClusterState::new();
    for (kind, json) in OBJECTS {
        state.apply(kind, json.as_bytes()).expect("a sound object");
    }
    state
}

fn happen(state: &mut ClusterState, event: &Event) {
    match event {
        Event::Node { name, form } => {
            let name = NODES[*name];
            state
                .apply("Node", form.json(name).as_bytes())
                .expect("a sound node");
        }
        Event::NodeGone { name } => {
            state.delete("Node", "", NODES[*name]);
        }
        Event::Pod { name, form } => {
            let name = PODS[*name];
            state
                .apply("Pod", form.json(name).as_bytes())
                .expect("a sound pod");
        }
        Event::PodGone { name } => {
            state.delete("Pod", "ns", PODS[*name]);
        }
        Event::Assume { pod, node } => {
            // Refused where the pod or node is not there, or the pod has a node.
            let _ = state.assume(&format!("ns/{}", PODS[*pod]), NODES[*node]);
        }
        Event::Forget { pod } => state.forget(&format!("ns/{}", PODS[*pod])),
        Event::Plan {
            pods,
            commits,
            seed,
        } => {
            let pods = pending(state, pods.iter().copied());
            let before = (!commits).then(|| (census(state), placements(state), state.generation()));
            let decisions = plan(state, &pods, *seed, *commits);
            if let Some(before) = before {
                let after = (census(state), placements(state), state.generation());
                assert_eq!(
                    before, after,
                    "a plan without commit leaves the state as it was"
                );
                return;
            }
            for node in decisions
                .iter()
                .filter_map(|decision| decision.node.as_deref())
            {
                let node = state.nodes().find(node).expect("a node that was chosen");
                for column in [state.nodes().pods(), state.nodes().cpu_milli()] {
                    let (had, took) = (
                        column.allocatable[node.index()],
                        column.requested[node.index()],
                    );
                    // A pod that asks for no processor may go where others took too much of it.
                    assert!(
                        took <= had || census_is_overcommitted_by_binding(state),
                        "{took} of {had}"
                    );
                }
            }
        }
    }
}

/// Whether pods that name their node themselves took more than it has, which no plan can help.
fn census_is_overcommitted_by_binding(state: &ClusterState) -> bool {
    state
        .pods()
        .iter()
        .any(|(_, placed)| placed.placement.is_some_and(|p| !p.is_assumed))
}

proptest! {
    #[test]
    fn incremental_equals_rebuilt(events in prop::collection::vec(event(), 1..60)) {
        let mut state = start();
        for event in &events {
            happen(&mut state, event);
            let rebuilt = state.rebuilt();
            prop_assert_eq!(census(&state), census(&rebuilt));
            prop_assert_eq!(placements(&state), placements(&rebuilt));
        }
        // What is remembered from earlier plans changes nothing.
        let mut rebuilt = state.rebuilt();
        let pods = pending(&state, 0..PODS.len());
        let decisions = plan(&mut state, &pods, 7, false);
        prop_assert_eq!(&decisions, &plan(&mut rebuilt, &pods, 7, false));
        prop_assert_eq!(decisions, plan(&mut state, &pods, 7, false));
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(
        nodes in prop::collection::btree_map(0..NODES.len(), node_form(), 1..=NODES.len()),
        pods in prop::collection::btree_map(0..PODS.len(), pod_form(), 1..=PODS.len()),
        shuffle in any::<u64>(),
    ) {
        let mut objects: Vec<(&str, String)> = nodes
            .iter()
            .map(|(&name, form)| ("Node", form.json(NODES[name])))
            .chain(pods.iter().map(|(&name, form)| ("Pod", form.json(PODS[name]))))
            .collect();
        let build = |objects: &[(&str, String)]| {
            let mut state = start();
            for (kind, json) in objects {
                state.apply(kind, json.as_bytes()).expect("a sound object");
            }
            state
        };
        let mut state = build(&objects);
        objects.sort_by_key(|(_, json)| shuffle ^ json.bytes().map(u64::from).fold(17_u64, |a, b| a.wrapping_mul(31) ^ b));
        let mut other = build(&objects);
        prop_assert_eq!(census(&state), census(&other));
        let pending = pending(&state, 0..PODS.len());
        prop_assert_eq!(plan(&mut state, &pending, shuffle, true), plan(&mut other, &pending, shuffle, true));
    }
}
