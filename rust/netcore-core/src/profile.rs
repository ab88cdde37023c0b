//! Profiles: which plugins decide, in which order, with which weights and arguments.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::filter::{self, Filter};
use crate::kube::AffinityForm;
use crate::network_overhead;
use crate::pool::Pool;
use crate::score::{self, MAX_NODE_SCORE, ResourceWeight, Score, ShapePoint, Strategy};
use crate::sort::{QueueSort, TopologicalSort};

/// A score plugin with its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedScore {
    /// The plugin.
    pub score: Score,
    /// What its normalised score is multiplied by; at least 1.
    pub weight: i64,
}

/// One profile of a scheduler, validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Pods that name it are placed by this profile.
    pub scheduler_name: String,
    /// The order in which pods are placed.
    pub queue_sort: QueueSort,
    /// Filters in the order in which they are asked.
    pub filters: Vec<Filter>,
    /// Scores with their weights.
    pub scores: Vec<WeightedScore>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfileForm<'a> {
    scheduler_name: String,
    #[serde(borrow)]
    queue_sort: PluginForm<'a>,
    #[serde(borrow)]
    filters: Vec<PluginForm<'a>>,
    #[serde(borrow)]
    scores: Vec<ScoreForm<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginForm<'a> {
    name: String,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreForm<'a> {
    name: String,
    weight: i64,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

/// Weights beyond this one could overflow a node's total.
const LARGEST_WEIGHT: i64 = i32::MAX as i64;

impl Profile {
    /// Decodes the normalised form.
    ///
    /// `{"schedulerName", "queueSort": {"name", "args"}, "filters": [{"name", "args"}],
    /// "scores": [{"name", "weight", "args"}]}`, where `args` may be left out.
    ///
    /// ```
    /// use netcore_core::Profile;
    ///
    /// let profile = Profile::decode(
    ///     br#"{"schedulerName": "mine", "queueSort": {"name": "PrioritySort"},
    ///          "filters": [{"name": "NodeResourcesFit"}],
    ///          "scores": [{"name": "NodeResourcesFit", "weight": 1}]}"#,
    /// )
    /// .unwrap();
    /// assert_eq!(profile.filters[0].name(), "NodeResourcesFit");
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownPlugin`], or [`Error::InvalidProfile`] with the field.
    pub fn decode(json: &[u8]) -> Result<Self> {
        let form: ProfileForm<'_> =
            serde_json::from_slice(json).map_err(|problem| Error::InvalidProfile {
                profile: String::new(),
                field: "profile".to_owned(),
                problem: problem.to_string(),
            })?;
        let decoder = Decoder {
            profile: &form.scheduler_name,
            strings: Pool::default(),
        };
        decoder.profile(&form)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct NodeAffinityArgs<'a> {
    #[serde(borrow)]
    added_affinity: Option<AffinityForm<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct NodeResourcesFitArgs {
    ignored_resources: Vec<String>,
    ignored_resource_groups: Vec<String>,
    scoring_strategy: Option<ScoringStrategy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScoringStrategy {
    #[serde(rename = "type")]
    kind: StrategyKind,
    #[serde(default)]
    resources: Option<Vec<ResourceForm>>,
    #[serde(default)]
    requested_to_capacity_ratio: Option<RatioForm>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
enum StrategyKind {
    LeastAllocated,
    MostAllocated,
    RequestedToCapacityRatio,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceForm {
    name: String,
    #[serde(default = "one")]
    weight: i64,
}

fn one() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatioForm {
    shape: Vec<PointForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointForm {
    utilization: i64,
    score: i64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct BalancedAllocationArgs {
    resources: Option<Vec<ResourceForm>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TopologicalSortArgs {
    namespaces: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct NetworkOverheadArgs {
    namespaces: Option<Vec<String>>,
    weights_name: Option<String>,
    network_topology_name: Option<String>,
}

impl NetworkOverheadArgs {
    fn or_default(self) -> network_overhead::Args {
        let default = network_overhead::Args::default();
        network_overhead::Args {
            namespaces: self.namespaces.unwrap_or(default.namespaces),
            weights_name: self.weights_name.unwrap_or(default.weights_name),
            network_topology_name: self
                .network_topology_name
                .unwrap_or(default.network_topology_name),
        }
    }
}

/// Plugins without arguments take an empty object.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NoArgs {}

struct Decoder<'p> {
    profile: &'p str,
    strings: Pool<str>,
}

impl Decoder<'_> {
    fn profile(mut self, form: &ProfileForm<'_>) -> Result<Profile> {
        if form.filters.len() >= usize::from(u8::MAX) {
            return Err(self.invalid("filters", &"more than 254 plugins"));
        }
        let filters = form.filters.iter().map(|form| self.filter(form));
        let filters: Vec<_> = filters.collect::<Result<_>>()?;
        let scores = form.scores.iter().map(|form| self.score(form));
        let scores: Vec<_> = scores.collect::<Result<_>>()?;
        Ok(Profile {
            scheduler_name: form.scheduler_name.clone(),
            queue_sort: self.queue_sort(&form.queue_sort)?,
            filters,
            scores,
        })
    }

    fn invalid(&self, field: &str, problem: &dyn std::fmt::Display) -> Error {
        Error::InvalidProfile {
            profile: self.profile.to_owned(),
            field: field.to_owned(),
            problem: problem.to_string(),
        }
    }

    fn unknown(&self, point: &'static str, plugin: &str, known: &str) -> Error {
        Error::UnknownPlugin {
            profile: self.profile.to_owned(),
            point,
            plugin: plugin.to_owned(),
            known: known.to_owned(),
        }
    }

    fn args<'a, T: Deserialize<'a> + Default>(
        &self,
        plugin: &str,
        args: Option<&'a RawValue>,
    ) -> Result<T> {
        let Some(args) = args.filter(|args| args.get() != "null") else {
            return Ok(T::default());
        };
        let mut deserializer = serde_json::Deserializer::from_str(args.get());
        serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| self.invalid(&format!("{plugin}.{}", error.path()), &error.inner()))
    }

    fn no_args(&self, plugin: &str, args: Option<&RawValue>) -> Result<()> {
        self.args::<NoArgs>(plugin, args).map(|NoArgs {}| ())
    }

    fn queue_sort(&self, form: &PluginForm<'_>) -> Result<QueueSort> {
        match form.name.as_str() {
            "PrioritySort" => {
                self.no_args(&form.name, form.args)?;
                Ok(QueueSort::PrioritySort)
            }
            "AppGroupSort" => {
                self.no_args(&form.name, form.args)?;
                Ok(QueueSort::AppGroupSort)
            }
            "TopologicalSort" => {
                let args: TopologicalSortArgs = self.args(&form.name, form.args)?;
                let default = TopologicalSort::default();
                Ok(QueueSort::TopologicalSort(TopologicalSort {
                    namespaces: args.namespaces.unwrap_or(default.namespaces),
                }))
            }
            name => Err(self.unknown(
                "queueSort",
                name,
                "PrioritySort, AppGroupSort and TopologicalSort",
            )),
        }
    }

    fn filter(&mut self, form: &PluginForm<'_>) -> Result<Filter> {
        let simple = |filter| self.no_args(&form.name, form.args).map(|()| filter);
        match form.name.as_str() {
            "NodeUnschedulable" => simple(Filter::NodeUnschedulable),
            "NodeName" => simple(Filter::NodeName),
            "TaintToleration" => simple(Filter::TaintToleration),
            "NodePorts" => simple(Filter::NodePorts),
            "NodeAffinity" => {
                let args: NodeAffinityArgs<'_> = self.args(&form.name, form.args)?;
                let added = args
                    .added_affinity
                    .map(|affinity| affinity.required(&mut self.strings))
                    .transpose()
                    .map_err(|error| self.invalid("NodeAffinity.addedAffinity", &error))?
                    .flatten();
                Ok(Filter::NodeAffinity(filter::NodeAffinity { added }))
            }
            "NodeResourcesFit" => {
                let args: NodeResourcesFitArgs = self.args(&form.name, form.args)?;
                Ok(Filter::NodeResourcesFit(filter::NodeResourcesFit {
                    ignored_resources: args.ignored_resources,
                    ignored_resource_groups: args.ignored_resource_groups,
                }))
            }
            "NetworkLimits" => Ok(Filter::NetworkLimits(filter::NetworkLimits {
                declaration: self.args(&form.name, form.args)?,
            })),
            "NetworkOverhead" => {
                let args: NetworkOverheadArgs = self.args(&form.name, form.args)?;
                Ok(Filter::NetworkOverhead(args.or_default()))
            }
            name => Err(self.unknown(
                "filter",
                name,
                "NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts, \
                 NodeResourcesFit, NetworkLimits and NetworkOverhead",
            )),
        }
    }

    fn score(&mut self, form: &ScoreForm<'_>) -> Result<WeightedScore> {
        if !(1..=LARGEST_WEIGHT).contains(&form.weight) {
            let field = format!("{}.weight", form.name);
            return Err(self.invalid(
                &field,
                &format!("{} is not 1 to {LARGEST_WEIGHT}", form.weight),
            ));
        }
        let score = match form.name.as_str() {
            "TaintToleration" => {
                self.no_args(&form.name, form.args)?;
                Score::TaintToleration
            }
            "NodeAffinity" => {
                let args: NodeAffinityArgs<'_> = self.args(&form.name, form.args)?;
                let added = args
                    .added_affinity
                    .map(|affinity| affinity.preferred(&mut self.strings))
                    .transpose()
                    .map_err(|error| self.invalid("NodeAffinity.addedAffinity", &error))?
                    .unwrap_or_default();
                Score::NodeAffinity(score::NodeAffinity { added })
            }
            "NodeResourcesFit" => {
                let args: NodeResourcesFitArgs = self.args(&form.name, form.args)?;
                Score::NodeResourcesFit(self.fit(args)?)
            }
            "NodeResourcesBalancedAllocation" => {
                let args: BalancedAllocationArgs = self.args(&form.name, form.args)?;
                let resources =
                    self.resources(&format!("{}.resources", form.name), args.resources)?;
                Score::NodeResourcesBalancedAllocation(score::NodeResourcesBalancedAllocation {
                    resources,
                })
            }
            "NetworkCost" => Score::NetworkCost(self.args(&form.name, form.args)?),
            "NetworkOverhead" => {
                let args: NetworkOverheadArgs = self.args(&form.name, form.args)?;
                Score::NetworkOverhead(args.or_default())
            }
            name => {
                return Err(self.unknown(
                    "score",
                    name,
                    "TaintToleration, NodeAffinity, NodeResourcesFit, \
                     NodeResourcesBalancedAllocation, NetworkCost and NetworkOverhead",
                ));
            }
        };
        Ok(WeightedScore {
            score,
            weight: form.weight,
        })
    }

    fn fit(&self, args: NodeResourcesFitArgs) -> Result<score::NodeResourcesFit> {
        let Some(form) = args.scoring_strategy else {
            return Ok(score::NodeResourcesFit::default());
        };
        let at = "NodeResourcesFit.scoringStrategy";
        let strategy = match (form.kind, form.requested_to_capacity_ratio) {
            (StrategyKind::LeastAllocated, _) => Strategy::LeastAllocated,
            (StrategyKind::MostAllocated, _) => Strategy::MostAllocated,
            (StrategyKind::RequestedToCapacityRatio, Some(ratio)) => {
                Strategy::RequestedToCapacityRatio(self.shape(at, &ratio.shape)?)
            }
            (StrategyKind::RequestedToCapacityRatio, None) => {
                let field = format!("{at}.requestedToCapacityRatio");
                return Err(self.invalid(&field, &"a shape must be given"));
            }
        };
        let resources = self.resources(&format!("{at}.resources"), form.resources)?;
        Ok(score::NodeResourcesFit {
            strategy,
            resources,
        })
    }

    fn shape(&self, at: &str, points: &[PointForm]) -> Result<Vec<ShapePoint>> {
        let field = format!("{at}.requestedToCapacityRatio.shape");
        let is_sound = !points.is_empty()
            && points.is_sorted_by(|a, b| a.utilization < b.utilization)
            && points.iter().all(|point| {
                (0..=100).contains(&point.utilization)
                    && (0..=LARGEST_SHAPE_SCORE).contains(&point.score)
            });
        if !is_sound {
            let problem = "utilizations must rise within 0 to 100, and scores be 0 to 10";
            return Err(self.invalid(&field, &problem));
        }
        let point = |point: &PointForm| ShapePoint {
            utilization: point.utilization,
            score: point.score * (MAX_NODE_SCORE / LARGEST_SHAPE_SCORE),
        };
        Ok(points.iter().map(point).collect())
    }

    fn resources(
        &self,
        field: &str,
        forms: Option<Vec<ResourceForm>>,
    ) -> Result<Vec<ResourceWeight>> {
        let forms = forms.unwrap_or_default();
        if let Some(form) = forms.iter().find(|form| !(1..=100).contains(&form.weight)) {
            let problem = format!("weight {} of {} is not 1 to 100", form.weight, form.name);
            return Err(self.invalid(field, &problem));
        }
        if forms.is_empty() {
            return Ok(ResourceWeight::cpu_and_memory());
        }
        let weight = |form: ResourceForm| ResourceWeight {
            name: form.name,
            weight: form.weight,
        };
        Ok(forms.into_iter().map(weight).collect())
    }
}

/// The scores of a shape go from 0 to this.
const LARGEST_SHAPE_SCORE: i64 = 10;
