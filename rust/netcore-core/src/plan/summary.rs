//! A decision in compact JSON, small enough for an annotation.

use std::sync::Arc;

use serde::Serialize;

use super::decision::{Decision, Link, Part, Rejection};

/// The summary never exceeds this many bytes.
pub const LARGEST_SUMMARY: usize = 4000;

/// Texts of the API are cut here, as the event recorder cuts them.
const LONGEST_MESSAGE: usize = 1024;

/// How much of each list is told, from the longest form to one that always fits.
struct Lengths {
    rejections: usize,
    named_nodes: usize,
    candidates: usize,
    links: usize,
    text: usize,
}

const FORMS: [Lengths; 5] = [
    Lengths {
        rejections: 12,
        named_nodes: 3,
        candidates: 5,
        links: 12,
        text: LONGEST_MESSAGE,
    },
    Lengths {
        rejections: 8,
        named_nodes: 3,
        candidates: 3,
        links: 8,
        text: 512,
    },
    Lengths {
        rejections: 6,
        named_nodes: 1,
        candidates: 2,
        links: 5,
        text: 256,
    },
    Lengths {
        rejections: 3,
        named_nodes: 1,
        candidates: 2,
        links: 2,
        text: 128,
    },
    Lengths {
        rejections: 1,
        named_nodes: 0,
        candidates: 1,
        links: 0,
        text: 64,
    },
];

#[derive(Serialize)]
struct Summary<'d> {
    pod: &'d str,
    node: Option<&'d str>,
    message: String,
    snapshot: u64,
    seed: u64,
    evaluated: usize,
    feasible: usize,
    rejected: Vec<RejectionForm<'d>>,
    top: Vec<CandidateForm<'d>>,
    links: Vec<LinkForm<'d>>,
    #[serde(rename = "runnerUpLinks")]
    runner_up_links: Vec<LinkForm<'d>>,
}

#[derive(Serialize)]
struct RejectionForm<'d> {
    plugin: &'d str,
    reason: String,
    count: usize,
    nodes: Vec<&'d str>,
}

#[derive(Serialize)]
struct CandidateForm<'d> {
    node: &'d str,
    total: i64,
    #[serde(serialize_with = "parts")]
    scores: &'d [Part],
}

fn parts<S: serde::Serializer>(parts: &[Part], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        parts
            .iter()
            .map(|part| (part.plugin, [part.raw, part.normalized, part.weighted])),
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkForm<'d> {
    peer: &'d str,
    pod: &'d str,
    direction: &'static str,
    node: &'d str,
    weight: f64,
    rtt_ms: Option<f64>,
    cost: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms_per_second: Option<f64>,
    source: &'d str,
    age_seconds: Option<f64>,
}

impl<'d> From<&'d Link> for LinkForm<'d> {
    fn from(link: &'d Link) -> Self {
        Self {
            peer: &link.peer,
            pod: &link.pod,
            direction: if link.is_dependant { "from" } else { "to" },
            node: &link.node,
            weight: rounded(link.weight),
            rtt_ms: link.rtt_ms.map(rounded),
            cost: rounded(link.cost),
            ms_per_second: link.ms_per_second.map(rounded),
            source: link.source,
            age_seconds: link.age_s.map(rounded),
        }
    }
}

/// Four digits after the point are finer than any measurement.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The text, cut at a number of bytes as the event recorder does.
fn cut(text: &str, longest: usize) -> String {
    const MARK: &str = " ...";
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = (0..=longest - MARK.len())
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    format!("{}{MARK}", &text[..end])
}

impl Decision {
    /// The decision in compact JSON of at most [`LARGEST_SUMMARY`] bytes; lists and texts are cut
    /// as far as that takes.
    pub fn summary(&self) -> Vec<u8> {
        let rejections = self.rejections.first(FORMS[0].rejections);
        let mut json = Vec::new();
        for form in &FORMS {
            json = serde_json::to_vec(&self.form(&rejections, form)).unwrap_or_default();
            if json.len() <= LARGEST_SUMMARY {
                break;
            }
        }
        json
    }

    fn form<'d>(&'d self, rejections: &'d [Rejection], lengths: &Lengths) -> Summary<'d> {
        let names = |names: &[Arc<str>]| -> usize { names.len().min(lengths.named_nodes) };
        let links = |at: usize| {
            let links = self
                .top
                .get(at)
                .map_or(&[][..], |candidate| &candidate.links);
            let links = links.iter().take(lengths.links);
            links.map(LinkForm::from).collect::<Vec<_>>()
        };
        let rejected = rejections.iter().take(lengths.rejections);
        let rejected = rejected.map(|rejection| RejectionForm {
            plugin: rejection.plugin,
            reason: cut(&rejection.reason, lengths.text),
            count: rejection.count,
            nodes: rejection.nodes[..names(&rejection.nodes)]
                .iter()
                .map(|name| &**name)
                .collect(),
        });
        let candidates = self.top.iter().take(lengths.candidates);
        let top = candidates.map(|candidate| CandidateForm {
            node: &candidate.node,
            total: candidate.total,
            scores: &candidate.parts,
        });
        Summary {
            pod: &self.pod,
            node: self.node.as_deref(),
            message: cut(&self.message, lengths.text),
            snapshot: self.snapshot,
            seed: self.seed,
            evaluated: self.evaluated,
            feasible: self.feasible,
            rejected: rejected.collect(),
            top: top.collect(),
            links: links(0),
            runner_up_links: links(1),
        }
    }
}
