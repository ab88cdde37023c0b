"""HTTP/1.1: every way in which bytes can be cut, and every request that must be refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_cluster.api.http1 import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    ProtocolError,
    Request,
    RequestParser,
    Response,
    encode,
    encode_chunk,
    encode_stream_head,
)

GET = b"GET /api/v1/pods?limit=5 HTTP/1.1\r\nHost: h\r\nAccept: a/b\r\naccept: c/d\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"PUT /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
)


def parsed(*pieces: bytes) -> list[Request]:
    parser = RequestParser()
    found = []
    for piece in pieces:
        parser.feed(piece)
        while (request := parser.next_request()) is not None:
            found.append(request)
    return found


def test_a_request_without_body() -> None:
    (request,) = parsed(GET)
    assert (request.method, request.target) == ("GET", "/api/v1/pods?limit=5")
    assert request.headers == {"host": "h", "accept": "a/b,c/d"}
    assert request.keeps_alive


@given(st.lists(st.integers(0, len(GET + POST + CHUNKED + GET)), max_size=12))
def test_requests_come_out_however_their_bytes_are_cut(cuts: list[int]) -> None:
    stream = GET + POST + CHUNKED + GET
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    found = [(request.method, request.body) for request in parsed(*pieces)]
    assert found == [
        ("GET", b""),
        ("POST", b"hello"),
        ("PUT", b"abc0123456789"),
        ("GET", b""),
    ]


def test_a_client_that_asks_before_it_sends_is_told_to() -> None:
    parser = RequestParser()
    parser.feed(b"POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert parser.next_request() is None
    assert parser.interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    parser.feed(b"{}")
    request = parser.next_request()
    assert request is not None
    assert request.body == b"{}"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"GET /x\r\n\r\n", 400),
        (b"get /x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /x HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        (b"GET /x HTTP/1.1\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nbad name: v\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (CHUNKED.replace(b"Host: h", b"Host: h\r\nContent-Length: 5"), 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"GET /" + b"x" * MAX_HEAD_BYTES + b" HTTP/1.1\r\n", 431),
        (CHUNKED.replace(b"3;ext=1", b"zz"), 400),
        (CHUNKED.replace(b"abc\r\n", b"abcd\r\n"), 400),
        (CHUNKED.replace(b"A\r\n", b"FFFFFFF\r\n"), 413),
    ],
)
def test_a_request_that_cannot_be_read_for_sure_is_refused(head: bytes, code: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        parsed(head)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
    ],
)
def test_how_long_a_connection_lives(head: bytes, keeps_alive: bool) -> None:
    (request,) = parsed(head)
    assert request.keeps_alive is keeps_alive


def test_answers() -> None:
    response = Response(201, b"{}", headers=[("Warning", '299 - "w"')])
    assert encode(response) == (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        b'Warning: 299 - "w"\r\n\r\n{}'
    )
    assert encode(response, keeps_alive=False, has_body=False).endswith(
        b"Connection: close\r\n\r\n"
    )
    assert encode_stream_head("text/x").endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert encode_chunk(b"x" * 17) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert encode_chunk(b"") == b"0\r\n\r\n"
