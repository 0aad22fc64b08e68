"""What happens around every command: its row, its log, and errors that nobody foresaw."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from syncctl.cli.run import Call, Common, Job, Run, execute
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import DatabaseUnavailable, StoreUnavailable

JOB = Job(
    "STORE_TO_ERP", {"input": ("polled",), "created": ("staged",), "updated": ("restaged", "cancelled"), "failed": ("errors",)}
)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNCCTL_DATABASE", "sqlite:///shop.db")
    monkeypatch.setenv("SYNCCTL_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("SYNCCTL_LOCK_DIR", str(tmp_path / "locks"))
    monkeypatch.setenv("SYNCCTL_WOO_CONSUMER_SECRET", "cs_geheim")
    EmbeddedDatabase(tmp_path / "shop.db").close()


def call(*, job: Job | None = JOB) -> Call:
    return Call("stage", Common(json=True), job=job)


def the_run() -> sqlite3.Row:
    connection = sqlite3.connect("shop.db")
    connection.row_factory = sqlite3.Row
    [row] = connection.execute("SELECT * FROM USER_SYNC_LOG").fetchall()
    connection.close()
    return row  # type: ignore[no-any-return]


def test_the_runs_row_holds_its_counts_and_timings():
    def body(run: Run) -> None:
        run.report.counts = {"polled": 9, "staged": 4, "restaged": 2, "cancelled": 1, "errors": 1, "other": 5}
        run.report.exit_code = 1
        run.report.add_error("Order 1: no")
        run.metrics["seconds"] = 1.5

    assert execute(call(), body, dry_run=True) == 1
    row = the_run()
    counted = [row[f"RECORDS_{name}"] for name in ("INPUT", "CREATED", "UPDATED", "SKIPPED", "FAILED")]
    assert counted == [9, 4, 3, 0, 1]
    assert (row["EXIT_CODE"], row["SUCCESS"], row["DRY_RUN"], row["DIRECTION"]) == (1, 0, 1, "STORE_TO_ERP")
    metrics = json.loads(row["METRICS_JSON"])
    assert (row["ERROR_MESSAGE"], metrics["seconds"], list(metrics["steps"])) == ("Order 1: no", 1.5, ["sp_StartRun"])


def test_an_error_that_ends_a_run_is_in_its_row_without_secrets(capsys: pytest.CaptureFixture[str]):
    def body(_run: Run) -> None:
        raise StoreUnavailable("https://shop refused cs_geheim")

    assert execute(call(), body) == 69
    assert (the_run()["EXIT_CODE"], the_run()["ERROR_MESSAGE"]) == (69, "https://shop refused ***")
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["errors"][0]["message"]) == ("unavailable", "https://shop refused ***")


def test_an_unforeseen_error_is_one_line_for_the_person_and_a_traceback_for_the_log(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    def body(_run: Run) -> None:
        raise RuntimeError("a bug")

    assert execute(call(), body) == 1
    out, err = capsys.readouterr()
    [log_file] = (tmp_path / "logs").iterdir()
    assert json.loads(out)["errors"][0]["message"] == f"Unexpected RuntimeError: a bug. {log_file} has the details."
    assert "Traceback" not in err
    assert "RuntimeError: a bug" in log_file.read_text(encoding="utf-8")
    assert the_run()["EXIT_CODE"] == 1


def test_a_run_whose_end_cannot_be_noted_keeps_its_own_outcome(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def body(run: Run) -> None:
        def gone(_call: object) -> list[object]:
            raise DatabaseUnavailable("it went away")

        monkeypatch.setattr(run.database, "run", gone)

    assert execute(call(), body) == 0
    assert "could not be noted in USER_SYNC_LOG: it went away" in capsys.readouterr().err
    assert the_run()["END_TIME"] is None


def test_a_stop_makes_the_exit_code_of_a_run_that_went_well():
    def body(run: Run) -> None:
        run.stop.set(143)

    assert execute(call(), body) == 143


def test_what_is_no_job_leaves_no_row_no_log_and_no_lock(tmp_path: Path):
    assert execute(call(job=None), lambda run: None) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]
