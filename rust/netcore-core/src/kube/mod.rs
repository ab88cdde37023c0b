//! Kubernetes objects: from the JSON of the API server into what the engine keeps, in one pass.

mod labels;
pub(crate) mod names;
mod node;
mod pod;
mod quantity;
mod requests;
pub(crate) mod selector;
mod taint;
pub(crate) mod time;
pub(crate) mod wire;

use std::sync::Arc;

use serde::Deserialize;

pub use labels::Labels;
pub use node::Node;
pub use pod::{APP_GROUP_LABEL, HostPort, Phase, Pod, PodSpec, WORKLOAD_LABEL};
pub use quantity::{LARGEST_AMOUNT, Quantity, QuantityError};
pub use requests::{Amounts, Requests};
pub(crate) use selector::AddedAffinity;
pub use selector::{NodeSelector, NodeSelectorTerm, PreferredTerm};
pub use taint::{Effect, Taint, Toleration, is_tolerated};

use crate::error::{Error, Result};
use crate::pool::Pool;

/// Values that many objects share.
#[derive(Debug, Default)]
pub struct Pools {
    pub(crate) strings: Pool<str>,
    pub(crate) labels: Pool<Labels>,
    pub(crate) specs: Pool<PodSpec>,
}

/// A Service: which pods it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// `namespace/name`.
    pub key: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Labels that its pods have; empty where it selects none.
    pub selector: Arc<Labels>,
}

/// A Namespace with its labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels.
    pub labels: Arc<Labels>,
}

/// An object of more than this many bytes is refused: etcd would not hold it either.
const LARGEST_OBJECT: usize = 8 << 20;

/// Decodes JSON of a kind, and tells the field where it fails.
pub(crate) fn parse<'de, T: Deserialize<'de>>(kind: &'static str, json: &'de [u8]) -> Result<T> {
    let invalid = |field: String, problem: String| Error::InvalidObject {
        kind,
        name: name_of(json),
        field,
        problem,
    };
    if json.len() > LARGEST_OBJECT {
        let problem = format!("{} bytes are more than {LARGEST_OBJECT}", json.len());
        return Err(invalid("object".to_owned(), problem));
    }
    serde_json::from_slice(json).map_err(|error| {
        // The second pass keeps track of the path, which would slow down every good object.
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) => invalid(error.path().to_string(), error.inner().to_string()),
            Ok(_) => invalid("object".to_owned(), error.to_string()),
        }
    })
}

/// `namespace/name` of an object that does not decode otherwise.
fn name_of(json: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Name<'a>,
    }
    #[derive(Deserialize)]
    struct Name<'a> {
        #[serde(borrow, default)]
        namespace: wire::Text<'a>,
        #[serde(borrow)]
        name: wire::Text<'a>,
    }
    match serde_json::from_slice::<Object<'_>>(json) {
        Ok(object) if object.metadata.namespace.is_empty() => object.metadata.name.to_string(),
        Ok(object) => format!("{}/{}", &*object.metadata.namespace, &*object.metadata.name),
        Err(_) => String::new(),
    }
}

/// What is wrong in a field of an object that is told by its namespace and name.
pub(crate) fn invalid_field(
    kind: &'static str,
    metadata: &wire::Metadata<'_>,
    field: String,
    problem: String,
) -> Error {
    Error::InvalidObject {
        kind,
        name: format!("{}/{}", &*metadata.namespace, &*metadata.name),
        field,
        problem,
    }
}

/// Longest name of an object: that of a DNS subdomain (RFC 1123).
pub(crate) const LONGEST_NAME: usize = 253;
/// Longest name of a namespace: that of a DNS label.
const LONGEST_NAMESPACE: usize = 63;

/// Refuses an object without a name, or with one that no API server takes: what is told of a
/// decision has bounds, which names must not break.
pub(crate) fn check_names(
    kind: &'static str,
    json: &[u8],
    metadata: &wire::Metadata<'_>,
) -> Result<()> {
    let too_long = |longest| format!("Too long: may not be more than {longest} bytes");
    let (field, problem, name) = if metadata.name.is_empty() {
        let problem = "Required value: name must be given".to_owned();
        ("metadata.name", problem, name_of(json))
    } else if metadata.name.len() > LONGEST_NAME {
        let begin = metadata.name.chars().take(32).chain("...".chars());
        ("metadata.name", too_long(LONGEST_NAME), begin.collect())
    } else if metadata.namespace.len() > LONGEST_NAMESPACE {
        let name = metadata.name.to_string();
        ("metadata.namespace", too_long(LONGEST_NAMESPACE), name)
    } else {
        return Ok(());
    };
    Err(Error::InvalidObject {
        kind,
        name,
        field: field.to_owned(),
        problem,
    })
}

/// Decodes a Node.
///
/// # Errors
/// [`Error::InvalidObject`] where the JSON is none, or a field is not of its type.
pub fn decode_node(json: &[u8], pools: &mut Pools) -> Result<Node> {
    let wire: wire::Node<'_> = parse("Node", json)?;
    check_names("Node", json, &wire.metadata)?;
    Ok(Node::decode(&wire, &mut pools.strings, &mut pools.labels))
}

/// Decodes a Pod.
///
/// # Errors
/// [`Error::InvalidObject`] where the JSON is none, or a field is not of its type.
pub fn decode_pod(json: &[u8], pools: &mut Pools) -> Result<Pod> {
    let wire: wire::Pod<'_> = parse("Pod", json)?;
    check_names("Pod", json, &wire.metadata)?;
    Ok(Pod::decode(&wire, pools))
}

/// Decodes a Namespace.
///
/// # Errors
/// [`Error::InvalidObject`] where the JSON is none, or a field is not of its type.
pub fn decode_namespace(json: &[u8], pools: &mut Pools) -> Result<Namespace> {
    let wire: wire::Named<'_> = parse("Namespace", json)?;
    check_names("Namespace", json, &wire.metadata)?;
    let labels = Labels::decode(&wire.metadata.labels, &mut pools.strings);
    Ok(Namespace {
        name: pools.strings.share(&*wire.metadata.name),
        labels: pools.labels.share(labels),
    })
}

/// Decodes a Service.
///
/// # Errors
/// [`Error::InvalidObject`] where the JSON is none, or a field is not of its type.
pub fn decode_service(json: &[u8], pools: &mut Pools) -> Result<Service> {
    let wire: wire::Service<'_> = parse("Service", json)?;
    check_names("Service", json, &wire.metadata)?;
    let metadata = &wire.metadata;
    let selector = Labels::decode(&wire.spec.selector, &mut pools.strings);
    Ok(Service {
        key: format!("{}/{}", &*metadata.namespace, &*metadata.name).into(),
        namespace: pools.strings.share(&*metadata.namespace),
        selector: pools.labels.share(selector),
    })
}
