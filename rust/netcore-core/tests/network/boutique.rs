//! Online Boutique on three regions: what the network plugins make of it, against the alternatives.

use netcore_core::plan::{self, Options};
use netcore_core::sort::Waiting;
use netcore_core::{Profile, plan::Plan};
use serde_json::{Value, json};

use crate::cluster::{Cluster, GROUP_LABEL, Way};

/// Calls per task of the stock load generator, in thousandths.
const CALLS: [(&str, &str, u32); 15] = [
    ("frontend", "catalog", 6857),
    ("frontend", "currency", 4281),
    ("cart", "redis", 1578),
    ("frontend", "cart", 1316),
    ("frontend", "recommendation", 1052),
    ("recommendation", "catalog", 1052),
    ("frontend", "ad", 842),
    ("frontend", "shipping", 316),
    ("checkout", "currency", 181),
    ("checkout", "catalog", 129),
    ("checkout", "cart", 105),
    ("checkout", "shipping", 105),
    ("frontend", "checkout", 52),
    ("checkout", "payment", 52),
    ("checkout", "email", 52),
];

/// Twelve nodes in six zones of three regions, by number.
const NODES: usize = 12;

/// Round trip between two nodes, µs: two in each zone, four in each region.
fn rtt_micros(a: usize, b: usize) -> i64 {
    match (a / 2 == b / 2, a / 4 == b / 4) {
        _ if a == b => 0,
        (true, _) => 600,
        (_, true) => 3_000,
        _ => 25_000 + 10_000 * i64::from((a / 4 + b / 4) as u32),
    }
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::default();
    for node in 0..NODES {
        let labels = json!({
            "topology.kubernetes.io/region": format!("r{}", node / 4),
            "topology.kubernetes.io/zone": format!("z{}", node / 2),
        });
        let status = json!({"allocatable": {"cpu": "450m", "memory": "2Gi", "pods": "20"}});
        let name = format!("n{node:02}");
        cluster.apply(
            "Node",
            &json!({"metadata": {"name": name, "labels": labels}, "status": status}),
        );
        let others: Vec<_> = (0..NODES).filter(|&other| other != node).collect();
        let names: Vec<_> = others.iter().map(|other| format!("n{other:02}")).collect();
        let peers: Vec<_> = names
            .iter()
            .zip(&others)
            .map(|(name, &other)| (&**name, rtt_micros(node, other)))
            .collect();
        cluster.measured(&name, &peers, &json!({}));
    }
    // As in the stock manifest, the limit is one that no link here exceeds.
    // As in the stock manifest, the limit is one that no link here exceeds.
    let weight = |calls: u32| json!({"weight": f64::from(calls) / 1000.0, "maxNetworkCost": 100});
    let dependencies: Vec<_> = CALLS
        .iter()
        .map(|&(caller, callee, calls)| (caller, callee, weight(calls)))
        .collect();
    cluster.app_group("app", &dependencies);
    cluster.declare_all(&[("zone", zone_costs()), ("region", region_costs())]);
    cluster
}

fn zone_costs() -> Vec<Way> {
    let pairs = (0..6)
        .flat_map(|a| (0..6).map(move |b| (a, b)))
        .filter(|(a, b)| a != b && a / 2 == b / 2);
    pairs
        .map(|(a, b)| (format!("z{a}"), format!("z{b}"), 3))
        .collect()
}

fn region_costs() -> Vec<Way> {
    let pairs = (0..3)
        .flat_map(|a| (0..3).map(move |b| (a, b)))
        .filter(|(a, b)| a != b);
    pairs
        .map(|(a, b)| {
            (
                format!("r{a}"),
                format!("r{b}"),
                rtt_micros(a * 4, b * 4) / 1000,
            )
        })
        .collect()
}

/// Places the eleven workloads and returns the mean round trip of their calls, ms.
fn mean_rtt_ms(queue_sort: &str, filters: &Value, scores: &Value, seed: u64) -> f64 {
    let mut cluster = cluster();
    let mut workloads: Vec<&str> = CALLS.iter().flat_map(|&(a, b, _)| [a, b]).collect();
    workloads.sort_unstable();
    workloads.dedup();
    for workload in &workloads {
        let labels = json!({GROUP_LABEL: "app", format!("{GROUP_LABEL}.workload"): workload});
        let metadata =
            json!({"name": workload, "namespace": "default", "uid": workload, "labels": labels});
        let requests = json!({"requests": {"cpu": "100m", "memory": "128Mi"}});
        let spec = json!({"containers": [{"name": "c", "resources": requests}]});
        cluster.apply("Pod", &json!({"metadata": metadata, "spec": spec}));
    }
    let profile = json!({
        "schedulerName": "s", "queueSort": {"name": queue_sort}, "filters": filters, "scores": scores,
    });
    let profile = Profile::decode(profile.to_string().as_bytes()).expect("a valid profile");
    let find = |name: &str| {
        cluster
            .state
            .pods()
            .find(&format!("default/{name}"))
            .expect("known")
    };
    let waiting: Vec<_> = workloads
        .iter()
        .map(|name| Waiting {
            pod: find(name),
            since: 0.0,
        })
        .collect();
    let order = profile.queue_sort.order(&cluster.state, &waiting);
    let keys: Vec<_> = order
        .iter()
        .map(|&at| format!("default/{}", workloads[at as usize]))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let options = Options {
        seed,
        ..Options::default()
    };
    let plan = plan::plan(&mut cluster.state, &profile, &keys, options).expect("pending pods");
    weighted(&plan)
}

fn weighted(plan: &Plan) -> f64 {
    let node_of = |workload: &str| -> usize {
        let key = format!("default/{workload}");
        let decision = plan
            .decisions
            .iter()
            .find(|it| *it.pod == *key)
            .expect("decided");
        let node = decision.node.as_ref().expect("there is room for all");
        node[1..].parse().expect("a number")
    };
    let (mut sum, mut calls) = (0.0, 0.0);
    for (caller, callee, weight) in CALLS {
        let rtt_ms = rtt_micros(node_of(caller), node_of(callee)) as f64 / 1000.0;
        sum += f64::from(weight) * rtt_ms;
        calls += f64::from(weight);
    }
    sum / calls
}

#[test]
fn the_network_plan_is_nearer_than_both_others() {
    let fit = json!({"name": "NodeResourcesFit"});
    let resources = json!([
        {"name": "NodeResourcesFit", "weight": 1}, {"name": "NodeResourcesBalancedAllocation", "weight": 1},
    ]);
    let with = |plugin: &str| {
        let mut scores = resources.clone();
        scores
            .as_array_mut()
            .expect("a list")
            .push(json!({"name": plugin, "weight": 5}));
        scores
    };
    for seed in 0..4 {
        let alone = mean_rtt_ms("PrioritySort", &json!([fit]), &resources, seed);
        let overhead = mean_rtt_ms(
            "TopologicalSort",
            &json!([fit, {"name": "NetworkOverhead"}]),
            &with("NetworkOverhead"),
            seed,
        );
        let netcore = mean_rtt_ms(
            "AppGroupSort",
            &json!([fit, {"name": "NetworkLimits"}]),
            &with("NetworkCost"),
            seed,
        );
        assert!(
            netcore < alone / 4.0 && netcore < overhead,
            "{seed}: {alone} {overhead} {netcore}"
        );
        assert!(
            netcore < 2.0,
            "{seed}: {netcore} ms: four pods a node fit into one region"
        );
    }
}
