"""The client against a real HTTP server: what it sends, and what it says when something is wrong."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from syncctl.errors import STOPPED, ConfigError, StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.secret import Secret
from syncctl.stores.base import StoreStatus
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.certificates import make_certificate
from tests.clocks import PATIENCE, MovableClock
from tests.crash.hosts import Held, eventually
from tests.hostile import Answer, Hostile, for_ever, head, whole
from tests.raws import raw_order

Connect = Callable[..., WooCommerce]


@pytest.fixture
def shop() -> Iterator[SimulatedStore]:
    with SimulatedStore() as store:
        store.load([raw_order(id=47, number="47")])
        yield store


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the client waited for."""
    return []


@pytest.fixture
def connect(shop: SimulatedStore, waits: list[float]) -> Iterator[Connect]:
    opened: list[WooCommerce] = []

    def client(**changes: Any) -> WooCommerce:
        given: dict[str, Any] = {"url": shop.url, "consumer_key": Secret(shop.key), "consumer_secret": Secret(shop.secret)}
        opened.append(WooCommerce(Connection(**{**given, **changes}), sleeper=waits.append))
        return opened[-1]

    yield client
    for woo in opened:
        woo.close()


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("in_query", [False, True])
def test_plain_http_is_signed(connect, method, in_query):
    woo = connect(signature_method=method, auth_in_query=in_query)
    assert woo.read_status(47) == StoreStatus(status="processing", meaning="ready")
    woo.add_note(47, "schön, 100 % & mehr")
    assert woo.notes(47) == ["schön, 100 % & mehr"]
    pages = woo.created(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC), batch_size=50)
    assert [order.order_id for page in pages for order in page.listed] == [47]


def test_the_address_may_name_the_api_and_end_with_a_slash(connect, shop):
    connect(url=f"{shop.url}/wp-json/wc/v3/").ping()


@pytest.mark.parametrize("url", ["shop.example.test", "", "ftp://shop.example.test", "https://"])
def test_an_address_that_is_none_is_named_at_once(connect, url):
    with pytest.raises(ConfigError, match="SYNCCTL_WOO_URL"):
        connect(url=url)


def test_missing_keys_and_a_missing_ca_file_are_named_at_once(connect, tmp_path):
    with pytest.raises(ConfigError, match="SYNCCTL_WOO_CONSUMER_KEY"):
        connect(consumer_key=Secret(""))
    with pytest.raises(ConfigError, match="SYNCCTL_WOO_CA_BUNDLE"):
        connect(ca_bundle=tmp_path / "none.pem")


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"consumer_key": Secret("ck_unknown")}, "woocommerce_rest_cannot_view"),
        ({"consumer_secret": Secret("cs_wrong")}, "woocommerce_rest_authentication_error"),
    ],
)
def test_wrong_keys_name_the_stores_code_and_the_settings(connect, keys, says):
    with pytest.raises(StoreMisconfigured, match=says) as caught:
        connect(**keys).ping()
    assert "SYNCCTL_WOO_CONSUMER_SECRET" in str(caught.value)
    assert caught.value.exit_code == 78


def test_a_read_only_key_is_named_when_it_writes(connect, shop):
    shop.gate.writable = False
    with pytest.raises(StoreMisconfigured, match="read-only"):
        connect().put_status(47, "completed")


def test_a_read_only_key_is_found_by_a_ping_that_asks_for_more_and_nothing_changes(connect, shop):
    woo = connect()
    woo.ping(writing=True)
    shop.gate.writable = False
    woo.ping()
    with pytest.raises(StoreMisconfigured, match="read-only"):
        woo.ping(writing=True)
    assert [(method, status) for method, _, status in shop.requests if method != "GET"] == [("POST", 200), ("POST", 401)]
    assert shop.statuses() == {"processing": 1} and shop.state.history == {47: []}


def test_a_clock_that_is_off_is_named_with_its_error(connect, shop):
    shop.skew = timedelta(hours=1)
    with pytest.raises(StoreMisconfigured, match="60 minutes behind"):
        connect().ping()


def test_a_wrong_path_is_told_from_a_missing_order(connect, shop):
    assert connect().get(99) is None
    assert connect().read_status(99).exists is False
    assert connect().notes(99) == []
    with pytest.raises(StoreMisconfigured, match="Permalinks"):
        connect(url=f"{shop.url}/blog").get(47)


def test_a_redirect_names_where_it_leads(connect, shop):
    shop.fail("redirect")
    with pytest.raises(StoreMisconfigured, match="https://127"):
        connect().ping()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "html"}, "web page instead of data: .Briefly unavailable"),
        ({"kind": "truncated"}, "broke off"),
        ({"kind": "cut_off"}, "breaks off"),
        ({"kind": "timeout"}, "no connection, or it was cut"),
        ({"kind": "status", "status": 500}, "HTTP 500"),
        ({"kind": "status", "status": 408}, "HTTP 408"),
    ],
)
def test_a_reader_tries_three_times_and_then_says_what_was_wrong(connect, shop, waits, fault, says):
    shop.fail(times=3, **fault)
    woo = connect()
    with pytest.raises(StoreUnavailable, match=says):
        woo.ping()
    assert waits == [1.0, 2.0]
    woo.ping()


def test_a_short_outage_is_ridden_out(connect, shop, waits):
    shop.fail("status", times=2, retry_after="3")
    connect().ping()
    assert waits == [3.0, 3.0]


def test_a_store_that_asks_for_a_long_rest_gets_it(connect, shop, waits):
    shop.fail("status", status=429, retry_after="120")
    with pytest.raises(StoreUnavailable) as caught:
        connect().ping()
    assert (caught.value.retry_after, caught.value.code, waits) == (120.0, "429", [])


def test_retry_after_may_be_a_date(shop, waits):
    clock = MovableClock()
    shop.state.clock = clock
    shop.fail("status", retry_after="Fri, 20 Nov 2026 12:01:30 GMT")
    woo = WooCommerce(Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret)), clock=clock)
    with pytest.raises(StoreUnavailable) as caught:
        woo.ping()
    woo.close()
    assert caught.value.retry_after == 90.0


def test_a_slow_store_runs_into_the_time_out(connect, shop):
    held = Held(shop, ".", every=True)
    with pytest.raises(StoreUnavailable, match=r"no answer to GET /orders within 0.1 s"):
        connect(read_timeout=0.1).ping()
    held.go.set()


@pytest.mark.parametrize("fault", ["lost_answer", "timeout", "truncated"])
def test_a_note_is_sent_once_whatever_becomes_of_the_answer(connect, shop, waits, fault):
    shop.fail(fault, methods=("POST",))
    with pytest.raises(StoreUnavailable, match="isn't known"):
        connect().add_note(47, "once")
    assert shop.count_notes(47)["once"] == (0 if fault == "timeout" else 1)
    assert waits == []


def test_notes_are_private(connect, shop):
    connect().add_note(47, "not for the customer")
    assert shop.state.mails == []


@pytest.mark.parametrize("fault", ["php_warning", "bom"])
def test_what_stands_before_the_json_is_skipped(connect, shop, fault):
    shop.fail(fault)
    assert connect().read_status(47).status == "processing"


def test_a_status_that_the_store_doesnt_know_is_refused_with_its_words(connect):
    with pytest.raises(StoreRefused, match=r"rest_invalid_param.*status is not one of") as caught:
        connect().put_status(47, "shipped")
    assert not isinstance(caught.value, StoreMisconfigured)


def test_a_missing_order_refuses_a_write(connect):
    with pytest.raises(StoreRefused, match="ID is invalid"):
        connect().put_status(99, "completed")


def test_the_tag_is_written_and_read_and_replaced(connect, shop):
    woo = connect()
    woo.put_status(47, "completed", tag="101000000001/1")
    woo.put_status(47, None, tag="101000000001/2")
    assert woo.read_status(47) == StoreStatus(status="completed", meaning="done", tag="101000000001/2")
    assert len(shop.state.order(47)["meta_data"]) == 1
    woo.put_status(47, None)
    assert [method for method, _, _ in shop.requests].count("PUT") == 2


def test_an_order_deleted_between_list_and_refunds_is_gone(connect, shop):
    shop.shopkeeper.refund_amount(47, "1.00")

    def delete(method: str, path: str, query: dict[str, str]) -> None:
        if path.endswith("/refunds") and 47 in shop.state.orders:
            shop.state.delete(47)

    shop.before_request = delete
    assert connect().get(47) is None


def test_the_stores_clock_is_the_one_that_counts(connect, shop):
    shop.state.clock = MovableClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    assert connect().server_time() == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_no_key_shows_in_messages_representations_or_logs(connect, shop, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "cs_do_not_show_me"
    shop.gate.secret = secret
    connection = Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(secret), auth_in_query=True)
    assert secret not in repr(connection)
    connect(consumer_secret=Secret(secret), auth_in_query=True).ping()
    shop.gate.plays_https = True
    shop.fail("status", times=3)
    with pytest.raises(StoreUnavailable) as caught:
        connect(consumer_secret=Secret(secret), auth_in_query=True).ping()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert secret not in str(caught.value)
    assert secret not in caplog.text


@pytest.fixture
def answering() -> Iterator[Callable[..., WooCommerce]]:
    """Makes a client of a server that answers every request with the same pieces."""
    opened: list[tuple[Hostile, WooCommerce]] = []

    def client(answer: Answer, *, stop: threading.Event | None = None, **changes: Any) -> WooCommerce:
        server = Hostile(answer).__enter__()
        connection = Connection(
            **{
                "url": server.url,
                "consumer_key": Secret("ck_0123456789abcdef"),
                "consumer_secret": Secret("cs_geheim+77"),
                **changes,
            }
        )
        opened.append((server, WooCommerce(connection, sleeper=lambda _: None, stop=stop)))
        return opened[-1][1]

    yield client
    for server, woo in opened:
        woo.close()
        server.__exit__()


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("", "\n<!-- Cached page served in 0.123 seconds \x1b[2J -->"),
        ("317\r\n", "\r\n0\r\n\r\n"),
        ("<br>\nNotice: [0]\n", "<!-- c -->"),
    ],
)
def test_text_round_the_json_is_left_out_and_told_once(answering, caplog, before, behind):
    body = f'{before}[{{"id": 47, "status": "processing"}}]{behind}'.encode()
    woo = answering(lambda _: whole(body))
    for _ in range(3):
        woo.ping()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == bool(before) + bool(behind)
    assert not any("\x1b" in line for line in told)


@pytest.mark.parametrize(
    ("pieces", "changes", "code", "says"),
    [
        (whole(b""), {}, "not_json", "nothing: HTTP 200 and an empty body"),
        (whole(b"[" * 100_000), {}, "not_json", "nested too deep"),
        (whole(b'[{"id": 1},, {"id": 2}, {"id": 3}, {"id": 4}]'), {}, "not_json", "none from character 11 on"),
        (whole(b"[" + b"1," * 100), {}, "truncated", "breaks off after 201 characters"),
        (whole(b" " * 1_100_000), {"largest": 1_048_576}, "too_large", "larger than 1 MB.*SYNCCTL_HTTP_MAX_MEGABYTES"),
        (
            whole(b"[" + b"[]," * 100_000 + b"1]"),
            {"largest": 1_048_576},
            "too_large",
            "too much memory.*SYNCCTL_HTTP_MAX_MEGABYTES",
        ),
        (whole(b"x", Content_Encoding="br"), {}, "packing", r"packed in a way that was not asked for \(br\)"),
        (whole(b"x", Content_Encoding="gzip"), {}, "truncated", "broke off"),
        (whole(b"", 503, Retry_After="9" * 5000), {}, "503", "asks for 604800 s"),
        (whole(b"", 503, Retry_After="Thu, 01 Jan 0001 00:00:00 +1400", Date="x"), {}, "503", "HTTP 503"),
    ],
)
def test_an_answer_that_is_none_says_what_is_wrong_and_what_to_do(answering, pieces, changes, code, says):
    with pytest.raises(StoreUnavailable, match=says) as caught:
        answering(lambda _: pieces, **changes).ping()
    assert caught.value.code == code


def test_a_count_of_thousands_of_digits_is_no_count(answering):
    assert answering(lambda _: whole(b"[]", X_WP_Total="9" * 5000))._client.get("/orders").total is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_without_an_end_is_given_up_once_and_says_whether_it_was_a_write(answering, method):
    asked: list[str] = []

    def slow(server: Hostile) -> Iterator[bytes]:
        asked.append(server.requests[-1])
        yield head(length=1000)
        yield from server.slowly(for_ever(b" "))

    woo = answering(slow, answer_timeout=0.3)
    with pytest.raises(StoreUnavailable, match=r"not complete after 0.3 s \(SYNCCTL_HTTP_ANSWER_TIMEOUT\)") as caught:
        woo.ping() if method == "GET" else woo.add_note(47, "x")
    assert caught.value.code == "too_slow"
    assert ("isn't known" in str(caught.value)) == (method == "POST")
    eventually(lambda: len(asked) == 1)


def test_a_stop_ends_the_wait_and_the_tries(answering):
    stop = threading.Event()

    def nothing(server: Hostile) -> Iterator[bytes]:
        stop.set()
        return server.nothing()

    woo = answering(nothing, stop=stop)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="asked to stop") as caught:
        woo.ping()
    assert caught.value.code == STOPPED
    assert time.monotonic() - began < PATIENCE


def test_what_the_store_says_is_shown_without_keys_and_controls(answering):
    basic = base64.b64encode(b"ck_0123456789abcdef:cs_geheim+77").decode()
    said = f"\x1b[2J\u202eno {basic} cs_geheim%2B77 cs_geheim+77\r\n\x9b1m\ud83d" + "x" * 1000
    body = json.dumps({"code": f"cs_geheim+77\x1b{'y' * 200}", "message": said, "data": {"params": {"a": said}}}).encode()
    for status, kind in ((400, StoreRefused), (403, StoreMisconfigured), (500, StoreUnavailable)):
        with pytest.raises(kind) as caught:
            answering(lambda _, status=status: whole(body, status)).ping()
        text = f"{caught.value} {caught.value.code}"
        assert "geheim" not in text and basic[10:30] not in text
        assert not {"\x1b", "\x9b", "\u202e", "\ud83d", "\n"} & set(text)
        assert "no *** *** ***" in text
        assert len(text) < 700
    with pytest.raises(StoreMisconfigured) as caught:
        answering(lambda _: whole(b"", 302, Location="https://x:y@[\x1b[2J/cs_geheim+77/wp-json/")).ping()
    assert not {"\x1b"} & set(str(caught.value)) and "geheim" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("text", ["<script>", "<title>", "<", "&", " ", "ck_", "a/"])
def test_a_message_is_made_of_any_text_in_no_time(answering, status, text):
    body = text * 200_000 if status == 200 else json.dumps({"code": "x", "message": text * 100_000})
    began = time.monotonic()
    with pytest.raises((StoreUnavailable, StoreRefused)) as caught:
        answering(lambda _: whole(body.encode(), status)).ping()
    assert time.monotonic() - began < PATIENCE
    assert len(str(caught.value)) < 700


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path)


@pytest.mark.parametrize("in_query", [False, True])
def test_https_takes_the_private_authority_whatever_the_environment_says(certificate, monkeypatch, in_query, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(certificate[0].read_bytes()[:0])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    with SimulatedStore(certificate=certificate) as shop:
        connection = Connection(
            url=shop.url,
            consumer_key=Secret(shop.key),
            consumer_secret=Secret(shop.secret),
            ca_bundle=certificate[0],
            auth_in_query=in_query,
        )
        woo = WooCommerce(connection)
        woo.ping()
        woo.close()
        assert (shop.secret in shop.requests[-1][1]) == in_query


def test_an_unknown_authority_is_refused_with_the_setting_that_helps(certificate):
    with SimulatedStore(certificate=certificate) as shop:
        woo = WooCommerce(Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret)))
        with pytest.raises(StoreMisconfigured, match="SYNCCTL_WOO_CA_BUNDLE"):
            woo.ping()
        woo.close()


def test_the_environments_authority_and_proxy_are_taken_where_no_setting_says_otherwise(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with SimulatedStore(certificate=certificate) as shop:
        connection = Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret))
        with closing(WooCommerce(connection)) as woo:
            woo.ping()
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # the port that discards: nobody listens
        monkeypatch.setenv("no_proxy", "")
        with closing(WooCommerce(connection, sleeper=lambda _: None)) as woo, pytest.raises(StoreUnavailable, match="proxy"):
            woo.ping()
        monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
        with closing(WooCommerce(connection)) as woo:
            woo.ping()
