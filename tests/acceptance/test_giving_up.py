"""Commands that give up or undo: they show what they would do, ask, and can be taken back."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Ended, Program
from tests.clocks import PATIENCE
from tests.raws import raw_order

try:
    import pty
except ImportError:
    pty = None  # type: ignore[assignment]
needs_terminal = pytest.mark.skipif(pty is None, reason="terminals that can be played are a matter of POSIX")

PRODUCTS = [{"id": 1, "type": "simple", "name": "Tee", "sku": "TEE", "price": "10.00", "stock_quantity": 100, "variations": []}]
STATES = "SELECT WOO_ORDER_NO, STATE FROM USER_ORDER_STAGING ORDER BY STAGING_ID"


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """Orders 1001 (staging id 1, in the ERP), 1002 and 1003 (staging ids 2 and 3, in review: nobody sells their item)."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    skus = {1001: "TEE", 1002: "NO-SUCH", 1003: "NO-SUCH-EITHER"}
    store.load([raw_order((sku, 1, "10.00"), id=n, number=str(n)) for n, sku in skus.items()], products=PRODUCTS)
    assert syncctl("db", "seed", "--from-store").code == 0
    assert syncctl("stage", "--since", "2026-10-01").code == 0
    syncctl("process")
    assert states(syncctl) == {"1001": "APPLIED", "1002": "NEEDS_MANUAL_REVIEW", "1003": "NEEDS_MANUAL_REVIEW"}
    return store


def states(syncctl: Program) -> dict[str, str]:
    """The state of each order by its number."""
    return dict(syncctl.query(STATES))


def asked(text: str) -> bool:
    """True once the question has been put."""
    return text.rstrip().endswith("[y/N]")


def at_a_terminal(syncctl: Program, *arguments: str, types: str, once: Callable[[str], bool] = asked) -> Ended:
    """Run a command with a person at its terminal, who types this `once` that much is shown."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "syncctl", *arguments],
        cwd=syncctl.folder,
        # A file that Ctrl-C leaves open in the middle of an import is Python's own affair, and shown by nobody's settings.
        env={**syncctl.environment, "PYTHONWARNINGS": "error,ignore::ResourceWarning"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    ) as process:
        os.close(theirs)
        try:
            seen = _read_until(ours, once)
            os.write(ours, types.encode())
            seen += _read_until(ours, lambda _text: False)
            assert process.stdout
            process.wait(timeout=PATIENCE)
            out = process.stdout.read().decode()
        finally:
            process.kill()
    os.close(ours)
    return Ended(process.returncode, out, seen.replace("\r\n", "\n"))


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(terminal: int, enough: Callable[[str], bool]) -> str:
    text = ""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not enough(text):
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not data:
            break
        text += data.decode(errors="replace")
    return text


CANCEL = ("dead-letter", "cancel", "--all", "--reason", "entered by hand")
ROLLBACK = ("rollback", "1", "--reason", "a test order")


@pytest.mark.parametrize("arguments", [CANCEL, ROLLBACK, (*CANCEL, "--json"), ("dead-letter", "cancel", "2")], ids=" ".join)
def test_without_a_terminal_nothing_is_given_up_unless_yes_is_said(
    syncctl: Program, shop: SimulatedStore, arguments: tuple[str, ...]
):
    before = states(syncctl)
    refused = syncctl(*arguments)
    assert refused.code == 2
    if "--json" not in arguments:
        assert len(refused.err.splitlines()) == 1
        assert "--yes" in refused.err
        assert "Nothing was changed" in refused.err
    assert states(syncctl) == before
    assert syncctl(*arguments, "--yes").code == 0
    assert states(syncctl) != before


def test_a_dry_run_names_every_order_by_what_would_become_of_it(syncctl: Program, shop: SimulatedStore):
    before = states(syncctl)
    shown = syncctl(*CANCEL, "--dry-run")
    assert shown.code == 0
    assert "2 orders are given up: never brought into the ERP (SKIPPED):" in shown.out
    assert "order 1002 (staging id 2), order 1003 (staging id 3)" in shown.out
    assert "nothing was changed" in shown.out
    told = syncctl(*CANCEL, "--dry-run", "--json").json
    assert [item["staging_id"] for item in told["items"]] == [2, 3]
    assert told["counts"] == {"decided": 0, "refused": 0, "would_decide": 2}
    assert states(syncctl) == before


@needs_terminal
@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04", "ye\n"])
def test_at_a_terminal_the_answer_is_no_unless_it_is_yes(syncctl: Program, shop: SimulatedStore, answer: str):
    before = states(syncctl)
    ended = at_a_terminal(syncctl, *CANCEL, types=answer)
    assert ended.code == 1
    assert "2 orders are given up" in ended.err
    assert "Cancel 2 orders? [y/N]" in ended.err
    assert "Nothing was changed." in ended.err
    assert "Traceback" not in ended.err
    assert states(syncctl) == before


@needs_terminal
def test_at_a_terminal_yes_goes_on(syncctl: Program, shop: SimulatedStore):
    ended = at_a_terminal(syncctl, *CANCEL, types="y\n")
    assert ended.code == 0
    assert set(states(syncctl).values()) == {"APPLIED", "SKIPPED"}
    ended = at_a_terminal(syncctl, *ROLLBACK, types="yes\n")
    assert ended.code == 0
    assert "Roll back order 1001 (staging id 1)? [y/N]" in ended.err
    assert "PS_DOC_HDR" in ended.err
    assert states(syncctl)["1001"] == "CANCELLED"


@pytest.mark.parametrize("once", [asked, bool], ids=["asked", "before"])
@needs_terminal
@pytest.mark.parametrize("arguments", [CANCEL, ROLLBACK], ids=" ".join)
def test_ctrl_c_at_the_question_or_just_before_it_ends_the_command(
    syncctl: Program, shop: SimulatedStore, arguments: tuple[str, ...], once: Callable[[str], bool]
):
    before = states(syncctl)
    ended = at_a_terminal(syncctl, *arguments, types="\x03", once=once)
    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert states(syncctl) == before


def test_what_was_given_up_is_taken_back(syncctl: Program, shop: SimulatedStore):
    assert syncctl(*CANCEL, "--yes").code == 0
    assert "Decided" in syncctl("dead-letter", "list", "--all").out
    assert syncctl("dead-letter", "reopen", "--since", "1h", "--dry-run", "--json").json["counts"]["would_decide"] == 2
    assert syncctl("dead-letter", "reopen", "--by", "nobody", "--json").json["counts"]["decided"] == 0
    told = syncctl("dead-letter", "reopen", "--all", "--json").json
    assert told["counts"] == {"decided": 2, "refused": 0}
    assert {order["state"] for order in told["items"]} == {"NEEDS_MANUAL_REVIEW"}
    waiting = syncctl("dead-letter", "list", "--json").json["items"]
    assert [(letter["woo_order_no"], letter["error_class"]) for letter in waiting] == [
        ("1002", "validation"),
        ("1003", "validation"),
    ]
    assert syncctl("dead-letter", "reopen", "--all", "--json").json["counts"] == {"decided": 0, "refused": 0}
    assert syncctl("dead-letter", "reopen", "2", "--json").json["counts"] == {"decided": 1, "refused": 0}
    refused = syncctl("dead-letter", "reopen", "1")
    assert refused.code == 1
    assert "there is nothing to reopen" in refused.out


def test_a_rollback_is_taken_back(syncctl: Program, shop: SimulatedStore):
    assert syncctl(*ROLLBACK, "--yes").code == 0
    assert syncctl("dead-letter", "reopen", "--order", "1001", "--reason", "it was none").code == 0
    assert states(syncctl)["1001"] == "NEEDS_MANUAL_REVIEW"
    assert syncctl("dead-letter", "retry", "--order", "1001").code == 0
    assert syncctl("process", "--order", "1001", "--json").json["counts"]["created"] == 1


def test_all_means_all_and_not_the_first_thousand(syncctl: Program, shop: SimulatedStore):
    many = 1201
    columns = "BATCH_ID, WOO_ORDER_ID, WOO_ORDER_NO, STATE, PENDING_ACTION, ERROR_CLASS, CREATED_DT"
    with syncctl.connected() as connection:
        connection.execute(
            f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many - 2}) "
            f"INSERT INTO USER_ORDER_STAGING ({columns}) SELECT 'many', i + 5000, i + 5000, 'NEEDS_MANUAL_REVIEW', 'create', "
            "'mapping', '2026-11-20 12:00:00.000' FROM n"
        )
        connection.execute(
            "INSERT INTO USER_ORDER_DEAD_LETTER (STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, ERROR_CLASS, "
            "ERROR_MESSAGE, ATTEMPTS, CREATED_DT) SELECT STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, "
            "ERROR_CLASS, 'no such item', 1, CREATED_DT FROM USER_ORDER_STAGING WHERE BATCH_ID = 'many'"
        )
    listed = syncctl("dead-letter", "list", "--json").json
    assert (len(listed["items"]), listed["counts"]["dead_letters"]) == (1000, many)
    assert f"the first 1,000 of {many:,}" in syncctl("dead-letter", "list", "--verbose").out
    assert "1,199 orders: no counterpart in the ERP" in syncctl("dead-letter", "list").out
    assert syncctl("dead-letter", "retry", "--all", "--json").json["counts"] == {"decided": many, "refused": 0}
    assert syncctl.query("SELECT COUNT(*) FROM USER_ORDER_STAGING WHERE STATE = 'NEEDS_MANUAL_REVIEW'") == [(0,)]


def test_orders_of_another_store_are_left_alone_and_named(syncctl: Program, shop: SimulatedStore):
    syncctl.settings["SYNCCTL_STORE_ID"] = "outlet"
    ended = syncctl("dead-letter", "cancel", "--all", "--yes")
    assert ended.code == 0
    assert "2 of store woocommerce" in ended.out
    assert states(syncctl)["1002"] == "NEEDS_MANUAL_REVIEW"
    assert syncctl("dead-letter", "cancel", "2", "--yes").code == 0
    assert states(syncctl)["1002"] == "SKIPPED"


def test_old_history_is_forgotten_only_with_a_yes_and_never_what_is_needed(syncctl: Program, shop: SimulatedStore) -> None:
    refused = syncctl("db", "purge")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert syncctl("db", "purge", "--older-than", "29d", "--yes").code == 2
    syncctl.query("UPDATE USER_SYNC_LOG SET START_TIME = '2020-01-01 00:00:00.000', END_TIME = '2020-01-01 00:00:01.000'")
    syncctl.query("UPDATE USER_ORDER_EVENT SET EVENT_DT = '2020-01-01 00:00:00.000'")
    syncctl("process")
    counted = syncctl("db", "purge", "--dry-run", "--json").json
    rows = {item["kind"]: item["rows"] for item in counted["items"]}
    assert (rows["events"], rows["messages"]) == (0, 0), "the orders are open in the ERP, or in review"
    assert rows["runs"] > 0
    assert syncctl("db", "purge", "--yes", "--json").json["counts"]["purged"] == rows["runs"]
    assert syncctl("health").code in (0, 1)
    assert syncctl("db", "purge", "--yes", "--json").json["counts"]["purged"] == 0
