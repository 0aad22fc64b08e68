"""What carriers say, made fit to be shown: keys they repeat, controls, half letters, dates of no age; and what a 403 means."""

from __future__ import annotations

import base64
import json
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from typing import Any

import pytest
import responses

from syncctl.carriers.asking import ask
from syncctl.carriers.base import Carrier, Claim, Document, Outcome, delivered, temporary
from syncctl.carriers.classify import error_outcome, link_outcome
from syncctl.carriers.http import CarrierHttp, CarrierUnreachable, Reply
from syncctl.carriers.limits import Limits, retry_at
from syncctl.carriers.numbers import Numbers
from syncctl.carriers.reading import from_base64, moment
from syncctl.demo.carriers import EXPIRED, FIREWALL
from syncctl.secret import Hider, Secret
from tests.clocks import PATIENCE, MovableClock
from tests.hostile import Hostile, for_ever, head, one_member, whole
from tests.pods import HTML, PDF, a_claim, http, shipped

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "k3y/with+signs=="
API = "https://api.x.example/pod"
TOKEN = "tok-0123456789abcdef"
CARRIERS: list[Carrier] = [
    shipped("chronopost", password=Secret(KEY)),
    shipped("laposte", api_key=Secret(KEY)),
    shipped("dhl_express", password=Secret(KEY)),
    shipped("fedex", secret=Secret(KEY)),
    shipped("ups", client_secret=Secret(KEY)),
    shipped("gls", password=Secret(KEY)),
    shipped("gls_group", client_secret=Secret(KEY)),
]


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.name)
def test_a_carrier_that_repeats_its_request_shows_no_key(carrier):
    """The mirror answers everything that it was sent, in the fields where each carrier has its errors' texts."""

    def mirror(request: Any) -> tuple[int, dict[str, str], str]:
        if "oauth" in request.url:
            return 200, {}, json.dumps({"access_token": TOKEN, "expires_in": 3600})
        body = request.body if isinstance(request.body, str) else (request.body or b"").decode()
        said = f"{KEY} \x1b[2J{request.url} {request.headers} {body} {base64.b64encode(body.encode()).decode()} \ud83d {KEY}"
        error = {"code": f"E{KEY}", "message": said, "ErrorCode": 99, "ErrorDescription": said}
        told = {"errors": [error], "response": {"errors": [error]}, "GetParcelStatusErrors": [error]}
        told |= {"returnMessage": said, "title": said}
        if "xml" in request.headers.get("Content-Type", ""):
            text = said.replace("&", "&amp;").replace("<", "&lt;").replace("\x1b", "").encode(errors="replace").decode()
            return 400, {}, f"<a><faultstring>{text}</faultstring></a>"
        return 400, {}, json.dumps(told)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for method in (responses.GET, responses.POST):
            web.add_callback(method, re.compile(".*"), callback=mirror)
        outcome = ask(carrier, a_claim("35000001406746"), http())
    shown = f"{outcome.message} {outcome.code} {outcome.cause}"
    hashed = ", ".join(carrier.secrets[2].split(", ")[10:20]) if carrier.name == "gls" else "no hash"
    for secret in (KEY, "k3y", TOKEN, "fedex-key-77", "ups-client-77", base64.b64encode(f"shop:{KEY}".encode()).decode(), hashed):
        assert secret not in shown
    assert "***" in shown
    assert not {"\x1b", "\ud83d", "\n"} & set(shown)
    assert len(outcome.message) <= 500 and len(outcome.code) <= 50


def test_a_key_is_not_cut_in_two_and_shown_by_half():
    with responses.RequestsMock() as web:
        for before in range(250, 520, 3):
            web.get(re.compile(".*"), json={"returnCode": 400, "returnMessage": "x" * before + KEY}, status=400)
            outcome = ask(CARRIERS[1], a_claim(), http())
            assert "k" not in outcome.message


@pytest.mark.parametrize("text", ["x", "é", "Invalid ", "<title>", "not found ", "tracking number "])
def test_a_message_of_megabytes_is_understood_in_no_time(text):
    began = time.monotonic()
    with responses.RequestsMock() as web:
        web.get(re.compile(".*"), json={"returnCode": 418, "returnMessage": text * 400_000}, status=200)
        outcome = ask(CARRIERS[1], a_claim(), http())
    assert outcome.kind in ("temporary", "persistent") and len(outcome.message) <= 500
    assert time.monotonic() - began < PATIENCE


class Made:
    """A carrier that does as its test says."""

    name, label, verified, unverified, limits, secrets = "made", "Made", True, "", Limits(), (KEY,)
    described, documents, numbers = "", True, Numbers()

    def __init__(self, does: Any) -> None:
        self.does = does

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        if isinstance(self.does, Exception):
            raise self.does
        return self.does  # type: ignore[no-any-return]


def test_what_an_adapter_raises_becomes_an_outcome_and_a_log_without_keys(caplog):
    outcome = ask(Made(RuntimeError(f"{KEY}\x1b\ud83d")), a_claim(), http())
    assert (outcome.kind, outcome.cause, outcome.message) == ("temporary", "unforeseen", "RuntimeError: ***\ufffd\ufffd")
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "CLM-2024-001" in record.getMessage()
    assert "RuntimeError: ***" in caplog.text and "in fetch" in caplog.text and "k3y" not in caplog.text
    outcome = ask(Made(CarrierUnreachable(f"{KEY}: no connection", code="connection")), a_claim(), http())
    assert outcome == temporary("connection", "***: no connection")


def test_what_a_document_is_called_is_fit_to_be_kept():
    given = Document(content=PDF, declared_type=f"a/{KEY}\x9b", link=f"https://x.example/?key={KEY}", signed_by="A\ud83d\x1b")
    document = ask(Made(delivered(given)), a_claim(), http()).document
    assert document == Document(content=PDF, declared_type="a/***\ufffd", link=None, signed_by="A\ufffd\ufffd")
    signed = Document(content=PDF, link="https://x.example/?X-Amz-Signature=abc%2F&Expires=1")
    assert ask(Made(delivered(signed)), a_claim(), http()).document == signed


def reply(status: int, body: bytes | str, *, url: str = API, asked: str = "https://api.x.example/") -> Reply:
    return Reply(status, {}, body.encode() if isinstance(body, str) else body, url, asked)


OWN = '{"error": {"message": "Forbidden"}}'


@pytest.mark.parametrize(
    ("answer", "code", "text", "expected"),
    [
        (reply(403, FIREWALL), None, None, ("temporary", "blocked")),
        (reply(403, "Access denied"), None, None, ("temporary", "blocked")),
        (reply(403, EXPIRED), None, None, ("temporary", "blocked")),
        (reply(403, b""), None, None, ("temporary", "blocked")),
        (reply(403, b""), "403", None, ("temporary", "blocked")),
        (reply(403, OWN), None, None, ("persistent", "invalid_credentials")),
        (reply(403, OWN), "NOT.AUTHORIZED", None, ("persistent", "invalid_credentials")),
        (reply(403, "<fault/>"), None, "Forbidden", ("persistent", "invalid_credentials")),
        (reply(403, "Too many requests"), None, None, ("throttled", "rate_limit")),
        (reply(401, b""), None, None, ("persistent", "invalid_credentials")),
        (reply(401, HTML), None, None, ("persistent", "invalid_credentials")),
        (reply(401, OWN, url="https://cdn.example/x"), None, None, ("temporary", "blocked")),
        (reply(403, OWN, url="https://cdn.example/x"), "E1", "Forbidden", ("temporary", "blocked")),
        (reply(401, OWN, asked=""), None, None, ("persistent", "invalid_credentials")),
        (reply(200, FIREWALL), None, None, ("temporary", "bad_content")),
        (reply(404, HTML), None, None, ("temporary", "bad_content")),
        (reply(502, HTML), None, None, ("temporary", "http_502")),
        (reply(200, "<html>Rate limit exceeded</html>"), None, None, ("throttled", "rate_limit")),
    ],
)
def test_a_refusal_speaks_of_the_keys_only_where_the_carriers_own_service_made_it(answer, code, text, expected):
    outcome = error_outcome(answer, NOW, code=code, text=text)
    assert (outcome.kind, outcome.cause) == expected
    assert outcome.message and "<" not in outcome.message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500])
@pytest.mark.parametrize("body", [EXPIRED, FIREWALL, b"", b'{"error": "invalid tracking number"}'])
@pytest.mark.parametrize("host", ["api.x.example", "files.example"])
def test_a_link_never_speaks_of_keys_or_parcel(status, body, host):
    outcome = link_outcome(reply(status, body, url=f"https://{host}/doc", asked=f"https://{host}/doc"), NOW)
    assert outcome.kind in ("temporary", "throttled")
    assert (outcome.kind == "throttled") == (status == 429)
    assert str(status) in outcome.message or outcome.kind == "throttled"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-01-15T10:00:00+01:00", "2024-01-15 09:00:00+00:00"),
        ("/Date(1705312800000+0100)/", "2024-01-15 10:00:00+00:00"),
        ("/Date(99999999999999999999999999)/", "None"),
        ("/Date(-99999999999999)/", "None"),
        ("/Date(²)/", "None"),
        ("0001-01-01T00:00:00+14:00", "None"),
        ("9999-12-31T23:59:59-14:00", "None"),
        ("1066-10-14", "None"),
        ("2024-02-30", "None"),
        ("20240115103000", "2024-01-15 10:30:00+00:00"),
        ("1" * 100_000, "None"),
        ("\ud83d", "None"),
        ("", "None"),
    ],
    ids=lambda value: ascii(value[:40]),  # Windows keeps a test's name in a variable, which has an end
)
def test_a_date_of_no_age_is_none(text, read):
    assert str(moment(text)) == read


@pytest.mark.parametrize("value", ["²", "9" * 5000, "Thu, 01 Jan 0001 00:00:00 +1400", "Fri, 31 Dec 9999 23:59:59 -1400", "\x1b"])
@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Reset"])
def test_a_pause_that_makes_no_sense_is_none_or_a_week(name, value):
    found = retry_at({name: value}, NOW)
    assert found is None or (found - NOW).days == 7


@pytest.mark.parametrize("packed", ["\ud83d", "é", "====", "QUJD=QUJD", "Q", [256], ["a"], {"a": 1}, 7], ids=ascii)
def test_what_is_no_base64_is_none(packed):
    assert from_base64(packed) is None


def test_base64_may_be_broken_into_lines_and_lack_its_end():
    text = base64.b64encode(PDF[:100]).decode()
    lines = "\r\n".join(text[at : at + 20] for at in range(0, len(text), 20))
    assert [from_base64(each) for each in (lines, text.rstrip("="), f"data:application/pdf;base64,{text}")] == [PDF[:100]] * 3


def test_a_carriers_json_may_have_text_round_it_too(caplog):
    assert reply(200, 'Warning: x\n{"a": 1}\n<!-- c\x1b -->').json() == {"a": 1}
    assert "Warning: x" in caplog.text and "\x1b" not in caplog.text
    for nothing in (b"", b"{", b"[" * 100_000, b"<html>", b'{"a": ' + b"9" * 5000):
        assert reply(200, nothing).json() is None
    assert reply(200, "<a>" + "<b/>" * 1_000_000 + "</a>").xml() is None


def test_an_answer_that_is_none_is_told_with_its_host_and_setting():
    cases = [
        (lambda _: [head(Content_Encoding="gzip"), *one_member(megabytes=40)], {}, "too_large", "SYNCCTL_POD_MAX_MEGABYTES"),
        (
            lambda server: server.slowly(chain([head()], for_ever(b" "))),
            {"answer_timeout": 0.3},
            "too_slow",
            "SYNCCTL_HTTP_ANSWER_TIMEOUT",
        ),
        (lambda _: whole(b"x", Content_Encoding="br"), {}, "packing", "br"),
    ]
    for answer, how, code, says in cases:
        with Hostile(answer) as server, pytest.raises(CarrierUnreachable, match=says) as caught:
            http(**how).get(server.url)
        assert caught.value.code == code and "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    "link", ["http://[", "javascript:alert(1)", "http://\ud83d/", "file:///etc/x", "//", "http://a b/\x1b"], ids=ascii
)
def test_a_link_that_is_no_address_is_no_connection(link):
    with pytest.raises(CarrierUnreachable) as caught:
        http().get(link)
    assert caught.value.code == "connection"
    assert not {"\x1b", "\ud83d"} & set(str(caught.value))


def test_a_redirect_to_no_address_is_no_connection():
    with Hostile(lambda _: whole(b"", 302, Location="http://[")) as server, pytest.raises(CarrierUnreachable):
        http().get(server.url)


def test_secrets_are_found_however_they_are_written():
    hider = Hider([KEY, "ab", " ", "p@ss wörd"])
    for text in (
        KEY,
        "k3y%2Fwith%2Bsigns%3D%3D",
        "k3y%2fwith%2bsigns%3d%3d",
        "p@ss w\\u00f6rd",
        "p%40ss+w%C3%B6rd",
        base64.b64encode(f"u:{KEY}".encode()).decode(),
        base64.urlsafe_b64encode(f"user:{KEY}".encode()).decode(),
        base64.b64encode(f"us:{KEY} and more".encode()).decode(),
        f"Bearer {KEY}",
    ):
        assert set(hider.clean(f"x {text} y").split()) <= {"x", "y", "***", "Bearer"}, text
    assert hider.clean("abc ab tab") == "abc *** tab"
    assert Hider().clean("Basic authentication is wanted") == "Basic authentication is wanted"
    assert Hider().clean(f"Bearer {TOKEN}.x") == "***"
    assert len(hider.plain("x " * 50_000)) == 300
    assert "k3y" not in hider.plain(" " * 2380 + KEY), "a cut must not leave half a key"


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(hours=5), timedelta(days=-3)])
def test_a_moment_of_the_carriers_clock_is_a_wait_whatever_ours_says(skew):
    theirs = NOW + skew
    said = {
        "Date": format_datetime(theirs, usegmt=True),
        "Retry-After": format_datetime(theirs + timedelta(minutes=10), usegmt=True),
    }
    assert retry_at(said, NOW) == NOW + timedelta(minutes=10)
    assert retry_at({"Date": said["Date"], "Retry-After": "60"}, NOW) == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("refused", [1, 9])
def test_a_token_that_is_refused_before_its_end_is_replaced_once_in_the_same_call(refused):
    clock, asked = MovableClock(), list[str]()

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked.append("token" if "oauth" in request.url else request.headers["Authorization"])
        if "oauth" in request.url:
            return 200, {}, json.dumps({"access_token": f"tok-{len(asked):08}", "expires_in": "14399"})
        if len(asked) > 2 and refused and asked.count("token") - 1 < refused:
            return 401, {}, json.dumps({"response": {"errors": [{"code": "250002", "message": "Invalid Authentication"}]}})
        package = {"activity": [{"status": {"type": "I"}}]}
        return 200, {}, json.dumps({"trackResponse": {"shipment": [{"package": [package]}]}})

    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for method in (responses.GET, responses.POST):
            web.add_callback(method, re.compile(".*"), callback=answer)
        carrier = shipped("ups", clock=clock)
        assert carrier.fetch(a_claim("1Z999AA10123456784"), http()).kind == "not_yet"
        clock.sleep(14_000)  # not its end yet
        outcome = carrier.fetch(a_claim("1Z999AA10123456784"), http())
        assert asked.count("token") == 2 and len(asked) == 5
        assert (outcome.kind == "not_yet") == (refused == 1)
        if refused == 9:
            assert outcome.cause == "invalid_credentials"
        clock.sleep(14_400)
        carrier.fetch(a_claim("1Z999AA10123456784"), http())
        assert asked.count("token") >= 3, "at its end it is replaced without asking"
