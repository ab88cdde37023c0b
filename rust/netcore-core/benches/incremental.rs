//! What it costs to keep the sums of an application's links up to date, and what they save.
//!
//! A workload `hub` has ten dependents, each with a limit of its own, so that ten sums have the
//! links of its pods in them. All of them were asked for, as they are while pods wait.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use netcore_core::plan::{self, Options};
use netcore_core::score::Score;
use netcore_core::{ClusterState, Context, Profile};
use serde_json::{Value, json};

const GROUP_LABEL: &str = "appgroup.diktyo.x-k8s.io";
const ZONES: usize = 50;
const DEPENDENTS: usize = 10;

fn apply(state: &mut ClusterState, kind: &str, object: &Value) {
    state
        .apply(kind, object.to_string().as_bytes())
        .expect("the object is valid");
}

fn node(index: usize) -> String {
    format!("n{index}")
}

/// Where the pods of a workload are, spread over the cluster.
fn host(workload: usize, replica: usize, nodes: usize) -> usize {
    (workload * 7919 + replica * 271 + 13) % nodes
}

/// Round trip declared between two zones, ms.
fn declared(origin: usize, destination: usize) -> usize {
    1 + (origin * 31 + destination * 17) % 100
}

/// Declared zones, a pod `hub` that waits, and of each of its dependents one that waits and
/// `replicas` that are placed; the hub has as many.
fn cluster(nodes: usize, replicas: usize) -> ClusterState {
    let mut state = ClusterState::new();
    for index in 0..nodes {
        let labels = json!({"topology.kubernetes.io/region": "r",
                            "topology.kubernetes.io/zone": format!("z{}", index % ZONES)});
        let metadata = json!({"name": node(index), "labels": labels});
        apply(&mut state, "Node", &json!({"metadata": metadata}));
    }
    let reference = |name: &str| json!({"kind": "Deployment", "name": name, "selector": name});
    let mut workloads = vec![json!({"workload": reference("hub")})];
    workloads.extend((0..DEPENDENTS).map(|index| {
        let dependency = json!({"workload": reference("hub"), "maxNetworkCost": 60 + index});
        json!({"workload": reference(&format!("w{index}")), "dependencies": [dependency]})
    }));
    let metadata = |name: &str| json!({"name": name, "namespace": "default", "uid": name});
    let spec = json!({"workloads": workloads});
    apply(
        &mut state,
        "AppGroup",
        &json!({"metadata": metadata("app"), "spec": spec}),
    );
    let origins: Vec<_> = (0..ZONES)
        .map(|origin| {
            let cost = |destination| {
                json!({"destination": format!("z{destination}"),
                       "networkCost": declared(origin, destination)})
            };
            let list: Vec<_> = (0..ZONES).filter(|&it| it != origin).map(cost).collect();
            json!({"origin": format!("z{origin}"), "costList": list})
        })
        .collect();
    let list = json!({"topologyKey": "topology.kubernetes.io/zone", "originList": origins});
    let weights = json!([{"name": "UserDefined", "topologyList": [list]}]);
    let topology = json!({"metadata": metadata("nt-default"), "spec": {"weights": weights}});
    apply(&mut state, "NetworkTopology", &topology);
    for workload in 0..=DEPENDENTS {
        let name = match workload {
            DEPENDENTS => "hub".to_owned(),
            index => format!("w{index}"),
        };
        for replica in 0..replicas {
            let on = node(host(workload, replica, nodes));
            apply(
                &mut state,
                "Pod",
                &pod(&name, &format!("{name}-{replica}"), Some(&on)),
            );
        }
        apply(&mut state, "Pod", &pod(&name, &name, None));
    }
    state
}

fn pod(workload: &str, name: &str, node: Option<&str>) -> Value {
    let labels = json!({GROUP_LABEL: "app", format!("{GROUP_LABEL}.workload"): workload});
    json!({
        "metadata": {"name": name, "namespace": "default", "uid": name, "labels": labels},
        "spec": {"nodeName": node},
    })
}

fn report(index: usize, nodes: usize, rtt_micros: usize) -> String {
    let peers: Vec<_> = (1..=16)
        .map(|stride| (index + stride * 271) % nodes)
        .collect();
    json!({
        "metadata": {"name": node(index)}, "spec": {"node": node(index)},
        "status": {
            "observedAt": "2024-05-01T00:00:00Z", "validUntil": "2024-05-01T01:00:00Z",
            "peers": peers.iter().map(|&peer| node(peer)).collect::<Vec<_>>(),
            "rttMicros": peers.iter().map(|peer| rtt_micros + peer % 7).collect::<Vec<_>>(),
        },
    })
    .to_string()
}

fn profile() -> Profile {
    let profile = json!({
        "schedulerName": "s", "queueSort": {"name": "PrioritySort"},
        "filters": [], "scores": [{"name": "NetworkCost", "weight": 1}],
    });
    Profile::decode(profile.to_string().as_bytes()).expect("a valid profile")
}

/// Asks for every sum, so that it is kept.
fn ask(state: &mut ClusterState, profile: &Profile) {
    for workload in 0..DEPENDENTS {
        let key = format!("default/w{workload}");
        plan::plan(state, profile, &[&key], Options::default()).expect("a pod that waits");
    }
}

/// The time to assume the hub's pod on so many of the hosts, one after the other.
fn bind<'h>(
    rounds: u64,
    state: &mut ClusterState,
    profile: &Profile,
    hosts: &mut impl Iterator<Item = &'h String>,
) -> Duration {
    let mut taken = Duration::ZERO;
    for (round, host) in (0..rounds).zip(hosts) {
        if round % 16 == 0 {
            ask(state, profile);
        }
        let started = Instant::now();
        state.assume("default/hub", host).expect("it waits");
        taken += started.elapsed();
        state.forget("default/hub");
    }
    taken
}

/// What a scheduler does that adds up the links of each node anew: the same sum, by rows of
/// zones at hand.
fn node_by_node(nodes: usize, replicas: usize, ways: &[Vec<f32>], raw: &mut [i64]) {
    for (candidate, raw) in raw.iter_mut().enumerate() {
        let (mut sum, mut worst) = (0.0, 1.0_f32);
        for replica in 0..replicas {
            let peer = host(DEPENDENTS, replica, nodes);
            let rtt_ms = ways[candidate % ZONES][peer % ZONES];
            let utility = if candidate == peer {
                1.0
            } else {
                let closeness = 0.9 + 0.1 / (1.0 + rtt_ms);
                (60.0 / rtt_ms).min(1.0).sqrt() * closeness
            };
            sum += utility;
        }
        worst = worst.min(sum / replicas as f32);
        *raw = (7000.0 * sum / replicas as f32 + 3000.0 * worst) as i64;
    }
}

fn score(state: &ClusterState, score: &Score, key: &str, raw: &mut [i64]) {
    let id = state.pods().find(key).expect("is there");
    let context = Context {
        state,
        pod: &state.pods().get(id).pod,
    };
    score.run(context, state.nodes().present(), raw);
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("incremental");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    let profile = profile();

    let nodes = 15_000;
    let mut state = cluster(nodes, 30);
    let known: Vec<_> = (0..30)
        .map(|it| node(host(DEPENDENTS, it, nodes)))
        .collect();
    let mut hosts = known.iter().cycle();
    group.bench_function("bind_known_node_15000", |bencher| {
        bencher.iter_custom(|rounds| bind(rounds, &mut state, &profile, &mut hosts));
    });
    let any: Vec<_> = (0..nodes).map(|it| node(it * 4421 % nodes)).collect();
    // None comes again before what is kept of it was given up.
    let mut hosts = any.iter().cycle();
    group.bench_function("bind_new_node_15000", |bencher| {
        bencher.iter_custom(|rounds| bind(rounds, &mut state, &profile, &mut hosts));
    });

    let nodes = 5_000;
    let mut state = cluster(nodes, 30);
    for index in 0..nodes {
        let json = report(index, nodes, 300);
        state.apply("NodeNetwork", json.as_bytes()).expect("valid");
    }
    // A node with a pod of the hub, and so are all whose links it tells of.
    let reports = [900, 1100].map(|rtt| report(host(DEPENDENTS, 3, nodes), nodes, rtt));
    group.bench_function("report_5000", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut taken = Duration::ZERO;
            for round in 0..rounds as usize {
                ask(&mut state, &profile);
                let started = Instant::now();
                let json = reports[round % 2].as_bytes();
                state.apply("NodeNetwork", json).expect("valid");
                taken += started.elapsed();
            }
            taken
        });
    });

    let nodes = 10_000;
    let state = cluster(nodes, 30);
    let plugin = &profile.scores[0].score;
    let mut raw = vec![0; nodes];
    group.bench_function("score_10x30_10000", |bencher| {
        bencher.iter(|| score(&state, plugin, "default/hub", black_box(&mut raw)));
    });
    let ways: Vec<Vec<f32>> = (0..ZONES)
        .map(|origin| {
            (0..ZONES)
                .map(|there| declared(origin, there) as f32)
                .collect()
        })
        .collect();
    group.bench_function("score_10x30_10000_node_by_node", |bencher| {
        bencher.iter(|| {
            for _ in 0..DEPENDENTS {
                node_by_node(nodes, 30, &ways, black_box(&mut raw));
            }
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
