"""Repeated events become few writes."""

from netcore_scheduler.core import EventKey, EventSeries, EventWrite

KEY = EventKey("shop/cart", "u1", "netcore", "FailedScheduling")


def record(series: EventSeries, now: float, note: str = "full") -> EventWrite | None:
    return series.record(KEY, note, name_seed=0x1000, now=now)


def test_the_first_occurrence_makes_an_object_and_the_second_starts_its_series() -> None:
    series = EventSeries()
    assert record(series, 0) == EventWrite("create", "cart.1001", 1)
    assert record(series, 1) == EventWrite("patch", "cart.1001", 2)


def test_a_pod_that_fails_every_second_for_an_hour_costs_a_write_a_minute() -> None:
    series = EventSeries()
    writes = [write for second in range(3600) if (write := record(series, second))]
    assert len(writes) <= 62
    assert {write.name for write in writes} == {"cart.1001"}
    assert writes[-1].count > 3500


def test_a_note_that_flips_is_written_every_ten_seconds_at_most() -> None:
    series = EventSeries()
    writes = [record(series, second, f"note {second % 2}") for second in range(60)]
    assert 3 < sum(write is not None for write in writes) <= 8


def test_a_changed_note_is_written() -> None:
    series = EventSeries()
    for second in (0, 1, 2):
        record(series, second)
    assert record(series, 30) is None
    assert record(series, 31, "nearly full") == EventWrite("patch", "cart.1001", 5)


def test_an_object_that_the_server_dropped_is_made_anew() -> None:
    series = EventSeries()
    record(series, 0)
    assert record(series, 4000) == EventWrite("create", "cart.1002", 1)
    series.forget(KEY)
    assert record(series, 4001) == EventWrite("create", "cart.1003", 1)


def test_another_pod_of_the_same_name_has_its_own_series() -> None:
    series = EventSeries()
    record(series, 0)
    other = EventKey(KEY.pod, "u2", KEY.scheduler_name, KEY.reason)
    write = series.record(other, "full", name_seed=0, now=1)
    assert write is not None
    assert write.type == "create"


def test_memory_is_bounded_and_the_oldest_series_goes_first() -> None:
    series = EventSeries()
    for number in range(5000):
        key = EventKey(f"a/{number}", "u", "netcore", "FailedScheduling")
        series.record(key, "full", name_seed=0, now=float(number))
    newest = EventKey("a/4999", "u", "netcore", "FailedScheduling")
    oldest = EventKey("a/0", "u", "netcore", "FailedScheduling")
    again = [series.record(key, "full", name_seed=0, now=5000.0) for key in (newest, oldest)]
    assert [write.type for write in again if write] == ["patch", "create"]
