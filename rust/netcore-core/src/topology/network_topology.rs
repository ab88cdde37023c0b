//! From a `NetworkTopology` object to its costs.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::diktyo;
use crate::error::Result;
use crate::kube::wire::{List, Metadata, Text};
use crate::kube::{self, Quantity};

/// The kind, as errors name it.
const KIND: &str = "NetworkTopology";
/// The label whose values are the origins of region costs.
pub const REGION_KEY: &str = "topology.kubernetes.io/region";
/// The label whose values are the origins of zone costs.
pub const ZONE_KEY: &str = "topology.kubernetes.io/zone";
/// Costs of one object in all: all pairs of 1000 zones.
const MOST_COSTS: usize = 1_000_000;

/// What is declared for the way from one zone or region to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredCost {
    /// Network cost, at least 0; netcore reads it as a round-trip time in ms.
    pub network_cost: i64,
    /// Bandwidth in all, bit/s; 0 where not declared.
    pub bandwidth_capacity_bps: u64,
    /// Bandwidth that others than netcore have taken, bit/s.
    pub bandwidth_allocated_bps: u64,
}

/// Costs from an origin, in the order of the object.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) name: Box<str>,
    pub(crate) costs: Vec<(Box<str>, DeclaredCost)>,
}

/// Costs between the values of one label, in the order of the object.
#[derive(Clone, Debug)]
pub(crate) struct TopologyList {
    pub(crate) key: Box<str>,
    pub(crate) origins: Vec<Origin>,
}

/// Declared ways between zones, or between regions: origin → destination → cost.
pub type Costs = FxHashMap<Box<str>, FxHashMap<Box<str>, DeclaredCost>>;

/// A named set of costs, such as `UserDefined` or `NetperfCosts`.
#[derive(Clone, Debug)]
pub struct WeightSet {
    /// Its name.
    pub name: Box<str>,
    /// Costs between regions; of several for one way the last counts.
    pub regions: Costs,
    /// Costs between zones; of several for one way the last counts.
    pub zones: Costs,
    pub(crate) lists: Vec<TopologyList>,
}

/// Network costs between zones and between regions, as a `NetworkTopology` object declares them.
#[derive(Clone, Debug)]
pub struct NetworkTopology {
    /// Namespace of the object.
    pub namespace: Box<str>,
    /// Name of the object.
    pub name: Box<str>,
    /// Its sets of costs, in the order of the object.
    pub weights: Vec<WeightSet>,
}

impl NetworkTopology {
    /// Decode the JSON of an object.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidObject`](crate::Error::InvalidObject) where the object breaks its schema or
    /// is larger than any cluster needs.
    pub fn decode(json: &[u8]) -> Result<Self> {
        let wire: Wire<'_> = kube::parse(KIND, json)?;
        kube::check_names(KIND, json, &wire.metadata)?;
        let fail = |field, problem| kube::invalid_field(KIND, &wire.metadata, field, problem);
        let mut costs = 0;
        let mut weights = Vec::with_capacity(wire.spec.weights.len());
        for (index, set) in wire.spec.weights.iter().enumerate() {
            let lists = set.decode(&mut costs).map_err(|(field, problem)| {
                fail(format!("spec.weights[{index}].{field}"), problem)
            })?;
            weights.push(WeightSet {
                name: (&*set.name).into(),
                regions: between(&lists, REGION_KEY),
                zones: between(&lists, ZONE_KEY),
                lists,
            });
        }
        if costs > MOST_COSTS {
            return Err(fail(
                "spec.weights".into(),
                format!("{costs} costs: at most {MOST_COSTS}"),
            ));
        }
        Ok(Self {
            namespace: (&*wire.metadata.namespace).into(),
            name: (&*wire.metadata.name).into(),
            weights,
        })
    }

    /// The sets of costs of a name, in the order of the object.
    pub fn weight_sets(&self, name: &str) -> impl DoubleEndedIterator<Item = &WeightSet> {
        self.weights.iter().filter(move |set| &*set.name == name)
    }
}

/// All costs between the values of a label.
fn between(lists: &[TopologyList], key: &str) -> Costs {
    let mut costs = Costs::default();
    for list in lists.iter().filter(|list| &*list.key == key) {
        for origin in &list.origins {
            let ways = costs.entry(origin.name.clone()).or_default();
            ways.extend(origin.costs.iter().cloned());
        }
    }
    costs
}

impl WeightSet {
    /// The costs that upstream's search finds for an origin, in the order of the object.
    ///
    /// Upstream sorts what a user defined (see [`sorted`](Self::sorted)) and trusts its own
    /// controller to have sorted the rest: an unsorted list hides some of its entries.
    pub(crate) fn as_diktyo_finds(&self, key: &str, origin: &str) -> &[(Box<str>, DeclaredCost)] {
        let found = diktyo::search(&self.lists, |list| (*list.key).cmp(key));
        let origins = found.map_or(&[][..], |list| &list.origins);
        let found = diktyo::search(origins, |entry| (*entry.name).cmp(origin));
        found.map_or(&[][..], |entry| &entry.costs)
    }

    /// The set with its lists sorted by key and origin, as upstream sorts what a user defined.
    pub(crate) fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        sorted.lists.sort_by(|a, b| a.key.cmp(&b.key));
        for list in &mut sorted.lists {
            list.origins.sort_by(|a, b| a.name.cmp(&b.name));
        }
        sorted
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: WireSpec<'a>,
}

#[derive(Deserialize)]
struct WireSpec<'a> {
    #[serde(borrow, default)]
    weights: List<WireWeights<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireWeights<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    topology_list: List<WireTopology<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTopology<'a> {
    #[serde(borrow)]
    topology_key: Text<'a>,
    #[serde(borrow, default)]
    origin_list: List<WireOrigin<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireOrigin<'a> {
    #[serde(borrow)]
    origin: Text<'a>,
    #[serde(borrow, default)]
    cost_list: List<WireCost<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCost<'a> {
    #[serde(borrow)]
    destination: Text<'a>,
    network_cost: i64,
    #[serde(default)]
    bandwidth_capacity: Quantity,
    #[serde(default)]
    bandwidth_allocated: Quantity,
}

impl WireWeights<'_> {
    /// The lists of a set; on failure, the field within the set and what is wrong with it.
    /// Adds to `total` the costs read.
    fn decode(&self, total: &mut usize) -> Result<Vec<TopologyList>, (String, String)> {
        let mut lists = Vec::with_capacity(self.topology_list.len());
        for (index, list) in self.topology_list.iter().enumerate() {
            let mut origins = Vec::with_capacity(list.origin_list.len());
            for (place, origin) in list.origin_list.iter().enumerate() {
                let mut costs = Vec::with_capacity(origin.cost_list.len());
                for (at, cost) in origin.cost_list.iter().enumerate() {
                    let cost = cost.decode().map_err(|(field, problem)| {
                        let way =
                            format!("topologyList[{index}].originList[{place}].costList[{at}]");
                        (format!("{way}.{field}"), problem)
                    })?;
                    costs.push(cost);
                }
                *total += costs.len();
                origins.push(Origin {
                    name: (&*origin.origin).into(),
                    costs,
                });
            }
            lists.push(TopologyList {
                key: (&*list.topology_key).into(),
                origins,
            });
        }
        Ok(lists)
    }
}

impl WireCost<'_> {
    fn decode(&self) -> Result<(Box<str>, DeclaredCost), (&'static str, String)> {
        let amount = |field: &'static str, value: i64| {
            u64::try_from(value).map_err(|_| (field, format!("{value} is negative")))
        };
        amount("networkCost", self.network_cost)?;
        let cost = DeclaredCost {
            network_cost: self.network_cost,
            bandwidth_capacity_bps: amount("bandwidthCapacity", self.bandwidth_capacity.whole())?,
            bandwidth_allocated_bps: amount(
                "bandwidthAllocated",
                self.bandwidth_allocated.whole(),
            )?,
        };
        Ok(((&*self.destination).into(), cost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_bandwidths_and_order_are_taken_in() {
        let topology = NetworkTopology::decode(
            br#"{"metadata": {"name": "nt", "namespace": "default"}, "spec": {"configmapName": "m", "weights": [
                {"name": "UserDefined", "topologyList": [
                  {"topologyKey": "topology.kubernetes.io/zone", "originList": [
                    {"origin": "z2", "costList": [{"destination": "z1", "networkCost": 5,
                       "bandwidthCapacity": "1Gi", "bandwidthAllocated": "10M"}]},
                    {"origin": "z1"}, {"origin": "z0", "costList": null}]},
                  {"topologyKey": "topology.kubernetes.io/region", "originList": null}]},
                {"name": "Empty", "topologyList": null}]}}"#,
        )
        .expect("valid");
        let set = topology
            .weight_sets("UserDefined")
            .next()
            .expect("is there");
        let expected = DeclaredCost {
            network_cost: 5,
            bandwidth_capacity_bps: 1 << 30,
            bandwidth_allocated_bps: 10_000_000,
        };
        assert_eq!(set.zones["z2"]["z1"], expected);
        assert!(set.regions.is_empty());
        // The search meets z1 first, then z0: z2 is where it never looks.
        assert!(set.as_diktyo_finds(ZONE_KEY, "z2").is_empty());
        assert_eq!(set.sorted().as_diktyo_finds(ZONE_KEY, "z2")[0].1, expected);
    }

    #[test]
    fn what_breaks_the_schema_is_refused_by_field() {
        let decode = |cost: &str| {
            let json = format!(
                r#"{{"metadata": {{"name": "nt", "namespace": "d"}}, "spec": {{"weights": [{{"name": "U",
                "topologyList": [{{"topologyKey": "k", "originList": [{{"origin": "a", "costList": [{cost}]}}]}}]}}]}}}}"#
            );
            NetworkTopology::decode(json.as_bytes())
                .expect_err("broken")
                .to_string()
        };
        let negative = decode(r#"{"destination": "b", "networkCost": -4}"#);
        assert!(
            negative.contains(
                "\"d/nt\" is not valid: \
                 spec.weights[0].topologyList[0].originList[0].costList[0].networkCost: -4 is negative"
            ),
            "{negative}"
        );
        assert!(decode(r#"{"destination": "b"}"#).contains("networkCost"));
        let capacity =
            decode(r#"{"destination": "b", "networkCost": 1, "bandwidthCapacity": "fast"}"#);
        assert!(capacity.contains("bandwidthCapacity"), "{capacity}");
    }
}
