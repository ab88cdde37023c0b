//! From an `AppGroup` object to its graph.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Algorithm, AppGraph, Dependency, WorkloadId};
use crate::diktyo;
use crate::error::Result;
use crate::kube::wire::{List, Metadata, Text};
use crate::kube::{self, Quantity};

/// The kind, as errors name it.
const KIND: &str = "AppGroup";
/// Workloads of one group: far above any application, and a bound for what a bad object can cost.
const MOST_WORKLOADS: usize = 4096;
/// Dependencies of one group in all.
const MOST_DEPENDENCIES: usize = 65_536;
/// `maxNetworkCost` by the schema of the resource.
const HIGHEST_NETWORK_COST: i64 = 10_000;

/// A dependency as Diktyo reads it: whether its workload is declared or not, and with a missing
/// `maxNetworkCost` for 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedDependency {
    pub(crate) selector: Box<str>,
    pub(crate) max_network_cost: i64,
}

/// An application as its `AppGroup` object declares it.
///
/// A sound part of an object stands also where another part has a problem: a dependency on an
/// unknown workload is left out, a workload or dependency that comes twice is joined with the
/// first, and [`AppGraph::problems`] tells so.
#[derive(Clone, Debug)]
pub struct AppGroup {
    /// Namespace of the object.
    pub namespace: Box<str>,
    /// Name of the object: the value of the group label of its pods.
    pub name: Box<str>,
    /// The workloads and their dependencies.
    pub graph: AppGraph,
    /// `spec.topologySortingAlgorithm` as it stands in the object.
    pub algorithm: Box<str>,
    /// Per workload, what Diktyo reads of its dependencies.
    listed: Vec<Vec<ListedDependency>>,
    /// `status.topologyOrder`: selector and index, in the order of the object.
    topology_order: Vec<(Box<str>, i32)>,
    /// Per workload, its place in [`placement_order`](Self::placement_order).
    ranks: Vec<u32>,
}

impl AppGroup {
    /// Decode the JSON of an object.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidObject`](crate::Error::InvalidObject) where the object breaks its schema or
    /// is larger than any application could be.
    pub fn decode(json: &[u8]) -> Result<Self> {
        let wire: Wire<'_> = kube::parse(KIND, json)?;
        kube::check_names(KIND, json, &wire.metadata)?;
        let fail = |field, problem| kube::invalid_field(KIND, &wire.metadata, field, problem);
        let workloads = &wire.spec.workloads;
        let dependencies: usize = workloads.iter().map(|entry| entry.dependencies.len()).sum();
        for (found, most, what) in [
            (workloads.len(), MOST_WORKLOADS, "workloads"),
            (dependencies, MOST_DEPENDENCIES, "dependencies"),
        ] {
            if found > most {
                return Err(fail(
                    "spec.workloads".into(),
                    format!("{found} {what}: at most {most}"),
                ));
            }
        }
        let mut graph = AppGraph::default();
        let mut ids = Vec::with_capacity(workloads.len());
        let mut twice = 0;
        for (index, entry) in workloads.iter().enumerate() {
            let selector = &*entry.workload.selector;
            if selector.is_empty() {
                let field = format!("spec.workloads[{index}].workload.selector");
                return Err(fail(field, "is missing".into()));
            }
            ids.push(
                graph
                    .workload(selector)
                    .unwrap_or_else(|| graph.add_workload(selector)),
            );
            if graph.len() + twice == index {
                twice += 1;
                let problem = format!("workload {selector:?} is declared twice: joined into one");
                graph.problems.push(problem);
            }
        }
        let mut seen = BTreeSet::new();
        let mut listed = vec![Vec::new(); graph.len()];
        for (index, entry) in workloads.iter().enumerate() {
            for (place, dependency) in entry.dependencies.iter().enumerate() {
                let field = format!("spec.workloads[{index}].dependencies[{place}]");
                graph
                    .declare(ids[index], dependency, &mut seen)
                    .map_err(|(part, problem)| fail(format!("{field}.{part}"), problem))?;
                listed[ids[index].index()].push(ListedDependency {
                    selector: (&*dependency.workload.selector).into(),
                    max_network_cost: dependency.max_network_cost.unwrap_or(0),
                });
            }
        }
        let ranks = ranks(&mut graph, &wire.spec.algorithm);
        Ok(Self {
            namespace: (&*wire.metadata.namespace).into(),
            name: (&*wire.metadata.name).into(),
            graph,
            algorithm: (&*wire.spec.algorithm).into(),
            listed,
            topology_order: wire
                .status
                .topology_order
                .iter()
                .map(|entry| ((&*entry.workload.selector).into(), entry.index))
                .collect(),
            ranks,
        })
    }

    /// Place of a workload in the order of placement: by the algorithm that the object names, or
    /// by traffic where it names none that is known, or one that a cycle forbids.
    pub fn rank(&self, workload: WorkloadId) -> u32 {
        self.ranks[workload.index()]
    }

    /// The dependencies of all entries with a selector, as Diktyo reads them.
    pub(crate) fn listed(&self, selector: &str) -> &[ListedDependency] {
        let workload = self.graph.workload(selector);
        workload.map_or(&[], |workload| &self.listed[workload.index()])
    }

    /// The index that Diktyo's controller gave a workload, looked up as upstream does; -1 where
    /// that finds none.
    pub fn topology_index(&self, selector: &str) -> i32 {
        let order = &self.topology_order;
        diktyo::search(order, |(entry, _)| (**entry).cmp(selector)).map_or(-1, |&(_, index)| index)
    }
}

impl AppGraph {
    /// Take in one dependency of the object; on failure, the field of it and what is wrong.
    fn declare(
        &mut self,
        workload: WorkloadId,
        wire: &WireDependency<'_>,
        seen: &mut BTreeSet<(WorkloadId, WorkloadId)>,
    ) -> Result<(), (&'static str, String)> {
        let selector = &*wire.workload.selector;
        let weight = wire.weight.unwrap_or(1.0);
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(("weight", format!("{weight} is negative or not finite")));
        }
        let max_network_cost = match wire.max_network_cost {
            None => None,
            Some(cost @ 0..=HIGHEST_NETWORK_COST) => Some(cost as u32),
            Some(cost) => {
                return Err((
                    "maxNetworkCost",
                    format!("{cost} is not in 0..{HIGHEST_NETWORK_COST}"),
                ));
            }
        };
        let min_bandwidth_bps = u64::try_from(wire.min_bandwidth.whole())
            .map_err(|_| ("minBandwidth", "is negative".to_owned()))?;
        let from = self.selector(workload);
        let Some(callee) = self.workload(selector) else {
            let problem =
                format!("workload {from:?} depends on {selector:?}, which is not declared");
            self.problems.push(problem);
            return Ok(());
        };
        if callee == workload {
            self.problems
                .push(format!("workload {from:?} depends on itself"));
        } else if !seen.insert((workload, callee)) {
            self.problems
                .push(format!("workload {from:?} depends on {selector:?} twice"));
        }
        self.add_dependency(Dependency {
            caller: workload,
            callee,
            weight,
            min_bandwidth_bps,
            max_network_cost,
        });
        Ok(())
    }
}

/// Each workload's place in the order of placement. What keeps the order that the object names
/// from being used is a problem of the graph.
fn ranks(graph: &mut AppGraph, algorithm: &str) -> Vec<u32> {
    let named = if algorithm.is_empty() {
        Ok(Algorithm::default())
    } else {
        algorithm.parse()
    };
    let order = named
        .and_then(|algorithm| graph.order(algorithm))
        .unwrap_or_else(|error| {
            graph.problems.push(error.to_string());
            super::traffic::heaviest_neighbour_first(graph)
        });
    let mut ranks = vec![0; order.len()];
    for (rank, workload) in order.iter().enumerate() {
        ranks[workload.index()] = rank as u32;
    }
    ranks
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: WireSpec<'a>,
    #[serde(borrow, default)]
    status: WireStatus<'a>,
}

#[derive(Deserialize)]
struct WireSpec<'a> {
    #[serde(borrow, default, rename = "topologySortingAlgorithm")]
    algorithm: Text<'a>,
    #[serde(borrow, default)]
    workloads: List<WireWorkload<'a>>,
}

#[derive(Deserialize)]
struct WireWorkload<'a> {
    #[serde(borrow)]
    workload: WireReference<'a>,
    #[serde(borrow, default)]
    dependencies: List<WireDependency<'a>>,
}

#[derive(Deserialize)]
struct WireReference<'a> {
    #[serde(borrow)]
    selector: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDependency<'a> {
    #[serde(borrow)]
    workload: WireReference<'a>,
    #[serde(default)]
    min_bandwidth: Quantity,
    max_network_cost: Option<i64>,
    weight: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireStatus<'a> {
    #[serde(borrow)]
    topology_order: List<WireOrder<'a>>,
}

#[derive(Deserialize)]
struct WireOrder<'a> {
    #[serde(borrow)]
    workload: WireReference<'a>,
    #[serde(default)]
    index: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(workloads: &str, algorithm: &str) -> Result<AppGroup> {
        let json = format!(
            r#"{{"metadata": {{"name": "shop", "namespace": "default"}}, "spec":
                {{"topologySortingAlgorithm": "{algorithm}", "workloads": {workloads}}}}}"#
        );
        AppGroup::decode(json.as_bytes())
    }

    #[test]
    fn every_field_of_a_dependency_is_taken_in() {
        let group = group(
            r#"[{"workload": {"kind": "Deployment", "name": "a-x", "selector": "a"}, "dependencies": [
                {"workload": {"kind": "Deployment", "name": "b-x", "selector": "b"},
                 "minBandwidth": "100Mi", "maxNetworkCost": 80, "weight": 2.5},
                {"workload": {"selector": "c"}, "minBandwidth": 7}]},
               {"workload": {"selector": "b"}, "dependencies": null}, {"workload": {"selector": "c"}}]"#,
            "KahnSort",
        )
        .expect("valid");
        let graph = &group.graph;
        assert_eq!(graph.selectors().collect::<Vec<_>>(), ["a", "b", "c"]);
        let expected = Dependency {
            caller: WorkloadId(0),
            callee: WorkloadId(1),
            weight: 2.5,
            min_bandwidth_bps: 104_857_600,
            max_network_cost: Some(80),
        };
        assert_eq!(graph.dependencies()[0], expected);
        let bare = &graph.dependencies()[1];
        assert_eq!(
            (bare.weight, bare.min_bandwidth_bps, bare.max_network_cost),
            (1.0, 7, None)
        );
        assert_eq!(graph.incoming(WorkloadId(2)).len(), 1);
        assert!(graph.problems().is_empty() && graph.cycle().is_empty());
        assert_eq!([0, 1, 2].map(|id| group.rank(WorkloadId(id))), [0, 2, 1]);
    }

    #[test]
    fn problems_are_told_and_the_rest_stands() {
        let group = group(
            r#"[{"workload": {"selector": "a"}, "dependencies": [{"workload": {"selector": "ghost"}},
                {"workload": {"selector": "b"}}, {"workload": {"selector": "b"}},
                {"workload": {"selector": "a"}}]},
               {"workload": {"selector": "b"}}, {"workload": {"selector": "a"}}]"#,
            "KahnSort",
        )
        .expect("decodes");
        let problems = group.graph.problems().join("\n");
        for part in [
            "\"a\" is declared twice",
            "depends on \"ghost\", which is not declared",
            "depends on \"b\" twice",
            "\"a\" depends on itself",
            "KahnSort needs dependencies without a cycle, and a -> a is one",
        ] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
        assert_eq!(
            (group.graph.len(), group.graph.dependencies().len()),
            (2, 3)
        );
        let listed: Vec<_> = group.listed[0]
            .iter()
            .map(|entry| &*entry.selector)
            .collect();
        assert_eq!(listed, ["ghost", "b", "b", "a"]);
    }

    #[test]
    fn what_breaks_the_schema_is_refused_by_field() {
        let cases = [
            (
                r#"[{"workload": {"selector": ""}}]"#,
                "spec.workloads[0].workload.selector: is missing",
            ),
            (
                r#"[{"workload": {"selector": "a"}, "dependencies":
                    [{"workload": {"selector": "a"}, "maxNetworkCost": 10001}]}]"#,
                "spec.workloads[0].dependencies[0].maxNetworkCost: 10001 is not in 0..10000",
            ),
            (
                r#"[{"workload": {"selector": "a"}, "dependencies":
                    [{"workload": {"selector": "a"}, "minBandwidth": "-1"}]}]"#,
                "minBandwidth: is negative",
            ),
            (
                r#"[{"workload": {"selector": "a"}, "dependencies":
                    [{"workload": {"selector": "a"}, "weight": -0.5}]}]"#,
                "weight: -0.5 is negative",
            ),
            (r#"{"workload": 3}"#, "spec.workloads"),
            (r#"[{"workload": {"name": "a"}}]"#, "selector"),
        ];
        for (workloads, expected) in cases {
            let message = group(workloads, "KahnSort")
                .expect_err(expected)
                .to_string();
            assert!(message.contains(expected), "{message}");
        }
        let entry = r#"{"workload": {"selector": "a"}}"#;
        let many = format!("[{}]", vec![entry; MOST_WORKLOADS + 1].join(","));
        let message = group(&many, "").expect_err("too large").to_string();
        assert!(
            message.contains("4097 workloads: at most 4096"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_algorithm_is_a_problem_and_traffic_orders() {
        let group = group(
            r#"[{"workload": {"selector": "a"}}, {"workload": {"selector": "b"},
                "dependencies": [{"workload": {"selector": "c"}}]}, {"workload": {"selector": "c"}}]"#,
            "Dijkstra",
        )
        .expect("valid");
        assert!(group.graph.problems()[0].contains("Dijkstra"));
        assert_eq!([0, 1, 2].map(|id| group.rank(WorkloadId(id))), [2, 0, 1]);
    }

    #[test]
    fn topology_index_is_upstreams_binary_search() {
        let json = br#"{"metadata": {"name": "shop"}, "spec": {"workloads": null}, "status":
            {"topologyOrder": [{"workload": {"selector": "p1"}, "index": 1},
            {"workload": {"selector": "p10"}, "index": 3}, {"workload": {"selector": "p2"}, "index": 2}]}}"#;
        let group = AppGroup::decode(json).expect("valid");
        let indices = ["p1", "p10", "p2", "p3"].map(|selector| group.topology_index(selector));
        assert_eq!(indices, [1, 3, 2, -1]);
    }
}
