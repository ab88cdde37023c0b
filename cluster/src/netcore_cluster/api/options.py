"""The query parameters of a request, read once and checked."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from netcore_cluster.api.errors import ApiError, bad_request, invalid
from netcore_cluster.schema import errors as field_errors
from netcore_cluster.schema.errors import FieldError

FieldValidation = Literal["Strict", "Warn", "Ignore"]
Query = dict[str, str]

_TRUE = {"1", "t", "true", "T", "TRUE", "True"}


def parse_query(text: str) -> Query:
    """Returns the parameters of a query string; of a repeated one the first."""
    found: Query = {}
    for name, value in parse_qsl(text, keep_blank_values=True) if text else ():
        found.setdefault(name, value)
    return found


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is to be done.

    Attributes:
        manager: who is written into managedFields.
        is_dry_run: whether to do everything but the write itself.
        field_validation: what becomes of unknown and duplicate fields.
        forces: whether an apply takes fields over from other managers.
    """

    manager: str = "unknown"
    is_dry_run: bool = False
    field_validation: FieldValidation = "Warn"
    forces: bool = False


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a list or a watch is to return.

    Attributes:
        revision: the resourceVersion asked for; None: the latest.
        match: how `revision` is meant: ``Exact``, ``NotOlderThan``, or empty.
        limit: objects a page; 0: all.
    """

    labels: str = ""
    fields: str = ""
    revision: int | None = None
    match: str = ""
    limit: int = 0
    continue_token: str = ""
    timeout_s: float | None = None
    wants_bookmarks: bool = False
    wants_initial_events: bool | None = None


def write_options(query: Query, user_agent: str) -> WriteOptions:
    """Returns the options of a write.

    Raises:
        ApiError: a parameter has no known value.
    """
    if not query:
        return WriteOptions(manager=default_manager(user_agent))
    manager = query.get("fieldManager", "")
    if len(manager) > 128:
        raise _invalid_option("fieldManager", manager, "may not be longer than 128")
    validation = query.get("fieldValidation", "") or "Warn"
    if validation not in {"Strict", "Warn", "Ignore"}:
        raise _unsupported_option("fieldValidation", validation, ["Ignore", "Strict", "Warn"])
    return WriteOptions(
        manager=manager or default_manager(user_agent),
        is_dry_run=is_dry_run(query.get("dryRun")),
        field_validation=validation,  # type: ignore[arg-type]
        forces=is_true(query.get("force")),
    )


def is_dry_run(value: str | None) -> bool:
    """Tells whether a dry run is asked for.

    Raises:
        ApiError: 422, any other kind of run is asked for.
    """
    if not value:
        return False
    if value != "All":
        raise _unsupported_option("dryRun", value, ["All"])
    return True


def list_options(query: Query) -> ListOptions:
    """Returns the options of a list or watch.

    Raises:
        ApiError: a parameter has no possible value, or contradicts another.
    """
    if not query:
        return ListOptions()
    text = query.get("resourceVersion", "")
    if text and not text.isdigit():
        raise _invalid_rv(text)
    revision = int(text) if text else None
    match = query.get("resourceVersionMatch", "")
    token = query.get("continue", "")
    initial = query.get("sendInitialEvents")
    is_watch = is_true(query.get("watch"))
    if match and not is_watch:
        _check_match(match, text, token)
    return ListOptions(
        labels=query.get("labelSelector", ""),
        fields=query.get("fieldSelector", ""),
        revision=revision,
        match=match,
        limit=max(0, _integer(query, "limit") or 0),
        continue_token=token,
        timeout_s=_integer(query, "timeoutSeconds"),
        wants_bookmarks=is_true(query.get("allowWatchBookmarks")),
        wants_initial_events=None if initial is None else is_true(initial),
    )


def is_true(value: str | None) -> bool:
    """Tells whether a parameter is set; ``?watch`` and ``?watch=1`` are."""
    return value is not None and (value in _TRUE or value == "")


def default_manager(user_agent: str) -> str:
    """Returns the field manager of a client that names none.

    Source: kubernetes apiserver ``endpoints/handlers/create.go`` (managerOrUserAgent).
    """
    return (user_agent.partition("/")[0][:128]) or "unknown"


def _check_match(match: str, revision: str, token: str) -> None:
    problem = ""
    if not revision:
        problem = "resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif token:
        problem = "resourceVersionMatch is forbidden when continue is provided"
    elif match not in {"Exact", "NotOlderThan"}:
        raise _unsupported_option("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""])
    elif match == "Exact" and revision == "0":
        problem = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    if problem:
        raise _forbidden_option("resourceVersionMatch", problem)


def check_watch_list(options: ListOptions) -> None:
    """Refuses a streaming list that contradicts itself.

    Raises:
        ApiError: 422.

    Source: apimachinery ``pkg/apis/meta/internalversion/validation``.
    """
    if options.wants_initial_events is None:
        if options.match:
            raise _forbidden_option(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            )
        return
    if options.match != "NotOlderThan":
        raise _forbidden_option(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        )


def _integer(query: Query, name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        problem = f'strconv.ParseInt: parsing "{text}": invalid syntax'
        raise bad_request(f"unable to convert query parameter {name}: {problem}") from None


def _invalid_rv(text: str) -> ApiError:
    problem = f'strconv.ParseUint: parsing "{text}": invalid syntax'
    return bad_request(f'resourceVersion: Invalid value: "{text}": {problem}')


def _invalid_option(field: str, value: str, problem: str) -> ApiError:
    return option_error("ListOptions", field_errors.invalid(field, value, problem))


def _unsupported_option(field: str, value: str, supported: list[str]) -> ApiError:
    return option_error("ListOptions", field_errors.unsupported(field, value, supported))


def _forbidden_option(field: str, problem: str) -> ApiError:
    return option_error("ListOptions", field_errors.forbidden(field, problem))


def option_error(kind: str, problem: FieldError) -> ApiError:
    """Returns the error of an option that makes no sense; `kind` is what holds the options."""
    return invalid(kind, "meta.k8s.io", "", [problem])
