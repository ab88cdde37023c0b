//! Profiles: which plugins decide, in which order, with which weights and arguments.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::score::Score;
use crate::sort::QueueSort;

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
        };
        decoder.profile(&form)
    }
}

/// Plugins without arguments take an empty object.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NoArgs {}

struct Decoder<'p> {
    profile: &'p str,
}

impl Decoder<'_> {
    fn profile(&self, form: &ProfileForm<'_>) -> Result<Profile> {
        self.each_once("filters", form.filters.iter().map(|form| &*form.name))?;
        self.each_once("scores", form.scores.iter().map(|form| &*form.name))?;
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

    /// A plugin that came twice would count twice, under one name.
    fn each_once<'n>(&self, field: &str, names: impl Iterator<Item = &'n str>) -> Result<()> {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                let problem = format!("{name} comes twice: name each plugin once");
                return Err(self.invalid(field, &problem));
            }
        }
        Ok(())
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

    /// A plugin from its arguments; from none it is the default one.
    fn args<'a, T: Deserialize<'a> + Default>(
        &self,
        (plugin, args): (&str, Option<&'a RawValue>),
    ) -> Result<T> {
        let Some(args) = args.filter(|args| args.get() != "null") else {
            return Ok(T::default());
        };
        let mut deserializer = serde_json::Deserializer::from_str(args.get());
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let field = match error.path().to_string().as_str() {
                "." => plugin.to_owned(),
                path => format!("{plugin}.{path}"),
            };
            self.invalid(&field, error.inner())
        })
    }

    fn without_args<T>(&self, args: (&str, Option<&RawValue>), plugin: T) -> Result<T> {
        let NoArgs {} = self.args(args)?;
        Ok(plugin)
    }

    fn queue_sort(&self, form: &PluginForm<'_>) -> Result<QueueSort> {
        let args = (&*form.name, form.args);
        match &*form.name {
            "PrioritySort" => self.without_args(args, QueueSort::PrioritySort),
            "AppGroupSort" => self.without_args(args, QueueSort::AppGroupSort),
            "TopologicalSort" => Ok(QueueSort::TopologicalSort(self.args(args)?)),
            name => Err(self.unknown(
                "queueSort",
                name,
                "PrioritySort, AppGroupSort and TopologicalSort",
            )),
        }
    }

    fn filter(&self, form: &PluginForm<'_>) -> Result<Filter> {
        let args = (&*form.name, form.args);
        match &*form.name {
            "NodeUnschedulable" => self.without_args(args, Filter::NodeUnschedulable),
            "NodeName" => self.without_args(args, Filter::NodeName),
            "TaintToleration" => self.without_args(args, Filter::TaintToleration),
            "NodePorts" => self.without_args(args, Filter::NodePorts),
            "NodeAffinity" => Ok(Filter::NodeAffinity(self.args(args)?)),
            "NodeResourcesFit" => Ok(Filter::NodeResourcesFit(self.args(args)?)),
            "NetworkLimits" => Ok(Filter::NetworkLimits(self.args(args)?)),
            "NetworkOverhead" => Ok(Filter::NetworkOverhead(self.args(args)?)),
            name => Err(self.unknown(
                "filter",
                name,
                "NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts, \
                 NodeResourcesFit, NetworkLimits and NetworkOverhead",
            )),
        }
    }

    fn score(&self, form: &ScoreForm<'_>) -> Result<WeightedScore> {
        let ScoreForm { weight, .. } = *form;
        if !(1..=LARGEST_WEIGHT).contains(&weight) {
            let problem = format!("{weight} is not 1 to {LARGEST_WEIGHT}");
            return Err(self.invalid(&format!("{}.weight", form.name), &problem));
        }
        let args = (&*form.name, form.args);
        let score = match &*form.name {
            "TaintToleration" => self.without_args(args, Score::TaintToleration)?,
            "NodeAffinity" => Score::NodeAffinity(self.args(args)?),
            "NodeResourcesFit" => Score::NodeResourcesFit(self.args(args)?),
            "NodeResourcesBalancedAllocation" => {
                Score::NodeResourcesBalancedAllocation(self.args(args)?)
            }
            "NetworkCost" => Score::NetworkCost(self.args(args)?),
            "NetworkOverhead" => Score::NetworkOverhead(self.args(args)?),
            name => {
                return Err(self.unknown(
                    "score",
                    name,
                    "TaintToleration, NodeAffinity, NodeResourcesFit, \
                     NodeResourcesBalancedAllocation, NetworkCost and NetworkOverhead",
                ));
            }
        };
        Ok(WeightedScore { score, weight })
    }
}
