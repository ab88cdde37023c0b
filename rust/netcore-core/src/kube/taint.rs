//! Taints of nodes, and what pods tolerate.

use std::sync::Arc;

use super::wire;
use crate::pool::Pool;

/// What a taint does to the pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Keeps them away.
    NoSchedule,
    /// Lowers the node's score for them.
    PreferNoSchedule,
    /// Keeps them away, and evicts those that run.
    NoExecute,
}

impl Effect {
    fn decode(text: &str) -> Option<Self> {
        match text {
            "NoSchedule" => Some(Self::NoSchedule),
            "PreferNoSchedule" => Some(Self::PreferNoSchedule),
            "NoExecute" => Some(Self::NoExecute),
            _ => None,
        }
    }

    /// Whether a pod that does not tolerate such a taint may not be placed on the node.
    pub fn forbids_placement(self) -> bool {
        self != Self::PreferNoSchedule
    }
}

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Taint {
    /// Its key.
    pub key: Arc<str>,
    /// Its value, empty where it has none.
    pub value: Arc<str>,
    /// What it does.
    pub effect: Effect,
}

impl Taint {
    /// None for an effect that does not exist, which no scheduler acts on.
    pub(super) fn decode(taint: &wire::Taint<'_>, strings: &mut Pool<str>) -> Option<Self> {
        Some(Self {
            key: strings.share(&*taint.key),
            value: strings.share(&*taint.value),
            effect: Effect::decode(&taint.effect)?,
        })
    }
}

/// Taints that a pod tolerates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// The key, or None for every key.
    key: Option<Arc<str>>,
    /// The value, or None for every value.
    value: Option<Arc<str>>,
    /// The effect, or None for every effect.
    effect: Option<Effect>,
}

impl Toleration {
    /// None for a toleration that tolerates nothing, as one with an unknown operator.
    pub(super) fn decode(wire: &wire::Toleration<'_>, strings: &mut Pool<str>) -> Option<Self> {
        let value = match &*wire.operator {
            "" | "Equal" => Some(strings.share(&*wire.value)),
            "Exists" => None,
            _ => return None,
        };
        let effect = match &*wire.effect {
            "" => None,
            effect => Some(Effect::decode(effect)?),
        };
        let key = (!wire.key.is_empty()).then(|| strings.share(&*wire.key));
        Some(Self { key, value, effect })
    }

    /// Whether it covers a taint of this key, value and effect.
    pub fn tolerates(&self, key: &str, value: &str, effect: Effect) -> bool {
        self.effect.is_none_or(|own| own == effect)
            && self.key.as_deref().is_none_or(|own| own == key)
            && self.value.as_deref().is_none_or(|own| own == value)
    }
}

/// Whether one of the tolerations covers the taint.
pub fn is_tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations
        .iter()
        .any(|toleration| toleration.tolerates(&taint.key, &taint.value, taint.effect))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toleration(json: &str) -> Option<Toleration> {
        let wire: wire::Toleration<'_> = serde_json::from_str(json).expect("a toleration");
        Toleration::decode(&wire, &mut Pool::default())
    }

    #[test]
    fn what_covers_what() {
        for (json, covers) in [
            ("{}", [false, true]),
            (r#"{"operator": "Exists"}"#, [true, true]),
            (r#"{"key": "k", "operator": "Exists"}"#, [true, false]),
            (r#"{"key": "k", "value": "v"}"#, [true, false]),
            (
                r#"{"key": "k", "operator": "Equal", "value": "w"}"#,
                [false, false],
            ),
            (r#"{"operator": "Equal", "value": "v"}"#, [true, false]),
            (
                r#"{"operator": "Exists", "effect": "NoExecute"}"#,
                [false, true],
            ),
        ] {
            let toleration = toleration(json).expect("one that tolerates something");
            let found = [
                toleration.tolerates("k", "v", Effect::NoSchedule),
                toleration.tolerates("l", "", Effect::NoExecute),
            ];
            assert_eq!(found, covers, "{json}");
        }
        for json in [
            r#"{"operator": "Lt", "value": "5"}"#,
            r#"{"effect": "Never"}"#,
        ] {
            assert_eq!(toleration(json), None, "{json}");
        }
    }
}
