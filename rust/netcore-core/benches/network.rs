//! What placing by the network costs for one pod.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use netcore_core::filter::Filter;
use netcore_core::score::Score;
use netcore_core::{ClusterState, Context, NodeId, NodeSet, Profile};
use serde_json::{Value, json};

const GROUP_LABEL: &str = "appgroup.diktyo.x-k8s.io";

fn apply(state: &mut ClusterState, kind: &str, object: &Value) {
    state
        .apply(kind, object.to_string().as_bytes())
        .expect("the object is valid");
}

/// Five regions with ten zones each; a pod `web` with ten dependencies, each with a placed pod.
fn cluster(nodes: usize, peers_measured: usize) -> ClusterState {
    let mut state = ClusterState::new();
    for node in 0..nodes {
        let (region, zone) = (node % 5, node % 50);
        let labels = json!({
            "topology.kubernetes.io/region": format!("r{region}"),
            "topology.kubernetes.io/zone": format!("z{zone}"),
        });
        apply(
            &mut state,
            "Node",
            &json!({"metadata": {"name": format!("n{node}"), "labels": labels}}),
        );
    }
    let reference = |name: &str| json!({"kind": "Deployment", "name": name, "selector": name});
    let dependencies: Vec<_> = (0..10)
        .map(|index| json!({"workload": reference(&format!("w{index}")), "maxNetworkCost": 60}))
        .collect();
    let mut workloads = vec![json!({"workload": reference("web"), "dependencies": dependencies})];
    workloads.extend((0..10).map(|index| json!({"workload": reference(&format!("w{index}"))})));
    let metadata = |name: &str| json!({"name": name, "namespace": "default", "uid": name});
    apply(
        &mut state,
        "AppGroup",
        &json!({"metadata": metadata("app"), "spec": {"workloads": workloads}}),
    );
    apply(
        &mut state,
        "NetworkTopology",
        &json!({
            "metadata": metadata("nt-default"),
            "spec": {"weights": [{"name": "UserDefined", "topologyList": [
                costs("region", "r", 5), costs("zone", "z", 50),
            ]}]},
        }),
    );
    for index in 0..10 {
        let node = format!("n{}", index * 7919 % nodes);
        apply(&mut state, "Pod", &pod(&format!("w{index}"), Some(&node)));
    }
    apply(&mut state, "Pod", &pod("web", None));
    for node in 0..nodes.min(if peers_measured > 0 { nodes } else { 0 }) {
        let peers = (1..=peers_measured).map(|stride| (node + stride * 37) % nodes);
        let peers: Vec<_> = peers.filter(|&peer| peer != node).collect();
        let name = format!("n{node}");
        apply(
            &mut state,
            "NodeNetwork",
            &json!({
                "metadata": {"name": name}, "spec": {"node": name},
                "status": {
                    "observedAt": "2024-05-01T00:00:00Z", "validUntil": "2024-05-01T01:00:00Z",
                    "peers": peers.iter().map(|peer| format!("n{peer}")).collect::<Vec<_>>(),
                    "rttMicros": peers.iter().map(|peer| 500 + peer * 7).collect::<Vec<_>>(),
                },
            }),
        );
    }
    state
}

fn costs(key: &str, prefix: &str, count: usize) -> Value {
    let origins: Vec<_> = (0..count)
        .map(|origin| {
            let others = (0..count).filter(|&other| other != origin);
            let list: Vec<_> = others
                .map(|other| {
                    json!({
                        "destination": format!("{prefix}{other}"),
                        "networkCost": declared(origin, other),
                    })
                })
                .collect();
            json!({"origin": format!("{prefix}{origin}"), "costList": list})
        })
        .collect();
    json!({"topologyKey": format!("topology.kubernetes.io/{key}"), "originList": origins})
}

fn declared(origin: usize, destination: usize) -> i64 {
    i64::try_from(1 + (origin * 31 + destination * 17) % 100).expect("at most 100")
}

fn pod(workload: &str, node: Option<&str>) -> Value {
    let labels = json!({GROUP_LABEL: "app", format!("{GROUP_LABEL}.workload"): workload});
    json!({
        "metadata": {"name": workload, "namespace": "default", "uid": workload, "labels": labels},
        "spec": {"nodeName": node},
    })
}

/// A plugin's filter and score, from a profile that has nothing else.
fn plugins(filter: &str, score: &str) -> (Filter, Score) {
    let profile = json!({
        "schedulerName": "s", "queueSort": {"name": "PrioritySort"},
        "filters": [{"name": filter}], "scores": [{"name": score, "weight": 1}],
    });
    let profile = Profile::decode(profile.to_string().as_bytes()).expect("a valid profile");
    (profile.filters[0].clone(), profile.scores[0].score.clone())
}

/// Filter, score and normalise once, as a plan does.
fn place(
    state: &ClusterState,
    filter: &Filter,
    score: &Score,
    raw: &mut [i64],
    totals: &mut [i64],
) {
    let context = context(state);
    let mut feasible: NodeSet = state.nodes().present().clone();
    let mut rejected: Vec<NodeId> = Vec::new();
    filter.run(context, state.nodes().present(), |node, _| {
        rejected.push(node);
    });
    for node in rejected {
        feasible.remove(node);
    }
    score.run(context, &feasible, raw);
    score.normalization().add_to(totals, 1, &feasible, raw);
}

fn context(state: &ClusterState) -> Context<'_> {
    let id = state.pods().find("default/web").expect("is there");
    Context {
        state,
        pod: &state.pods().get(id).pod,
    }
}

/// What a scheduler does that asks for each node anew, link by link: the declared costs of zones and
/// regions in maps by name, each node's place among its labels.
struct LinkByLink<'n> {
    costs: HashMap<(&'n str, &'n str), i64>,
    nodes: Vec<HashMap<&'static str, &'n str>>,
    peers: Vec<usize>,
}

impl<'n> LinkByLink<'n> {
    fn new(nodes: usize, regions: &'n [String], zones: &'n [String]) -> Self {
        let mut costs = HashMap::new();
        for places in [regions, zones] {
            for (origin, from) in places.iter().enumerate() {
                for (destination, to) in places.iter().enumerate() {
                    costs.insert((from.as_str(), to.as_str()), declared(origin, destination));
                }
            }
        }
        let labels = |node: usize| {
            let region = regions[node % regions.len()].as_str();
            HashMap::from([
                ("region", region),
                ("zone", zones[node % zones.len()].as_str()),
            ])
        };
        Self {
            costs,
            nodes: (0..nodes).map(labels).collect(),
            peers: (0..10).map(|index| index * 7919 % nodes).collect(),
        }
    }

    fn score(&self, raw: &mut [i64]) {
        for (node, (labels, raw)) in self.nodes.iter().zip(raw).enumerate() {
            *raw = 0;
            for &peer in self.peers.iter().filter(|&&peer| peer != node) {
                let ends = |key| (labels[key], self.nodes[peer][key]);
                let (zones, regions) = (ends("zone"), ends("region"));
                *raw += if zones.0 == zones.1 {
                    1
                } else if regions.0 == regions.1 {
                    self.costs[&zones]
                } else {
                    self.costs[&regions]
                };
            }
        }
    }
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("network");
    let regions: Vec<_> = (0..5).map(|region| format!("r{region}")).collect();
    let zones: Vec<_> = (0..50).map(|zone| format!("z{zone}")).collect();
    for (name, nodes, measured, filter, score) in [
        (
            "overhead_10000",
            10_000,
            0,
            "NetworkOverhead",
            "NetworkOverhead",
        ),
        ("declared_15000", 15_000, 0, "NetworkLimits", "NetworkCost"),
        ("measured_5000", 5_000, 16, "NetworkLimits", "NetworkCost"),
    ] {
        let state = cluster(nodes, measured);
        let (filter, score) = plugins(filter, score);
        let (mut raw, mut totals) = (vec![0; nodes], vec![0; nodes]);
        group.bench_function(format!("{name}_whole"), |bencher| {
            bencher.iter(|| place(&state, &filter, &score, &mut raw, black_box(&mut totals)));
        });
        let present = state.nodes().present();
        group.bench_function(format!("{name}_score"), |bencher| {
            bencher.iter(|| score.run(context(&state), present, black_box(&mut raw)));
        });
        group.bench_function(format!("{name}_filter"), |bencher| {
            bencher.iter(|| {
                filter.run(context(&state), present, |node, _| {
                    black_box(node);
                });
            });
        });
        let link_by_link = LinkByLink::new(nodes, &regions, &zones);
        group.bench_function(format!("{name}_link_by_link"), |bencher| {
            bencher.iter(|| link_by_link.score(black_box(&mut raw)));
        });
    }
    let mut state = cluster(1000, 16);
    let report = |rtt: usize| {
        json!({
            "metadata": {"name": "n7"}, "spec": {"node": "n7"},
            "status": {
                "observedAt": "2024-05-01T00:00:00Z", "validUntil": "2024-05-01T01:00:00Z",
                "peers": (100..116).map(|peer| format!("n{peer}")).collect::<Vec<_>>(),
                "rttMicros": vec![rtt; 16],
            },
        })
        .to_string()
    };
    let reports = [report(1000), report(2000)];
    let mut turn = 0;
    group.bench_function("report_1000", |bencher| {
        bencher.iter_batched(
            || {
                turn += 1;
                reports[turn % 2].as_bytes()
            },
            |json| state.apply("NodeNetwork", json).expect("valid"),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
