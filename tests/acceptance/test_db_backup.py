"""`db backup` and `db restore` as a person types them."""

from __future__ import annotations

from pathlib import Path

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program


def test_a_backup_is_written_once_and_comes_back(syncctl: Program, store: SimulatedStore, tmp_path: Path):
    mapped = "SELECT WOO_STATUS FROM USER_STATUS_MAP WHERE STORE_ID = 'woocommerce'"
    assert syncctl("map", "status", "set", "shipped", "completed").code == 0
    written = syncctl("db", "backup", "day.gz", "--json").json
    assert written["counts"]["rows"] > 0
    assert (syncctl.folder / "day.gz").stat().st_size == written["bytes"]
    again = syncctl("db", "backup", "day.gz")
    assert (again.code, "there already" in again.err) == (2, True)
    assert syncctl("map", "status", "remove", "shipped").code == 0
    assert syncctl("db", "restore", "day.gz").code == 2, "nobody was asked"
    assert syncctl("db", "restore", "day.gz", "--dry-run").code == 0
    assert syncctl.query(mapped) == []
    done = syncctl("db", "restore", "day.gz", "--yes")
    assert (done.code, "The backup is back" in done.out) == (0, True)
    assert syncctl.query(mapped) == [("completed",)]


def test_what_forbids_it_is_named_and_nothing_is_restored(syncctl: Program, store: SimulatedStore):
    assert syncctl("db", "backup", "day.gz").code == 0
    syncctl.query("INSERT INTO claims (claim_reference) VALUES ('CLM-1')")
    refused = syncctl("db", "restore", "day.gz", "--yes")
    assert refused.code == 1
    assert "Rows of claims that the backup lacks would be lost: CLM-1." in refused.out
    assert refused.out.endswith("Nothing was restored.\n")
    assert syncctl("db", "restore", "day.gz", "--yes", "--settings-only").code == 0
