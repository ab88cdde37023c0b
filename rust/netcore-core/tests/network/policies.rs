//! What each cost policy keeps through whole decisions, on clusters measured at random.

use netcore_core::plan::{Decision, Outcome};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// Nodes `n0` to `n5`; the peer runs on `n0`, which takes no more pods.
const NODES: usize = 6;

/// What one node measured of the way to another; 0 is not known.
#[derive(Clone, Copy, Debug)]
struct Measured {
    rtt_micros: i64,
    loss_ppm: i64,
    bandwidth_bps: i64,
}

fn measured() -> impl Strategy<Value = Measured> {
    let bandwidth = prop_oneof![Just(0), 1_000..2_000_000_000_i64];
    let parts = (
        prop_oneof![500..5_000_i64, 5_000..200_000_i64],
        prop_oneof![Just(0), 0..200_000_i64],
        bandwidth,
    );
    parts.prop_map(|(rtt_micros, loss_ppm, bandwidth_bps)| Measured {
        rtt_micros,
        loss_ppm,
        bandwidth_bps,
    })
}

/// A cluster by what is known of the ways from each node to each later one.
fn cluster(links: &[Option<Measured>], min_bandwidth: u64) -> Cluster {
    let mut cluster = Cluster::default();
    for node in 0..NODES {
        cluster.node(&format!("r/z{node}/n{node}"));
    }
    let cordon = json!({"metadata": {"name": "n0"}, "spec": {"unschedulable": true}});
    cluster.apply("Node", &cordon);
    let names: Vec<String> = (0..NODES).map(|node| format!("n{node}")).collect();
    for origin in 0..NODES {
        let known = (origin + 1..NODES)
            .filter_map(|peer| Some((peer, links[origin * NODES + peer]?)))
            .collect::<Vec<_>>();
        let round_trips: Vec<_> = known
            .iter()
            .map(|&(peer, it)| (&*names[peer], it.rtt_micros))
            .collect();
        let column = |value: fn(&Measured) -> i64| -> Vec<i64> {
            known.iter().map(|(_, it)| value(it)).collect()
        };
        let columns = json!({
            "lossToPpm": column(|it| it.loss_ppm), "lossFromPpm": column(|it| it.loss_ppm),
            "bandwidthBps": column(|it| it.bandwidth_bps),
        });
        cluster.measured(&names[origin], &round_trips, &columns);
    }
    // Its own target: what is near elsewhere has no part in it.
    let fields = json!({"maxNetworkCost": 20, "minBandwidth": min_bandwidth.to_string()});
    cluster.app_group("app", &[("web", "cart", fields)]);
    cluster.pod("cart-1", "cart", Some("n0"));
    cluster
}

fn decide(cluster: &mut Cluster, args: &Value) -> Decision {
    decide_on(cluster, "web", args)
}

/// Where a new pod of a workload goes.
fn decide_on(cluster: &mut Cluster, workload: &str, args: &Value) -> Decision {
    cluster.pod("new", workload, None);
    let plugin = json!({"name": "NetworkCost", "weight": 1, "args": args});
    let filter = json!({"name": "NodeUnschedulable"});
    cluster.decide("new", &json!([filter]), &json!([plugin]))
}

/// Raw scores of `n1` to `n5`.
fn raw(decision: &Decision) -> Vec<i64> {
    let verdicts = decision.nodes.iter().flatten();
    verdicts
        .filter_map(|verdict| match &verdict.outcome {
            Outcome::Accepted { parts, .. } => Some(parts[0].raw),
            Outcome::Rejected { .. } => None,
        })
        .collect()
}

/// Each policy, so that the dependency's utility alone is the score.
fn policies() -> Vec<Value> {
    ["slo", "linear", "time"]
        .iter()
        .map(|policy| json!({"policy": policy, "worstShare": 1, "time": {"messageBytes": 1e5}}))
        .collect()
}

fn links() -> impl Strategy<Value = Vec<Option<Measured>>> {
    proptest::collection::vec(proptest::option::weighted(0.8, measured()), NODES * NODES)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_node_with_an_unknown_link_is_below_the_best_and_not_below_the_worst(
        links in links(), min_bandwidth in prop_oneof![Just(0), Just(100_000_000_u64)],
        unknown in 1..NODES,
    ) {
        let mut links = links;
        links[unknown] = None;
        let is_known = |node: usize| links[node].is_some();
        for args in policies() {
            let found = raw(&decide(&mut cluster(&links, min_bandwidth), &args));
            prop_assert_eq!(found.len(), NODES - 1);
            let known: Vec<i64> = (1..NODES)
                .filter(|&node| is_known(node))
                .map(|node| found[node - 1])
                .collect();
            let (Some(&best), Some(&worst)) = (known.iter().max(), known.iter().min()) else {
                continue;
            };
            for node in (1..NODES).filter(|&node| !is_known(node)) {
                let score = found[node - 1];
                prop_assert!(score < best || best == 0, "{args}: {score} of {known:?}");
                // Cut to whole hundredths of a point, and a half at most.
                let least = worst.min(5000).min(best - 1) - 1;
                prop_assert!(score >= least, "{args}: {score} of {known:?}");
            }
        }
    }

    #[test]
    fn an_unknown_bandwidth_is_neither_better_than_the_best_nor_worse_than_the_worst_known(
        links in links(), unknown in 1..NODES, min_bandwidth in 1_000_u64..=4_000_000_000,
    ) {
        let mut links = links;
        let known: Vec<i64> = (1..NODES)
            .filter(|&node| node != unknown)
            .filter_map(|node| links[node].map(|it| it.bandwidth_bps))
            .filter(|&bandwidth_bps| bandwidth_bps > 0)
            .collect();
        let (Some(&best), Some(&worst)) = (known.iter().max(), known.iter().min()) else {
            return Ok(());
        };
        let link = links[unknown].get_or_insert(Measured {
            rtt_micros: 1000, loss_ppm: 0, bandwidth_bps: 0,
        });
        let way = *link;
        for args in policies() {
            // The peer calls: the ways from its node are those of which the bandwidth is known.
            let mut with = |bandwidth_bps| {
                links[unknown] = Some(Measured { bandwidth_bps, ..way });
                let mut cluster = cluster(&links, min_bandwidth);
                cluster.delete("Pod", "cart-1");
                cluster.pod("web-1", "web", Some("n0"));
                raw(&decide_on(&mut cluster, "cart", &args))[unknown - 1]
            };
            let [score, best, worst] = [0, best, worst].map(&mut with);
            prop_assert!(score <= best, "{args}: {score}, with the best known {best}");
            // Or than what the policy takes for neutral, which is the most that it counts.
            let neutral_bps = match args["policy"].as_str() {
                Some("slo") => min_bandwidth / 2,
                Some("time") => min_bandwidth,
                _ => continue,
            };
            let neutral = with(i64::try_from(neutral_bps).expect("small"));
            prop_assert!(
                score >= worst.min(neutral) - 1, "{args}: {score}, with the worst known {worst}",
            );
        }
    }

    #[test]
    fn what_an_explanation_tells_is_what_was_scored(
        links in links(), min_bandwidth in prop_oneof![Just(0), Just(100_000_000_u64)],
    ) {
        for args in policies() {
            let decision = decide(&mut cluster(&links, min_bandwidth), &args);
            for candidate in &decision.top {
                for link in candidate.links.iter().filter(|link| link.rtt_ms.is_some()) {
                    let scored = candidate.parts[0].raw as f64 / 1e4;
                    prop_assert!(
                        (1.0 - link.cost - scored).abs() < 2e-4, "{args}: {link:?} {scored}",
                    );
                }
            }
        }
    }

    /// `linear` only as long as the other link is not the largest in anything: here the link from
    /// `n4` to `n5` is.
    #[test]
    fn a_link_between_others_changes_no_score(
        links in links(), min_bandwidth in prop_oneof![Just(0), Just(100_000_000_u64)],
        other in proptest::option::of(measured()), at in 0_usize..5,
    ) {
        let mut links = links;
        links[4 * NODES + 5] = Some(Measured {
            rtt_micros: 500_000, loss_ppm: 900_000, bandwidth_bps: 4_000_000_000,
        });
        let (origin, peer) = [(1, 2), (1, 3), (2, 4), (3, 4), (2, 5)][at];
        let mut changed = links.clone();
        changed[origin * NODES + peer] = other;
        for args in policies() {
            // Of links within no zone the shortest of each node stand for near, and closeness is
            // relative to that: it is held where it is by a zone of its own.
            let [before, after] = [&links, &changed].map(|links| {
                let mut cluster = cluster(links, min_bandwidth);
                cluster.nodes(&["r/near/x", "r/near/y"]);
                cluster.measured("x", &[("y", 1000)], &json!({"bandwidthBps": [1_000_000]}));
                raw(&decide(&mut cluster, &args))
            });
            prop_assert_eq!(before, after, "{}", args);
        }
    }
}
