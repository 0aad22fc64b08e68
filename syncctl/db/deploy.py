"""Bring a SQL Server database to this version: run what is new or changed under `sql/`, and note it in a journal."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.db.deploy_columns import require_free_columns
from syncctl.db.deploy_found import Found, is_sites_own, look, mark, mark_rest, save, standing
from syncctl.db.deploy_scripts import GIVEN_COLUMNS, JOURNAL, LEGACY, Batch, Script, erps, refuse_newer, scripts
from syncctl.db.rendering import Problem, render_all, told
from syncctl.db.site_catalogue import Catalogue, demo_catalogue, given_columns, site_catalogue, tables_of
from syncctl.db.sqlserver_errors import no_right
from syncctl.errors import ConfigError, SyncError, TransientError, UsageError

if TYPE_CHECKING:
    from syncctl.db.sqlserver import SqlServer

RUN_BATCH = """
SET NOCOUNT ON;
DECLARE @BATCH nvarchar(max) = ?;
BEGIN TRY
    EXECUTE sys.sp_executesql @BATCH;
END TRY
BEGIN CATCH
    DECLARE @NUMBER int = ERROR_NUMBER(), @LINE int = ERROR_LINE(), @TEXT nvarchar(4000) = ERROR_MESSAGE();
    IF XACT_STATE() <> 0
        ROLLBACK TRANSACTION;
    SELECT @NUMBER AS FAILED_NUMBER, @LINE AS FAILED_LINE, @TEXT AS FAILED_TEXT;
END CATCH;
"""
# Run this way for ERROR_LINE(): ODBC doesn't hand the line of an error on.

_NEAR_LINE = re.compile(r"\bline (\d+)", re.IGNORECASE)


class DeployError(SyncError):
    """A script failed. What ran before it stands and is in the journal; of it itself, nothing does."""


@dataclass(frozen=True, slots=True)
class DeployStep:
    """A script that a deploy ran, or would run. `reason`: new, changed, again (asked for), or each time."""

    script: str
    reason: str
    batches: int
    seconds: float
    text: str = ""
    """Of a dry run: the script as it would run, fitted to this site."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An order that a live site had staged more than once, and which of its rows goes on."""

    woo_order_id: int
    staging_id: int
    live_staging_id: int
    state: str
    doc_id: str | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deploy did, or with `dry_run` would do."""

    database: str
    erp: str
    dry_run: bool
    steps: list[DeployStep]
    unchanged: int
    duplicates: list[Duplicate] = field(default_factory=list)
    """Filled by the deploy that upgraded a live site."""
    to_stage_again: int = 0
    """Orders that a live site had staged and not applied: they wait for the next poll that sees them."""
    triggers: list[str] = field(default_factory=list)
    """The triggers on the ERP's tables that orders are written into, each as TABLE: TRIGGER. They run with every order."""
    found: list[Found] = field(default_factory=list)
    """What stood under our names and was not what a deploy made: replaced and saved, or (not `replaced`) left alone."""


def deploy(
    database: SqlServer,
    *,
    erp: str | None = None,
    demo_erp: bool = False,
    dry_run: bool = False,
    again: bool = False,
    force: bool = False,
    keep_in: Path = Path("replaced"),
) -> Deployment:
    """Run what this database lacks; with `again` every procedure, view and function too, changed or not.

    What is written into the ERP's tables is fitted to this site first (see `rendering`). What stands under our names and no
    deploy made as it is, is saved to files in the folder `keep_in`, and replaced only with `force`. Each script runs in a
    transaction of its own together with its journal row; the first error ends the deploy.

    Raises:
        DeployError: a script failed; the message names file, batch and line.
        ConfigError: the ERP's tables aren't in this database, or have columns that must be given and that nothing fills;
            something of the site's own stands on a column that has to change, or under one of our names; a newer syncctl was
            deployed to it. Nothing has run then.
        AlreadyRunning: another deploy is at work.
        UsageError: this database belongs to another ERP.
    """
    with database.exclusive("deploy"):
        applied = journal(database)
        refuse_newer(deployed_version(applied))
        erp = erp_of(database, erp)
        # A trial ERP gets what an older version of it lacked, asked for or not: the procedures need it.
        demo_erp = demo_erp or "USER_DEMO_ERP" in tables_of(database)
        trial = demo_catalogue(erp)
        site = _require_erp(database, erp, trial, demo_erp=demo_erp)
        wanted, problems = render_all(scripts(erp, demo_erp=demo_erp), site, trial)
        if problems:
            raise ConfigError(does_not_fit(database.where, problems))
        there = standing(database)
        due = [
            (script, reason)
            for script in wanted
            if (reason := _due(script, applied, again=again)) and not is_sites_own(script, there)
        ]
        require_free_columns(database, [script for script, _ in due])
        found = look(database, there, wanted, [script for script, _ in due], applied)
        if not dry_run:
            found = save(database.where, found, keep_in, force=force)
        steps = []
        for script, reason in due:
            seconds = 0.0 if dry_run else _apply(database, script, note=script.sha256 != applied.get(script.name))
            steps.append(DeployStep(script.name, reason, len(script.batches), seconds, script.text if dry_run else ""))
        if not dry_run:
            mark_rest(database, there, [script for script in wanted if not any(script is ran for ran, _ in due)])
        upgraded = not dry_run and any(step.script == LEGACY for step in steps)
        return Deployment(
            database=database.where,
            erp=erp,
            dry_run=dry_run,
            steps=steps,
            unchanged=len(wanted) - len(due),
            duplicates=_duplicates(database) if upgraded else [],
            to_stage_again=_to_stage_again(database) if upgraded else 0,
            triggers=[f"{table}: {trigger}" for table, trigger in site.triggers],
            found=found,
        )


def deploy_offline(erp: str | None = None) -> Deployment:
    """Return what a first deploy would run on a site whose ERP is as the trial ERP has it. No database is asked.

    Raises:
        UsageError: there is no SQL for that ERP.
    """
    erp = erp or erps()[0]
    steps = [DeployStep(script.name, "new", len(script.batches), 0.0, script.text) for script in scripts(erp)]
    return Deployment(database="no database", erp=erp, dry_run=True, steps=steps, unchanged=0)


def does_not_fit(where: str, problems: list[Problem], *, done: str = "Nothing was changed. ") -> str:
    """Say what keeps the SQL from this site, and what to do."""
    return (
        f"{where} has columns that syncctl can't write orders into: {told(problems)}. {done}"
        "Where nothing fills a column, give it a value that suits every web order: `syncctl config erp column TABLE.COLUMN "
        "VALUE`, then deploy again. Ask the ERP's vendor about the others."
    )


def give_column(database: SqlServer, column: str, value: str | None) -> dict[str, str]:
    """Set what goes into a column of the ERP's that must be given and that nothing in an order fills; None takes it back.

    It is written into the procedures by the next deploy. Returns every such column with its value.

    Raises:
        UsageError: there is no such column, or the value is too long for it.
        ConfigError: a newer syncctl was deployed to this database.
    """
    with database.exclusive("deploy"):
        table, _, name = column.upper().partition(".")
        applied = journal(database)
        refuse_newer(deployed_version(applied))
        erp = erp_of(database, None)
        for script in scripts(erp):
            if script.name in (JOURNAL, GIVEN_COLUMNS) and script.name not in applied:
                _apply(database, script, note=True)
        site = site_catalogue(database, demo_catalogue(erp))
        there = site.tables.get(table, {}).get(name)
        if value is not None:
            if there is None:
                raise UsageError(
                    f"{column} is no column of the ERP's tables that orders are written into. Name it as TABLE.COLUMN; "
                    f"the tables: {', '.join(sorted(site.tables))}."
                )
            if len(value) > min(there.width or 200, 200):
                raise UsageError(f"{column} takes {min(there.width or 200, 200)} letters, and the value has {len(value)}.")
        database.query("DELETE FROM dbo.USER_ERP_COLUMN WHERE TABLE_NAME = ? AND COLUMN_NAME = ?;", (table, name))
        if value is not None:
            database.query(
                "INSERT INTO dbo.USER_ERP_COLUMN (TABLE_NAME, COLUMN_NAME, VALUE) VALUES (?, ?, ?);", (table, name, value)
            )
        return given_columns(database)


def _due(script: Script, applied: dict[str, str], *, again: bool) -> str | None:
    """Why a script has to run; None where it doesn't."""
    known = applied.get(script.name)
    if known is None:
        return "new"
    if script.kind == "always":
        return "each time"
    if script.kind == "changed" and known != script.sha256:
        return "changed"
    if script.kind == "changed" and again:
        return "again"
    return None


def journal(database: SqlServer) -> dict[str, str]:
    """The hash in force of each script; empty on a database that was never deployed to."""
    if "USER_SCHEMA_JOURNAL" not in tables_of(database):
        return {}
    rows = database.query("SELECT SCRIPT, SHA256 FROM dbo.USER_SCHEMA_JOURNAL ORDER BY JOURNAL_ID;")
    return {row["SCRIPT"]: row["SHA256"] for row in rows}


def erp_of(database: SqlServer, wanted: str | None) -> str:
    """Return the ERP that this database belongs to, as the last deploy recorded it; before the first one, the one wanted.

    Where nobody wants one, its tables tell.

    Raises:
        UsageError: it belongs to another one.
    """
    recorded, there = None, tables_of(database)
    if "USER_ERP_SETTING" in there:
        rows = database.query("SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = 'ERP';")
        recorded = str(rows[0]["VALUE"]) if rows else None
    if recorded and wanted not in (None, recorded):
        raise UsageError(f"{database.where} belongs to the ERP {recorded}, not to {wanted}: one database serves one ERP.")
    return recorded or wanted or erp_of_tables(there)


def erp_of_tables(there: set[str]) -> str:
    """Return the ERP whose tables a database has; the first one where it has those of none, or of several."""
    known = erps()
    found = [erp for erp in known if not {*(trial := demo_catalogue(erp)).tables} - trial.optional - there]
    return found[0] if len(found) == 1 else known[0]


def deployed_version(applied: dict[str, str]) -> int:
    """The version of the tables that a journal tells of, as `sp_GetSchemaVersion` counts it."""
    return sum(name.startswith("schema/") for name in applied)


def _require_erp(database: SqlServer, erp: str, trial: Catalogue, *, demo_erp: bool) -> Catalogue:
    """Return what the ERP's tables are like here; where a trial ERP is about to be made, what they will be like."""
    site = site_catalogue(database, trial)
    missing = [table for table in trial.tables if table not in site.tables and table not in trial.optional]
    if missing and not demo_erp:
        raise ConfigError(
            f"{database.where} lacks tables of {erp}: {', '.join(missing)}. Name the ERP's own database in SYNCCTL_DATABASE; "
            "for a trial on an empty server, --demo-erp makes them."
        )
    if not demo_erp:
        return site
    # A trial ERP is brought up to date by this deploy, before anything is written into it.
    tables = {name: {**columns, **site.tables.get(name, {})} for name, columns in trial.tables.items()}
    return replace(site, tables=tables, keys={**site.keys, **trial.keys})


def _apply(database: SqlServer, script: Script, *, note: bool) -> float:
    """Run one script and its journal row in one transaction; return the seconds it took."""
    started = time.monotonic()
    try:
        _run(database, script)
    except _BatchError as failed:
        raise failed.named(script) from failed
    if note:
        database.query(
            "INSERT INTO dbo.USER_SCHEMA_JOURNAL (SCRIPT, SHA256, KIND, APPLIED_BY, DURATION_MS) "
            "VALUES (?, ?, ?, SUSER_SNAME(), ?);",
            (script.name, script.sha256, script.kind, round((time.monotonic() - started) * 1000)),
        )
    database.query("COMMIT TRANSACTION;")
    return time.monotonic() - started


def _run(database: SqlServer, script: Script) -> None:
    database.query("BEGIN TRANSACTION;")
    for batch in script.batches:
        try:
            rows = database.query(RUN_BATCH, (batch.text,))
        except SyncError as error:
            _undo(database)
            raise _BatchError(batch, error, None) from error
        if rows and rows[-1].keys()[0] == "FAILED_NUMBER":
            number, line, text = rows[-1]
            raise _BatchError(batch, SyncError(text, code=number), line)
    try:
        mark(database, script)
    except SyncError as error:
        _undo(database)
        raise _BatchError(script.batches[-1], error, None) from error


def _undo(database: SqlServer) -> None:
    """Roll back what the server hasn't rolled back by itself. A lost connection has done so."""
    try:
        database.query("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;")
    except SyncError:
        database.close()


class _BatchError(Exception):
    """A batch failed, and its script is undone."""

    def __init__(self, batch: Batch, error: SyncError, line: int | None) -> None:
        super().__init__(str(error))
        self.batch = batch
        self.error = error
        self.line = line

    @property
    def number(self) -> int:
        """SQL Server's error number; 0 where there is none."""
        code = self.error.code or ""
        return int(code) if code.isdigit() else 0

    def named(self, script: Script) -> SyncError:
        """The error with file, batch and line, and what became of the rest."""
        if isinstance(self.error, TransientError):
            return self.error
        kind = ConfigError if no_right(self.number, str(self.error)) else DeployError
        near = self.line or (int(found.group(1)) if (found := _NEAR_LINE.search(str(self.error))) else 1)
        return kind(
            f"sql/{script.name}, batch {self.batch.number}, line {self.batch.line + near - 1}: {self.error} "
            "Nothing of this script was kept; the scripts before it stand. "
            + ("Run the deploy as an owner of the database." if kind is ConfigError else "Settle the cause, then deploy again."),
            code=self.error.code,
            error_class="config",
        )


def _duplicates(database: SqlServer) -> list[Duplicate]:
    rows = database.query(
        "SELECT WOO_ORDER_ID, STAGING_ID, DUPLICATE_OF_ID, STATE, CP_DOC_ID FROM dbo.USER_ORDER_STAGING "
        "WHERE DUPLICATE_OF_ID IS NOT NULL ORDER BY WOO_ORDER_ID, STAGING_ID;"
    )
    return [Duplicate(*row) for row in rows]


def _to_stage_again(database: SqlServer) -> int:
    rows = database.query(
        "SELECT COUNT(*) AS ORDERS FROM dbo.USER_ORDER_STAGING "
        "WHERE STATE = 'SKIPPED' AND DUPLICATE_OF_ID IS NULL AND CONTENT_HASH IS NULL;"
    )
    return int(rows[0]["ORDERS"])


__all__ = ["JOURNAL", "DeployError", "DeployStep", "Deployment", "Duplicate", "deploy"]
