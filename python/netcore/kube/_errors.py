"""What talking to an API server can end in."""

from typing import Any

import orjson


class KubeConfigError(Exception):
    """No usable kubeconfig; the message names the file and what is missing in it."""


class ApiError(Exception):
    """The server's answer was a failure.

    Attributes:
        code: HTTP status.
        reason: Machine-readable reason, such as `Conflict`, `NotFound`, `Expired`.
        status: The whole Status object, as far as the server sent one.
    """

    def __init__(self, code: int, reason: str, message: str, status: dict[str, Any]) -> None:
        super().__init__(f"{message} ({code} {reason})" if reason else f"{message} ({code})")
        self.code = code
        self.reason = reason
        self.status = status

    @classmethod
    def from_body(cls, code: int, body: bytes) -> "ApiError":
        """Read the Status of a failed answer; a body of another form is quoted."""
        try:
            status = orjson.loads(body)
        except orjson.JSONDecodeError:
            status = None
        if not isinstance(status, dict):
            return cls(code, "", body[:200].decode("utf-8", "replace") or "no body", {})
        return cls(code, status.get("reason", ""), status.get("message", "no message"), status)
