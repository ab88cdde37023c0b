//! Node selectors and node affinity.
//!
//! A requirement that does not parse makes its whole term match nothing, as in Kubernetes: the
//! other terms still count.

use std::sync::Arc;

use serde::Deserialize;

use super::{Labels, names, wire};
use crate::pool::Pool;

/// One condition on a label, or on a node's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Requirement {
    key: Arc<str>,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Test {
    In(Box<[Arc<str>]>),
    NotIn(Box<[Arc<str>]>),
    Exists,
    DoesNotExist,
    GreaterThan(i64),
    LessThan(i64),
}

/// Why a requirement does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequirementError {
    #[error("key: Invalid value: {0:?}: name part must consist of alphanumeric characters")]
    Key(String),
    #[error(
        "operator: Unsupported value: {0:?}: supported values: \"DoesNotExist\", \"Exists\", \"Gt\", \"In\", \"Lt\", \"NotIn\""
    )]
    Operator(String),
    #[error("values: Invalid value: for 'in', 'notin' operators, values set can't be empty")]
    NoValues,
    #[error("values: Invalid value: values set must be empty for exists and does not exist")]
    SomeValues,
    #[error("values: Invalid value: for 'Gt', 'Lt' operators, exactly one value is required")]
    NotOneValue,
    #[error("values: Invalid value: {0:?}: for 'Gt', 'Lt' operators, the value must be an integer")]
    NotAnInteger(String),
    #[error(
        "values: Invalid value: {0:?}: a valid label must be an empty string or consist of alphanumeric characters"
    )]
    Value(String),
    #[error("values: Invalid value: must have one element")]
    NotOneName,
}

impl Requirement {
    fn decode(
        wire: &wire::Requirement<'_>,
        strings: &mut Pool<str>,
    ) -> Result<Self, RequirementError> {
        if !names::is_qualified_name(&wire.key) {
            return Err(RequirementError::Key(wire.key.to_string()));
        }
        let values = &*wire.values;
        let integer = || match values {
            [value] => value
                .parse()
                .map_err(|_| RequirementError::NotAnInteger(value.to_string())),
            _ => Err(RequirementError::NotOneValue),
        };
        let mut set = || match values {
            [] => Err(RequirementError::NoValues),
            _ => Ok(values.iter().map(|value| strings.share(&**value)).collect()),
        };
        let without_values = |test| match values {
            [] => Ok(test),
            _ => Err(RequirementError::SomeValues),
        };
        let test = match &*wire.operator {
            "In" => Test::In(set()?),
            "NotIn" => Test::NotIn(set()?),
            "Exists" => without_values(Test::Exists)?,
            "DoesNotExist" => without_values(Test::DoesNotExist)?,
            "Gt" => Test::GreaterThan(integer()?),
            "Lt" => Test::LessThan(integer()?),
            operator => return Err(RequirementError::Operator(operator.to_owned())),
        };
        if let Some(value) = values.iter().find(|value| !names::is_label_value(value)) {
            return Err(RequirementError::Value(value.to_string()));
        }
        Ok(Self {
            key: strings.share(&*wire.key),
            test,
        })
    }

    /// Fields are compared one value at a time, and only for being equal or not.
    fn decode_field(
        wire: &wire::Requirement<'_>,
        strings: &mut Pool<str>,
    ) -> Result<Self, RequirementError> {
        let mut one = || match &*wire.values {
            [value] => Ok([strings.share(&**value)].into()),
            _ => Err(RequirementError::NotOneName),
        };
        let test = match &*wire.operator {
            "In" => Test::In(one()?),
            "NotIn" => Test::NotIn(one()?),
            operator => return Err(RequirementError::Operator(operator.to_owned())),
        };
        Ok(Self {
            key: strings.share(&*wire.key),
            test,
        })
    }

    fn matches(&self, value: Option<&str>) -> bool {
        let integer = || value.and_then(|value| value.parse::<i64>().ok());
        let is_one_of = |set: &[Arc<str>]| {
            value.is_some_and(|value| set.iter().any(|member| &**member == value))
        };
        match &self.test {
            Test::In(set) => is_one_of(set),
            Test::NotIn(set) => !is_one_of(set),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
            Test::GreaterThan(bound) => integer().is_some_and(|value| value > *bound),
            Test::LessThan(bound) => integer().is_some_and(|value| value < *bound),
        }
    }
}

/// Conditions of which all must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeSelectorTerm {
    expressions: Box<[Requirement]>,
    fields: Box<[Requirement]>,
}

const NAME_FIELD: &str = "metadata.name";

impl NodeSelectorTerm {
    fn decode(
        wire: &wire::NodeSelectorTerm<'_>,
        strings: &mut Pool<str>,
    ) -> Result<Self, RequirementError> {
        Ok(Self {
            expressions: wire
                .match_expressions
                .iter()
                .map(|requirement| Requirement::decode(requirement, strings))
                .collect::<Result<_, _>>()?,
            fields: wire
                .match_fields
                .iter()
                .map(|requirement| Requirement::decode_field(requirement, strings))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether a node of this name with these labels meets every condition.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        let label = |requirement: &Requirement| {
            requirement.matches(labels.get(&requirement.key).map(|value| &**value))
        };
        let field = |requirement: &Requirement| {
            // A field that a node does not have reads as empty.
            let is_name = &*requirement.key == NAME_FIELD;
            requirement.matches(Some(if is_name { name } else { "" }))
        };
        self.expressions.iter().all(label) && self.fields.iter().all(field)
    }
}

fn is_empty(term: &wire::NodeSelectorTerm<'_>) -> bool {
    term.match_expressions.is_empty() && term.match_fields.is_empty()
}

/// The names that a term's conditions on the name leave, or None where it has no such condition.
fn names_of_term<'t>(term: &'t wire::NodeSelectorTerm<'_>) -> Option<Vec<&'t str>> {
    term.match_fields
        .iter()
        .filter(|field| &*field.key == NAME_FIELD && &*field.operator == "In")
        .map(|field| field.values.iter().map(|name| &**name).collect::<Vec<_>>())
        .reduce(|mut names, others| {
            names.retain(|name| others.contains(name));
            names
        })
}

/// The arguments of NodeAffinity: what a profile adds to every pod's affinity. Each condition must
/// parse.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AddedAffinity<'a> {
    #[serde(borrow)]
    added_affinity: Option<wire::NodeAffinity<'a>>,
}

impl AddedAffinity<'_> {
    /// What it requires.
    pub(crate) fn required(&self) -> Result<Option<NodeSelector>, RequirementError> {
        let added = self.added_affinity.as_ref();
        let Some(required) = added.and_then(|added| added.required.as_ref()) else {
            return Ok(None);
        };
        let strings = &mut Pool::default();
        for term in &*required.node_selector_terms {
            NodeSelectorTerm::decode(term, strings)?;
        }
        Ok(Some(NodeSelector::decode(required, strings)))
    }

    /// What it prefers.
    pub(crate) fn preferred(&self) -> Result<Box<[PreferredTerm]>, RequirementError> {
        let added = self.added_affinity.as_ref();
        let terms = added.and_then(|added| added.preferred.as_deref());
        let strings = &mut Pool::default();
        terms
            .unwrap_or_default()
            .iter()
            .filter_map(|term| PreferredTerm::decode(term, strings))
            .collect()
    }
}

/// Terms of which one must match. Without a term nothing matches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeSelector {
    terms: Box<[NodeSelectorTerm]>,
    /// Node names outside of which nothing can match, where every term names some.
    names: Option<Box<[Arc<str>]>>,
}

impl NodeSelector {
    pub(super) fn decode(wire: &wire::NodeSelector<'_>, strings: &mut Pool<str>) -> Self {
        let terms: Box<_> = wire
            .node_selector_terms
            .iter()
            .filter(|term| !is_empty(term))
            .filter_map(|term| NodeSelectorTerm::decode(term, strings).ok())
            .collect();
        Self {
            names: Self::names(wire, strings),
            terms,
        }
    }

    /// Kubernetes reads the names off every term, parsed or not, and with any number of values.
    fn names(wire: &wire::NodeSelector<'_>, strings: &mut Pool<str>) -> Option<Box<[Arc<str>]>> {
        let mut all = Vec::new();
        for term in &*wire.node_selector_terms {
            all.extend(names_of_term(term)?);
        }
        all.sort_unstable();
        all.dedup();
        (!wire.node_selector_terms.is_empty())
            .then(|| all.into_iter().map(|name| strings.share(name)).collect())
    }

    /// Whether a node of this name with these labels meets one of the terms.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.terms.iter().any(|term| term.matches(name, labels))
    }

    /// The only nodes that can match, sorted, where every term asks for names; an empty list where
    /// the terms contradict themselves.
    pub fn node_names(&self) -> Option<&[Arc<str>]> {
        self.names.as_deref()
    }
}

/// A term that adds to the score of the nodes which it matches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PreferredTerm {
    /// 1 to 100.
    pub weight: i64,
    /// What it matches.
    pub term: NodeSelectorTerm,
}

impl PreferredTerm {
    /// The terms that count: with a weight, with a condition, and parsed.
    pub(super) fn decode_all(
        wire: &[wire::PreferredTerm<'_>],
        strings: &mut Pool<str>,
    ) -> Box<[Self]> {
        wire.iter()
            .filter_map(|term| Self::decode(term, strings)?.ok())
            .collect()
    }

    fn decode(
        wire: &wire::PreferredTerm<'_>,
        strings: &mut Pool<str>,
    ) -> Option<Result<Self, RequirementError>> {
        let counts = wire.weight != 0 && !is_empty(&wire.preference);
        counts.then(|| {
            NodeSelectorTerm::decode(&wire.preference, strings).map(|term| Self {
                weight: wire.weight,
                term,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &str) -> Labels {
        let wire: wire::Labels<'_> = serde_json::from_str(pairs).expect("a map");
        Labels::decode(&wire, &mut Pool::default())
    }

    fn selector(terms: &str) -> NodeSelector {
        let json = format!(r#"{{"nodeSelectorTerms": {terms}}}"#);
        let wire: wire::NodeSelector<'_> = serde_json::from_str(&json).expect("a selector");
        NodeSelector::decode(&wire, &mut Pool::default())
    }

    fn expression(operator: &str, values: &str) -> String {
        format!(
            r#"[{{"matchExpressions": [{{"key": "k", "operator": "{operator}", "values": {values}}}]}}]"#
        )
    }

    #[test]
    fn operators() {
        let none = labels("{}");
        for (operator, values, value, matches, matches_none) in [
            ("In", r#"["a", "b"]"#, "b", true, false),
            ("In", r#"["a"]"#, "b", false, false),
            ("NotIn", r#"["a"]"#, "a", false, true),
            ("NotIn", r#"["a"]"#, "b", true, true),
            ("Exists", "[]", "", true, false),
            ("DoesNotExist", "null", "a", false, true),
            ("Gt", r#"["5"]"#, "6", true, false),
            ("Gt", r#"["5"]"#, "5", false, false),
            ("Lt", r#"["5"]"#, "4", true, false),
            ("Lt", r#"["5"]"#, "many", false, false),
            // What does not parse matches nothing.
            ("In", "[]", "a", false, false),
            ("Exists", r#"["a"]"#, "a", false, false),
            ("Gt", r#"["5", "6"]"#, "9", false, false),
            ("Gt", r#"["few"]"#, "9", false, false),
            ("NotIn", r#"["no value"]"#, "b", false, false),
            ("Lt", r#"["-1"]"#, "-2", false, false),
            ("Is", r#"["a"]"#, "a", false, false),
        ] {
            let selector = selector(&expression(operator, values));
            let found = selector.matches("n", &labels(&format!(r#"{{"k": "{value}"}}"#)));
            assert_eq!(found, matches, "{operator} {values} {value:?}");
            assert_eq!(
                selector.matches("n", &none),
                matches_none,
                "{operator} {values}"
            );
        }
    }

    #[test]
    fn terms_are_alternatives_and_empty_ones_are_none() {
        let none = labels("{}");
        assert!(!selector("[]").matches("n", &none));
        assert!(!selector("[{}]").matches("n", &none));
        let field =
            r#"{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}"#;
        let broken = r#"{"matchExpressions": [{"key": "k", "operator": "Is"}]}"#;
        let either = selector(&format!("[{broken}, {field}]"));
        assert!(either.matches("n", &none) && !either.matches("m", &none));
        assert_eq!(either.node_names(), None, "the broken term names no node");
        let sound = selector(&format!("[{field}]"));
        let names = sound.node_names().expect("every term names nodes");
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["n"]);
    }
}
