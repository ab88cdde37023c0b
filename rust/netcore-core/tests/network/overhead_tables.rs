//! The tables of the NetworkOverhead plugin's own unit tests, and what it does in odd clusters.

use netcore_core::plan::{self, Detail, Options, Outcome, Plan};
use netcore_core::{ClusterState, Profile};
use serde_json::{Value, json};

const GROUP: &str = "appgroup.diktyo.x-k8s.io";

fn apply(state: &mut ClusterState, kind: &str, object: &Value) {
    state
        .apply(kind, object.to_string().as_bytes())
        .expect("the object is valid");
}

fn delete(state: &mut ClusterState, kind: &str, name: &str) {
    assert!(
        state.delete(kind, "default", name),
        "{kind} {name} was there"
    );
}

fn pod(name: &str, group: &str, workload: &str, node: Option<&str>) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "default", "uid": name,
            "labels": {GROUP: group, format!("{GROUP}.workload"): workload},
        },
        "spec": {"nodeName": node},
    })
}

fn costs(key: &str, ways: &[(&str, &str, i64)]) -> Value {
    let origins: Vec<_> = ways
        .iter()
        .map(|(origin, destination, cost)| {
            json!({"origin": origin, "costList": [{"destination": destination, "networkCost": cost}]})
        })
        .collect();
    json!({"topologyKey": format!("topology.kubernetes.io/{key}"), "originList": origins})
}

/// Upstream's fixture "basic": p1 → p2 → p3, eight nodes in four zones of two regions.
fn basic() -> ClusterState {
    let mut state = ClusterState::new();
    for (index, (region, zone)) in [
        ("us-west-1", "Z1"),
        ("us-west-1", "Z2"),
        ("us-east-1", "Z3"),
        ("us-east-1", "Z4"),
    ]
    .into_iter()
    .flat_map(|location| [location, location])
    .enumerate()
    {
        let labels = json!({
            "topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone,
        });
        let name = format!("n-{}", index + 1);
        apply(
            &mut state,
            "Node",
            &json!({"metadata": {"name": name, "labels": labels}}),
        );
    }
    let workload = |name: &str| json!({"kind": "Deployment", "name": name, "selector": name});
    apply(
        &mut state,
        "AppGroup",
        &json!({"metadata": {"name": "basic", "namespace": "default"}, "spec": {"workloads": [
            {"workload": workload("p1"), "dependencies": [{"workload": workload("p2")}]},
            {"workload": workload("p2"), "dependencies": [{"workload": workload("p3")}]},
            {"workload": workload("p3")},
        ]}}),
    );
    apply(
        &mut state,
        "NetworkTopology",
        &json!({"metadata": {"name": "nt-default", "namespace": "default"}, "spec": {"weights": [
        {"name": "UserDefined", "topologyList": [
            costs("region", &[("us-west-1", "us-east-1", 20), ("us-east-1", "us-west-1", 20)]),
            costs("zone", &[("Z1", "Z2", 5), ("Z2", "Z1", 5), ("Z3", "Z4", 10), ("Z4", "Z3", 10)]),
        ]}]}}),
    );
    state
}

fn place(state: &mut ClusterState, placed: &[(&str, &str)]) {
    for (workload, node) in placed {
        let name = format!("{workload}-placed");
        apply(state, "Pod", &pod(&name, "basic", workload, Some(node)));
    }
}

fn decide(state: &mut ClusterState, workload: &str, filters: &Value) -> Plan {
    let profile = json!({
        "schedulerName": "s", "queueSort": {"name": "PrioritySort"}, "filters": filters,
        "scores": [{"name": "NetworkOverhead", "weight": 1}],
    });
    let profile = Profile::decode(profile.to_string().as_bytes()).expect("the profile is valid");
    if state.pods().find("default/new").is_none() {
        apply(state, "Pod", &pod("new", "basic", workload, None));
    }
    let options = Options {
        detail: Detail::Full,
        ..Options::default()
    };
    plan::plan(state, &profile, &["default/new"], options).expect("the pod is pending")
}

/// Raw and normalised score of every node, none of them rejected.
fn scores(plan: &Plan) -> (Vec<i64>, Vec<i64>) {
    let nodes = plan.decisions[0]
        .nodes
        .as_ref()
        .expect("every node has a verdict");
    let score = |outcome: &Outcome| match outcome {
        Outcome::Accepted { parts, .. } => (parts[0].raw, parts[0].normalized),
        Outcome::Rejected { reasons, .. } => panic!("rejected: {reasons:?}"),
    };
    nodes.iter().map(|node| score(&node.outcome)).unzip()
}

#[test]
fn the_score_table() {
    for (workload, raw, normalised) in [
        (
            "p1",
            [20, 20, 20, 20, 0, 1, 10, 10],
            [0, 0, 0, 0, 100, 95, 50, 50],
        ),
        (
            "p2",
            [0, 1, 5, 5, 20, 20, 20, 20],
            [100, 95, 75, 75, 0, 0, 0, 0],
        ),
        ("p3", [0; 8], [0; 8]),
    ] {
        let mut state = basic();
        place(&mut state, &[("p1", "n-2"), ("p2", "n-5"), ("p3", "n-1")]);
        let plan = decide(&mut state, workload, &json!([]));
        assert_eq!(
            scores(&plan),
            (raw.to_vec(), normalised.to_vec()),
            "{workload}"
        );
    }
}

#[test]
fn the_filter_table() {
    for (workload, node, rejection) in [
        ("p1", "n-1", Some("Satisfied: 0 Violated: 1")),
        ("p1", "n-6", None),
        ("p2", "n-5", Some("Satisfied: 0 Violated: 1")),
        ("p2", "n-7", None),
        ("p3", "n-1", None),
        ("p10", "n-1", None),
    ] {
        let mut state = basic();
        place(&mut state, &[("p1", "n-2"), ("p2", "n-5"), ("p3", "n-8")]);
        let plan = decide(&mut state, workload, &json!([{"name": "NetworkOverhead"}]));
        let nodes = plan.decisions[0]
            .nodes
            .as_ref()
            .expect("every node has a verdict");
        let verdict = nodes
            .iter()
            .find(|verdict| &*verdict.node == node)
            .expect("is there");
        match (&verdict.outcome, rejection) {
            (Outcome::Accepted { .. }, None) => {}
            (Outcome::Rejected { reasons, .. }, Some(counts)) => assert_eq!(
                reasons[0],
                format!(
                    "Node {node} does not meet several network requirements from Workload \
                     dependencies: {counts}"
                )
            ),
            (outcome, _) => panic!("{workload} on {node}: {outcome:?}"),
        }
    }
}

#[test]
fn without_app_group_or_network_topology_all_nodes_are_alike() {
    for (kind, name) in [("AppGroup", "basic"), ("NetworkTopology", "nt-default")] {
        let mut state = basic();
        place(&mut state, &[("p2", "n-5")]);
        delete(&mut state, kind, name);
        let plan = decide(&mut state, "p1", &json!([{"name": "NetworkOverhead"}]));
        assert_eq!(scores(&plan), (vec![0; 8], vec![0; 8]), "{kind}");
    }
}

#[test]
fn a_dependency_on_a_node_that_is_gone_keeps_the_pod_waiting() {
    let mut state = basic();
    place(&mut state, &[("p2", "n-5")]);
    delete(&mut state, "Node", "n-5");
    let filters = json!([{"name": "NetworkOverhead"}]);
    let plan = decide(&mut state, "p1", &filters);
    let message = &plan.decisions[0].message;
    assert!(
        message.contains("\"n-5\" of a pod in the AppGroup is gone"),
        "{message}"
    );
    delete(&mut state, "Pod", "p2-placed");
    assert!(
        decide(&mut state, "p1", &filters).decisions[0]
            .node
            .is_some()
    );
}

#[test]
fn ended_pods_and_other_namespaces_count_as_upstream_counts_them() {
    let mut state = basic();
    let mut ended = pod("ended", "basic", "p2", Some("n-5"));
    ended["status"] = json!({"phase": "Succeeded"});
    ended["metadata"]["namespace"] = json!("elsewhere");
    apply(&mut state, "Pod", &ended);
    let (raw, _) = scores(&decide(&mut state, "p1", &json!([])));
    assert_eq!(raw, [20, 20, 20, 20, 0, 1, 10, 10]);
}

#[test]
fn a_new_declaration_counts_from_the_next_pod_on() {
    let mut state = basic();
    place(&mut state, &[("p2", "n-5")]);
    scores(&decide(&mut state, "p1", &json!([])));
    apply(
        &mut state,
        "NetworkTopology",
        &json!({"metadata": {"name": "nt-default", "namespace": "default"}, "spec": {"weights": [
            {"name": "UserDefined", "topologyList": [costs("zone", &[("Z4", "Z3", 7)])]}]}}),
    );
    // A node in a zone of its own: no cost between its zone and the peer's is declared.
    let labels = json!({"topology.kubernetes.io/region": "us-east-1"});
    apply(
        &mut state,
        "Node",
        &json!({"metadata": {"name": "n-9", "labels": labels}}),
    );
    let (raw, _) = scores(&decide(&mut state, "p1", &json!([])));
    assert_eq!(raw, [100, 100, 100, 100, 0, 1, 7, 7, 100]);
}
