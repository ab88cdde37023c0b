"""Values that are a number or a percentage, such as `maxSurge`."""

from math import ceil, floor


def scaled(value: int | str, total: int, *, round_up: bool) -> int:
    """The number that `value` stands for: itself, or its percentage of `total`.

    Args:
        value: `3`, or `"30%"`.
        total: What a percentage is taken of, at least 0.
        round_up: Whether a fraction counts as one more.

    Raises:
        ValueError: A text that is no percentage; the API server's validation lets none in.
    """
    if isinstance(value, int):
        return value
    if not value.endswith("%"):
        raise ValueError(f"{value!r} is neither a number nor a percentage such as '25%'")
    # Percent times total stays whole, so that 29 % of 100 is 29 and never 28.999…
    hundredths = int(value[:-1]) * total
    return ceil(hundredths / 100) if round_up else floor(hundredths / 100)
