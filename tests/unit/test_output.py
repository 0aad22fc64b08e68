"""What a command says, to people and to machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from rich.text import Text

from syncctl.cli.moments import moment, span
from syncctl.cli.output import SCHEMA_VERSION, Output, Report, cell_text, table
from syncctl.errors import AlreadyRunning, ConfigError, DatabaseUnavailable, SyncError, TransientError, UsageError
from tests.clocks import MovableClock

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def a_report(**more: object) -> Report:
    return Report(command="stage", run_id="20261120T120000-abcd", started_at=NOON, **more)


@dataclass(frozen=True, slots=True)
class Item:
    amount: Decimal
    seen: datetime


def test_the_json_object_has_the_promised_keys(capsys: pytest.CaptureFixture[str]):
    local = timezone(timedelta(hours=2))
    item = Item(Decimal("10.00"), datetime(2026, 11, 20, 14, 0, tzinfo=local))
    report = a_report(
        counts={"polled": 1}, items=[item, {"day": date(2026, 1, 2), "file": Path("a")}], duration=timedelta(seconds=1.23456)
    )
    Output(as_json=True).show(report)
    told = json.loads(capsys.readouterr().out)
    assert list(told) == [
        "schema_version",
        "run_id",
        "command",
        "status",
        "exit_code",
        "started_at",
        "duration_seconds",
        "counts",
        "items",
        "errors",
    ]
    assert told["schema_version"] == SCHEMA_VERSION
    assert (told["status"], told["exit_code"], told["duration_seconds"]) == ("ok", 0, 1.235)
    assert told["started_at"] == "2026-11-20T12:00:00.000Z"
    assert told["items"] == [{"amount": "10.00", "seen": "2026-11-20T12:00:00.000Z"}, {"day": "2026-01-02", "file": "a"}]


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (SyncError("x"), 1, "some_failed"),
        (UsageError("x"), 2, "usage_error"),
        (DatabaseUnavailable("x"), 69, "unavailable"),
        (TransientError("deadlock", code=1205), 69, "unavailable"),
        (AlreadyRunning("x"), 75, "already_running"),
        (ConfigError("x"), 78, "config_error"),
    ],
)
def test_an_error_that_ends_a_run_gives_its_exit_code_and_status(error: SyncError, code: int, status: str):
    report = a_report()
    report.fail(error)
    told = report.as_json()
    assert (told["exit_code"], told["status"]) == (code, status)
    assert told["errors"][0]["message"] == str(error)
    assert told["errors"][0]["type"] == type(error).__name__


def test_text_is_one_line_of_counts_and_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]):
    report = a_report(counts={"polled": 1200, "staged": 3, "cancel_staged": 0, "skipped": 1})
    report.add_error("Order 4711: no", woo_order_id=4711)
    Output().show(report)
    out, err = capsys.readouterr()
    assert out == "stage: 1,200 polled, 3 staged, 1 skipped (0.0 s)\n"
    assert err == "syncctl: Order 4711: no\n"


def test_nothing_to_do_is_said(capsys: pytest.CaptureFixture[str]):
    Output().show(a_report(counts={"polled": 0}))
    assert capsys.readouterr().out == "stage: nothing to do (0.0 s)\n"


def test_quiet_says_errors_only_and_not_too_many(capsys: pytest.CaptureFixture[str]):
    report = a_report(counts={"polled": 30})
    for number in range(25):
        report.add_error(f"Order {number}: no")
    Output(quiet=True).show(report, lambda console: console.print("table"))
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 21
    assert "5 errors more" in err


def test_what_a_customer_wrote_is_neither_markup_nor_a_terminal_command(capsys: pytest.CaptureFixture[str]):
    console = Output().console()
    table(
        console,
        ["Name", "Total>"],
        [["[bold]Eve[/bold] [/x] :smile: \x1b[2J\x9b1m", Decimal("1.50")], [None, True], [Text("red", "red"), 1]],
    )
    out = capsys.readouterr().out
    assert "[bold]Eve[/bold] [/x] :smile:" in out
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert "yes" in out


NASTY = "Eve\x1b[2J\x9b1m\x07\u202eevE\u2028\ud83d"


def test_nothing_that_is_shown_in_any_way_moves_the_cursor(capsys: pytest.CaptureFixture[str]):
    console = Output().console()
    console.print(NASTY)
    console.print(Text(NASTY), NASTY)
    table(console, [NASTY, "x"], [[Text(NASTY), NASTY]], title=NASTY)
    report = a_report()
    report.add_error(f"{NASTY}\nsyncctl: forged")
    Output().show(report)
    out, err = capsys.readouterr()
    assert not set(NASTY) & {"\x1b", "\x9b", "\x07", "\u202e", "\u2028", "\ud83d"} & set(out + err)
    assert out.count("Eve\N{REPLACEMENT CHARACTER}[2J") == 7
    assert len(err.splitlines()) == 1


def test_json_holds_controls_written_out_and_is_read_as_what_was_meant(capsys: pytest.CaptureFixture[str]):
    Output(as_json=True).show(a_report(items=[{"name": NASTY}]))
    out = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\x07", "\u202e", "\u2028", "\ud83d"} & set(out)
    assert json.loads(out)["items"][0]["name"] == NASTY.replace("\ud83d", "\ufffd")


def test_a_column_with_nothing_in_it_is_left_out(capsys: pytest.CaptureFixture[str]):
    table(Output().console(), ["Order", "Store", "Reason"], [["4711", "", None], ["4712", None, "cancelled"]])
    out = capsys.readouterr().out
    assert "Store" not in out
    assert "cancelled" in out


def test_on_a_narrow_terminal_the_last_column_wraps_and_the_others_stay_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    row = ["101-000001", "2026-11-22 13:50", "The ERP has no customer for this order. Add one with USER_CUSTOMER_MAP."]
    table(Output().console(), ["Ticket", "Since", "Error"], [row])
    out = capsys.readouterr().out
    assert {"101-000001", "2026-11-22", "13:50", "USER_CUSTOMER_MAP."} <= set(out.split())
    assert sum("2026-11-22 13:50" in line for line in out.splitlines()) == 1
    assert max(map(len, out.splitlines())) <= 80


def test_what_has_no_room_beside_the_others_stands_under_its_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    why = "The ERP has no customer for this order. Add one with `syncctl map customer`, or the e-mail to the customer in the ERP."
    rows = [
        ["1041", 3, "failed", "1234567890123", "101-000001", "delivered", why],
        ["1042", 4, "created", None, None, None, None],
    ]
    table(Output().console(), ["Order", "Staging id>", "Outcome", "Document", "Ticket", "Store", "Message"], rows)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    first, second = (
        next(number for number, line in enumerate(lines) if line.startswith(f" {order} ")) for order in ("1041", "1042")
    )
    assert lines[first].split() == ["1041", "3", "failed", "1234567890123", "101-000001", "delivered"]
    assert " ".join(" ".join(lines[first + 1 : second]).split()) == why


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_word_is_broken_however_narrow_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
):
    monkeypatch.setenv("COLUMNS", str(width))
    row = [
        "1041",
        3,
        "error",
        "unknown_customer",
        "LINE_ITEMS[123].SUBTOT_AMT",
        "ada.lovelace@company.example",
        "Add it in the store",
    ]
    table(Output().console(), ["Order", "Staging id>", "", "Code", "Field", "Value", "What to do"], [row])
    out = capsys.readouterr().out
    assert {word for cell in row for word in str(cell).split()} <= set(out.split())
    assert max(map(len, out.splitlines())) <= width


def test_a_time_is_shown_in_local_time():
    assert cell_text(NOON) == NOON.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def test_no_progress_bar_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]):
    with Output().progress("Orders", total=3) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-11-20T14:30Z", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("2026-11-20T14:30+02:00", datetime(2026, 11, 20, 12, 30, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20).astimezone()),
        ("36h", NOON - timedelta(hours=36)),
        ("7d", NOON - timedelta(days=7)),
    ],
)
def test_a_moment_is_read_as_people_type_it(text: str, read: datetime):
    assert moment(text, "--since", MovableClock(NOON)) == read


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "7", "7w", "-3h"])
def test_what_is_no_moment_is_refused_with_the_forms_that_are(text: str):
    with pytest.raises(UsageError, match=r"--since is .* but takes a date \(2026-11-20\)"):
        moment(text, "--since", MovableClock(NOON))


def test_a_span_needs_its_unit():
    assert span("15m", "--max-runtime") == timedelta(minutes=15)
    for text in ("15", "0s", "soon"):
        with pytest.raises(UsageError, match="--max-runtime"):
            span(text, "--max-runtime")
