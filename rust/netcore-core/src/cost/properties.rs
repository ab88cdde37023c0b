//! What each of the policies must keep, whatever the links are.
//!
//! `linear` keeps all of it but one: its maxima come from the whole cluster, so that it is blind to
//! other links only as long as the maxima stay. What happens when they do not is the last test.

use proptest::prelude::*;

use super::*;
use crate::NodeId;
use crate::topology::Arrays;

/// A quantity that may be unknown.
fn maybe(values: std::ops::RangeInclusive<f32>) -> impl Strategy<Value = f32> {
    // Both zeros where 0 is one of the ends.
    let ends = [*values.start(), *values.end(), -*values.start()];
    let ends: Vec<f32> = ends
        .into_iter()
        .filter(|end| values.contains(end))
        .collect();
    prop_oneof![
        6 => values,
        1 => proptest::sample::select(ends),
        2 => Just(f32::NAN),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    path_with(0.0..=1.0, 0.0..=1e10)
}

fn path_with(
    loss: std::ops::RangeInclusive<f32>,
    bandwidth_bps: std::ops::RangeInclusive<f32>,
) -> impl Strategy<Value = Path> {
    (maybe(0.0..=1000.0), maybe(loss), maybe(bandwidth_bps)).prop_map(
        |(rtt_ms, loss, bandwidth_bps)| Path {
            rtt_ms,
            loss,
            bandwidth_bps: f64::from(bandwidth_bps),
        },
    )
}

/// A round trip, if it is known, that is not nearer than what is near.
fn not_near(rtt_ms: f32) -> f32 {
    if rtt_ms < NEAR_MS { NEAR_MS } else { rtt_ms }
}

fn need() -> impl Strategy<Value = Need> {
    let target = prop_oneof![1 => Just(0.0), 6 => 0.0..=200.0_f32];
    (target, prop_oneof![Just(0.0), 1.0..=1e10_f64]).prop_map(
        |(target_rtt_ms, min_bandwidth_bps)| Need {
            target_rtt_ms,
            min_bandwidth_bps,
        },
    )
}

/// Each policy by its defaults and by other arguments.
fn choices() -> Vec<PolicyChoice> {
    let defaults = PolicyChoice::NAMES.map(|name| PolicyChoice::named(name).expect("a policy"));
    let mut choices = defaults.to_vec();
    choices.extend([
        PolicyChoice::Slo(Slo {
            alpha: 2.0,
            latency_weight: 1.0,
            bandwidth_weight: 0.3,
        }),
        PolicyChoice::Linear(LinearWeights {
            latency: 0.0,
            bandwidth: 3.0,
            loss: 1.0,
        }),
        PolicyChoice::Time(Time {
            round_trips: 4.0,
            message_bytes: 1e7,
            rto_ms: 0.0,
            ..Time::default()
        }),
        PolicyChoice::Time(Time {
            message_bytes: 0.0,
            ..Time::default()
        }),
    ]);
    choices
}

/// What is near in every cluster here.
const NEAR_MS: f32 = 1.0;

/// Nodes and their links; the fields are matrices as a topology takes them.
#[derive(Clone, Debug)]
struct Links {
    nodes: usize,
    rtt_ms: Vec<f32>,
    loss: Vec<f32>,
    bandwidth_bps: Vec<f64>,
}

impl Links {
    fn topology(&self) -> Topology {
        let names: Vec<String> = (0..self.nodes).map(|node| format!("n{node}")).collect();
        let arrays = Arrays {
            rtt_ms: &self.rtt_ms,
            loss: Some(&self.loss),
            bandwidth_bps: Some(&self.bandwidth_bps),
            ..Arrays::default()
        };
        Topology::from_arrays(names, arrays).expect("sound matrices")
    }

    fn set(&mut self, origin: usize, destination: usize, path: Path) {
        let cell = origin * self.nodes + destination;
        self.rtt_ms[cell] = path.rtt_ms;
        self.loss[cell] = path.loss;
        self.bandwidth_bps[cell] = path.bandwidth_bps;
    }
}

/// Links with what `linear` takes for its maxima on the last node's link to the first, and with
/// what `slo` and `time` take for near on each node's link to the next.
fn links(nodes: std::ops::Range<usize>) -> impl Strategy<Value = Links> {
    let links = nodes.prop_flat_map(|nodes| {
        proptest::collection::vec(path(), nodes * nodes).prop_map(move |paths| Links {
            nodes,
            rtt_ms: paths.iter().map(|path| not_near(path.rtt_ms)).collect(),
            loss: paths.iter().map(|path| path.loss).collect(),
            bandwidth_bps: paths.iter().map(|path| path.bandwidth_bps).collect(),
        })
    });
    links.prop_map(|mut links| {
        let last = links.nodes - 1;
        for node in 0..last {
            links.rtt_ms[node * links.nodes + node + 1] = NEAR_MS;
        }
        let worst = Path {
            rtt_ms: 2000.0,
            loss: 1.0,
            bandwidth_bps: 1e10,
        };
        links.set(last, 0, worst);
        links
    })
}

/// Policies over some topology, as placement has them.
fn policies(topology: &Topology) -> Vec<Box<dyn CostPolicy>> {
    let over = |choice: PolicyChoice| choice.over(topology, 0.0);
    choices().into_iter().map(over).collect()
}

proptest! {
    #[test]
    fn costs_are_bounded_and_unknown_only_where_nothing_is_known(
        links in links(2..5), path in path(), need in need(),
    ) {
        for policy in policies(&links.topology()) {
            let cost = policy.cost(&path, &need);
            prop_assert_eq!(cost.is_nan(), path.is_unknown(), "{} {}", policy.name(), cost);
            prop_assert!(cost.is_nan() || (0.0..=1.0).contains(&cost), "{} {}", policy.name(), cost);
        }
    }

    #[test]
    fn costs_are_monotone(
        links in links(2..5), path in path(), need in need(),
        rtt in 0.0..100.0_f32, loss in 0.0..1.0_f32, bandwidth in 0.0..1e9_f64,
    ) {
        let worse = [
            Path { rtt_ms: path.rtt_ms + rtt, ..path },
            Path { loss: (path.loss + loss).min(1.0).max(path.loss), ..path },
            Path { bandwidth_bps: (path.bandwidth_bps - bandwidth).max(0.0), ..path },
        ];
        // A quantity that is unknown stays so: only known ones can get worse.
        let known = [!path.rtt_ms.is_nan(), !path.loss.is_nan(), !path.bandwidth_bps.is_nan()];
        for policy in policies(&links.topology()) {
            let cost = policy.cost(&path, &need);
            for (worse, _) in worse.iter().zip(known).filter(|(_, known)| *known) {
                prop_assert!(policy.cost(worse, &need) >= cost, "{} {worse:?}", policy.name());
            }
        }
    }

    #[test]
    fn an_unknown_quantity_is_neither_better_than_the_best_nor_the_worst(
        // Where a link carries next to nothing, no other quantity of it can be told apart.
        links in links(2..5), path in path_with(0.0..=0.9, 1e6..=1e10), need in need(),
    ) {
        let cases = [
            (
                Path { rtt_ms: f32::NAN, ..path },
                Path { rtt_ms: 0.0, ..path },
                Path { rtt_ms: 1e6, ..path },
            ),
            (
                Path { loss: f32::NAN, ..path },
                Path { loss: 0.0, ..path },
                Path { loss: 1.0, ..path },
            ),
            (
                Path { bandwidth_bps: f64::NAN, ..path },
                Path { bandwidth_bps: 1e15, ..path },
                Path { bandwidth_bps: 0.0, ..path },
            ),
        ];
        for policy in policies(&links.topology()) {
            for (unknown, best, worst) in cases.iter().filter(|(unknown, ..)| !unknown.is_unknown()) {
                let [unknown_cost, best, worst] =
                    [unknown, best, worst].map(|path| policy.cost(path, &need));
                prop_assert!(best <= unknown_cost, "{} {unknown:?}", policy.name());
                prop_assert!(
                    unknown_cost < worst || worst - best < 1e-3,
                    "{} {unknown:?}: {best} {unknown_cost} {worst}", policy.name(),
                );
            }
        }
    }

    #[test]
    fn whole_rows_give_what_single_links_give(
        links in links(2..5), bandwidth_bps in maybe(0.0..=1e10),
        rtts in proptest::collection::vec(maybe(0.0..=1000.0), 0..40), need in need(),
    ) {
        let bandwidth_bps = f64::from(bandwidth_bps);
        for policy in policies(&links.topology()) {
            let (mut prepared, mut row) = (vec![0.0; rtts.len()], vec![0.0; rtts.len()]);
            policy.prepare(&rtts, &mut prepared);
            policy.utilities(&prepared, bandwidth_bps, &need, &mut row);
            if let Some(line) = policy.line(bandwidth_bps, &need) {
                for (&prepared, utility) in prepared.iter().zip(&row) {
                    prop_assert_eq!(line.at(prepared).to_bits(), utility.to_bits());
                }
            }
            for (&rtt_ms, utility) in rtts.iter().zip(row) {
                let single = policy.utility(&Path { rtt_ms, bandwidth_bps, ..Path::UNKNOWN }, &need);
                let expected = if rtt_ms.is_nan() { 0.0 } else { single };
                prop_assert_eq!(utility.to_bits(), expected.to_bits(), "{}", policy.name());
            }
        }
    }

    #[test]
    fn an_unknown_bandwidth_counts_as_the_neutral_one(
        links in links(2..5), path in path(), need in need(),
    ) {
        let path = Path { bandwidth_bps: f64::NAN, ..path };
        for policy in policies(&links.topology()) {
            if path.is_unknown() || !policy.reads_bandwidth(&need) {
                continue;
            }
            let neutral = Path { bandwidth_bps: policy.neutral_bandwidth_bps(&need), ..path };
            let [unknown, neutral] = [&path, &neutral].map(|path| policy.utility(path, &need));
            prop_assert_eq!(unknown.to_bits(), neutral.to_bits(), "{}", policy.name());
        }
    }

    #[test]
    fn bandwidth_that_is_not_read_changes_nothing(
        links in links(2..5), path in path(), need in need(), bandwidth_bps in 0.0..1e10_f64,
    ) {
        for policy in policies(&links.topology()) {
            let other = Path { bandwidth_bps, ..path };
            let [cost, other] = [&path, &other].map(|path| policy.cost(path, &need));
            prop_assert!(
                policy.reads_bandwidth(&need) || path.is_unknown() || cost.to_bits() == other.to_bits(),
                "{}: {cost} {other}", policy.name(),
            );
        }
    }

    /// Links that lose nothing, take no time or have nothing known of them, one node alone.
    #[test]
    fn every_cluster_has_defined_costs(
        links in links(1..5), loses: bool, takes_time: bool, has_bandwidth: bool, is_told: bool,
    ) {
        let mut links = links;
        for cell in 0..links.nodes * links.nodes {
            if !loses {
                links.loss[cell] = 0.0;
            }
            if !takes_time {
                links.rtt_ms[cell] = 0.0;
            }
            if !has_bandwidth {
                links.bandwidth_bps[cell] = 0.0;
            }
            if !is_told {
                links.loss[cell] = f32::NAN;
                links.rtt_ms[cell] = f32::NAN;
                links.bandwidth_bps[cell] = f64::NAN;
            }
        }
        let topology = links.topology();
        for choice in choices() {
            for (cell, cost) in of_links(&topology, choice).into_iter().enumerate() {
                let (origin, destination) = (cell / links.nodes, cell % links.nodes);
                if origin == destination {
                    prop_assert_eq!(cost.to_bits(), 0, "{:?}: its own node", choice);
                } else {
                    let [here, there] = [origin, destination].map(|node| NodeId(node as u32));
                    let (link, back) = (topology.link(here, there), topology.link(there, here));
                    let is_unknown = link.is_blank() && back.loss.is_nan();
                    let is_good = if is_unknown { cost.is_nan() } else { (0.0..=1.0).contains(&cost) };
                    prop_assert!(is_good, "{choice:?}: {cost}");
                }
            }
        }
    }

    /// For `slo` and `time` whatever the other link is; for `linear`, whose maxima are those of a
    /// third link here, as long as it does not exceed them.
    #[test]
    fn a_cost_is_blind_to_other_links(
        links in links(3..6), other in path(), at in any::<proptest::sample::Index>(),
    ) {
        let ends = |cell: usize| (cell / links.nodes, cell % links.nodes);
        let last = links.nodes - 1;
        let is_other = |&(origin, destination): &(usize, usize)| {
            let is_anchor = destination == origin + 1 || (origin, destination) == (last, 0);
            origin != destination && !is_anchor
        };
        let others: Vec<_> = (0..links.nodes * links.nodes).map(ends).filter(is_other).collect();
        let (origin, destination) = *at.get(&others);
        // The loss of the way there is a part of the way back.
        let both_ways = [(origin, destination), (destination, origin)];
        for exceeds_the_maxima in [false, true] {
            let mut changed = links.clone();
            let far = if exceeds_the_maxima { 1e5 } else { 0.0 };
            let other = Path { rtt_ms: not_near(other.rtt_ms) + far, ..other };
            changed.set(origin, destination, other);
            let (as_it_was, as_it_is) = (links.topology(), changed.topology());
            for choice in choices() {
                if exceeds_the_maxima && matches!(choice, PolicyChoice::Linear(_)) {
                    continue;
                }
                let (before, after) = (of_links(&as_it_was, choice), of_links(&as_it_is, choice));
                for cell in (0..before.len()).filter(|&cell| !both_ways.contains(&ends(cell))) {
                    prop_assert_eq!(before[cell].to_bits(), after[cell].to_bits(), "{:?}", choice);
                }
            }
        }
    }
}

/// Of two nodes that a third can reach, one is near and the other has more bandwidth. A link
/// between two quite different nodes turns them round under `linear`: known, and why it is not the
/// default. The others do not notice.
#[test]
fn linear_is_not_blind_to_a_new_maximum() {
    let nan = f32::NAN;
    let mut links = Links {
        nodes: 5,
        rtt_ms: vec![nan; 25],
        loss: vec![0.0; 25],
        bandwidth_bps: vec![f64::NAN; 25],
    };
    let path = |rtt_ms, bandwidth_bps| Path {
        rtt_ms,
        loss: 0.0,
        bandwidth_bps,
    };
    let (near, wide) = (1, 2);
    links.set(0, near, path(1.0, 600e6));
    links.set(0, wide, path(6.0, 1000e6));
    // What is near stays the same: it is the median of each node's shortest.
    links.set(4, 3, path(1.0, 600e6));
    let even = PolicyChoice::Linear(LinearWeights {
        latency: 0.5,
        bandwidth: 0.5,
        loss: 0.0,
    });
    let mut costs = |rtt_ms, choice| {
        links.set(3, 4, path(rtt_ms, 600e6));
        let costs = of_links(&links.topology(), choice);
        [costs[near], costs[wide]]
    };
    for (rtt_ms, expected) in [(10.0, [0.25, 0.30]), (500.0, [0.201, 0.006])] {
        for (found, expected) in costs(rtt_ms, even).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{rtt_ms} ms: {found}");
        }
    }
    for name in ["slo", "time"] {
        let choice = PolicyChoice::named(name).expect("a policy");
        let [before, after] = [10.0, 500.0].map(|rtt_ms| costs(rtt_ms, choice));
        assert!(before[0] < before[1], "{name}");
        assert_eq!(before.map(f32::to_bits), after.map(f32::to_bits), "{name}");
    }
}
