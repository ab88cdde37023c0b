//! NetworkCost: which nodes suit a pod by its links, and how that is told.

use netcore_core::plan::{Decision, Outcome};
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// A new pod's decision by NetworkCost alone.
fn decide(cluster: &mut Cluster, workload: &str, args: &Value) -> Decision {
    cluster.pod("new", workload, None);
    let plugin = json!({"name": "NetworkCost", "weight": 2, "args": args});
    let decision = cluster.decide("new", &json!([]), &json!([plugin]));
    cluster.delete("Pod", "new");
    decision
}

/// Raw scores in order of the nodes' names; empty where the plugin stays out.
fn raw(decision: &Decision) -> Vec<i64> {
    let verdicts = decision.nodes.iter().flatten();
    verdicts
        .flat_map(|verdict| match &verdict.outcome {
            Outcome::Accepted { parts, .. } => parts.iter().map(|part| part.raw),
            Outcome::Rejected { reasons, .. } => panic!("{reasons:?}"),
        })
        .collect()
}

fn scores(cluster: &mut Cluster, workload: &str) -> Vec<i64> {
    raw(&decide(cluster, workload, &json!({})))
}

/// Utility without the part for closeness: what is left of it at infinite distance.
fn far(utility: f64) -> f64 {
    0.9 * utility
}

/// Four nodes, a – b in one zone; from a: b 1 ms, c 4 ms, d 100 ms; from d: c 4 ms. The median
/// within a zone, and so the target, is 1 ms.
fn cluster(dependencies: &[(&str, &str, Value)]) -> Cluster {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b", "r/z2/c", "s/z3/d"]);
    cluster.app_group("app", dependencies);
    cluster.measured("a", &[("b", 1000), ("c", 4000), ("d", 100_000)], &json!({}));
    cluster.measured("b", &[("c", 4000), ("d", 100_000)], &json!({}));
    cluster.measured("d", &[("c", 4000)], &json!({}));
    cluster
}

fn calls(from: &'static str, to: &'static str) -> (&'static str, &'static str, Value) {
    (from, to, json!({}))
}

#[test]
fn nearer_is_better_in_both_directions() {
    let mut cluster = cluster(&[calls("web", "cart")]);
    assert!(
        scores(&mut cluster, "web").is_empty(),
        "nothing is placed: no opinion"
    );
    assert!(scores(&mut cluster, "stranger").is_empty());
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.pod("web-1", "web", Some("a"));
    // The same node; within the target; at four times it; at a hundred times.
    let [near, middle, distant] = [(1.0, 0.05), (0.5, 0.02), (0.1, 0.1 / 101.0)]
        .map(|(utility, closeness)| (1e4 * (far(utility) + utility * closeness)).round() as i64);
    for workload in ["web", "cart"] {
        let found = scores(&mut cluster, workload);
        assert_eq!(found[0], 10_000);
        for (found, expected) in found[1..].iter().zip([near, middle, distant]) {
            assert!(
                (found - expected).abs() <= 1,
                "{workload}: {found} {expected}"
            );
        }
    }
}

#[test]
fn scores_are_a_share_of_the_best() {
    let mut cluster = cluster(&[calls("web", "cart")]);
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.delete("Node", "a");
    let decision = decide(&mut cluster, "web", &json!({}));
    // Nobody knows the way to a node that is gone: all alike.
    assert_eq!(raw(&decision), [5000; 3]);
    cluster.node("r/z1/a");
    cluster.apply(
        "Node",
        &json!({"metadata": {"name": "a"}, "spec": {"unschedulable": true}}),
    );
    cluster.pod("new", "web", None);
    let plugin = json!([{"name": "NetworkCost", "weight": 2}]);
    let decision = cluster.decide("new", &json!([{"name": "NodeUnschedulable"}]), &plugin);
    let best = &decision.top[0];
    assert_eq!(
        (
            &*best.node,
            best.parts[0].normalized,
            best.parts[0].weighted
        ),
        ("b", 100, 200)
    );
}

#[test]
fn weights_decide_between_dependencies_and_the_worst_counts_by_itself() {
    let heavy = json!({"weight": 9});
    let mut cluster = cluster(&[("web", "cart", heavy), calls("web", "ads")]);
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.pod("ads-1", "ads", Some("d"));
    let with_worst = scores(&mut cluster, "web");
    assert!(
        with_worst[0] > with_worst[2] && with_worst[2] > with_worst[3],
        "{with_worst:?}"
    );
    let without = raw(&decide(&mut cluster, "web", &json!({"worstShare": 0})));
    let only_worst = raw(&decide(&mut cluster, "web", &json!({"worstShare": 1})));
    for node in 0..4 {
        let expected = 0.7 * without[node] as f64 + 0.3 * only_worst[node] as f64;
        assert!((with_worst[node] as f64 - expected).abs() <= 1.5, "{node}");
    }
    // On c neither of the two is far: by the worst alone it is the best.
    assert_eq!(only_worst.iter().max(), Some(&only_worst[2]));
}

#[test]
fn replicas_count_by_their_mean() {
    let mut cluster = cluster(&[calls("web", "cart")]);
    cluster.pod("cart-1", "cart", Some("a"));
    let one = scores(&mut cluster, "web");
    cluster.pod("cart-2", "cart", Some("a"));
    assert_eq!(scores(&mut cluster, "web"), one);
    cluster.pod("cart-3", "cart", Some("d"));
    cluster.pod("cart-4", "cart", Some("d"));
    let two = scores(&mut cluster, "web");
    assert!(
        (two[0] - i64::midpoint(10_000, one[3])).abs() <= 1,
        "{one:?} {two:?}"
    );
}

#[test]
fn unknown_links_are_neither_best_nor_worst() {
    let mut cluster = cluster(&[calls("web", "cart")]);
    cluster.node("t/z9/unknown");
    cluster.pod("cart-1", "cart", Some("d"));
    let found = scores(&mut cluster, "web");
    let (known, unknown) = (&found[..4], found[4]);
    assert!(
        known.iter().any(|&it| it > unknown) && known.iter().any(|&it| it < unknown),
        "{found:?}"
    );
    // Also where all that is known is bad, and with another dependency in the balance.
    cluster.app_group("app", &[calls("web", "cart"), calls("web", "ads")]);
    cluster.pod("ads-1", "ads", Some("a"));
    let found = scores(&mut cluster, "web");
    assert!(found[..4].iter().any(|&it| it > found[4]), "{found:?}");
}

#[test]
fn declared_costs_stand_in_for_measurements() {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b", "r/z2/c", "r/z3/d"]);
    cluster.app_group("app", &[calls("web", "cart")]);
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.declared("zone", &[("z1", "z2", 4, "0")]);
    let found = scores(&mut cluster, "web");
    assert!(
        found[0] > found[1] && found[1] > found[2] && found[2] > 0,
        "{found:?}"
    );
    let decision = decide(&mut cluster, "web", &json!({"weightsName": "NetperfCosts"}));
    assert_eq!(raw(&decision)[1..], [5000; 3], "no such costs");
}

#[test]
fn loss_and_missing_bandwidth_lower_the_score() {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b", "r/z1/c", "r/z1/d"]);
    cluster.app_group("app", &[("web", "cart", json!({"minBandwidth": "100"}))]);
    cluster.pod("cart-1", "cart", Some("a"));
    for (node, loss, bandwidth) in [("b", 0, 400), ("c", 30_000, 400), ("d", 0, 25)] {
        let columns = json!({"lossToPpm": [loss], "lossFromPpm": [0], "bandwidthBps": [bandwidth]});
        cluster.measured(node, &[("a", 1000)], &columns);
    }
    let found = scores(&mut cluster, "web");
    let share = |node: usize| found[node] as f64 / found[1] as f64;
    assert!((share(2) - 0.75).abs() < 2e-3, "3 % loss: {found:?}");
    assert!(
        (share(3) - 0.5).abs() < 2e-3,
        "a quarter of the bandwidth: {found:?}"
    );
    // What other pods have reserved is not there any more.
    cluster.pod("web-1", "web", Some("b"));
    cluster.pod("web-2", "web", Some("b"));
    cluster.pod("web-3", "web", Some("b"));
    cluster.pod("web-4", "web", Some("b"));
    assert_eq!(scores(&mut cluster, "web")[1], 0);
}

#[test]
fn the_linear_policy_can_be_chosen() {
    let mut cluster = cluster(&[calls("web", "cart")]);
    cluster.pod("cart-1", "cart", Some("a"));
    let args = json!({"policy": "linear", "linear": {"latency": 1, "bandwidth": 0, "loss": 0}});
    let found = raw(&decide(&mut cluster, "web", &args));
    let expected = [10_000, 9405, 8832, 9];
    assert!(
        found
            .iter()
            .zip(expected)
            .all(|(found, it)| (found - it).abs() <= 10),
        "{found:?}"
    );
}

#[test]
fn the_time_policy_weighs_bandwidth_against_distance() {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b", "r/z2/c"]);
    cluster.app_group("app", &[("web", "cart", json!({"weight": 20}))]);
    cluster.pod("cart-1", "cart", Some("a"));
    // b is near behind 10 Mbit/s, c is ten times as far behind 1 Gbit/s.
    for (node, rtt, bandwidth) in [("b", 1000, 10_000_000), ("c", 10_000, 1_000_000_000_i64)] {
        let columns = json!({"lossToPpm": [0], "lossFromPpm": [0], "bandwidthBps": [bandwidth]});
        cluster.measured(node, &[("a", rtt)], &columns);
    }
    // The target is 1 ms and 1 Gbit/s; bandwidth counts though the dependency asks for none.
    let share = |bytes: f64, rtt_ms: f64, bps: f64| {
        let time = |rtt_ms: f64, bps: f64| rtt_ms + bytes * 8e3 / bps;
        let target = time(1.0, 1e9);
        let closeness = 0.9 + 0.1 / (1.0 + rtt_ms);
        1e4 * closeness * target / (target + time(rtt_ms, bps))
    };
    for (bytes, nearer) in [(100.0, true), (1e6, false)] {
        let args = json!({"policy": "time", "time": {"messageBytes": bytes}});
        let found = raw(&decide(&mut cluster, "web", &args));
        let expected = [1e4, share(bytes, 1.0, 1e7), share(bytes, 10.0, 1e9)];
        for (found, expected) in found.iter().zip(expected) {
            assert!((*found as f64 - expected).abs() < 1.5, "{found} {expected}");
        }
        assert_eq!(found[1] > found[2], nearer, "{bytes} bytes: {found:?}");
    }
    // `slo` is asked for no bandwidth, and looks at none.
    let slo = scores(&mut cluster, "web");
    assert!(slo[1] > slo[2]);

    let args = json!({"policy": "time", "time": {"messageBytes": 1e6}});
    let decision = decide(&mut cluster, "web", &args);
    let told: Vec<_> = decision.top[..2]
        .iter()
        .map(|it| (&*it.node, it.links[0].ms_per_second.map(f64::round)))
        .collect();
    // Twenty calls a second: no time on the peer's own node, 10 + 8 ms each from c.
    assert_eq!(told, [("a", Some(0.0)), ("c", Some(360.0))]);
    let summary = String::from_utf8(decision.summary()).expect("JSON");
    assert!(summary.contains(r#""msPerSecond":360.0"#), "{summary}");
    let by_slo = decide(&mut cluster, "web", &json!({}));
    assert_eq!(by_slo.top[0].links[0].ms_per_second, None);
}

#[test]
fn arguments_are_checked() {
    for (args, expected) in [
        (
            json!({"worstShare": 1.5}),
            "worstShare is 1.5: it must be 0 to 1",
        ),
        (
            json!({"slo": {"alpha": 0}}),
            "slo.alpha is 0: it must be 0.001 to 1000",
        ),
        (json!({"linear": {"loss": -1}}), "linear.loss is -1"),
        (
            json!({"time": {"roundTrips": 0}}),
            "time.roundTrips is 0: it must be 0.001 to 1000000",
        ),
        (
            json!({"time": {"messageBytes": -1}}),
            "time.messageBytes is -1: it must be 0 to 1000000000000000",
        ),
        (json!({"time": {"rtoMs": -0.5}}), "time.rtoMs is -0.5"),
        (json!({"time": {"segmentBytes": 0}}), "time.segmentBytes"),
        (json!({"time": {"bandwidthBps": 0}}), "time.bandwidthBps"),
        (
            json!({"time": {"bandwidthBps": 1e300}}),
            "time.bandwidthBps",
        ),
        (
            json!({"linear": {"latency": 1e39}}),
            "linear.latency is inf",
        ),
        (json!({"time": {"bytes": 7}}), "bytes"),
        (json!({"time": {"roundTrips": "two"}}), "roundTrips"),
        (json!({"policy": "tme"}), "policy"),
        (json!({"polcy": "slo"}), "polcy"),
    ] {
        let profile = json!({
            "schedulerName": "s", "queueSort": {"name": "PrioritySort"}, "filters": [],
            "scores": [{"name": "NetworkCost", "weight": 1, "args": args}],
        });
        let error = netcore_core::Profile::decode(profile.to_string().as_bytes())
            .expect_err("a bad argument")
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_decision_tells_the_link_of_each_dependency() {
    let mut cluster = cluster(&[("web", "cart", json!({"weight": 3.5})), calls("ads", "web")]);
    cluster.state.set_time(1_714_521_660.0);
    cluster.pod("cart-1", "cart", Some("b"));
    cluster.pod("ads-1", "ads", Some("c"));
    let decision = decide(&mut cluster, "web", &json!({}));
    let chosen = &decision.top[0];
    assert_eq!(&*chosen.node, "b");
    let told: Vec<_> = chosen
        .links
        .iter()
        .map(|link| {
            (
                &*link.peer,
                &*link.pod,
                link.is_dependant,
                &*link.node,
                link.source,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("cart", "default/cart-1", false, "b", "same-node"),
            ("ads", "default/ads-1", true, "c", "measured"),
        ]
    );
    let (own, other) = (&chosen.links[0], &chosen.links[1]);
    assert_eq!(
        (own.weight.to_string(), own.cost.to_string(), own.age_s),
        ("3.5".into(), "0".into(), None)
    );
    assert_eq!((other.rtt_ms, other.age_s), (Some(4.0), Some(60.0)));
    assert!((other.cost - 0.54).abs() < 1e-3, "{}", other.cost);
    assert_eq!(decision.top[1].links.len(), 2, "the runner-up's too");
}

#[test]
fn the_network_as_placement_sees_it() {
    let mut cluster = cluster(&[]);
    cluster.state.set_time(1_714_521_660.0);
    cluster.declared("zone", &[("z2", "z3", 40, "0"), ("z1", "z3", 50, "0")]);
    cluster.nodes(&["s/z3/e", "t/z9/f"]);
    let seen = cluster.state.topology();
    let link = |from: &str, to: &str| {
        let node = |name| seen.node(name).expect("is there");
        let link = seen.link(node(from), node(to));
        (
            link.source.name(),
            link.rtt_ms.to_string(),
            link.age_s.to_string(),
        )
    };
    let told = |source, rtt: &str, age: &str| (source, rtt.to_owned(), age.to_owned());
    assert_eq!(link("a", "d"), told("measured", "100", "60"));
    assert_eq!(
        link("c", "a"),
        told("measured", "4", "60"),
        "by the other end"
    );
    assert_eq!(link("a", "e"), told("declared", "50", "NaN"));
    assert_eq!(link("d", "e"), told("declared", "1", "NaN"), "one zone");
    assert_eq!(link("a", "f"), told("unknown", "NaN", "NaN"));
    assert_eq!(link("f", "f"), told("same-node", "0", "0"));
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let names: Vec<String> = (0..40)
        .map(|node| format!("r{}/z{}/n{node:02}", node % 3, node % 7))
        .collect();
    let build = |stride: usize| {
        let mut cluster = Cluster::default();
        let order: Vec<usize> = (0..40).map(|index| index * stride % 40).collect();
        for &node in &order {
            cluster.node(&names[node]);
        }
        for &node in &order {
            // Some nodes measure, some are only measured, some are not known at all.
            if node % 3 > 0 {
                let peers: Vec<(String, i64)> = (1..5_u8)
                    .map(|step| {
                        (
                            format!("n{:02}", (node + usize::from(step * step)) % 36),
                            300 + 71 * i64::from(step),
                        )
                    })
                    .collect();
                let peers: Vec<_> = peers.iter().map(|(name, rtt)| (&**name, *rtt)).collect();
                let loss = json!({"lossToPpm": [0, 2000, 40_000, 7]});
                cluster.measured(&format!("n{node:02}"), &peers, &loss);
            }
        }
        cluster.declared("zone", &[("z1", "z2", 4, "0"), ("z2", "z5", 11, "0")]);
        let dependencies = [
            ("web", "cart", json!({"weight": 0.3})),
            calls("ads", "web"),
            calls("web", "db"),
        ];
        cluster.app_group("app", &dependencies);
        for pod in 0..12 {
            let workload = ["cart", "ads", "db"][(pod * stride) % 3];
            let node = format!("n{:02}", (pod * stride % 12) * 3);
            cluster.pod(&format!("p{}", pod * stride % 12), workload, Some(&node));
        }
        cluster
    };
    // The pods come with the same workloads and nodes in either order.
    let expected = scores(&mut build(1), "web");
    assert_eq!(expected.len(), 40);
    for stride in [7, 13, 31] {
        assert_eq!(scores(&mut build(stride), "web"), expected, "{stride}");
    }
}

#[test]
fn a_bad_object_leaves_the_last_good_one() {
    let mut cluster = cluster(&[calls("web", "cart")]);
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.declared("zone", &[("z1", "z2", 4, "0")]);
    let before = scores(&mut cluster, "web");
    let generation = cluster.state.generation();
    for (kind, json) in [
        (
            "NodeNetwork",
            r#"{"metadata": {"name": "a"}, "spec": {"node": "a"}, "status": {"peers": ["b"]}}"#,
        ),
        (
            "NodeNetwork",
            r#"{"metadata": {"name": "a"}, "spec": {"node": "b"}}"#,
        ),
        ("NodeNetwork", "not json"),
        (
            "AppGroup",
            r#"{"metadata": {"name": "app", "namespace": "default"}, "spec": {"workloads": 7}}"#,
        ),
        (
            "NetworkTopology",
            r#"{"metadata": {"name": "nt-default", "namespace": "default"}, "spec": {"weights": [1]}}"#,
        ),
    ] {
        let error = cluster
            .state
            .apply(kind, json.as_bytes())
            .expect_err(json)
            .to_string();
        assert!(error.contains(kind), "{error}");
    }
    assert_eq!(cluster.state.generation(), generation);
    assert_eq!(scores(&mut cluster, "web"), before);
    let counts = cluster.state.counts();
    let found = [
        counts.app_groups,
        counts.network_topologies,
        counts.node_networks,
    ];
    assert_eq!((found, counts.stale_node_networks), ([1, 1, 3], 0));
    cluster.state.set_time(1_800_000_000.0);
    assert_eq!(cluster.state.counts().stale_node_networks, 3);
}
