//! How the measured links are held changes no plan.

use netcore_core::ClusterState;
use netcore_core::topology::Storage;
use proptest::prelude::*;
use serde_json::json;

use crate::cluster::Cluster;

const NODES: usize = 24;

#[derive(Clone, Debug)]
enum Event {
    Node(usize),
    NodeGone(usize),
    /// A node's report: so many peers, a round trip in µs, and further columns.
    Report(usize, usize, i64, Columns),
    ReportGone(usize),
    Pod(usize, &'static str, usize),
}

#[derive(Clone, Debug)]
struct Columns {
    has_tail: bool,
    has_loss: bool,
    bandwidth_bps: Option<i64>,
}

fn event() -> impl Strategy<Value = Event> {
    let columns = (any::<bool>(), any::<bool>(), prop::option::of(1_i64..200)).prop_map(
        |(has_tail, has_loss, mega)| Columns {
            has_tail,
            has_loss,
            bandwidth_bps: mega.map(|mega| mega * 1_000_000),
        },
    );
    let node = || 0..NODES;
    let workload = prop::sample::select(vec!["web", "db", "cache"]);
    prop_oneof![
        2 => node().prop_map(Event::Node),
        1 => node().prop_map(Event::NodeGone),
        5 => (node(), 0..NODES, 0_i64..50_000, columns)
            .prop_map(|(node, peers, rtt, columns)| Event::Report(node, peers, rtt, columns)),
        1 => node().prop_map(Event::ReportGone),
        2 => (0..4_usize, workload, node()).prop_map(|(pod, of, on)| Event::Pod(pod, of, on)),
    ]
}

fn name(node: usize) -> String {
    format!("n{node}")
}

fn path(node: usize) -> String {
    format!("r{}/z{}/n{node}", node % 2, node % 5)
}

fn happen(cluster: &mut Cluster, event: &Event) {
    match event {
        Event::Node(node) => cluster.node(&path(*node)),
        Event::NodeGone(node) => drop(cluster.state.delete("Node", "", &name(*node))),
        Event::Report(node, peers, rtt, columns) => {
            // A stride that has no divisor in common with the number of nodes: no peer comes twice.
            let peers: Vec<_> = (1..=*peers).map(|at| (node + 5 * at) % NODES).collect();
            let peers: Vec<_> = peers.into_iter().filter(|peer| peer != node).collect();
            let names: Vec<_> = peers.iter().map(|&peer| name(peer)).collect();
            let rtts: Vec<_> = peers
                .iter()
                .map(|&peer| rtt * [0, 1, 2, 3][peer % 4])
                .collect();
            let mut more = json!({});
            if columns.has_tail {
                more["rttP90Micros"] = rtts.iter().map(|rtt| rtt + rtt / 3).collect();
            }
            if columns.has_loss {
                more["lossToPpm"] = peers.iter().map(|peer| peer * 900).collect();
            }
            if let Some(bandwidth_bps) = columns.bandwidth_bps {
                more["bandwidthBps"] = vec![bandwidth_bps; peers.len()].into();
            }
            let measured: Vec<_> = names.iter().map(String::as_str).zip(rtts).collect();
            cluster.measured(&name(*node), &measured, &more);
        }
        Event::ReportGone(node) => drop(cluster.state.delete("NodeNetwork", "", &name(*node))),
        Event::Pod(pod, workload, on) => {
            cluster.pod(&format!("p{pod}"), workload, Some(&name(*on)));
        }
    }
}

fn cluster(storage: Storage) -> Cluster {
    let mut cluster = Cluster {
        state: ClusterState::new().stored(storage),
    };
    for node in 0..NODES / 2 {
        cluster.node(&path(node));
    }
    cluster.app_group(
        "app",
        &[
            (
                "web",
                "db",
                json!({"maxNetworkCost": 40, "minBandwidth": "50M"}),
            ),
            ("web", "cache", json!({"maxNetworkCost": 15})),
            ("cache", "db", json!({})),
        ],
    );
    cluster.declared("zone", &[("z0", "z1", 3, "1G"), ("z1", "z2", 20, "100M")]);
    cluster
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_storage_gives_the_same_plans(events in prop::collection::vec(event(), 0..40)) {
        let mut clusters = [Storage::Auto, Storage::Dense, Storage::Sparse].map(cluster);
        let decide = |cluster: &mut Cluster| {
            ["web", "db", "cache"].map(|workload| {
                cluster.pod("new", workload, None);
                let filters = json!([{"name": "NetworkLimits"}]);
                let decisions = ["slo", "linear"].map(|policy| {
                    let args = json!({"policy": policy});
                    let scores = json!([{"name": "NetworkCost", "weight": 1, "args": args}]);
                    cluster.decide("new", &filters, &scores)
                });
                cluster.delete("Pod", "new");
                decisions
            })
        };
        for (at, event) in events.iter().enumerate() {
            for cluster in &mut clusters {
                cluster.state.set_time(1_714_521_600.0 + 200.0 * at as f64);
                happen(cluster, event);
            }
        }
        let [auto, dense, sparse] = &mut clusters;
        let expected = decide(auto);
        prop_assert_eq!(&decide(dense), &expected);
        prop_assert_eq!(&decide(sparse), &expected);
        let links = |cluster: &Cluster| cluster.state.topology().cells(|link| format!("{link:?}"));
        prop_assert_eq!(&links(dense), &links(auto));
        prop_assert_eq!(&links(sparse), &links(auto));
    }
}
