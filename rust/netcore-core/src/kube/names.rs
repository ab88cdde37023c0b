//! Which texts are names, values and kinds of resource, by the rules of the API.

/// Whether a text can be the value of a label: at most 63 letters, digits, `-`, `_` and `.`, with a
/// letter or digit at both ends; or empty.
pub(crate) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name_part(text)
}

/// Whether a text is a qualified name: a name of at most 63 characters, after a DNS subdomain and
/// a slash where it has one.
pub(crate) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        None => is_name_part(text),
        Some((domain, name)) => is_dns_subdomain(domain) && is_name_part(name),
    }
}

fn is_name_part(text: &str) -> bool {
    let ends_well = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && ends_well(bytes.first())
        && ends_well(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// Whether a resource is one that a device plugin or an operator may offer, and NodeResourcesFit
/// may be told to ignore: it has a domain, and that is not `kubernetes.io`.
pub(crate) fn is_extended_resource(name: &str) -> bool {
    name.contains('/')
        && !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && is_qualified_name(&format!("requests.{name}"))
}

/// Whether a resource counts beside cpu, memory and ephemeral storage.
pub(crate) fn is_scalar_resource(name: &str) -> bool {
    name.contains("kubernetes.io/")
        || name.starts_with("hugepages-")
        || name.starts_with("attachable-volumes-")
        || is_extended_resource(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for value in ["", "a", "A.b_c-1", &"x".repeat(63)] {
            assert!(is_label_value(value), "{value:?}");
        }
        for value in ["-a", "a-", "a b", "é", &"x".repeat(64)] {
            assert!(!is_label_value(value), "{value:?}");
        }
        for name in ["disk", "example.com/gpu", "topology.kubernetes.io/zone"] {
            assert!(is_qualified_name(name), "{name:?}");
        }
        for name in [
            "",
            "/gpu",
            "example.com/",
            "Example.com/gpu",
            "a..b/c",
            "-a/b",
            "a/b/c",
        ] {
            assert!(!is_qualified_name(name), "{name:?}");
        }
    }

    #[test]
    fn resources() {
        for name in [
            "example.com/gpu",
            "hugepages-2Mi",
            "attachable-volumes-x",
            "kubernetes.io/x",
        ] {
            assert!(is_scalar_resource(name), "{name:?}");
        }
        for name in [
            "cpu",
            "pods",
            "storage",
            "requests.example.com/gpu",
            "example.com/",
        ] {
            assert!(!is_scalar_resource(name), "{name:?}");
        }
        assert!(is_extended_resource("example.com/gpu"));
        assert!(!is_extended_resource("kubernetes.io/x"));
    }
}
