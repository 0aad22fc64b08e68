"""`db deploy` on a site that has a claims table of its own: its rows stay, the columns come, and a view will do as well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.db.contract import (
    AddClaim,
    ClaimPods,
    CountPods,
    ListNotifications,
    ListPods,
    RecordPodFailure,
    RecordPodSuccess,
)
from syncctl.db.deploy import deploy
from syncctl.db.sqlserver import SqlServer
from syncctl.demo.carriers import SimulatedCarriers
from syncctl.errors import ConfigError, SyncError
from tests.clocks import MovableClock
from tests.pod_bench import Bench
from tests.sqlserver_database import Scratch

pytestmark = pytest.mark.sqlserver

OLD = """
CREATE TABLE dbo.claims
(
    id int IDENTITY(1, 1) NOT NULL CONSTRAINT PK_claims PRIMARY KEY,
    claim_reference nvarchar(50) NOT NULL,
    carrier varchar(50) NULL,
    tracking_number nvarchar(50) NULL,
    amount decimal(10, 2) NULL,
    pod_fetch_status varchar(20) NULL DEFAULT 'pending',
    pod_url nvarchar(500) NULL,
    pod_error nvarchar(500) NULL{more}
)
"""
WORK = {
    "client_id": "varchar(50) NULL",
    "client_name": "nvarchar(100) NULL",
    "client_email": "nvarchar(500) NULL",
    "dispute_deadline": "datetime2(3) NULL",
    "pod_fetch_status": "varchar(20) NULL",
    "pod_url": "nvarchar(max) NULL",
    "pod_error": "nvarchar(max) NULL",
    "pod_retry_count": "int NULL",
    "pod_last_retry_at": "datetime2(3) NULL",
    "pod_next_attempt_at": "datetime2(3) NULL",
    "pod_error_class": "varchar(20) NULL",
    "pod_error_cause": "varchar(50) NULL",
    "pod_error_code": "varchar(50) NULL",
    "pod_document_path": "nvarchar(max) NULL",
    "pod_sha256": "char(64) NULL",
    "pod_content_type": "varchar(50) NULL",
    "pod_size_bytes": "int NULL",
    "pod_signed_by": "nvarchar(100) NULL",
    "pod_delivered_at": "datetime2(3) NULL",
    "pod_fetched_at": "datetime2(3) NULL",
    "pod_lease_owner": "nvarchar(100) NULL",
    "pod_lease_until": "datetime2(3) NULL",
    "pod_attempt_no": "bigint NOT NULL DEFAULT 0",
    "pod_crash_count": "int NOT NULL DEFAULT 0",
    "pod_not_yet_count": "int NULL",
    "pod_not_yet_since": "datetime2(3) NULL",
}


@pytest.fixture
def new_database(sqlserver_url: str) -> Iterator[Scratch]:
    scratch = Scratch(sqlserver_url)
    yield scratch
    scratch.drop()


def work(database: SqlServer) -> None:
    """Fetch one claim, fail one, and look."""
    first, second = database.run(ClaimPods(worker_id="w", scope="pending", batch_size=2))
    database.run(
        RecordPodSuccess(
            claim_id=first.claim_id,
            worker_id="w",
            attempt_no=first.attempt_no,
            pod_url="file:///x.pdf",
            document_path="x.pdf",
            sha256="a" * 64,
            content_type="application/pdf",
            size_bytes=9,
        )
    )
    database.run(
        RecordPodFailure(
            claim_id=second.claim_id,
            worker_id="w",
            attempt_no=second.attempt_no,
            outcome="persistent",
            cause="invalid_tracking",
            error_code=None,
            message="Numéro inconnu",
        )
    )
    assert len(database.run(ListNotifications())) == 1
    standings = {claim.claim_reference: claim.standing for claim in database.run(ListPods())}
    assert (standings[first.claim_reference], standings[second.claim_reference]) == ("done", "persistent")


def test_a_live_claims_table_gets_its_columns_and_keeps_its_rows(new_database: Scratch):
    database = new_database("claims")
    tried = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
    database.query(OLD.format(more=", pod_retry_count int NULL DEFAULT 0, pod_last_retry_at datetime2(3) NULL"))
    insert = (
        "INSERT INTO dbo.claims "
        "(claim_reference, carrier, tracking_number, amount, pod_fetch_status, pod_retry_count, pod_last_retry_at) "
        "VALUES (?, 'Chronopost', ?, 12.50, ?, ?, ?)"
    )
    for reference, status, count, last in (
        ("CLM-1", "pending", 0, None),
        ("CLM-2", None, None, None),
        ("CLM-3", "failed", 2, tried),
        ("CLM-4", "failed", 4, tried),
        ("CLM-5", "success", 1, tried),
    ):
        database.query(insert, (reference, f"XN{reference}", status, count, last))
    deploy(database, demo_erp=True)
    rows = {
        row["CLAIM_REFERENCE"]: row
        for row in database.query("SELECT claim_reference, amount, pod_next_attempt_at FROM dbo.claims")
    }
    assert len(rows) == 5 and {str(row["AMOUNT"]) for row in rows.values()} == {"12.50"}
    claims = {claim.claim_reference: claim for claim in database.run(ListPods())}
    assert claims["CLM-3"].pod_next_attempt_at == tried + timedelta(hours=24)
    assert {reference: claim.standing for reference, claim in claims.items()} == {
        "CLM-1": "due",
        "CLM-2": "due",
        "CLM-3": "due",
        "CLM-4": "exhausted",
        "CLM-5": "done",
    }
    [retried] = database.run(ClaimPods(worker_id="w", scope="failed", batch_size=10))
    assert (retried.claim_reference, retried.retry_no) == ("CLM-3", 3)
    work(database)
    deploy(database, demo_erp=True)
    assert len(database.query("SELECT id FROM dbo.claims")) == 5


def test_a_table_with_another_name_and_other_columns_is_mapped_by_a_view(new_database: Scratch):
    database = new_database("claimsview")
    columns = ", ".join(f"{name} {kind}" for name, kind in WORK.items())
    database.query(
        "CREATE TABLE dbo.disputes (dispute_id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY, dispute_no nvarchar(100) NOT NULL, "
        f"shipper varchar(50) NULL, parcel_no nvarchar(100) NULL, opened_at datetime2(3) NULL, {columns})"
    )
    database.query(
        "CREATE VIEW dbo.claims AS SELECT dispute_id AS id, dispute_no AS claim_reference, shipper AS carrier, "
        f"parcel_no AS tracking_number, opened_at AS created_at, {', '.join(WORK)} FROM dbo.disputes"
    )
    database.query("INSERT INTO dbo.disputes (dispute_no, shipper, parcel_no) VALUES (N'D-1', 'Chronopost', N'XN1')")
    deploy(database, demo_erp=True)
    database.run(AddClaim(claim_reference="D-2", carrier="Chronopost", tracking_number="XN2"))
    work(database)
    statuses = {
        row["DISPUTE_NO"]: row["POD_FETCH_STATUS"]
        for row in database.query("SELECT dispute_no, pod_fetch_status FROM dbo.disputes")
    }
    assert statuses == {"D-1": "success", "D-2": "failed"}
    assert sum(row.claims for row in database.run(CountPods())) == 2
    database.query("DROP VIEW dbo.claims")


def test_a_view_that_lacks_a_column_is_named_at_the_deploy_and_ends_a_run_with_nothing_burnt(
    new_database: Scratch, tmp_path: Path
):
    database = new_database("claimsviewless")
    columns = ", ".join(f"{name} {kind}" for name, kind in WORK.items())
    database.query(
        "CREATE TABLE dbo.disputes (id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY, claim_reference nvarchar(100) NOT NULL, "
        f"carrier varchar(50) NULL, tracking_number nvarchar(100) NULL, created_at datetime2(3) NULL, {columns})"
    )
    held = "id, claim_reference, carrier, tracking_number, created_at"

    def view(without: str) -> None:
        database.query("DROP VIEW IF EXISTS dbo.claims")
        database.query(f"CREATE VIEW dbo.claims AS SELECT {held}, {', '.join(set(WORK) - {without})} FROM dbo.disputes")

    view("pod_not_yet_since")
    with pytest.raises(SyncError, match="pod_not_yet_since"):
        deploy(database, demo_erp=True)
    view("")
    deploy(database, demo_erp=True)
    for number in ("1", "2"):
        database.run(AddClaim(claim_reference=number, carrier="Acme", tracking_number=number))
    for lost in ("pod_signed_by", "pod_error_cause", "pod_lease_owner"):
        view(lost)
        with SimulatedCarriers() as carriers:
            result = Bench(database, MovableClock(), carriers, tmp_path).run()
        assert isinstance(result.ended_by, ConfigError), lost
        view("")
        rows = database.query("SELECT pod_fetch_status, pod_retry_count, pod_lease_until, pod_crash_count FROM dbo.disputes")
        assert {tuple(row) for row in rows} == {("pending", None, None, 0)}, lost
    database.query("DROP VIEW dbo.claims")


def test_a_claims_table_that_is_something_else_is_named_and_left_alone(new_database: Scratch):
    database = new_database("claimsother")
    database.query("CREATE TABLE dbo.claims (id int NOT NULL, warranty_text nvarchar(100) NULL)")
    with pytest.raises(SyncError, match="PROOF_OF_DELIVERY"):
        deploy(database, demo_erp=True)
    assert [row["NAME"] for row in database.query("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID(N'dbo.claims')")] == [
        "id",
        "warranty_text",
    ]
    database.query("DROP TABLE dbo.claims")
