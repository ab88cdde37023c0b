"""Label and field selectors: what they match, and what is wrong with those that are none."""

import pytest

from netcore_cluster.api.catalog import Catalog
from netcore_cluster.api.errors import ApiError
from netcore_cluster.api.selectors import (
    parse_label_selector,
    selected_field,
    selection,
)
from netcore_cluster.kinds.selectors import matches_label_selector
from netcore_cluster.storage.entry import Entry

LABELS = {"app": "web", "tier": "front", "weight": "12", "example.com/owner": "me"}


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app!=web", False),
        ("missing!=web", True),
        ("app", True),
        ("!app", False),
        ("!missing", True),
        ("app in (web, api)", True),
        ("app in (api)", False),
        ("app notin (api,db)", True),
        ("missing notin (api)", True),
        ("missing in (api)", False),
        ("weight>10", True),
        ("weight<10", False),
        ("app>10", False),
        ("app=", False),
        ("missing=", False),
        ("example.com/owner=me,tier in (front),!missing", True),
        ("example.com/owner=me,tier in (back)", False),
        ("in", False),
    ],
)
def test_label_selectors(selector: str, holds: bool) -> None:
    assert all(test(LABELS) for test in parse_label_selector(selector)) is holds


@pytest.mark.parametrize(
    "selector",
    ["=web", "app=web=api", "app in web", "app in (web", "!app=web", "a,", "a b", "a>b", "a=@"],
)
def test_what_is_no_label_selector(selector: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_label_selector(selector)
    assert caught.value.code == 400
    assert caught.value.message.startswith("unable to parse requirement: ")


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "api"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_selector_objects(selector: dict | None, holds: bool) -> None:
    assert matches_label_selector(selector, LABELS) is holds


def config_map(name: str) -> Entry:
    obj = {"metadata": {"name": name, "namespace": "here", "labels": LABELS}}
    return Entry(f"here/{name}", 1, obj)


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ("metadata.name=one", True),
        ("metadata.name==one,metadata.namespace=here", True),
        ("metadata.name!=one", False),
        ("metadata.name=two", False),
    ],
)
def test_field_selectors(fields: str, holds: bool) -> None:
    resource = Catalog().named("configmaps")
    match = selection(resource, "app=web", fields)
    assert match is not None
    assert match(config_map("one")) is holds


def test_a_field_that_nobody_selects_by() -> None:
    with pytest.raises(ApiError, match=r"field label not supported: data\.k"):
        selection(Catalog().named("configmaps"), "", "data.k=v")


def test_no_selector_is_no_test() -> None:
    assert selection(Catalog().named("configmaps"), "", "") is None


def test_the_field_that_a_selector_pins() -> None:
    assert selected_field("a=1,spec.nodeName=n1", "spec.nodeName") == "n1"
    assert selected_field("spec.nodeName!=n1", "spec.nodeName") is None
