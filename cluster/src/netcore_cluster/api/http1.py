"""HTTP/1.1, the server's side of it: bytes in, requests out; responses in, bytes out. Pure.

Kubernetes clients need little of HTTP: keep-alive, bodies with a length or in chunks,
``Expect: 100-continue``, and answers with a length or in chunks. A parser of just that costs a
few microseconds a request, where a general server framework costs most of what the request
itself does, and twice the memory of the whole API server.

What it does not do: upgrades, trailers (read and dropped), HTTP/1.0 keep-alive, line folding
(refused, as RFC 9112 section 5.2 wants). A message whose framing is in any doubt is refused and
the connection closed, so that no two parties can read it differently.

Source: RFC 9112 (framing), RFC 9110 (fields).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD_BYTES = 64 << 10
MAX_BODY_BYTES = 3 << 20
"""Source: kubernetes apiserver ``MaxRequestBodyBytes``."""

_METHOD = re.compile(r"[A-Z]{3,16}")
_FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ProtocolError(Exception):
    """The peer does not speak HTTP as it must; answer with `code` and close the connection."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Request:
    """One whole request.

    Attributes:
        target: path and query as sent.
        headers: by lower-case name; repeated ones joined with a comma.
        keeps_alive: whether the connection goes on after the answer.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    keeps_alive: bool = True


@dataclass(slots=True)
class Response:
    """An answer with a body of known length."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = field(default=())


class RequestParser:
    """Turns the bytes of one connection into requests, one after the other.

    Feed it with `feed`, then call `next_request` until it returns None. `interim` then holds
    what is to be sent before the answer.
    """

    def __init__(self) -> None:
        """Starts before the first request."""
        self._buffer = bytearray()
        self._request: Request | None = None
        self._length: int | None = None
        self._chunks: list[bytes] | None = None
        self._chunk_total = 0
        self.interim = b""

    @property
    def is_idle(self) -> bool:
        """Whether the connection stands between two requests."""
        return self._request is None and not self._buffer

    def feed(self, data: bytes) -> None:
        """Takes what the peer sent."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """Returns the next whole request, or None where bytes of it are missing.

        Raises:
            ProtocolError: the bytes are no request.
        """
        if self._request is None and not self._read_head():
            return None
        request = self._request
        assert request is not None
        if self._chunks is not None:
            if not self._read_chunks():
                return None
            request.body = b"".join(self._chunks)
        elif self._length:
            if len(self._buffer) < self._length:
                return None
            request.body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
        self._request = self._length = self._chunks = None
        self._chunk_total = 0
        return request

    def _read_head(self) -> bool:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112 2.2: empty lines before a request are skipped
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise ProtocolError(431, "the request's head is too large")
            return False
        if end > MAX_HEAD_BYTES:
            raise ProtocolError(431, "the request's head is too large")
        lines = buffer[:end].decode("latin-1").split("\r\n")
        del buffer[: end + 4]
        request = self._request = _parse_head(lines)
        self._frame_body(request)
        return True

    def _frame_body(self, request: Request) -> None:
        headers = request.headers
        coding = headers.get("transfer-encoding")
        length = headers.get("content-length")
        if coding is not None:
            if length is not None or coding.lower() != "chunked":
                raise ProtocolError(400, "unsupported or contradictory body framing")
            self._chunks = []
        elif length is not None:
            if not (length.isascii() and length.isdigit()):
                raise ProtocolError(400, "the content length is no number")
            self._length = int(length)
            if self._length > MAX_BODY_BYTES:
                raise ProtocolError(413, f"Request entity too large: limit is {MAX_BODY_BYTES}")
        if headers.get("expect", "").lower() == "100-continue":
            self.interim = _CONTINUE

    def _read_chunks(self) -> bool:
        """Collects whole chunks; returns whether the last one was among them."""
        buffer = self._buffer
        assert self._chunks is not None
        while True:
            end = buffer.find(b"\r\n")
            if end < 0:
                if len(buffer) > 256:
                    raise ProtocolError(400, "a chunk's size line is too long")
                return False
            size_text = bytes(buffer[:end]).partition(b";")[0].strip()
            if not _CHUNK_SIZE.fullmatch(size_text):
                raise ProtocolError(400, "a chunk has no size")
            size = int(size_text, 16)
            if size == 0:
                return self._read_trailers(end)
            if self._chunk_total + size > MAX_BODY_BYTES:
                raise ProtocolError(413, f"Request entity too large: limit is {MAX_BODY_BYTES}")
            if len(buffer) < end + 2 + size + 2:
                return False
            if buffer[end + 2 + size : end + 4 + size] != b"\r\n":
                raise ProtocolError(400, "a chunk does not end where it says")
            self._chunks.append(bytes(buffer[end + 2 : end + 2 + size]))
            self._chunk_total += size
            del buffer[: end + 4 + size]

    def _read_trailers(self, end: int) -> bool:
        buffer = self._buffer
        if buffer[end + 2 : end + 4] == b"\r\n":
            del buffer[: end + 4]
            return True
        last = buffer.find(b"\r\n\r\n", end)
        if last < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise ProtocolError(431, "the request's trailers are too large")
            return False
        del buffer[: last + 4]
        return True


def _parse_head(lines: list[str]) -> Request:
    parts = lines[0].split(" ")
    if len(parts) != 3 or not _METHOD.fullmatch(parts[0]):
        raise ProtocolError(400, "malformed request line")
    method, target, version = parts
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise ProtocolError(505, "only HTTP/1.1 is spoken here")
    if not target.startswith("/"):
        raise ProtocolError(400, "the request's target is no path")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not _FIELD_NAME.fullmatch(name):
            raise ProtocolError(400, "malformed header")
        key = name.lower()
        value = value.strip(" \t")
        if key in headers:
            if key in {"content-length", "transfer-encoding", "host"}:
                raise ProtocolError(400, f"repeated {key}")
            value = f"{headers[key]},{value}"
        headers[key] = value
    if version == "HTTP/1.1" and "host" not in headers:
        raise ProtocolError(400, "missing host header")
    keeps_alive = version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
    return Request(method, target, headers, keeps_alive=keeps_alive)


def encode(response: Response, *, keeps_alive: bool = True, has_body: bool = True) -> bytes:
    """Returns the bytes of an answer; `has_body` is False for the answer to HEAD."""
    body = response.body
    reason = _REASONS.get(response.status, "")
    head = (
        f"HTTP/1.1 {response.status} {reason}\r\n"
        f"Content-Type: {response.content_type}\r\nContent-Length: {len(body)}\r\n"
    )
    for name, value in response.headers:
        head += f"{name}: {value}\r\n"
    head += "\r\n" if keeps_alive else "Connection: close\r\n\r\n"
    return head.encode("latin-1") + body if has_body else head.encode("latin-1")


def encode_stream_head(content_type: str, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Returns the head of a 200 answer whose body follows in chunks."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n"
    for name, value in headers:
        head += f"{name}: {value}\r\n"
    return (head + "\r\n").encode("latin-1")


def encode_chunk(data: bytes) -> bytes:
    """Returns one chunk; an empty one ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
