"""The errors of the Kubernetes API: one exception, and a constructor for each reason.

Clients branch on `reason`, `code` and `details`, and users read `message`: all are those of the
real server, word for word.

Source: apimachinery ``pkg/api/errors``; api-conventions.md, "Response Status Kind".
"""

from collections.abc import Sequence
from typing import Any

from netcore_cluster.schema.errors import FieldError, RefusedError

Object = dict[str, Any]

EXPIRED_CONTINUE = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You can start a new list without the continue parameter, or use the continue token in this "
    "response to retrieve the remainder of the results. Continuing with the provided token results "
    "in an inconsistent list - objects that were created, modified, or deleted between the time "
    "the first chunk was returned and now may show up in the list."
)


class ApiError(Exception):
    """A request that the API server answers with a Status of failure.

    Attributes:
        status: The Status object that goes over the wire.
    """

    def __init__(self, status: Object) -> None:
        """Wraps a Status object."""
        super().__init__(status["message"])
        self.status = status

    @property
    def code(self) -> int:
        """HTTP status code."""
        return int(self.status["code"])

    @property
    def reason(self) -> str:
        """Machine-readable cause, such as ``NotFound``."""
        return str(self.status.get("reason", ""))

    @property
    def message(self) -> str:
        """What a user reads."""
        return str(self.status["message"])


def failure(
    code: int,
    reason: str,
    message: str,
    *,
    details: Object | None = None,
    continue_token: str = "",
) -> ApiError:
    """Returns an error with a whole Status of failure."""
    status: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {"continue": continue_token} if continue_token else {},
        "status": "Failure",
        "message": message,
        "reason": reason,
    }
    if details is not None:
        status["details"] = details
    status["code"] = code
    return ApiError(status)


def details(resource: str, group: str, name: str = "", **more: Any) -> Object:
    """Returns `details` of a Status; `resource` is the plural, or the kind of an invalid object."""
    found: Object = {}
    if name:
        found["name"] = name
    if group:
        found["group"] = group
    if resource:
        found["kind"] = resource
    return found | more


def qualified(resource: str, group: str) -> str:
    """Returns ``deployments.apps``, or ``pods`` for the core group."""
    return f"{resource}.{group}" if group else resource


def not_found(resource: str, group: str, name: str) -> ApiError:
    """The object does not exist."""
    message = f'{qualified(resource, group)} "{name}" not found'
    return failure(404, "NotFound", message, details=details(resource, group, name))


def no_such_path() -> ApiError:
    """Nothing is served at the path."""
    return failure(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: str, group: str, name: str) -> ApiError:
    """An object of this name exists."""
    message = f'{qualified(resource, group)} "{name}" already exists'
    return failure(409, "AlreadyExists", message, details=details(resource, group, name))


def conflict(resource: str, group: str, name: str, problem: str) -> ApiError:
    """The object is not in the state that the request builds upon."""
    message = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {problem}'
    return failure(409, "Conflict", message, details=details(resource, group, name))


def modified(resource: str, group: str, name: str) -> ApiError:
    """The request carries an old resourceVersion."""
    problem = (
        "the object has been modified; "
        "please apply your changes to the latest version and try again"
    )
    return conflict(resource, group, name, problem)


def invalid(kind: str, group: str, name: str, problems: Sequence[FieldError]) -> ApiError:
    """The object breaks its schema or its kind's rules."""
    texts = list(dict.fromkeys(map(str, problems)))
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    message = f'{qualified(kind, group)} "{name}" is invalid: {joined}'
    causes = [problem.cause() for problem in problems]
    return failure(422, "Invalid", message, details=details(kind, group, name, causes=causes))


def refused(error: RefusedError) -> ApiError:
    """The object could not be decoded, patched or applied."""
    found = {"causes": error.causes} if error.causes else None
    return failure(error.code, error.reason, error.message, details=found)


def bad_request(message: str) -> ApiError:
    """The request itself makes no sense."""
    return failure(400, "BadRequest", message)


def forbidden(resource: str, group: str, name: str, problem: str, **more: Any) -> ApiError:
    """The request is understood and refused."""
    message = f'{qualified(resource, group)} "{name}" is forbidden: {problem}'
    return failure(403, "Forbidden", message, details=details(resource, group, name, **more))


def unauthorized() -> ApiError:
    """The request carries no known credential."""
    return failure(401, "Unauthorized", "Unauthorized")


def method_not_allowed(method: str) -> ApiError:
    """The resource does not serve the verb."""
    message = "the server does not allow this method on the requested resource"
    return failure(405, "MethodNotAllowed", message, details={}) if method else no_such_path()


def not_acceptable(accepted: str) -> ApiError:
    """No representation that the client accepts is served."""
    message = f"only the following media types are accepted: {accepted}"
    return failure(406, "NotAcceptable", message)


def unsupported_media_type(message: str) -> ApiError:
    """The body is in a format that is not read here."""
    return failure(415, "UnsupportedMediaType", message)


def too_large(limit: int) -> ApiError:
    """The body is larger than `limit` bytes."""
    message = f"Request entity too large: limit is {limit}"
    return failure(413, "RequestEntityTooLarge", message)


def expired(message: str, *, continue_token: str = "") -> ApiError:
    """The history that the request asks for is gone."""
    return failure(410, "Expired", message, continue_token=continue_token)


def too_old_resource_version(asked: int, oldest: int) -> ApiError:
    """A watch asks for events that are no longer kept."""
    return expired(f"too old resource version: {asked} ({oldest})")


def too_large_resource_version(asked: int, current: int) -> ApiError:
    """The request asks for a state that the server has not reached."""
    message = f"Too large resource version: {asked}, current: {current}"
    more = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    return failure(504, "Timeout", f"Timeout: {message}", details=more)


def too_many_requests(message: str, *, retry_after_s: int, **more: Any) -> ApiError:
    """The request may succeed later."""
    found: Object = {"retryAfterSeconds": retry_after_s} if retry_after_s else {}
    return failure(429, "TooManyRequests", message, details=found | more)


def internal(message: str) -> ApiError:
    """The server failed."""
    causes = [{"message": message}]
    text = f"Internal error occurred: {message}"
    return failure(500, "InternalError", text, details={"causes": causes})


def unavailable(message: str) -> ApiError:
    """The server is shutting down or its storage is gone."""
    return failure(503, "ServiceUnavailable", message)
