//! The orders in which the workloads of an application are placed.
//!
//! `TrafficSort` is netcore's own; the other six are Diktyo's, with its quirks (last-listed callees
//! first, duplicates counted) but not its randomness: where it iterates over a Go map, these take
//! the workloads in declared order. Unlike upstream's they index every workload, also one without
//! any dependency.
//!
//! Source: `util/appgroup.go` of diktyo-io/appgroup-controller, as KEP 260 of scheduler-plugins
//! describes it.

use std::fmt;
use std::str::FromStr;

use super::{AppGraph, WorkloadId, cycle, traffic};
use crate::error::{Error, Result};

/// An order of placement, by the name that an AppGroup gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Heaviest neighbour first; needs no acyclic graph.
    #[default]
    Traffic,
    /// Callers before callees by Kahn's algorithm with a stack.
    Kahn,
    /// Callers before callees by reversed depth-first finish order.
    Tarjan,
    /// `Kahn` backwards.
    ReverseKahn,
    /// `Tarjan` backwards.
    ReverseTarjan,
    /// First, last, second, last but one… of `Kahn`.
    AlternateKahn,
    /// First, last, second, last but one… of `Tarjan`.
    AlternateTarjan,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 7] = [
        Self::Traffic,
        Self::Kahn,
        Self::Tarjan,
        Self::ReverseKahn,
        Self::ReverseTarjan,
        Self::AlternateKahn,
        Self::AlternateTarjan,
    ];

    /// The name in `spec.topologySortingAlgorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traffic => "TrafficSort",
            Self::Kahn => "KahnSort",
            Self::Tarjan => "TarjanSort",
            Self::ReverseKahn => "ReverseKahn",
            Self::ReverseTarjan => "ReverseTarjan",
            Self::AlternateKahn => "AlternateKahn",
            Self::AlternateTarjan => "AlternateTarjan",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| Error::UnknownAlgorithm(name.to_owned()))
    }
}

/// Workloads in the order of placement.
pub(super) fn order(graph: &AppGraph, algorithm: Algorithm) -> Result<Vec<WorkloadId>> {
    let base = match algorithm {
        Algorithm::Traffic => Ok(traffic::heaviest_neighbour_first(graph)),
        Algorithm::Kahn | Algorithm::ReverseKahn | Algorithm::AlternateKahn => {
            kahn(graph).ok_or_else(|| graph.cycle())
        }
        Algorithm::Tarjan | Algorithm::ReverseTarjan | Algorithm::AlternateTarjan => {
            cycle::finish_order(graph).map(reversed)
        }
    };
    let base = base.map_err(|cycle| Error::Cycle {
        algorithm: algorithm.name(),
        cycle: cycle
            .iter()
            .chain(cycle.first())
            .map(|&workload| graph.selector(workload).to_owned())
            .collect(),
    })?;
    Ok(match algorithm {
        Algorithm::Traffic | Algorithm::Kahn | Algorithm::Tarjan => base,
        Algorithm::ReverseKahn | Algorithm::ReverseTarjan => reversed(base),
        Algorithm::AlternateKahn | Algorithm::AlternateTarjan => alternated(&base),
    })
}

/// Kahn's algorithm as upstream has it: a stack, and in-degrees that count duplicate edges.
/// `None` where a cycle keeps workloads out.
fn kahn(graph: &AppGraph) -> Option<Vec<WorkloadId>> {
    let mut callers: Vec<usize> = graph
        .workloads()
        .map(|workload| graph.incoming(workload).len())
        .collect();
    let mut ready: Vec<WorkloadId> = graph
        .workloads()
        .filter(|workload| callers[workload.index()] == 0)
        .collect();
    let mut order = Vec::with_capacity(graph.len());
    while let Some(workload) = ready.pop() {
        for callee in graph.callees(workload) {
            let left = &mut callers[callee.index()];
            *left -= 1;
            if *left == 0 {
                ready.push(callee);
            }
        }
        order.push(workload);
    }
    (order.len() == graph.len()).then_some(order)
}

fn reversed(mut order: Vec<WorkloadId>) -> Vec<WorkloadId> {
    order.reverse();
    order
}

fn alternated(order: &[WorkloadId]) -> Vec<WorkloadId> {
    let mut rest = order.iter().copied();
    let mut alternated = Vec::with_capacity(order.len());
    while let Some(first) = rest.next() {
        alternated.push(first);
        alternated.extend(rest.next_back());
    }
    alternated
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Online Boutique without its reverse edges, as upstream's unit tests have it: P1…P11.
    fn online_boutique() -> AppGraph {
        let names = [
            "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11",
        ];
        let calls: [(u32, &[u32]); 4] = [
            (1, &[2, 3, 4, 6, 8, 9, 10]),
            (2, &[11]),
            (8, &[2, 3, 4, 5, 6, 7]),
            (9, &[3]),
        ];
        let edges: Vec<_> = calls
            .iter()
            .flat_map(|&(caller, callees)| callees.iter().map(move |&to| (caller - 1, to - 1, 1.0)))
            .collect();
        AppGraph::new(&names, &edges)
    }

    fn order_of(graph: &AppGraph, algorithm: Algorithm) -> String {
        let order = graph.order(algorithm).expect("acyclic");
        let names: Vec<_> = order
            .iter()
            .map(|&workload| graph.selector(workload))
            .collect();
        names.join(" ")
    }

    #[test]
    fn the_six_orders_of_diktyo_on_online_boutique() {
        let graph = online_boutique();
        let golden = [
            (Algorithm::Kahn, "P1 P10 P9 P8 P7 P6 P5 P4 P3 P2 P11"),
            (Algorithm::ReverseKahn, "P11 P2 P3 P4 P5 P6 P7 P8 P9 P10 P1"),
            (
                Algorithm::AlternateKahn,
                "P1 P11 P10 P2 P9 P3 P8 P4 P7 P5 P6",
            ),
            (Algorithm::Tarjan, "P1 P10 P9 P8 P7 P5 P6 P4 P3 P2 P11"),
            (
                Algorithm::ReverseTarjan,
                "P11 P2 P3 P4 P6 P5 P7 P8 P9 P10 P1",
            ),
            (
                Algorithm::AlternateTarjan,
                "P1 P11 P10 P2 P9 P3 P8 P4 P7 P6 P5",
            ),
        ];
        for (algorithm, expected) in golden {
            assert_eq!(order_of(&graph, algorithm), expected, "{algorithm}");
        }
    }

    #[test]
    fn duplicates_count_and_isolated_workloads_have_a_place() {
        let graph = AppGraph::new(&["a", "b", "alone"], &[(0, 1, 1.0), (0, 1, 1.0)]);
        assert_eq!(order_of(&graph, Algorithm::Kahn), "alone a b");
        assert_eq!(order_of(&graph, Algorithm::Tarjan), "alone a b");
    }

    #[test]
    fn a_cycle_is_named_and_traffic_order_bears_it() {
        let graph = AppGraph::new(&["a", "b", "c"], &[(0, 1, 1.0), (1, 2, 1.0), (2, 1, 1.0)]);
        for algorithm in Algorithm::ALL {
            match graph.order(algorithm) {
                Ok(order) => {
                    assert_eq!(algorithm, Algorithm::Traffic);
                    assert_eq!(order.len(), 3);
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.starts_with(algorithm.name()), "{text}");
                    assert!(text.contains("b -> c -> b"), "{text}");
                }
            }
        }
    }

    #[test]
    fn names_round_trip_and_an_unknown_one_lists_the_known() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        let error = "Dijkstra".parse::<Algorithm>().expect_err("not an order");
        assert!(error.to_string().contains("TrafficSort"), "{error}");
    }

    /// Graphs without cycles: edges point from a lower position to a higher one.
    fn acyclic() -> impl Strategy<Value = AppGraph> {
        (1..12_u32).prop_flat_map(|size| {
            // Whole weights: sums of them are the same in any order.
            let edge = (0..size, 0..size, 0..10_u32);
            proptest::collection::vec(edge, 0..30).prop_map(move |edges| {
                let names: Vec<String> = (0..size).map(|index| format!("w{index}")).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let edges: Vec<_> = edges
                    .into_iter()
                    .filter(|(a, b, _)| a != b)
                    .map(|(a, b, weight)| (a.min(b), a.max(b), weight.into()))
                    .collect();
                AppGraph::new(&names, &edges)
            })
        })
    }

    /// The same graph under other names, listed another way: the dependencies of a workload keep
    /// their order, but come between those of others.
    fn renamed_and_dealt_out(graph: &AppGraph) -> AppGraph {
        let names: Vec<String> = (0..graph.len()).map(|at| format!("z{}", 99 - at)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let longest = graph.workloads().map(|it| graph.outgoing(it).len()).max();
        let mut edges = Vec::new();
        for turn in 0..longest.unwrap_or(0) {
            let dealt = (0..graph.len() as u32).rev().map(WorkloadId);
            for id in dealt.filter_map(|workload| graph.outgoing(workload).get(turn)) {
                let edge = graph.dependency(*id);
                edges.push((edge.caller.0, edge.callee.0, edge.weight));
            }
        }
        AppGraph::new(&names, &edges)
    }

    /// The same graph with its workloads declared in another order.
    fn redeclared(graph: &AppGraph, order: &[usize]) -> AppGraph {
        let place = |workload: WorkloadId| {
            let place = order.iter().position(|&at| at == workload.index());
            place.expect("a permutation") as u32
        };
        let names: Vec<&str> = order
            .iter()
            .map(|&at| graph.selector(WorkloadId(at as u32)))
            .collect();
        let edge = |it: &super::super::Dependency| (place(it.caller), place(it.callee), it.weight);
        let edges: Vec<_> = graph.dependencies().iter().map(edge).collect();
        AppGraph::new(&names, &edges)
    }

    proptest! {
        /// Where workloads stand decides, and no name: not in ties either.
        #[test]
        fn orders_know_no_names_and_read_each_workloads_list_by_itself(graph in acyclic()) {
            let other = renamed_and_dealt_out(&graph);
            for algorithm in Algorithm::ALL {
                prop_assert_eq!(graph.order(algorithm), graph.order(algorithm), "{}", algorithm);
                prop_assert_eq!(graph.order(algorithm), other.order(algorithm), "{}", algorithm);
            }
        }

        /// Traffic that differs everywhere leaves no tie to the declared order.
        #[test]
        fn traffic_order_is_the_same_however_the_workloads_are_declared(
            (graph, order) in acyclic().prop_flat_map(|graph| {
                let order: Vec<usize> = (0..=graph.len()).collect();
                (Just(graph), Just(order).prop_shuffle())
            }),
        ) {
            // Each workload calls another, or the hub where it calls none, with a power of two of
            // its own: no two sums are equal, and none is rounded. One more makes the hub the
            // heaviest of all.
            prop_assume!(graph.len() > 1);
            let names: Vec<&str> = graph.selectors().chain(["heavy"]).collect();
            let callee = |it: WorkloadId| graph.callees(it).next().unwrap_or(WorkloadId(0));
            let edges: Vec<_> = graph
                .workloads()
                .skip(1)
                .map(|it| (it.0, callee(it).0, f64::from(1_u32 << it.0)))
                .chain([(graph.len() as u32, 0, 1e6)])
                .collect();
            let graph = AppGraph::new(&names, &edges);
            let names_in = |graph: &AppGraph| -> Vec<String> {
                let order = graph.order(Algorithm::Traffic).expect("bears cycles");
                order.iter().map(|&it| graph.selector(it).to_owned()).collect()
            };
            prop_assert_eq!(names_in(&graph), names_in(&redeclared(&graph, &order)));
        }

        /// A chain has one topological order, and every algorithm of Diktyo is a rule upon it.
        #[test]
        fn a_chain_leaves_no_choice(order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle()) {
            let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
            let edges: Vec<_> = (1..9).map(|to| (to - 1, to, 1.0)).collect();
            let chain = AppGraph::new(&names, &edges);
            let other = redeclared(&chain, &order);
            for algorithm in Algorithm::ALL.into_iter().filter(|it| *it != Algorithm::Traffic) {
                prop_assert_eq!(order_of(&chain, algorithm), order_of(&other, algorithm));
            }
        }

        #[test]
        fn every_order_is_a_permutation_and_topological_ones_put_callers_first(graph in acyclic()) {
            prop_assert!(graph.cycle().is_empty());
            for algorithm in Algorithm::ALL {
                let order = graph.order(algorithm).expect("acyclic");
                let mut place = vec![usize::MAX; graph.len()];
                for (position, workload) in order.iter().enumerate() {
                    prop_assert_eq!(place[workload.index()], usize::MAX);
                    place[workload.index()] = position;
                }
                prop_assert_eq!(order.len(), graph.len());
                for edge in graph.dependencies() {
                    let (caller, callee) = (place[edge.caller.index()], place[edge.callee.index()]);
                    match algorithm {
                        Algorithm::Kahn | Algorithm::Tarjan => prop_assert!(caller < callee),
                        Algorithm::ReverseKahn | Algorithm::ReverseTarjan => {
                            prop_assert!(callee < caller);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
