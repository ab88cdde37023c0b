"""Which occurrences of an event are worth a write, so that one hopeless pod does not flood.

The first occurrence becomes an Event object. Later ones raise its series' count, written when the
note changes or has not been confirmed for a while. An object that nobody wrote to for as long as
the server keeps events starts anew.

Source: the series of events.k8s.io/v1 (client-go's event broadcaster), which likewise tells events
apart by what they are about, not by their note.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal

# Confirming an unchanged event: often enough for `kubectl describe` to show it as current.
_CONFIRM_AFTER_S: Final = 60.0
# A note that flips between two texts is written at this rate at most.
_RENEW_AFTER_S: Final = 10.0
# The API server drops events after an hour.
_FORGET_AFTER_S: Final = 3000.0
_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class EventKey:
    """What makes two occurrences the same event."""

    pod: str
    uid: str
    scheduler_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventWrite:
    """A write to the server.

    Attributes:
        type: Make a new object, or patch the series of the one that `name` names.
        name: Object's name.
        count: Occurrences so far.
    """

    type: Literal["create", "patch"]
    name: str
    count: int


@dataclass(slots=True)
class _Series:
    name: str
    note: str
    written_at: float
    count: int = 1


class EventSeries:
    """Remembers the latest events, as many as fit; a forgotten one just starts a new object."""

    def __init__(self) -> None:
        self._series: OrderedDict[EventKey, _Series] = OrderedDict()
        self._serial = 0

    def record(self, key: EventKey, note: str, *, name_seed: int, now: float) -> EventWrite | None:
        """Count an occurrence; return the write that it is worth, if any.

        Args:
            key: Which event.
            note: Its text.
            name_seed: Makes names unlike those of other processes, as a start time does.
            now: Seconds.
        """
        series = self._series.get(key)
        if series is None or now - series.written_at > _FORGET_AFTER_S:
            self._serial += 1
            name = f"{key.pod.partition('/')[2]}.{name_seed + self._serial:x}"
            self._series[key] = _Series(name, note, now)
            self._series.move_to_end(key)
            if len(self._series) > _REMEMBERED:
                self._series.popitem(last=False)
            return EventWrite("create", name, 1)
        series.count += 1
        age_s = now - series.written_at
        is_due = age_s >= (_CONFIRM_AFTER_S if note == series.note else _RENEW_AFTER_S)
        if not is_due and series.count > 2:
            return None
        series.note = note
        series.written_at = now
        self._series.move_to_end(key)
        return EventWrite("patch", series.name, series.count)

    def forget(self, key: EventKey) -> None:
        """Start anew with the next occurrence: the object is not on the server any more."""
        self._series.pop(key, None)
