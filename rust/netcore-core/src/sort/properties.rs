//! What every queue sort must keep, whatever the pods are.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A pod as a test draws it.
#[derive(Clone, Debug)]
struct Drawn {
    namespace: &'static str,
    group: Option<&'static str>,
    workload: Option<&'static str>,
    priority: i32,
    since: f64,
}

/// Few of everything, so that much is equal; with groups and workloads that nobody declared.
fn drawn() -> impl Strategy<Value = Drawn> {
    use proptest::option::of;
    use proptest::sample::select;
    let groups = vec!["shop", "shop", "bank", "ghost", ""];
    let workloads = vec!["a", "b", "c", "stranger", ""];
    let times = vec![0.0, -0.0, 1.0, 1.0 + f64::EPSILON, -3.5, 1.7e9, f64::MAX];
    (
        select(vec!["default", "other"]),
        of(select(groups)),
        of(select(workloads)),
        select(vec![0, 0, 0, 1, -1, i32::MAX, i32::MIN]),
        select(times),
    )
        .prop_map(|(namespace, group, workload, priority, since)| Drawn {
            namespace,
            group,
            workload,
            priority,
            since,
        })
}

/// The pods `p0`, `p1`… in a cluster with the groups shop (in both namespaces) and bank.
fn cluster(pods: &[Drawn]) -> (ClusterState, Vec<Waiting>) {
    let mut state = ClusterState::new();
    let reference = |name: &str| json!({"kind": "Deployment", "name": name, "selector": name});
    for (namespace, name, order) in [
        ("default", "shop", ["c", "a", "b"]),
        ("other", "shop", ["b", "c", "a"]),
        ("default", "bank", ["a", "b", "c"]),
    ] {
        let calls = json!([
            {"workload": reference("a"), "dependencies": [{"workload": reference("b")}]},
            {"workload": reference("b"), "dependencies": [{"workload": reference("c"), "weight": 9}]},
            {"workload": reference("c")},
        ]);
        let mut entries: Vec<_> = (1..)
            .zip(order)
            .map(|(index, name)| json!({"workload": reference(name), "index": index}))
            .collect();
        entries.sort_by_key(|entry| entry["workload"]["selector"].to_string());
        let object = json!({
            "metadata": {"namespace": namespace, "name": name},
            "spec": {"numMembers": 3, "topologySortingAlgorithm": "KahnSort", "workloads": calls},
            "status": {"topologyOrder": entries},
        });
        let json = object.to_string();
        state.apply("AppGroup", json.as_bytes()).expect("valid");
    }
    let waiting = pods.iter().enumerate().map(|(number, pod)| {
        let mut labels = json!({});
        for (label, value) in [
            (crate::kube::APP_GROUP_LABEL, pod.group),
            (crate::kube::WORKLOAD_LABEL, pod.workload),
        ] {
            if let Some(value) = value {
                labels[label] = json!(value);
            }
        }
        let name = format!("p{number}");
        let object = json!({
            "metadata": {"namespace": pod.namespace, "name": name, "uid": name, "labels": labels},
            "spec": {"priority": pod.priority},
        });
        let json = object.to_string();
        let pod_id = state.apply("Pod", json.as_bytes()).expect("valid");
        Waiting {
            pod: pod_id.expect("a pod"),
            since: pod.since,
        }
    });
    let waiting = waiting.collect();
    (state, waiting)
}

fn sorts() -> [QueueSort; 3] {
    [
        QueueSort::PrioritySort,
        QueueSort::AppGroupSort,
        QueueSort::TopologicalSort(TopologicalSort {
            namespaces: vec!["default".to_owned(), "other".to_owned()],
        }),
    ]
}

/// The pods' numbers in the order in which they are placed.
fn order(sort: &QueueSort, state: &ClusterState, pods: &[Waiting]) -> Vec<PodId> {
    let order = sort.order(state, pods);
    order.iter().map(|&at| pods[at as usize].pod).collect()
}

/// The rule as its documentation words it, without keys: whether `a` goes before `b`.
fn goes_first(sort: &QueueSort, state: &ClusterState, pods: &[Drawn], a: usize, b: usize) -> bool {
    let name = |pod: usize| format!("{}/p{pod}", pods[pod].namespace);
    // PrioritySort.
    let by_turn = |a: usize, b: usize| {
        let (left, right) = (&pods[a], &pods[b]);
        right
            .priority
            .cmp(&left.priority)
            .then(left.since.partial_cmp(&right.since).expect("no NaN"))
            .then(name(a).cmp(&name(b)))
    };
    let label = |pod: usize| pods[pod].group.filter(|group| !group.is_empty());
    let together = |a: usize, b: usize| {
        let (left, right) = (&pods[a], &pods[b]);
        let is_one_group = label(a).is_some() && label(a) == label(b);
        a == b
            || match sort {
                QueueSort::PrioritySort => false,
                QueueSort::AppGroupSort => {
                    let alike =
                        (left.namespace, left.priority) == (right.namespace, right.priority);
                    is_one_group && alike
                }
                QueueSort::TopologicalSort(_) => is_one_group,
            }
    };
    if !together(a, b) {
        let head = |of: usize| {
            let block = (0..pods.len()).filter(|&pod| together(of, pod));
            block.min_by(|&a, &b| by_turn(a, b)).expect("itself")
        };
        return by_turn(head(a), head(b)).is_lt();
    }
    let rank = |pod: usize| {
        let drawn = &pods[pod];
        let group = |namespace| {
            state
                .network()
                .app_group(namespace, label(pod).unwrap_or(""))
        };
        match sort {
            QueueSort::PrioritySort => 0,
            QueueSort::AppGroupSort => group(drawn.namespace)
                .and_then(|group| Some((group, group.graph.workload(drawn.workload?)?)))
                .map_or(i64::MAX, |(group, workload)| group.rank(workload).into()),
            QueueSort::TopologicalSort(_) => group("default")
                .or_else(|| group("other"))
                .map_or(-1, |group| {
                    group.topology_index(drawn.workload.unwrap_or("")).into()
                }),
        }
    };
    rank(a).cmp(&rank(b)).then(by_turn(a, b)).is_lt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keys_are_a_strict_weak_order(pods in proptest::collection::vec(drawn(), 1..14)) {
        let (state, waiting) = cluster(&pods);
        for sort in sorts() {
            let mut keys = sort.keys(&state, &waiting);
            // Where a pod is in the list must not be what tells it from another.
            for key in &mut keys {
                key.position = 0;
            }
            let less = |a: usize, b: usize| keys[a] < keys[b];
            let incomparable = |a: usize, b: usize| !less(a, b) && !less(b, a);
            for a in 0..keys.len() {
                prop_assert!(!less(a, a), "{} is irreflexive", sort.name());
                for b in 0..keys.len() {
                    prop_assert!(!(less(a, b) && less(b, a)), "{} is asymmetric", sort.name());
                    prop_assert_eq!(incomparable(a, b), a == b, "{}: no ties", sort.name());
                    for c in 0..keys.len() {
                        prop_assert!(
                            !(less(a, b) && less(b, c)) || less(a, c), "{} is transitive", sort.name(),
                        );
                        prop_assert!(
                            !(incomparable(a, b) && incomparable(b, c)) || incomparable(a, c),
                            "{}: incomparability is transitive", sort.name(),
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn keys_say_what_the_rule_says(pods in proptest::collection::vec(drawn(), 1..14)) {
        let (state, waiting) = cluster(&pods);
        for sort in sorts() {
            let keys = sort.keys(&state, &waiting);
            for a in 0..pods.len() {
                for b in (0..pods.len()).filter(|&b| b != a) {
                    let expected = goes_first(&sort, &state, &pods, a, b);
                    prop_assert_eq!(keys[a] < keys[b], expected, "{} {} {}", sort.name(), a, b);
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_list_does_not_matter(
        (pods, shuffled) in proptest::collection::vec(drawn(), 1..30).prop_flat_map(|pods| {
            let positions: Vec<usize> = (0..pods.len()).collect();
            (Just(pods), Just(positions).prop_shuffle())
        }),
    ) {
        let (state, waiting) = cluster(&pods);
        let shuffled: Vec<Waiting> = shuffled.into_iter().map(|at| waiting[at]).collect();
        for sort in sorts() {
            let expected = order(&sort, &state, &waiting);
            prop_assert_eq!(order(&sort, &state, &shuffled), expected, "{}", sort.name());
            // Nor does it matter when a pod comes twice: it is placed where it would be once.
            let twice: Vec<Waiting> = waiting.iter().chain(&shuffled).copied().collect();
            let mut doubled = order(&sort, &state, &twice);
            prop_assert_eq!(doubled.len(), 2 * waiting.len());
            doubled.dedup();
            prop_assert_eq!(doubled, order(&sort, &state, &waiting), "{}", sort.name());
        }
    }

    #[test]
    fn a_pod_of_no_group_comes_between_the_others_and_moves_none(
        pods in proptest::collection::vec(drawn(), 1..20), alone in drawn(),
    ) {
        let mut more = pods.clone();
        more.push(Drawn { group: None, ..alone });
        let (state, waiting) = cluster(&more);
        let others = &waiting[..pods.len()];
        for sort in sorts() {
            let mut found = order(&sort, &state, &waiting);
            found.retain(|&pod| pod != waiting[pods.len()].pod);
            prop_assert_eq!(found, order(&sort, &state, others), "{}", sort.name());
        }
    }
}

/// Upstream's TopologicalSort puts c before a by the order of the group, a before the stranger by
/// priority, and the stranger before c, likewise: a circle, whose outcome depends on the sort
/// algorithm and on the order of the list.
#[test]
fn the_circle_of_upstream_is_cut() {
    let pod = |group, workload, priority| Drawn {
        namespace: "default",
        group,
        workload,
        priority,
        since: 0.0,
    };
    let pods = [
        pod(Some("shop"), Some("a"), 10),
        pod(None, None, 5),
        pod(Some("shop"), Some("c"), 0),
    ];
    let (state, waiting) = cluster(&pods);
    let expected = [[0, 1, 2], [0, 1, 2], [2, 0, 1]];
    for (sort, expected) in sorts().iter().zip(expected) {
        assert_eq!(sort.order(&state, &waiting), expected, "{}", sort.name());
    }
}
