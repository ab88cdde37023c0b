"""What the API server is asked and what it answers, free of the library that carries it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

MAX_BODY_BYTES = 3 << 20
"""Source: kubernetes apiserver ``MaxRequestBodyBytes``."""

Certificate = dict[str, object]
"""A client's verified certificate, as the ssl module describes it."""


@dataclass(slots=True)
class Request:
    """One whole request.

    Attributes:
        target: path and query as sent.
        headers: by name, in whatever case.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Response:
    """An answer with a body of known length."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = field(default=())


@dataclass(slots=True)
class Stream:
    """An answer without end: its parts go out as they come.

    The generator is closed when the client hangs up or the server stops.
    """

    parts: AsyncGenerator[bytes, None]
    content_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = field(default=())
