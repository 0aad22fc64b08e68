"""Words that nobody means: every option and argument of every command, with values out of all range, ends in one line."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncctl.cli import streams
from syncctl.cli.app import whole_app
from syncctl.cli.moments import moment, span
from syncctl.demo.store import SimulatedStore
from syncctl.errors import ConfigError, UsageError
from syncctl.settings import TABLE, Entry
from syncctl.settings_load import load
from tests.acceptance.program import Ended, Program
from tests.clocks import PATIENCE, MovableClock
from tests.commands import Command, commands
from tests.raws import raw_order

COMMANDS = [command for command in commands(whole_app()) if command.path != ("demo",)]
ODD = [
    "",
    " ",
    "0",
    "-1",
    "99999999999999999999999999",
    "9" * 5000,
    "1e999",
    "nan",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59-14:00",
    "999999d",
    "~nobody-of-that-name/x",
    "/dev/full",
    "/proc/nowhere/x",
    "\x00",
    "a\x00b",
    "\udcff",
    "\ud83d",
    "\x1b[2J",
    "'; DROP TABLE USER_ORDER_STAGING; --",
    "%s%n{0}[bold]",
    "x" * 10_000,
    "#",
    "٣",
]
CODES = {0, 1, 2, 69, 75, 78}
READ_BY_POD_FETCH = {"Carriers", "Proof of delivery", "Messages to people", "Database", "Files", "Work"}
"""Groups of settings."""
ANY_TEXT = {"any text", "the key as the store gave it", "a folder's path"}


def sound(ended: Ended, *what: object) -> None:
    """Hold a run to what every run owes a person, whatever was typed."""
    said = ended.out + ended.err
    assert ended.code in CODES, (what, ended)
    assert "Unexpected" not in said, (what, said[:2000])
    assert "Traceback" not in said, (what, said[:2000])
    assert not re.search(r"@[A-Z]", said), (what, said[:2000])
    assert len(ended.err) < 2000, (what, said[:2000])
    if ended.code in (2, 78) and "check" not in what:
        assert len([line for line in ended.err.splitlines() if not line.startswith("syncctl: Order ")]) <= 1, (what, said[:2000])


ORDERS = [raw_order(id=number, number=str(number)) for number in (1, 2)]
SETTINGS = {"SYNCCTL_UNKNOWN_CUSTOMER": "create", "SYNCCTL_RETRY_DELAY_BASE": "0"}


@pytest.fixture(scope="module")
def lived_in(made_embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an order in it, one in review, and a claim; to be copied."""
    program = Program(tmp_path_factory.mktemp("lived_in"), dict(SETTINGS))
    shutil.copy(made_embedded, program.folder / "shop.db")
    with SimulatedStore() as store:
        program.connect_to(store)
        store.load(ORDERS)
        assert program("stage", "--since", "2026-10-01").code == 0
        program("process")
    assert program("pod", "add", "CL-1", "--carrier", "UPS", "--tracking", "1Z999AA10123456784").code == 0
    return program.folder / "shop.db"


@pytest.fixture
def shop(syncctl: Program, store: SimulatedStore, lived_in: Path) -> Program:
    """That database, and the store of its orders."""
    shutil.copy(lived_in, syncctl.folder / "shop.db")
    store.load(ORDERS)
    syncctl.settings |= SETTINGS
    return syncctl


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_option_takes_any_word(shop: Program, command: Command):
    for option, _ in command.options():
        for odd in ODD:
            sound(shop(*command.sound(), f"{option}={odd}"), *command.path, option, odd[:40])


@pytest.mark.parametrize("option", ["--database", "--env-file"])
def test_the_options_of_every_command_take_any_word(shop: Program, option: str):
    for odd in ODD:
        for command in (("validate",), ("config", "show"), ("db", "seed", "--empty")):
            sound(shop(*command, f"{option}={odd}"), *command, option, odd[:40])


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.arguments()], ids=str)
def test_every_argument_takes_any_word(shop: Program, command: Command):
    for odd in ODD:
        given = (*command.path, *(part for part in command.sound()[len(command.path) :] if part.startswith("-")))
        sound(shop(*given, "--", *[odd] * command.arguments()), *command.path, odd[:40])


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_every_setting_takes_any_word(shop: Program, entry: Entry):
    variable = entry.variable
    reading = [("validate",), *((("pod-fetch",),) if entry.group in READ_BY_POD_FETCH else ())]
    for odd in ODD:
        if "\x00" in odd or "\ud83d" in odd:
            continue  # no environment holds it
        shop.settings[variable] = odd
        # A table is made where it might look odd, of one row: it has its own test.
        table = () if len(odd) > 1000 or not odd.isprintable() else ("--json",)
        for command in (("config", "show", entry.name, *table), *reading):
            ended = shop(*command)
            sound(ended, *command, variable, odd[:40])
            if ended.code == 78 and variable in ended.err:
                break  # one place reads the settings of all commands


@pytest.mark.parametrize(
    "odd", [odd for odd in ODD if "\x00" not in odd and "\ud83d" not in odd], ids=lambda odd: ascii(odd)[:20]
)
def test_the_table_of_all_settings_has_room_for_any_word(shop: Program, odd: str):
    for entry in TABLE:
        with suppress(ConfigError):
            load(environment={entry.variable: odd})
            if entry.kind.accepts in ANY_TEXT:
                shop.settings[entry.variable] = odd
    ended = shop("config", "show")
    sound(ended, "config show", odd[:40])
    assert ended.code == 0


def test_a_time_no_calendar_holds_is_one_line():
    clock = MovableClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    for text in ("0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "1969-12-31", "9500-01-01", "999999d"):
        with pytest.raises(UsageError, match="takes a time from 1970 to 8999"):
            moment(text, "--since", clock)
    with pytest.raises(UsageError, match="takes a number with its unit"):
        span("٣d", "--max-runtime")
    with pytest.raises(UsageError, match="takes a date") as raised:
        moment("9" * 5000, "--since", clock)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("command", [("stage",), ("stage", "--reconcile")], ids=" ".join)
def test_a_poll_at_the_ends_of_the_calendar(shop: Program, command: tuple[str, ...], option: str):
    for when in ("1970-01-03", "8999-12-31", "0001-01-01", "9999-12-31", "999999d", "1s"):
        sound(shop(*command, option, when), *command, option, when)


FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(
    not FULL.exists(), reason="NOT tested here, because this system has no device that is always full"
)
SHOWS = [
    ("config", "show"),
    ("config", "show", "--json"),
    ("--help",),
    ("process", "--help"),
    ("--version",),
    ("health",),
    ("trace", "1"),
]


def run(program: Program, arguments: tuple[str, ...], shell: str) -> Ended:
    """Run the program by a shell, which sees to its streams."""
    line = f'"$0" -m syncctl "$@" {shell}'
    ended = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, *arguments],
        cwd=program.folder,
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@needs_full
@pytest.mark.parametrize("arguments", SHOWS, ids=" ".join)
def test_a_result_that_finds_no_room_is_said_in_one_line(syncctl: Program, arguments: tuple[str, ...]):
    usual = syncctl.run(*arguments)
    ended = run(syncctl, arguments, "> /dev/full")
    assert ended.code == (usual.code or 78), "what failed by itself is said first"
    lines = [line for line in ended.err.splitlines() if "stdout" in line]
    assert lines == ["syncctl: The result can't be written to stdout: No space left on device."]
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err


@needs_full
def test_a_plugin_that_cannot_say_its_line_says_unknown(shop: Program):
    shop("stage")
    assert run(shop, ("health", "--nagios"), "> /dev/full").code in (1, 2, 3)
    assert run(shop, ("health", "--nagios", "--help"), "> /dev/full").code == 3


@needs_full
@pytest.mark.parametrize(
    "arguments", [("config", "show", "store_id"), ("process", "99"), ("process", "--limit", "0")], ids=" ".join
)
def test_complaints_that_find_no_room_change_nothing(syncctl: Program, arguments: tuple[str, ...]):
    usual = syncctl.run(*arguments)
    ended = run(syncctl, arguments, "2> /dev/full")
    assert (ended.code, ended.out) == (usual.code, usual.out)
    both = run(syncctl, arguments, "> /dev/full 2>&1")
    assert both.code == (usual.code or 78)


@pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows, because cmd.exe can't close a stream")
@pytest.mark.parametrize("shell", ["| head -1", "| true", "2>&1 | true", ">&-", "2>&-", ">&- 2>&- <&-", "<&-"])
@pytest.mark.parametrize("arguments", [("config", "show", "--docs"), ("process",), ("process", "99"), ("--help",)], ids=" ".join)
def test_a_stream_that_is_closed_is_no_error(syncctl: Program, arguments: tuple[str, ...], shell: str):
    ended = run(syncctl, arguments, shell)
    assert "Traceback" not in ended.err + ended.out
    assert "Exception ignored" not in ended.err
    assert "Unexpected" not in ended.err
    if "|" not in shell:
        assert ended.code == (2 if "99" in arguments else 0), ended
    assert syncctl.query("PRAGMA integrity_check") == [("ok",)], "no other file took the place of a closed stream"


@pytest.mark.parametrize(
    ("windows", "number", "gone"),
    [(False, errno.EPIPE, True), (False, errno.EINVAL, False), (True, errno.EINVAL, True), (True, errno.ENOSPC, False)],
)
def test_a_reader_that_went_away_is_no_error_on_either_system(
    monkeypatch: pytest.MonkeyPatch, windows: bool, number: int, gone: bool
):
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(streams, "_WINDOWS", windows)
    outlet = streams.Outlet(Broken())
    for _ in range(3):
        assert outlet.write("text") == 4
        outlet.flush()
    assert (outlet.error is None) == gone
