//! NetworkLimits: maxNetworkCost and minBandwidth, each dependency, both directions.

use serde_json::json;

use crate::cluster::Cluster;

/// The names of the nodes that the filter rejects, with the reasons.
fn rejected(cluster: &mut Cluster, workload: &str) -> Vec<(String, String)> {
    let all = cluster.rejections(workload, &json!({"name": "NetworkLimits"}));
    let rejected = all.into_iter().filter(|(_, reasons)| !reasons.is_empty());
    rejected
        .map(|(node, reasons)| (node, reasons.join(", ")))
        .collect()
}

/// Names of the rejected nodes.
fn names(cluster: &mut Cluster, workload: &str) -> Vec<String> {
    rejected(cluster, workload)
        .into_iter()
        .map(|(node, _)| node)
        .collect()
}

/// web calls cart within 5 ms; four nodes, `a` measured to all but `d`.
fn measured() -> Cluster {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b", "r/z2/c", "r/z2/d"]);
    cluster.app_group("app", &[("web", "cart", json!({"maxNetworkCost": 5}))]);
    cluster.measured("a", &[("b", 1000), ("c", 9000)], &json!({}));
    cluster
}

#[test]
fn limits_hold_in_both_directions_and_unknown_links_pass() {
    let mut cluster = measured();
    assert!(
        rejected(&mut cluster, "web").is_empty(),
        "nothing is placed"
    );
    cluster.pod("cart-1", "cart", Some("a"));
    let too_far = "node(s) exceeded the network cost limit to workload cart";
    assert_eq!(
        rejected(&mut cluster, "web"),
        [("c".to_owned(), too_far.to_owned())]
    );
    cluster.delete("Pod", "cart-1");
    cluster.pod("web-1", "web", Some("a"));
    let too_far = "node(s) exceeded the network cost limit from workload web";
    assert_eq!(
        rejected(&mut cluster, "cart"),
        [("c".to_owned(), too_far.to_owned())]
    );
}

#[test]
fn a_near_replica_does_not_mask_a_far_one() {
    let mut cluster = measured();
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.pod("cart-2", "cart", Some("b"));
    assert_eq!(names(&mut cluster, "web"), ["c"]);
}

#[test]
fn the_tail_counts_where_it_was_measured() {
    let mut cluster = measured();
    cluster.pod("cart-1", "cart", Some("a"));
    let p90 = json!({"rttP90Micros": [6000, 9000]});
    cluster.measured("a", &[("b", 1000), ("c", 4000)], &p90);
    assert_eq!(names(&mut cluster, "web"), ["b", "c"]);
    cluster.measured("a", &[("b", 1000), ("c", 4000)], &json!({}));
    assert!(names(&mut cluster, "web").is_empty());
}

#[test]
fn declared_costs_count_where_nobody_measured() {
    let mut cluster = measured();
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.declared("zone", &[("z2", "z1", 7, "0")]);
    assert_eq!(names(&mut cluster, "web"), ["c", "d"]);
    let elsewhere = json!({"name": "NetworkLimits", "args": {"namespaces": ["other"]}});
    let all = cluster.rejections("web", &elsewhere);
    assert!(
        all.iter()
            .all(|(node, reasons)| reasons.is_empty() == (node != "c"))
    );
}

#[test]
fn stale_measurements_reject_nobody() {
    let mut cluster = measured();
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.state.set_time(1_714_530_000.0);
    assert!(names(&mut cluster, "web").is_empty());
}

/// web calls cart with 100 bit/s; 150 bit/s from b, c and d to a, and 1000 between b and c.
fn narrow(per_caller: &str) -> Cluster {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b", "r/z2/c", "r/z2/d"]);
    cluster.app_group(
        "app",
        &[("web", "cart", json!({"minBandwidth": per_caller}))],
    );
    for node in ["b", "c", "d"] {
        let (other, columns) = match node {
            "b" => ("c", json!({"bandwidthBps": [150, 1000]})),
            "c" => ("b", json!({"bandwidthBps": [150, 1000]})),
            _ => ("c", json!({"bandwidthBps": [150, 0]})),
        };
        cluster.measured(node, &[("a", 1000), (other, 1000)], &columns);
    }
    cluster
}

#[test]
fn bandwidth_is_reserved_on_placing_and_given_back_on_leaving() {
    let mut cluster = narrow("100");
    cluster.pod("cart-1", "cart", Some("a"));
    assert!(rejected(&mut cluster, "web").is_empty());
    cluster.pod("web-1", "web", Some("b"));
    let lacks = "node(s) lacked bandwidth to workload cart";
    assert_eq!(
        rejected(&mut cluster, "web"),
        [("b".to_owned(), lacks.to_owned())]
    );
    cluster.delete("Pod", "web-1");
    assert!(rejected(&mut cluster, "web").is_empty());
    // A pod that has ended needs no bandwidth.
    cluster.pod("web-1", "web", Some("b"));
    let labels = json!({
        "appgroup.diktyo.x-k8s.io": "app", "appgroup.diktyo.x-k8s.io.workload": "web",
    });
    let metadata =
        json!({"name": "web-1", "namespace": "default", "uid": "web-1", "labels": labels});
    let ended =
        json!({"metadata": metadata, "spec": {"nodeName": "b"}, "status": {"phase": "Failed"}});
    cluster.apply("Pod", &ended);
    assert!(rejected(&mut cluster, "web").is_empty());
}

#[test]
fn the_same_node_needs_no_bandwidth_and_unknown_bandwidth_passes() {
    let mut cluster = narrow("100k");
    cluster.pod("cart-1", "cart", Some("a"));
    // a itself is the only node left: nobody measured from a, which is where nothing is needed.
    assert_eq!(names(&mut cluster, "web"), ["b", "c", "d"]);
    cluster.delete("Pod", "cart-1");
    cluster.pod("cart-1", "cart", Some("d"));
    assert!(
        names(&mut cluster, "web").is_empty(),
        "nobody measured bandwidth towards d"
    );
}

#[test]
fn a_callers_minimum_is_spread_over_the_replicas_that_it_calls() {
    let mut cluster = narrow("200");
    cluster.pod("cart-1", "cart", Some("a"));
    assert_eq!(names(&mut cluster, "web"), ["b", "c", "d"]);
    // Half of the calls go to c now: 100 bit/s to each.
    cluster.pod("cart-2", "cart", Some("c"));
    assert!(names(&mut cluster, "web").is_empty());
    // A second caller on b would take 100 more of the 150 bit/s to a; a third replica makes it 67.
    cluster.pod("web-1", "web", Some("b"));
    assert_eq!(names(&mut cluster, "web"), ["b"]);
    cluster.pod("cart-3", "cart", Some("c"));
    assert_eq!(names(&mut cluster, "web"), Vec::<String>::new());
}

#[test]
fn one_replica_more_takes_load_off_the_others() {
    // 150 of 150 bit/s from b to a are taken. A second cart on a halves both shares: no more is
    // needed than before. One on c needs 75 on the way there.
    let mut cluster = narrow("150");
    cluster.pod("cart-1", "cart", Some("a"));
    cluster.pod("web-1", "web", Some("b"));
    assert!(names(&mut cluster, "cart").is_empty());
    cluster.measured(
        "b",
        &[("a", 1000), ("c", 1000)],
        &json!({"bandwidthBps": [150, 60]}),
    );
    let lacks = "node(s) lacked bandwidth from workload web";
    assert_eq!(
        rejected(&mut cluster, "cart"),
        [("c".to_owned(), lacks.to_owned())]
    );
}

#[test]
fn bandwidth_declared_between_zones_and_regions_runs_out() {
    for (key, path) in [("zone", "r/z2/c"), ("region", "s/z2/c")] {
        let mut cluster = Cluster::default();
        cluster.nodes(&["r/z1/a", "r/z1/b", path]);
        cluster.app_group("app", &[("web", "cart", json!({"minBandwidth": "100"}))]);
        let ends = if key == "zone" {
            ("z1", "z2")
        } else {
            ("r", "s")
        };
        cluster.declared(key, &[(ends.0, ends.1, 1, "250")]);
        cluster.pod("cart-1", "cart", Some("c"));
        cluster.pod("web-1", "web", Some("a"));
        assert!(names(&mut cluster, "web").is_empty(), "{key}");
        cluster.pod("web-2", "web", Some("b"));
        assert_eq!(
            names(&mut cluster, "web"),
            ["a", "b"],
            "{key}: 200 of 250 are taken"
        );
        // The relabelled node takes its reservation out of the pair.
        cluster.node("other/z9/b");
        assert!(names(&mut cluster, "web").is_empty(), "{key}");
    }
}

#[test]
fn two_dependencies_share_a_way() {
    let mut cluster = narrow("100");
    let needs = json!({"minBandwidth": "100"});
    cluster.app_group(
        "app",
        &[("web", "cart", needs.clone()), ("web", "ads", needs)],
    );
    cluster.pod("cart-1", "cart", Some("a"));
    assert!(names(&mut cluster, "web").is_empty());
    cluster.pod("ads-1", "ads", Some("a"));
    let both =
        "node(s) lacked bandwidth to workload cart, node(s) lacked bandwidth to workload ads";
    let rejected = rejected(&mut cluster, "web");
    assert_eq!(rejected.len(), 3);
    assert!(
        rejected
            .iter()
            .all(|(_, reasons)| reasons == both || reasons.contains("ads"))
    );
}

#[test]
fn replicas_that_call_each_other_reserve_both_ways() {
    let mut cluster = Cluster::default();
    cluster.nodes(&["r/z1/a", "r/z1/b"]);
    cluster.app_group("app", &[("db", "db", json!({"minBandwidth": "100"}))]);
    cluster.measured("a", &[("b", 1000)], &json!({"bandwidthBps": [100]}));
    cluster.measured("b", &[("a", 1000)], &json!({"bandwidthBps": [99]}));
    assert!(names(&mut cluster, "db").is_empty());
    cluster.pod("db-1", "db", Some("a"));
    assert_eq!(names(&mut cluster, "db"), ["b"], "99 bit/s back");
    cluster.measured("b", &[("a", 1000)], &json!({"bandwidthBps": [100]}));
    assert!(names(&mut cluster, "db").is_empty());
}

#[test]
fn an_unknown_group_workload_or_node_of_a_peer_is_no_limit() {
    let mut cluster = measured();
    cluster.pod("cart-1", "cart", Some("gone"));
    assert!(names(&mut cluster, "web").is_empty());
    assert!(names(&mut cluster, "stranger").is_empty());
    cluster.delete("AppGroup", "app");
    assert!(names(&mut cluster, "web").is_empty());
}
