"""The log: files by command and day, pruned; nothing secret in them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncctl import log
from tests.clocks import MovableClock

LOGGER = logging.getLogger("syncctl.services.process")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    log.close()
    logging.getLogger(log.ROOT).propagate = True


def test_process_writes_the_documented_file_and_others_their_own(tmp_path: Path):
    clock = MovableClock(datetime(2026, 11, 20, 23, 59, tzinfo=UTC))
    log.to_screen()
    assert log.to_file(tmp_path, "process", days=30, level="INFO", run_id="r1", clock=clock) == (
        tmp_path / "woo_order_processing_2026-11-20.log"
    )
    assert log.file_stem("retry-failed") == "retry_failed"
    LOGGER.info("Order %s: %s", 4711, "ünïcode 🎉")
    LOGGER.debug("not at this level")
    [line] = (tmp_path / "woo_order_processing_2026-11-20.log").read_text(encoding="utf-8").splitlines()
    assert line.endswith("INFO    r1 syncctl.services.process: Order 4711: ünïcode 🎉")


def test_old_files_of_this_command_go_and_nothing_else(tmp_path: Path):
    clock = MovableClock(datetime(2026, 11, 20, tzinfo=UTC))
    for name in ("stage_2026-10-20", "stage_2026-10-21", "stage_2026-99-99", "stage_x", "health_2020-01-01"):
        (tmp_path / f"{name}.log").touch()
    assert log.prune(tmp_path, "stage", days=30, clock=clock) == [tmp_path / "stage_2026-10-20.log"]
    assert sorted(path.stem for path in tmp_path.iterdir()) == [
        "health_2020-01-01",
        "stage_2026-10-21",
        "stage_2026-99-99",
        "stage_x",
    ]


def test_a_folder_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").touch()
    log.to_screen()
    assert log.to_file(tmp_path / "file" / "logs", "stage", days=30, level="INFO", run_id="r1") is None
    assert "SYNCCTL_LOG_DIR" in capsys.readouterr().err


def test_no_secret_reaches_the_log_in_message_arguments_or_traceback(tmp_path: Path):
    log.to_screen(quiet=True)
    path = log.to_file(tmp_path, "stage", days=30, level="DEBUG", run_id="r1", secrets=["s3cret", "s3"])
    LOGGER.info("key %s", "s3cret")
    LOGGER.info("GET https://shop/?consumer_key=ck_0123456789abcdef&x=1 Authorization: Basic Y2s6Y3M=")
    LOGGER.info("Server=sql;PWD={a;b};Database=x and https://user:pw@host/")
    try:
        raise ValueError("password s3cret refused")
    except ValueError:
        LOGGER.exception("failed")
    assert path
    text = path.read_text(encoding="utf-8")
    assert "ValueError: password *** refused" in text
    for secret in ("s3", "ck_0123456789abcdef", "Y2s6Y3M=", "a;b", "user:pw"):
        assert secret not in text


def test_what_others_wrote_cannot_move_the_cursor_or_look_like_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log.to_screen(verbose=1)
    path = log.to_file(tmp_path, "stage", days=30, level="DEBUG", run_id="r1")
    said = "no\x1b[2J\x9b1m\u202e\ud83d\r\n2026-11-20T00:00:00.000Z INFO    r1 syncctl: forged"
    LOGGER.warning("Order 4711: %s", said)
    try:
        raise ValueError(said)
    except ValueError:
        LOGGER.exception("failed")
    assert path
    text = path.read_bytes().decode("utf-8")
    err = capsys.readouterr().err
    for shown in (text.replace(os.linesep, "\n"), err):
        assert not {"\x1b", "\x9b", "\u202e", "\ud83d", "\r"} & set(shown)
        assert r"Order 4711: no\x1b[2J\x9b1m\u202e\ud83d\r\n2026-11-20T00:00:00.000Z INFO" in shown
        assert not [line for line in shown.splitlines() if line.startswith("2026-11-20")]
    assert [line for line in text.splitlines() if not line.startswith("    ")] == [text.splitlines()[0], text.splitlines()[1]]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, ["warning", "error"]),
        ({"quiet": True}, ["error"]),
        ({"verbose": 1}, ["info", "warning", "error"]),
        ({"verbose": 2}, ["debug", "info", "warning", "error"]),
    ],
)
def test_the_screen_shows_what_was_asked_for(how: dict[str, int], told: list[str], capsys: pytest.CaptureFixture[str]):
    log.to_screen(**how)
    for level in ("debug", "info", "warning", "error"):
        getattr(LOGGER, level)(level)
    assert capsys.readouterr().err.splitlines() == [f"syncctl: {level}" for level in told]


def test_what_the_result_says_anyway_is_on_the_screen_only_where_everything_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for verbose, said in ((0, ""), (1, "syncctl: Order 4711 failed\n")):
        log.to_screen(verbose=verbose)
        path = log.to_file(tmp_path, "process", days=30, level="INFO", run_id="r1")
        LOGGER.error("Order 4711 failed", extra={"in_result": True})
        assert capsys.readouterr().err == said
    assert path
    assert path.read_text(encoding="utf-8").count("Order 4711 failed") == 2


def test_a_traceback_is_on_the_screen_only_where_asked_for(capsys: pytest.CaptureFixture[str]):
    for verbose, shown in ((0, False), (1, True)):
        log.to_screen(verbose=verbose)
        try:
            raise ValueError("oops")
        except ValueError:
            LOGGER.exception("failed")
        assert ("Traceback" in capsys.readouterr().err) is shown


def test_a_line_may_be_a_json_object_that_names_its_run_and_order(tmp_path: Path):
    path = log.to_file(tmp_path, "process", days=30, level="INFO", run_id="r1", as_json=True)
    logger = logging.getLogger("syncctl.test")
    logger.info("Order %s:\n created", "4711", extra={"order": "4711", "staging_id": 7, "document": 42})
    try:
        raise ValueError("x")
    except ValueError:
        logger.info("failed", exc_info=True)
    log.close()
    assert path is not None
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "INFO",
        "run_id": "r1",
        "command": "process",
        "logger": "syncctl.test",
        "order": "4711",
        "staging_id": 7,
        "document": 42,
        "message": r"Order 4711:\n created",
    }
    assert "ValueError: x" in second["exception"]


@pytest.mark.parametrize("personal", [False, True])
def test_what_leads_to_a_person_is_written_only_where_a_setting_says_so(tmp_path: Path, personal: bool):
    path = log.to_file(tmp_path, "stage", days=30, level="INFO", run_id="r1", personal=personal)
    logger = logging.getLogger("syncctl.test")
    logger.warning("Order 1: SHIP_NAM: 'Anna O'Hara-Smith…' cut to 40 characters", extra={"personal": True})
    logger.warning("Order 2: anna@example.com is not in the ERP; SKU 'A-1'")
    for raised in (ValueError("no number: 'Anna O'Hara'"), KeyError("line_items")):
        try:
            raise raised
        except LookupError:
            logger.exception("Order 3")
        except ValueError:
            logger.exception("Order 4")
    log.close()
    assert path is not None
    written = path.read_text(encoding="utf-8")
    assert ("O'Hara" in written) is personal
    assert "ValueError: no number: " in written
    assert "KeyError: 'line_items'" in written
    assert ("anna@example.com" in written) is personal
    assert "cut to 40 characters" in written
    assert "SKU 'A-1'" in written
