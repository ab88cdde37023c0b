//! Small clusters for the tests, by their objects.

use std::collections::BTreeMap;

use netcore_core::plan::{self, Decision, Detail, NodeVerdict, Options, Outcome};
use netcore_core::{ClusterState, Profile};
use serde_json::{Value, json};

pub const GROUP_LABEL: &str = "appgroup.diktyo.x-k8s.io";

/// A declared cost: origin, destination, cost.
pub type Way = (String, String, i64);

/// A cluster under test. Its nodes have no resources to run out of.
#[derive(Default)]
pub struct Cluster {
    pub state: ClusterState,
}

impl Cluster {
    pub fn apply(&mut self, kind: &str, object: &Value) {
        self.state
            .apply(kind, object.to_string().as_bytes())
            .expect("the object is valid");
    }

    pub fn delete(&mut self, kind: &str, name: &str) {
        assert!(
            self.state.delete(kind, "default", name),
            "{kind} {name} was there"
        );
    }

    /// A node by `region/zone/name`.
    pub fn node(&mut self, path: &str) {
        let mut parts = path.split('/');
        let mut next = || parts.next().expect("region/zone/name");
        let labels = json!({
            "topology.kubernetes.io/region": next(), "topology.kubernetes.io/zone": next(),
        });
        self.apply(
            "Node",
            &json!({"metadata": {"name": next(), "labels": labels}}),
        );
    }

    pub fn nodes(&mut self, paths: &[&str]) {
        for path in paths {
            self.node(path);
        }
    }

    /// An application: `(caller, callee, further fields of the dependency)`.
    pub fn app_group(&mut self, name: &str, dependencies: &[(&str, &str, Value)]) {
        let mut workloads: Vec<&str> = dependencies
            .iter()
            .flat_map(|(caller, callee, _)| [*caller, *callee])
            .collect();
        workloads.sort_unstable();
        workloads.dedup();
        let reference = |name: &str| json!({"kind": "Deployment", "name": name, "selector": name});
        let of = |workload: &str| -> Vec<Value> {
            let own = dependencies
                .iter()
                .filter(|(caller, ..)| *caller == workload);
            own.map(|(_, callee, fields)| {
                let mut dependency = fields.clone();
                dependency["workload"] = reference(callee);
                dependency
            })
            .collect()
        };
        let workloads: Vec<_> = workloads
            .iter()
            .map(|name| json!({"workload": reference(name), "dependencies": of(name)}))
            .collect();
        let spec = json!({
            "numMembers": workloads.len(), "topologySortingAlgorithm": "TrafficSort",
            "workloads": workloads,
        });
        self.apply(
            "AppGroup",
            &json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec}),
        );
    }

    /// What a node measured: `(peer, round trip in µs)`, and further columns of the status.
    pub fn measured(&mut self, node: &str, round_trips: &[(&str, i64)], columns: &Value) {
        let mut status = json!({
            "observedAt": "2024-05-01T00:00:00Z",
            "validUntil": "2024-05-01T01:00:00Z",
            "peers": round_trips.iter().map(|(peer, _)| *peer).collect::<Vec<_>>(),
            "rttMicros": round_trips.iter().map(|(_, rtt)| *rtt).collect::<Vec<_>>(),
        });
        for (name, column) in columns.as_object().into_iter().flatten() {
            status[name] = column.clone();
        }
        let object = json!({"metadata": {"name": node}, "spec": {"node": node}, "status": status});
        self.apply("NodeNetwork", &object);
    }

    /// Declared costs of one key: `(origin, destination, cost, bandwidth)`.
    pub fn declared(&mut self, key: &str, ways: &[(&str, &str, i64, &str)]) {
        let way = |&(origin, destination, cost, bandwidth): &(&str, &str, i64, &str)| {
            json!({"origin": origin, "costList": [{
                "destination": destination, "networkCost": cost, "bandwidthCapacity": bandwidth,
            }]})
        };
        self.declare(&[topology_list(key, ways.iter().map(way).collect())]);
    }

    /// Declared costs of several keys, without bandwidth.
    pub fn declare_all(&mut self, keys: &[(&str, Vec<Way>)]) {
        let lists: Vec<_> = keys
            .iter()
            .map(|(key, ways)| {
                let mut origins: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
                for (origin, destination, cost) in ways {
                    let way = json!({"destination": destination, "networkCost": cost});
                    origins.entry(origin).or_default().push(way);
                }
                let entry = |(origin, list)| json!({"origin": origin, "costList": list});
                topology_list(key, origins.into_iter().map(entry).collect())
            })
            .collect();
        self.declare(&lists);
    }

    fn declare(&mut self, lists: &[Value]) {
        let spec = json!({"weights": [{"name": "UserDefined", "topologyList": lists}]});
        let metadata = json!({"name": "nt-default", "namespace": "default"});
        self.apply(
            "NetworkTopology",
            &json!({"metadata": metadata, "spec": spec}),
        );
    }

    /// A pod of a workload of the application `app`.
    pub fn pod(&mut self, name: &str, workload: &str, node: Option<&str>) {
        let labels = json!({GROUP_LABEL: "app", format!("{GROUP_LABEL}.workload"): workload});
        let metadata = json!({"name": name, "namespace": "default", "uid": name, "labels": labels});
        self.apply(
            "Pod",
            &json!({"metadata": metadata, "spec": {"nodeName": node}}),
        );
    }

    /// The decision about a pending pod by these plugins, whose placement is not kept.
    pub fn decide(&mut self, pod: &str, filters: &Value, scores: &Value) -> Decision {
        let profile = json!({
            "schedulerName": "s", "queueSort": {"name": "PrioritySort"},
            "filters": filters, "scores": scores,
        });
        let profile = Profile::decode(profile.to_string().as_bytes()).expect("valid profile");
        let options = Options {
            detail: Detail::Full,
            ..Options::default()
        };
        let pod = format!("default/{pod}");
        let plan = plan::plan(&mut self.state, &profile, &[&pod], options).expect("a pending pod");
        (*plan.decisions[0]).clone()
    }

    /// Why the filter keeps a new pod of a workload off each node, by node name; empty where it
    /// does not.
    pub fn rejections(&mut self, workload: &str, filter: &Value) -> Vec<(String, Vec<String>)> {
        self.pod("new", workload, None);
        let decision = self.decide("new", &json!([filter]), &json!([]));
        self.delete("Pod", "new");
        let reasons = |verdict: &NodeVerdict| match &verdict.outcome {
            Outcome::Accepted { .. } => Vec::new(),
            Outcome::Rejected { reasons, .. } => reasons.clone(),
        };
        let verdicts = decision.nodes.iter().flatten();
        verdicts
            .map(|verdict| (verdict.node.to_string(), reasons(verdict)))
            .collect()
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the list becomes a part of the object"
)]
fn topology_list(key: &str, origins: Vec<Value>) -> Value {
    json!({"topologyKey": format!("topology.kubernetes.io/{key}"), "originList": origins})
}
