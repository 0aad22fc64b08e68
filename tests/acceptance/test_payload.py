"""`stage --payload`: a webhook brings an order in before the next poll does, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import sys
import textwrap
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from syncctl.db.connect import identity
from syncctl.demo.store import SimulatedStore
from syncctl.lock import only_once
from tests.acceptance.program import Ended, Program
from tests.raws import raw_order

SECRET = "whsec-0123456789"


def signature(body: bytes) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    syncctl.settings |= {"SYNCCTL_ENABLE_WEBHOOKS": "true", "SYNCCTL_WOO_WEBHOOK_SECRET": SECRET}
    store.load([raw_order(("MUG", 1, "8.00")) | {"id": number, "number": str(number)} for number in (61, 62)])
    return store


def deliver(syncctl: Program, body: bytes, *more: str, signed: str | None = None) -> Ended:
    path = syncctl.folder / "body.json"
    path.write_bytes(body)
    return syncctl("stage", "--payload", str(path), "--signature", signature(body) if signed is None else signed, "--json", *more)


def staged(syncctl: Program) -> list[int]:
    return [row[0] for row in syncctl.query("SELECT WOO_ORDER_ID FROM USER_ORDER_STAGING ORDER BY 1")]


def test_an_order_comes_in_by_its_webhook_alone(syncctl: Program, shop: SimulatedStore) -> None:
    body = json.dumps({"id": 61, "order_key": "x", "total": "999999.00"}).encode()
    assert deliver(syncctl, body, "--topic", "order.created").json["counts"]["staged"] == 1
    assert staged(syncctl) == [61]
    # What the body says of it is a hint: the store was asked.
    assert syncctl.query("SELECT COUNT(*) FROM USER_ORDER_STAGING WHERE TOT_AMT = 999999")[0][0] == 0
    again = deliver(syncctl, body, "--topic", "order.updated").json
    assert (again["counts"]["unchanged"], again["exit_code"]) == (1, 0)


def test_a_deletion_is_looked_up_in_the_store(syncctl: Program, shop: SimulatedStore) -> None:
    assert syncctl("stage", "--order-id", "61", "--order-id", "62").code == 0
    assert deliver(syncctl, b'{"id":61}', "--topic", "order.deleted").json["counts"]["unchanged"] == 1
    assert staged(syncctl) == [61, 62]


def test_ping_and_other_topics_read_nothing(syncctl: Program, shop: SimulatedStore) -> None:
    told = deliver(syncctl, b"webhook_id=7", signed="").json
    assert (told["status"], told["exit_code"], told["counts"]) == ("ignored", 0, {})
    assert deliver(syncctl, b'{"id":61}', "--topic", "product.updated").json["status"] == "ignored"
    assert staged(syncctl) == []


def test_a_forged_body_leaves_nothing_in_the_database(syncctl: Program, shop: SimulatedStore) -> None:
    ended = deliver(syncctl, b'{"id":61}', "--topic", "order.updated", signed="AAAA")
    assert ended.code == 2
    assert "isn't signed" in ended.json["errors"][0]["message"]
    assert SECRET not in ended.out + ended.err
    assert not (syncctl.folder / "shop.db").exists() or syncctl.query("SELECT COUNT(*) FROM USER_SYNC_LOG")[0][0] == 0


def test_webhooks_are_off_until_somebody_allows_them(syncctl: Program, shop: SimulatedStore) -> None:
    del syncctl.settings["SYNCCTL_ENABLE_WEBHOOKS"]
    told = deliver(syncctl, b'{"id":61}', "--topic", "order.updated").json
    assert (told["status"], told["exit_code"]) == ("disabled", 0)
    assert staged(syncctl) == []


def test_a_secret_that_is_missing_is_the_set_up(syncctl: Program, shop: SimulatedStore) -> None:
    del syncctl.settings["SYNCCTL_WOO_WEBHOOK_SECRET"]
    ended = deliver(syncctl, b'{"id":61}')
    assert ended.code == 78
    assert "SYNCCTL_WOO_WEBHOOK_SECRET" in ended.out


def test_a_web_server_hands_the_headers_over_in_the_environment(syncctl: Program, shop: SimulatedStore) -> None:
    body = b'{"id":62}'
    syncctl.settings |= {
        "HTTP_X_WC_WEBHOOK_SIGNATURE": signature(body),
        "HTTP_X_WC_WEBHOOK_TOPIC": "order.updated",
        "HTTP_X_WC_WEBHOOK_SOURCE": shop.url + "/",
    }
    with mock.patch("io.StringIO", lambda: io.TextIOWrapper(io.BytesIO(body))):  # what the program gets for its stdin
        assert syncctl("stage", "--payload", "-", "--json").json["counts"]["staged"] == 1
    assert staged(syncctl) == [62]


def test_a_webhook_comes_in_while_a_poll_is_under_way(syncctl: Program, shop: SimulatedStore) -> None:
    with only_once(syncctl.folder / "locks", "stage", scope=f"{identity(syncctl.database)}\nwoocommerce"):
        assert syncctl("stage").code == 75
        assert deliver(syncctl, b'{"id":61}', "--topic", "order.updated").json["counts"]["staged"] == 1


@pytest.mark.parametrize(
    "more",
    [("--order-id", "61"), ("--since", "1h"), ("--reconcile",), ("--same-order",)],
)
def test_other_ways_to_name_orders_are_refused_beside_it(syncctl: Program, shop: SimulatedStore, more: tuple[str, ...]) -> None:
    assert deliver(syncctl, b'{"id":61}', *more).code == 2


def test_a_signature_without_a_payload_is_refused(syncctl: Program, shop: SimulatedStore) -> None:
    assert syncctl("stage", "--signature", "x").code == 2


@pytest.mark.parametrize("what", ["missing", "folder", "empty", "large"])
def test_a_payload_that_cannot_be_read_is_told(syncctl: Program, shop: SimulatedStore, tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what != "missing":
        path.write_bytes(b"" if what == "empty" else b"x" * (1024 * 1024 + 1))
    syncctl.settings["SYNCCTL_HTTP_MAX_MEGABYTES"] = "1"
    ended = syncctl("stage", "--payload", str(path), "--signature", "x")
    assert ended.code == 2
    assert "payload" in ended.err


@pytest.mark.parametrize(("length", "code"), [("9", 0), ("8", 2), ("10", 2), ("-1", 0), ("9" * 40, 0)])
def test_the_body_ends_where_the_web_server_says(syncctl: Program, shop: SimulatedStore, length: str, code: int) -> None:
    body = b'{"id":62}'
    syncctl.settings |= {"CONTENT_LENGTH": length, "HTTP_X_WC_WEBHOOK_SIGNATURE": signature(body)}
    with mock.patch("io.StringIO", lambda: io.TextIOWrapper(io.BytesIO(body))):
        assert syncctl("stage", "--payload", "-").code == code


def test_the_documented_ten_lines_work(syncctl: Program, shop: SimulatedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "WEBHOOKS.md").read_text(encoding="utf-8")
    code = textwrap.dedent(guide.split("```python\n")[1].split("```")[0])
    code = code.replace('["syncctl", ', f"[{sys.executable!r}, '-m', 'syncctl', ")
    lines: dict[str, Any] = {}
    exec(code, lines)  # our own guide
    for name, value in syncctl.environment.items():
        monkeypatch.setenv(name, value)
    lines["FOLDER"] = syncctl.folder
    said: list[str] = []
    for sent, signed in ((b'{"id":61}', signature(b'{"id":61}')), (b'{"id":62}', "AAAA")):
        environ: dict[str, object] = {"HTTP_X_WC_WEBHOOK_SIGNATURE": signed, "HTTP_X_WC_WEBHOOK_TOPIC": "order.updated"}
        environ |= {"CONTENT_LENGTH": str(len(sent)), "wsgi.input": io.BytesIO(sent)}
        lines["application"](environ, lambda status, _: said.append(status))
    assert said == ["200 OK", "401 Unauthorized"]
    assert staged(syncctl) == [61]
