"""What names, labels and keys may look like; each rule answers with what is wrong, if anything.

Source: RFC 1035, RFC 1123, and Kubernetes documentation, "Object names and IDs" and "Labels and
selectors"; the texts are the real server's.
"""

import re
from collections.abc import Callable
from functools import lru_cache

NameRule = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_SEARCH_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SEARCH = rf"{_SEARCH_LABEL}(\.{_SEARCH_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"

_IS_LABEL = re.compile(_LABEL)
_IS_SUBDOMAIN = re.compile(_SUBDOMAIN)
_IS_SEARCH = re.compile(_SEARCH)
_IS_LABEL_1035 = re.compile(_LABEL_1035)
_IS_QUALIFIED = re.compile(_QUALIFIED)
_IS_VALUE = re.compile(_VALUE)
_IS_CONFIG_KEY = re.compile(_CONFIG_KEY)
_IS_PRINTABLE = re.compile(r"[ -<>-~]+")


def too_long(limit: int, unit: str = "characters") -> str:
    """Return what is said of a name that is longer than `limit`."""
    return f"must be no more than {limit} {unit}"


def pattern_text(rule: str, pattern: str, *examples: str) -> str:
    """Return what is said of a text that does not match a pattern."""
    shown = "".join(
        (" or " if index else "e.g. ") + f"'{example}', " for index, example in enumerate(examples)
    )
    return f"{rule} ({shown}regex used for validation is '{pattern}')"


@lru_cache(maxsize=4096)
def _label(value: str) -> tuple[str, ...]:
    found = []
    if len(value) > 63:
        found.append(too_long(63))
    if not _IS_LABEL.fullmatch(value):
        if _IS_SUBDOMAIN.fullmatch(value):
            found.append("must not contain dots")
        else:
            found.append(
                pattern_text(
                    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters "
                    "or '-', and must start and end with an alphanumeric character",
                    _LABEL,
                    "my-name",
                    "123-abc",
                )
            )
    return tuple(found)


def dns_label(value: str) -> list[str]:
    """A label of RFC 1123: namespaces, containers."""
    return list(_label(value))


def dns_subdomain(value: str) -> list[str]:
    """A name of dot-separated labels: most objects."""
    if len(value) <= 253 and _IS_SUBDOMAIN.fullmatch(value):
        return []
    found = []
    if len(value) > 253:
        found.append(too_long(253))
    if not _IS_SUBDOMAIN.fullmatch(value):
        found.append(
            pattern_text(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                "characters, '-' or '.', and must start and end with an alphanumeric character",
                _SUBDOMAIN,
                "example.com",
            )
        )
    return found


def dns_search(value: str) -> list[str]:
    """A domain of a resolver's search list, where underscores are in use."""
    if _IS_SEARCH.fullmatch(value):
        return []
    return [
        pattern_text(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'_', '-' or '.', and must start and end with an alphanumeric character",
            _SEARCH,
            "example.com",
        )
    ]


def dns_1035_label(value: str) -> list[str]:
    """A label of RFC 1035, which begins with a letter: services, custom plurals."""
    found = []
    if len(value) > 63:
        found.append(too_long(63))
    if not _IS_LABEL_1035.fullmatch(value):
        found.append(
            pattern_text(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
                "with an alphabetic character, and end with an alphanumeric character",
                _LABEL_1035,
                "my-name",
                "abc-123",
            )
        )
    return found


def path_segment(value: str) -> list[str]:
    """Anything that can stand in a path: roles and their bindings."""
    if value in {".", ".."}:
        return [f"may not be '{value}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in value]


@lru_cache(maxsize=8192)
def _qualified(value: str) -> tuple[str, ...]:
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        return (
            "a qualified name "
            + pattern_text(_QUALIFIED_RULE, _QUALIFIED, "MyName", "my.name", "123-abc")
            + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        )
    found = []
    if slash:
        if not prefix:
            found.append("prefix part must be non-empty")
        found += [f"prefix part {text}" for text in dns_subdomain(prefix) if prefix]
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > 63:
        found.append(f"name part {too_long(63, 'bytes')}")
    if not _IS_QUALIFIED.fullmatch(name):
        text = pattern_text(_QUALIFIED_RULE, _QUALIFIED, "MyName", "my.name", "123-abc")
        found.append(f"name part {text}")
    return tuple(found)


_QUALIFIED_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character"
)


def qualified_name(value: str) -> list[str]:
    """A name with an optional domain before a slash: keys of labels, finalizers, resources."""
    return list(_qualified(value))


@lru_cache(maxsize=8192)
def _label_value(value: str) -> tuple[str, ...]:
    found = []
    if len(value) > 63:
        found.append(too_long(63, "bytes"))
    if not _IS_VALUE.fullmatch(value):
        found.append(
            pattern_text(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', "
                "'_' or '.', and must start and end with an alphanumeric character",
                _VALUE,
                "MyValue",
                "my_value",
                "12345",
            )
        )
    return tuple(found)


def label_value(value: str) -> list[str]:
    """The value of a label."""
    return list(_label_value(value))


def config_key(value: str) -> list[str]:
    """A key of a ConfigMap or Secret, which becomes the name of a file."""
    found = []
    if len(value) > 253:
        found.append(too_long(253))
    if not _IS_CONFIG_KEY.fullmatch(value):
        found.append(
            pattern_text(
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                _CONFIG_KEY,
                "key.name",
                "KEY_NAME",
                "key-name",
            )
        )
    if value in {".", ".."}:
        found.append(f"must not be '{value}'")
    elif value.startswith(".."):
        found.append("must not start with '..'")
    return found


def env_name(value: str) -> list[str]:
    """The name of an environment variable."""
    if _IS_PRINTABLE.fullmatch(value):
        return []
    rule = "a valid environment variable name must consist only of printable ASCII characters"
    return [f"{rule} other than '='"]


def port_name(value: str) -> list[str]:
    """The name of a port.

    Source: RFC 6335, section 5.1.
    """
    found = []
    if len(value) > 15:
        found.append("must be no more than 15 characters")
    if not re.fullmatch("[-a-z0-9]+", value):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        found.append("must contain at least one letter (a-z)")
    if "--" in value:
        found.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found
