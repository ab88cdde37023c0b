//! Whatever happens in whatever order, a network is what its objects make it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::kube::{self, Pools};

const NODES: usize = 4;
const PODS: usize = 6;
const WORKLOADS: [&str; 3] = ["a", "b", "c"];

/// What can happen to four nodes, six pods and one application.
#[derive(Clone, Debug)]
enum Event {
    /// A pod of a workload comes to a node, or leaves the one it is on.
    Pod(usize, usize, usize),
    /// A node gets a zone, or goes.
    Node(usize, Option<usize>),
    /// The application gets one of the sets of dependencies, or goes.
    Group(Option<usize>),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..PODS, 0..WORKLOADS.len(), 0..NODES).prop_map(|(p, w, n)| Event::Pod(p, w, n)),
        1 => (0..NODES, proptest::option::of(0..4_usize)).prop_map(|(n, z)| Event::Node(n, z)),
        1 => proptest::option::of(0..GROUPS.len()).prop_map(Event::Group),
    ]
}

/// Dependencies: caller, callee, minimum. The second calls in a circle and itself.
const GROUPS: [&[(&str, &str, u64)]; 3] = [
    &[("a", "b", 100), ("b", "c", 7), ("a", "b", 50)],
    &[("a", "b", 10), ("b", "a", 11), ("c", "c", 1_000_003)],
    &[("a", "c", 0), ("c", "b", 5)],
];

fn group(index: usize) -> String {
    let entry = |name: &&str| {
        let own = GROUPS[index].iter().filter(|(caller, ..)| caller == name);
        let dependencies: Vec<_> = own
            .map(|(_, callee, minimum)| {
                format!(r#"{{"workload": {{"selector": "{callee}"}}, "minBandwidth": {minimum}}}"#)
            })
            .collect();
        let dependencies = dependencies.join(",");
        format!(r#"{{"workload": {{"selector": "{name}"}}, "dependencies": [{dependencies}]}}"#)
    };
    let workloads: Vec<_> = WORKLOADS.iter().map(entry).collect();
    let workloads = workloads.join(",");
    format!(
        r#"{{"metadata": {{"name": "app", "namespace": "default"}}, "spec": {{"workloads": [{workloads}]}}}}"#
    )
}

fn pod(name: usize, workload: usize) -> Pod {
    let json = format!(
        r#"{{"metadata": {{"name": "p{name}", "namespace": "default", "uid": "{name}", "labels":
        {{"{}": "app", "{}": "{}"}}}}, "spec": {{}}}}"#,
        kube::APP_GROUP_LABEL,
        kube::WORKLOAD_LABEL,
        WORKLOADS[workload],
    );
    kube::decode_pod(json.as_bytes(), &mut Pools::default()).expect("a valid pod")
}

/// Two zones in each of two regions.
fn node(name: usize, zone: usize) -> Node {
    let json = format!(
        r#"{{"metadata": {{"name": "n{name}", "labels": {{"{}": "r{}", "{}": "z{zone}"}}}}}}"#,
        Node::REGION,
        zone / 2,
        Node::ZONE,
    );
    kube::decode_node(json.as_bytes(), &mut Pools::default()).expect("a valid node")
}

/// Everything reserved, in words that do not depend on the order of events.
fn reserved(network: &Network) -> BTreeMap<String, u128> {
    let (ledger, locations) = (network.ledger(), network.locations());
    let mut reserved = BTreeMap::new();
    let mut note = |text: String, amount: u128| {
        if amount > 0 {
            reserved.insert(text, amount);
        }
    };
    let nodes = || (0..NODES as u32).map(NodeId);
    for origin in nodes() {
        for destination in nodes() {
            let amount = ledger.reserved_bps(origin, destination);
            note(format!("{origin:?} {destination:?}"), amount);
            let towards = ledger
                .towards(destination)
                .find(|(node, _)| *node == origin);
            assert_eq!(towards.map_or(0, |(_, amount)| amount), amount);
        }
    }
    let ids = || (0..locations.distinct().len() as u32).map(crate::topology::LocationId);
    for origin in ids() {
        for destination in ids() {
            let (here, there) = (locations.get(origin), locations.get(destination));
            let amount = ledger.between_zones_bps(origin, destination);
            note(format!("{here:?} {there:?}"), amount);
            let (from, to) = (locations.region(origin), locations.region(destination));
            let amount = ledger.between_regions_bps(from, to);
            note(format!("{} {}", here.region, there.region), amount);
        }
    }
    reserved
}

proptest! {
    #[test]
    fn the_ledger_is_what_counting_anew_gives(
        events in proptest::collection::vec(event(), 0..60),
    ) {
        let mut network = Network::default();
        let mut zones: [Option<usize>; NODES] = [None; NODES];
        let mut placed: [Option<(usize, usize)>; PODS] = [None; PODS];
        let mut declared = None;
        for event in events {
            match event {
                Event::Pod(name, workload, on) => {
                    if let Some((workload, on)) = placed[name].take() {
                        network.displace(&pod(name, workload), NodeId(on as u32));
                    } else {
                        network.place(&pod(name, workload), NodeId(on as u32));
                        placed[name] = Some((workload, on));
                    }
                }
                Event::Node(name, zone) => {
                    zones[name] = zone;
                    match zone {
                        Some(zone) => network.set_node(NodeId(name as u32), &node(name, zone)),
                        None => network.remove_node(NodeId(name as u32)),
                    }
                }
                Event::Group(index) => {
                    declared = index;
                    match index {
                        Some(index) => network.apply_app_group(group(index).as_bytes()).expect("valid"),
                        None => drop(network.delete_app_group("default", "app")),
                    }
                }
            }
        }
        let mut anew = Network::default();
        if let Some(index) = declared {
            anew.apply_app_group(group(index).as_bytes()).expect("valid");
        }
        for (name, place) in placed.iter().enumerate() {
            if let Some((workload, on)) = *place {
                anew.place(&pod(name, workload), NodeId(on as u32));
            }
        }
        for (name, zone) in zones.iter().enumerate() {
            if let Some(zone) = *zone {
                anew.set_node(NodeId(name as u32), &node(name, zone));
            }
        }
        prop_assert_eq!(reserved(&network), reserved(&anew));
        for (name, place) in placed.iter().enumerate() {
            if let Some((workload, on)) = *place {
                network.displace(&pod(name, workload), NodeId(on as u32));
            }
        }
        prop_assert_eq!(reserved(&network), BTreeMap::new());
    }
}

#[test]
fn shares_are_rounded_up_and_count_only_other_pods() {
    let dependency = |callee| crate::app_graph::Dependency {
        caller: WorkloadId(0),
        callee: WorkloadId(callee),
        weight: 1.0,
        min_bandwidth_bps: 100,
        max_network_cost: None,
    };
    let shares = [0, 1, 2, 3].map(|pods| share_bps(&dependency(1), pods));
    assert_eq!(shares, [0, 100, 50, 34]);
    let shares = [0, 1, 2, 3].map(|pods| share_bps(&dependency(0), pods));
    assert_eq!(shares, [0, 0, 100, 50]);
}
