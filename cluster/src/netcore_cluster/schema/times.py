"""Times as the API writes them: RFC 3339 in UTC, to the second or to the microsecond."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))"
)


# The times of an object are read again with each of its writes, and most stay the same.
@lru_cache(maxsize=8192)
def parse_time(text: str) -> datetime:
    """Return the moment that an RFC 3339 text names, in UTC.

    Raises:
        ValueError: the text is not one.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(
            f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse it as RFC 3339'
        )
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    micros = int((match[7] or "")[:6].ljust(6, "0"))
    zone: timezone = UTC
    if match[8]:
        offset = timedelta(hours=int(match[9]), minutes=int(match[10]))
        zone = timezone(offset if match[8] == "+" else -offset)
    moment = datetime(year, month, day, hour, minute, second, micros, tzinfo=zone)
    return moment.astimezone(UTC)


@lru_cache(maxsize=8192)
def format_time(moment: datetime) -> str:
    """Return a moment to the second, such as `2026-11-22T04:05:06Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_micro_time(moment: datetime) -> str:
    """Return a moment to the microsecond, such as `2026-11-22T04:05:06.000007Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
