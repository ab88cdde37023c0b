//! The NetworkOverhead mode against what the real plugin answered on random clusters.

use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use netcore_core::network_overhead::{Args, Overhead};
use netcore_core::plan::{self, Detail, Options, Outcome};
use netcore_core::{ClusterState, Profile};
use serde_json::Value;

const CASES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/golden/networkoverhead.jsonl.gz"
);

fn apply(state: &mut ClusterState, kind: &str, object: &Value) {
    state
        .apply(kind, object.to_string().as_bytes())
        .expect("the object is valid");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn check(case: &Value) {
    let name = case["name"].as_str().expect("a name");
    let mut state = ClusterState::new();
    for (kind, objects) in [("Node", &case["nodes"]), ("Pod", &case["pods"])] {
        for object in list(objects) {
            apply(&mut state, kind, object);
        }
    }
    for (kind, field) in [
        ("AppGroup", "appGroup"),
        ("NetworkTopology", "networkTopology"),
        ("Pod", "pod"),
    ] {
        apply(&mut state, kind, &case[field]);
    }
    let args = serde_json::json!({
        "weightsName": case["weightsName"],
        "networkTopologyName": case["networkTopology"]["metadata"]["name"],
    });
    let plugin = serde_json::json!({"name": "NetworkOverhead", "args": args});
    let profile = serde_json::json!({
        "schedulerName": "s",
        "queueSort": {"name": "PrioritySort"},
        "filters": [plugin],
        "scores": [{"name": "NetworkOverhead", "args": args, "weight": 1}],
    });
    let profile = Profile::decode(profile.to_string().as_bytes()).expect("the profile is valid");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let args = Args {
        weights_name: text(&args["weightsName"]),
        network_topology_name: text(&args["networkTopologyName"]),
        ..Args::default()
    };

    let pod = "default/new";
    let options = Options {
        detail: Detail::Full,
        ..Options::default()
    };
    let plan = plan::plan(&mut state, &profile, &[pod], options).expect("the pod is pending");
    let decided = plan.decisions[0]
        .nodes
        .as_ref()
        .expect("every node has a verdict");
    let verdicts = list(&case["verdicts"]);
    assert_eq!(decided.len(), verdicts.len(), "{name}");
    let network = state.network();
    let pod = &state.pods().get(state.pods().find(pod).expect("known")).pod;
    let overhead = Overhead::new(network, pod, &args);
    for (decided, verdict) in decided.iter().zip(verdicts) {
        let at = format!("{name} {}", decided.node);
        assert_eq!(verdict["node"], *decided.node, "{at}");
        let node = state.nodes().find(&decided.node).expect("known");
        let tally = overhead
            .as_ref()
            .map(|it| it.tally(node, network.locations().of(node)));
        assert_eq!(verdict["raw"], tally.map_or(0, |tally| tally.cost), "{at}");
        match &decided.outcome {
            Outcome::Accepted { parts, .. } => {
                assert_eq!(verdict["accepted"], true, "{at}");
                assert_eq!(verdict["raw"], parts[0].raw, "{at}");
                assert_eq!(verdict["normalised"], parts[0].normalized, "{at}");
            }
            Outcome::Rejected { reasons, .. } => {
                assert_eq!(verdict["accepted"], false, "{at}");
                let said = list(&verdict["reasons"]);
                assert_eq!(said.len(), 1, "{at}");
                assert_eq!(said[0], reasons[0], "{at}");
            }
        }
    }
}

#[test]
fn equals_the_plugin_to_the_digit() {
    let file = File::open(CASES).expect("the recorded cases are there");
    let mut cases = 0;
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        check(&serde_json::from_str(&line.expect("readable")).expect("JSON"));
        cases += 1;
    }
    assert_eq!(cases, 300);
}
