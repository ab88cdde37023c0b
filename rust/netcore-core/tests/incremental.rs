//! What the engine keeps of the network follows every change, and equals what counting anew gives.

use netcore_core::plan::{self, Decision, Detail, Options};
use netcore_core::{ClusterState, Profile};
use proptest::prelude::*;
use serde_json::{Value, json};

const NODES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const ZONES: [&str; 4] = ["r1/z1", "r1/z2", "r2/z3", "/"];
const WORKLOADS: [&str; 3] = ["web", "cart", "db"];
const PODS: usize = 7;
const GROUP_LABEL: &str = "appgroup.diktyo.x-k8s.io";

/// 2024-05-01T00:00:00Z, when all reports are made.
const OBSERVED: f64 = 1_714_521_600.0;

/// Caller, callee, further fields.
type Dependencies = &'static [(&'static str, &'static str, &'static str)];

/// With and without targets of their own, in circles, and with a bandwidth that is needed.
const GROUPS: [Dependencies; 4] = [
    &[
        ("web", "cart", "{}"),
        ("cart", "db", r#"{"maxNetworkCost": 4}"#),
    ],
    &[
        ("web", "cart", r#"{"maxNetworkCost": 2, "weight": 3}"#),
        ("web", "db", r#"{"maxNetworkCost": 9}"#),
        ("db", "db", "{}"),
    ],
    &[
        ("web", "cart", r#"{"minBandwidth": "7"}"#),
        ("cart", "web", "{}"),
    ],
    &[("db", "web", r#"{"weight": 0}"#)],
];

/// A topology key, and ways between its places with their costs.
type Costs = (&'static str, &'static [(&'static str, &'static str, u32)]);

/// Costs between zones, or between regions.
const DECLARED: [Costs; 3] = [
    ("zone", &[("z1", "z2", 3), ("z2", "z3", 11)]),
    ("zone", &[("z1", "z1", 2), ("z3", "z1", 40)]),
    ("region", &[("r1", "r2", 25)]),
];

/// Something that happens to a cluster.
#[derive(Debug, Clone)]
enum Event {
    Node(usize, Option<usize>),
    Pod {
        name: usize,
        workload: usize,
        node: Option<usize>,
    },
    PodGone(usize),
    Assume(usize, usize),
    Forget(usize),
    /// What a node measured: peer, µs, loss in ppm, bandwidth; and how long it is valid, s.
    Report(usize, Vec<(usize, u32)>, Option<u32>, Option<u32>, u8),
    ReportGone(usize),
    Time(u8),
    Group(Option<usize>),
    Declare(Option<usize>),
    Plan(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let (node, pod) = (0..NODES.len(), 0..PODS);
    let rtt = prop::sample::select(vec![0_u32, 90, 1000, 1050, 2000, 30_000]);
    let peers = prop::collection::btree_map(node.clone(), rtt, 0..NODES.len());
    let loss = prop::option::weighted(0.3, prop::sample::select(vec![0_u32, 2000, 90_000]));
    let bandwidth = prop::option::weighted(0.05, 1..40_u32);
    prop_oneof![
        3 => (node.clone(), prop::option::weighted(0.8, 0..ZONES.len()))
            .prop_map(|(node, zone)| Event::Node(node, zone)),
        6 => (pod.clone(), 0..WORKLOADS.len(), prop::option::weighted(0.6, node.clone()))
            .prop_map(|(name, workload, node)| Event::Pod { name, workload, node }),
        2 => pod.clone().prop_map(Event::PodGone),
        3 => (pod.clone(), node.clone()).prop_map(|(pod, node)| Event::Assume(pod, node)),
        2 => pod.prop_map(Event::Forget),
        6 => (node.clone(), peers, loss, bandwidth, 0..9_u8).prop_map(
            |(node, mut peers, loss, bandwidth, valid)| {
                peers.remove(&node);
                Event::Report(node, peers.into_iter().collect(), loss, bandwidth, valid)
            }),
        1 => node.prop_map(Event::ReportGone),
        2 => (0..9_u8).prop_map(Event::Time),
        1 => prop::option::weighted(0.9, 0..GROUPS.len()).prop_map(Event::Group),
        1 => prop::option::weighted(0.7, 0..DECLARED.len()).prop_map(Event::Declare),
        3 => any::<u64>().prop_map(Event::Plan),
    ]
}

fn apply(state: &mut ClusterState, kind: &str, object: &Value) {
    state
        .apply(kind, object.to_string().as_bytes())
        .expect("a sound object");
}

fn group(dependencies: Dependencies) -> Value {
    let workload = |name: &&str| {
        let own = dependencies.iter().filter(|(caller, ..)| caller == name);
        let own = own.map(|(_, callee, fields)| {
            let mut dependency: Value = serde_json::from_str(fields).expect("fields in JSON");
            dependency["workload"] = json!({"selector": callee});
            dependency
        });
        json!({"workload": {"selector": name}, "dependencies": own.collect::<Vec<_>>()})
    };
    let workloads: Vec<_> = WORKLOADS.iter().map(workload).collect();
    json!({"metadata": {"namespace": "ns", "name": "app"}, "spec": {"workloads": workloads}})
}

fn declared((key, ways): Costs) -> Value {
    let way = |&(origin, destination, cost): &(&str, &str, u32)| {
        json!({"origin": origin,
               "costList": [{"destination": destination, "networkCost": cost}]})
    };
    let origins: Vec<_> = ways.iter().map(way).collect();
    let list = json!({"topologyKey": format!("topology.kubernetes.io/{key}"),
                      "originList": origins});
    json!({"metadata": {"namespace": "ns", "name": "nt"},
           "spec": {"weights": [{"name": "UserDefined", "topologyList": [list]}]}})
}

fn report(
    node: usize,
    peers: &[(usize, u32)],
    loss: Option<u32>,
    bandwidth: Option<u32>,
    valid: u8,
) -> Value {
    let mut status = json!({
        "observedAt": "2024-05-01T00:00:00Z", "validUntil": format!("2024-05-01T00:00:0{valid}Z"),
        "peers": peers.iter().map(|(peer, _)| NODES[*peer]).collect::<Vec<_>>(),
        "rttMicros": peers.iter().map(|(_, rtt)| rtt).collect::<Vec<_>>(),
    });
    if let Some(loss) = loss {
        status["lossToPpm"] = json!(vec![loss; peers.len()]);
        status["lossFromPpm"] = json!(vec![loss / 2; peers.len()]);
    }
    if let Some(bandwidth) = bandwidth {
        status["bandwidthBps"] = json!(vec![bandwidth; peers.len()]);
    }
    json!({"metadata": {"name": NODES[node]}, "spec": {"node": NODES[node]}, "status": status})
}

fn happen(state: &mut ClusterState, event: &Event) {
    let key = |pod: usize| format!("ns/p{pod}");
    match event {
        Event::Node(node, Some(zone)) => {
            let (region, zone) = ZONES[*zone].split_once('/').expect("a region and a zone");
            let labels = json!({"topology.kubernetes.io/region": region,
                                "topology.kubernetes.io/zone": zone});
            apply(
                state,
                "Node",
                &json!({"metadata": {"name": NODES[*node], "labels": labels}}),
            );
        }
        Event::Node(node, None) => drop(state.delete("Node", "", NODES[*node])),
        Event::Pod {
            name,
            workload,
            node,
        } => {
            let labels = json!({GROUP_LABEL: "app",
                                format!("{GROUP_LABEL}.workload"): WORKLOADS[*workload]});
            let metadata = json!({"namespace": "ns", "name": format!("p{name}"),
                                  "uid": format!("{name}"), "labels": labels});
            let spec = json!({"nodeName": node.map(|node| NODES[node])});
            apply(state, "Pod", &json!({"metadata": metadata, "spec": spec}));
        }
        Event::PodGone(pod) => drop(state.delete("Pod", "ns", &format!("p{pod}"))),
        // Refused where the pod or the node is not there, or the pod has a node.
        Event::Assume(pod, node) => drop(state.assume(&key(*pod), NODES[*node])),
        Event::Forget(pod) => state.forget(&key(*pod)),
        Event::Report(node, peers, loss, bandwidth, valid) => {
            apply(
                state,
                "NodeNetwork",
                &report(*node, peers, *loss, *bandwidth, *valid),
            );
        }
        Event::ReportGone(node) => drop(state.delete("NodeNetwork", "", NODES[*node])),
        Event::Time(seconds) => state.set_time(OBSERVED + f64::from(*seconds)),
        Event::Group(Some(index)) => apply(state, "AppGroup", &group(GROUPS[*index])),
        Event::Group(None) => drop(state.delete("AppGroup", "ns", "app")),
        Event::Declare(Some(index)) => {
            apply(state, "NetworkTopology", &declared(DECLARED[*index]));
        }
        Event::Declare(None) => drop(state.delete("NetworkTopology", "ns", "nt")),
        Event::Plan(seed) => {
            let pods = pending(state);
            decide(state, &profiles()[0], &pods, *seed, *seed % 2 == 0);
        }
    }
}

/// Those of each policy.
fn profiles() -> [Profile; 3] {
    ["slo", "linear", "time"].map(|policy| {
        let profile = json!({
            "schedulerName": "s", "queueSort": {"name": "PrioritySort"},
            "filters": [{"name": "NetworkLimits"}],
            "scores": [{"name": "NetworkCost", "weight": 1, "args": {"policy": policy}}],
        });
        Profile::decode(profile.to_string().as_bytes()).expect("a sound profile")
    })
}

fn pending(state: &ClusterState) -> Vec<String> {
    let keys = (0..PODS).map(|pod| format!("ns/p{pod}"));
    keys.filter(|key| state.pending(key).is_ok()).collect()
}

fn decide(
    state: &mut ClusterState,
    profile: &Profile,
    pods: &[String],
    seed: u64,
    commits: bool,
) -> Vec<Decision> {
    let keys: Vec<_> = pods.iter().map(String::as_str).collect();
    let options = Options {
        seed,
        detail: Detail::Full,
        commits,
    };
    let plan = plan::plan(state, profile, &keys, options).expect("pending pods");
    let anew = |decision: &std::sync::Arc<Decision>| Decision {
        snapshot: 0,
        ..(**decision).clone()
    };
    plan.decisions.iter().map(anew).collect()
}

/// A cluster in which something is kept from the beginning.
fn start() -> ClusterState {
    let mut state = ClusterState::new();
    apply(&mut state, "AppGroup", &group(GROUPS[1]));
    apply(&mut state, "NetworkTopology", &declared(DECLARED[0]));
    for node in 0..5 {
        happen(&mut state, &Event::Node(node, Some(node % 3)));
    }
    for (name, workload) in [(0, 1), (1, 2), (2, 2), (3, 0)] {
        let node = Some(name % 3);
        happen(
            &mut state,
            &Event::Pod {
                name,
                workload,
                node,
            },
        );
    }
    state
}

proptest! {
    #[test]
    fn whatever_is_kept_equals_what_counting_anew_gives(
        events in prop::collection::vec(event(), 1..40),
    ) {
        let mut state = start();
        let profiles = profiles();
        for event in &events {
            happen(&mut state, event);
            prop_assert_eq!(state.audit(), Vec::<String>::new(), "after {:?}", event);
            let pods = pending(&state);
            let mut rebuilt = state.rebuilt();
            for profile in &profiles {
                let decisions = decide(&mut state, profile, &pods, 5, false);
                prop_assert_eq!(
                    &decisions, &decide(&mut rebuilt, profile, &pods, 5, false),
                    "after {:?}", event
                );
            }
        }
    }
}
