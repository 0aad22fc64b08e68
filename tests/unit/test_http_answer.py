"""Answers over HTTP, from a server that means no good: what is read of them, for how long, and when it is given up."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator

import pytest
import requests

from syncctl.http_answer import Bounds, HttpAnswer, HttpSession, Stopped, StrangePacking, TooLarge, TooSlow, ask
from syncctl.in_time import OutOfTime, in_time
from syncctl.stop import Never
from tests.clocks import PATIENCE
from tests.hostile import MEGABYTE, Answer, Hostile, for_ever, head, many_members, one_member, whole

BOUNDS = Bounds(largest=MEGABYTE, seconds=PATIENCE)
MAGIC = b"\x1f\x8b"
Serve = Callable[[Answer], Hostile]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Hostile] = []

    def start(answer: Answer) -> Hostile:
        running.append(Hostile(answer).__enter__())
        return running[-1]

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def session() -> Iterator[HttpSession]:
    with HttpSession() as made:
        yield made


def get(session: HttpSession, server: Hostile, bounds: Bounds = BOUNDS) -> HttpAnswer:
    return ask(session, "GET", f"{server.url}/x", bounds=bounds, timeout=(PATIENCE, 2 * PATIENCE))


def chunked(pieces: Iterable[bytes], **headers: str) -> Iterator[bytes]:
    yield head(Transfer_Encoding="chunked", **headers)
    for piece in filter(None, pieces):
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"a": 1}', {}),
        (b"", {}),
        (gzip.compress(b'{"a": 1}'), {"Content_Encoding": "gzip"}),
        (gzip.compress(b'{"a": ') + gzip.compress(b"1}"), {"Content_Encoding": "GZIP"}),
        (gzip.compress(b'{"a": 1}') + b"\0\0\0 behind it", {"Content_Encoding": "x-gzip"}),
        (gzip.compress(bytes(range(256)) * 1000), {"Content_Encoding": "gzip"}),
        (gzip.compress(b"x" * 65_536), {"Content_Encoding": "gzip"}),
        (gzip.compress(b"x" * 300_000), {"Content_Encoding": "gzip"}),
        (b'{"a": 1}', {"Content_Encoding": "identity"}),
    ],
    ids=["plain", "nothing", "gzip", "two members", "and more", "gzip of much", "of a block", "of blocks", "identity"],
)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_an_answer_is_read_whole(session, serve, body, headers, in_chunks):
    unpacked = b"".join(members(body)) if body[:2] == MAGIC else body
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    server = serve(lambda _: chunked(pieces, **headers) if in_chunks else whole(body, **headers))
    answers = [get(session, server) for _ in range(3)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, unpacked)] * 3
    assert server.connections == 1, "an answer that was read to its end leaves the connection for the next request"


def members(body: bytes) -> Iterator[bytes]:
    while body[:2] == MAGIC:
        member = zlib.decompressobj(wbits=31)
        yield member.decompress(body)
        body = member.unused_data


@pytest.mark.parametrize(
    "content",
    [
        lambda: for_ever(b" " * 65_536),
        lambda: one_member(megabytes=2000),
        lambda: many_members(megabytes=2000),
        lambda: for_ever(gzip.compress(b"")),
        lambda: [gzip.compress(b" " * 5 * MEGABYTE)],
        lambda: [b" " * 65_536] * 80,
    ],
    ids=["without an end", "2 GB in one member", "2 GB in members", "members with nothing in them", "5 MB packed", "5 MB"],
)
@pytest.mark.parametrize("manner", ["length", "chunks", "open"])
def test_more_than_the_limit_is_not_read_and_costs_no_memory(session, serve, content, manner):
    first = next(iter(content()))
    coding = {"Content_Encoding": "gzip"} if first[:2] == MAGIC else {}

    def answer(_: Hostile) -> Iterator[bytes]:
        if manner == "chunks":
            yield from chunked(content(), **coding)
        else:
            yield head(length=10**12 if manner == "length" else None, **coding)
            yield from content()

    server = serve(answer)
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(TooLarge):
            get(session, server)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * BOUNDS.largest
    assert time.monotonic() - began < PATIENCE / 2


def test_of_an_error_the_beginning_is_enough(session, serve):
    server = serve(lambda _: [head(500), b'{"code": "x"}', *[b" " * 65_536] * 100])
    answer = get(session, server)
    assert answer.status == 500
    assert answer.body.startswith(b'{"code": "x"}') and len(answer.body) <= MEGABYTE


def test_an_error_is_one_however_it_is_packed(session, serve):
    answer = get(session, serve(lambda _: whole(b"\x0b\x02\x80", 403, Content_Encoding="br")))
    assert (answer.status, answer.body) == (403, b"")


def test_a_redirect_is_not_followed_and_not_read_either(session, serve):
    server = serve(lambda _: [head(302, Location="http://[nowhere"), *[b" " * 65_536] * 100])
    answer = get(session, server)
    assert (answer.status, answer.headers["Location"]) == (302, "http://[nowhere")
    assert len(answer.body) <= MEGABYTE


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "deflate", "\x9bzzz"])
def test_a_packing_that_nobody_asked_for_is_no_answer(session, serve, coding):
    server = serve(lambda _: whole(b"\x0b\x02\x80", Content_Encoding=coding))
    with pytest.raises(StrangePacking, match=coding[:2]):
        get(session, server)


@pytest.mark.parametrize(
    "answer",
    [
        [head(length=100), b"half"],
        [head(Transfer_Encoding="chunked"), b"64\r\nhalf"],
        [head(Transfer_Encoding="chunked"), b"zz\r\n"],
        [head(Content_Encoding="gzip"), gzip.compress(bytes(range(256)) * 100)[:-200]],
        [head(Content_Encoding="gzip"), b"this is no gzip"],
        [b"HTTP/1.1 2"],
        [b"\r\n" * 1000],
        [b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(1000)) + b"\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"],
    ],
    ids=[
        "half",
        "half a chunk",
        "no chunk",
        "half a gzip",
        "no gzip",
        "half a status",
        "no status",
        "many headers",
        "a long header",
    ],
)
def test_an_answer_that_breaks_off_or_makes_no_sense_is_an_error_of_requests(session, serve, answer):
    closed = threading.Event()

    def then_close(_: Hostile) -> Iterator[bytes]:
        yield from answer
        closed.set()
        raise OSError("enough")

    with pytest.raises(requests.RequestException):
        get(session, serve(then_close))


def trickle(server: Hostile, where: str) -> Iterator[bytes]:
    if where == "head":
        yield from server.slowly(bytes([letter]) for letter in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"y" * 10_000)
    elif where == "body":
        yield head(length=10_000)
        yield from server.slowly(for_ever(b" "))
    elif where == "chunk size":
        yield head(Transfer_Encoding="chunked") + b"1"
        yield from server.slowly(for_ever(b"0"))
    elif where == "packed":
        yield head(Content_Encoding="gzip")
        yield from server.slowly(bytes([letter]) for letter in gzip.compress(bytes(range(256)) * 1000))
    elif where == "nothing":
        yield from server.nothing()


@pytest.mark.parametrize("where", ["head", "body", "chunk size", "packed", "nothing"])
def test_a_byte_now_and_then_is_given_up_at_the_deadline(session, serve, where):
    server = serve(lambda server: trickle(server, where))
    began = time.monotonic()
    with pytest.raises(TooSlow):
        get(session, server, Bounds(seconds=0.5))
    assert 0.4 < time.monotonic() - began < PATIENCE


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_stop_breaks_the_wait_for_an_answer(session, serve, where):
    stop = threading.Event()

    def answer(server: Hostile) -> Iterator[bytes]:
        stop.set()
        yield from trickle(server, where)

    began = time.monotonic()
    with pytest.raises(Stopped):
        get(session, serve(answer), Bounds(seconds=10 * PATIENCE, stop=stop))
    assert time.monotonic() - began < PATIENCE


def test_an_answer_that_is_about_to_come_is_waited_for_though_the_run_is_to_stop(session, serve, monkeypatch):
    monkeypatch.setattr("syncctl.in_time.GRACE", PATIENCE)
    stop = threading.Event()
    stop.set()
    server = serve(lambda server: server.slowly(whole(b"{}"), 0.3))
    assert get(session, server, Bounds(stop=stop)).body == b"{}"


def test_a_call_that_was_given_up_hears_of_it_and_nobody_waits_for_it():
    heard = threading.Event()

    def call(given_up: Callable[[], bool]) -> None:
        while not given_up():
            time.sleep(0.01)
        heard.set()

    with pytest.raises(OutOfTime):
        in_time(call, seconds=0.1, stop=Never())
    assert heard.wait(PATIENCE)


def test_what_a_call_raises_is_raised_where_it_was_waited_for():
    def call(_: Callable[[], bool]) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        in_time(call, seconds=PATIENCE, stop=Never())
