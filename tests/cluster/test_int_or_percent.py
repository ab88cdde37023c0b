import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_cluster.controllers.int_or_percent import scaled


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [
        (3, 10, 3, 3),
        (0, 10, 0, 0),
        ("0%", 10, 0, 0),
        ("25%", 4, 1, 1),
        ("25%", 3, 1, 0),
        ("25%", 10, 3, 2),
        ("100%", 7, 7, 7),
        ("29%", 100, 29, 29),
        ("150%", 3, 5, 4),
        ("1%", 1, 1, 0),
    ],
)
def test_scales_as_upstream_rounds(value, total, up, down):
    assert scaled(value, total, round_up=True) == up
    assert scaled(value, total, round_up=False) == down


@given(st.integers(0, 300), st.integers(0, 10**6))
def test_rounding_differs_by_at_most_one(percent, total):
    up = scaled(f"{percent}%", total, round_up=True)
    down = scaled(f"{percent}%", total, round_up=False)
    assert 0 <= up - down <= 1
    assert down * 100 <= percent * total <= up * 100


def test_another_text_is_refused_by_name():
    with pytest.raises(ValueError, match="'many' is neither a number nor a percentage"):
        scaled("many", 10, round_up=True)
