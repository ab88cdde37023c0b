"""Event, as the core group and as events.k8s.io serve it."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import NAME, Column, Kind, name_and_namespace
from netcore_cluster.kinds.table import UNKNOWN, age
from netcore_cluster.schema.errors import FieldError, invalid, required

JsonObject = dict[str, Any]

_TYPES = ("Normal", "Warning")
_LONGEST_NOTE = 1024
_REFERENCE_FIELDS = (
    "kind",
    "namespace",
    "name",
    "uid",
    "apiVersion",
    "resourceVersion",
    "fieldPath",
)

_COLUMNS = (
    Column("Last Seen", description="When it happened last."),
    Column("Type", description="Normal or Warning."),
    Column("Reason", description="Why, in one word."),
    Column("Object", description="What it is about."),
    Column("Subobject", description="Part of the object.", priority=1),
    Column("Source", description="Who reported it.", priority=1),
    Column("Message", description="What happened."),
    Column("First Seen", description="When it happened first.", priority=1),
    Column("Count", type="integer", description="How often it happened.", priority=1),
    Column(NAME.name, format="name", description=NAME.description, priority=1),
)


def _about(event: JsonObject) -> JsonObject:
    """The object that an event is about, in either group's form."""
    about: JsonObject = event.get("involvedObject") or event.get("regarding") or {}
    return about


def _source(event: JsonObject) -> JsonObject:
    source: JsonObject = event.get("source") or event.get("deprecatedSource") or {}
    return source


def _reporter(event: JsonObject) -> str:
    return event.get("reportingComponent") or event.get("reportingController") or ""


def _core_fields(event: JsonObject) -> dict[str, str]:
    about = _about(event)
    return {
        **name_and_namespace(event),
        **{f"involvedObject.{key}": about.get(key, "") for key in _REFERENCE_FIELDS},
        "reason": event.get("reason", ""),
        "reportingComponent": _reporter(event),
        "source": _source(event).get("component") or _reporter(event),
        "type": event.get("type", ""),
    }


def _new_fields(event: JsonObject) -> dict[str, str]:
    about = _about(event)
    return {
        **name_and_namespace(event),
        **{f"regarding.{key}": about.get(key, "") for key in _REFERENCE_FIELDS},
        "reason": event.get("reason", ""),
        "reportingController": _reporter(event),
        "type": event.get("type", ""),
    }


def _core_check(event: JsonObject, old: JsonObject | None) -> list[FieldError]:
    if old is not None:
        return []
    namespace = event["metadata"].get("namespace", "")
    about = (event.get("involvedObject") or {}).get("namespace", "")
    if about and about != namespace:
        return [invalid("involvedObject.namespace", about, "does not match event.namespace")]
    return []


def _new_check(event: JsonObject, old: JsonObject | None) -> list[FieldError]:
    """Source: `ValidateEventCreate`, `ValidateEventUpdate` of events.k8s.io/v1."""
    if old is not None:
        return [
            invalid(key, event.get(key), "field is immutable")
            for key in ("reason", "note", "regarding", "action", "type", "reportingController")
            if event.get(key) != old.get(key)
        ]
    errors = []
    if not event.get("eventTime"):
        errors.append(required("eventTime"))
    errors += [
        required(key)
        for key in ("reportingController", "reportingInstance", "action", "reason")
        if not event.get(key)
    ]
    if event.get("type") not in _TYPES:
        errors.append(invalid("type", event.get("type", ""), "has invalid value: "))
    if len(event.get("note", "").encode()) > _LONGEST_NOTE:
        errors.append(invalid("message", "", f"can have at most {_LONGEST_NOTE} characters"))
    return errors


def _cells(event: JsonObject, now: datetime) -> list[Any]:
    series = event.get("series") or {}
    happened = event.get("eventTime")
    first = event.get("firstTimestamp") or event.get("deprecatedFirstTimestamp") or happened
    last = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("deprecatedLastTimestamp")
        or happened
        or first
    )
    count = series.get("count") or event.get("count") or event.get("deprecatedCount") or 1
    about = _about(event)
    kind = about.get("kind", "").lower()
    return [
        age(last, now) if last else UNKNOWN,
        event.get("type", ""),
        event.get("reason", ""),
        f"{kind}/{about.get('name', '')}" if kind else about.get("name", ""),
        about.get("fieldPath", ""),
        _source_text(event),
        (event.get("message") or event.get("note") or "").strip(),
        age(first, now) if first else UNKNOWN,
        count,
        event["metadata"]["name"],
    ]


def _source_text(event: JsonObject) -> str:
    source = _source(event)
    component = source.get("component") or _reporter(event)
    host = source.get("host") or event.get("reportingInstance") or ""
    return ", ".join(part for part in (component, host) if part)


EVENT = Kind(
    group="",
    version="v1",
    kind="Event",
    plural="events",
    short_names=("ev",),
    columns=_COLUMNS,
    cells=_cells,
    selectable=_core_fields,
    check=_core_check,
)
EVENTS_EVENT = Kind(
    group="events.k8s.io",
    version="v1",
    kind="Event",
    plural="events",
    short_names=("ev",),
    storage_group="",
    columns=_COLUMNS,
    cells=_cells,
    selectable=_new_fields,
    check=_new_check,
)
