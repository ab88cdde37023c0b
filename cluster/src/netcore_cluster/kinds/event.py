"""Event, as the core group and as events.k8s.io serve it."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import NAME, Column, Kind, name_and_namespace
from netcore_cluster.kinds.names import qualified_name
from netcore_cluster.kinds.table import UNKNOWN, age
from netcore_cluster.schema.errors import FieldError, invalid, required

JsonObject = dict[str, Any]

_TYPES = ("Normal", "Warning")
_LONGEST_NOTE = 1024
_LONGEST_WORD = 128
# What does not change in an event of the newer group, and what errors call it.
_FIXED = {
    "regarding": "involvedObject",
    "reason": "reason",
    "note": "message",
    "eventTime": "eventTime",
    "action": "action",
    "related": "related",
    "reportingController": "reportingController",
    "reportingInstance": "reportingInstance",
    "type": "type",
}
# What events of the newer group no longer tell, and what errors call it.
_DEPRECATED = {
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "deprecatedSource": "source",
}
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
    """Events with a time of their own follow the newer group's rules, under the older names."""
    if old is not None:
        return []
    namespace = event["metadata"].get("namespace", "")
    about = (event.get("involvedObject") or {}).get("namespace", "")
    errors = []
    if about and about != namespace:
        text = "does not match event.namespace"
        errors.append(invalid("involvedObject.namespace", about, text))
    if event.get("eventTime"):
        errors += _report_errors(event, "reportingComponent")
        errors += _length_errors(event, "message")
    return errors


def _new_check(event: JsonObject, old: JsonObject | None) -> list[FieldError]:
    """Source: `ValidateEventCreate`, `ValidateEventUpdate` of events.k8s.io/v1."""
    if old is not None:
        return [
            *(
                invalid(shown, event.get(key), "field is immutable")
                for key, shown in _FIXED.items()
                if event.get(key) != old.get(key)
            ),
            *_series_errors(event),
        ]
    errors = []
    if not event.get("eventTime"):
        errors.append(required("eventTime"))
    errors += _report_errors(event, "reportingController")
    if event.get("type") not in _TYPES:
        errors.append(invalid("type", "", f"has invalid value: {event.get('type', '')}"))
    errors += [
        invalid(old_name, "", "needs to be unset")
        for new_name, old_name in _DEPRECATED.items()
        if event.get(new_name)
    ]
    return errors + _length_errors(event, "note")


def _report_errors(event: JsonObject, reporter: str) -> list[FieldError]:
    name = event.get(reporter, "")
    errors = [] if name else [required(reporter)]
    errors += [invalid(reporter, name, text) for text in qualified_name(name)]
    for key in ("reportingInstance", "action", "reason"):
        value = event.get(key, "")
        if not value:
            errors.append(required(key))
        elif len(value) > _LONGEST_WORD:
            errors.append(invalid(key, "", f"can have at most {_LONGEST_WORD} characters"))
    return errors + _series_errors(event)


def _series_errors(event: JsonObject) -> list[FieldError]:
    if (event.get("series") or {}).get("count", 2) >= 2:
        return []
    return [invalid("series.count", "", "should be at least 2")]


def _length_errors(event: JsonObject, note: str) -> list[FieldError]:
    if len(event.get(note, "").encode()) <= _LONGEST_NOTE:
        return []
    return [invalid("message", "", f"can have at most {_LONGEST_NOTE} characters")]


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
