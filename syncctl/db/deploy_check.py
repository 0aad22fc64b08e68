"""Look a SQL Server database over: is what this version needs there, unchanged, and may this login use it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from syncctl.db.contract import PROCEDURES
from syncctl.db.deploy import deployed_version, does_not_fit, erp_of, journal
from syncctl.db.deploy_found import Standing, is_sites_own, standing
from syncctl.db.deploy_scripts import Script, bare, refuse_newer, scripts
from syncctl.db.rendering import Problem, render_all
from syncctl.db.site_catalogue import Catalogue, demo_catalogue, site_catalogue
from syncctl.errors import SyncError

if TYPE_CHECKING:
    from syncctl.db.sqlserver import SqlServer

Level = Literal["ok", "note", "problem"]

OLDEST_VERSION = 13
"""SQL Server 2016, the first with OPENJSON (and with service pack 1, CREATE OR ALTER)."""

_AZURE = (5, 8, 11)


@dataclass(frozen=True, slots=True)
class DatabaseFinding:
    """One thing that was looked at. A `problem` keeps orders from being worked on; a `note` is good to know."""

    check: str
    level: Level
    detail: str


def check(database: SqlServer, *, erp: str | None = None) -> list[DatabaseFinding]:
    """Look at everything, change nothing. What is wrong is a finding.

    Raises:
        ConfigError: a newer syncctl was deployed to it.
        SyncError: it can't be read.
    """
    refuse_newer(deployed_version(journal(database)))
    erp = erp_of(database, erp)
    trial = demo_catalogue(erp)
    site = site_catalogue(database, trial)
    wanted, problems = render_all(scripts(erp), site, trial)
    applied = journal(database)
    if any(script.modules and script.name in applied for script in wanted):
        deployed = [*_deployed(applied, wanted), *_drift(database, wanted), *_rights(database)]
    else:
        deployed = [*_not_deployed(database, wanted)]
    return [*_server(database), *deployed, *_erp(database, trial, site, problems)]


def _server(database: SqlServer) -> Iterator[DatabaseFinding]:
    row = database.query(
        "SELECT CONVERT(varchar(50), SERVERPROPERTY('ProductVersion')) AS VERSION, "
        "CONVERT(int, SERVERPROPERTY('EngineEdition')) AS EDITION, "
        "CASE WHEN 'a' = 'A' THEN 0 ELSE 1 END AS CASE_COUNTS, db.compatibility_level AS LEVEL, "
        "CONVERT(varchar(100), db.collation_name) AS COLLATION, db.is_read_committed_snapshot_on AS RCSI "
        "FROM sys.databases AS db WHERE db.name = DB_NAME();"
    )[0]
    yield DatabaseFinding("driver", "ok", database.driver)
    version = str(row["VERSION"])
    fits = row["EDITION"] in _AZURE or int(version.partition(".")[0]) >= OLDEST_VERSION
    yield DatabaseFinding(
        "version",
        "ok" if fits else "note",
        version if fits else f"{version}; syncctl is made for SQL Server 2016 (13.0) and later",
    )
    yield _compatibility(database, int(row["LEVEL"]))
    yield DatabaseFinding(
        "collation",
        "note" if row["CASE_COUNTS"] else "ok",
        f"{row['COLLATION']}" + ("; case counts here: a SKU and its item number must agree in it" if row["CASE_COUNTS"] else ""),
    )
    yield DatabaseFinding(
        "row versions",
        "ok",
        "READ_COMMITTED_SNAPSHOT is on" if row["RCSI"] else "READ_COMMITTED_SNAPSHOT is off; it works, readers wait for writers",
    )


def _compatibility(database: SqlServer, level: int) -> DatabaseFinding:
    try:
        database.query("SELECT COUNT(*) AS FOUND FROM OPENJSON(N'[1]');")
    except SyncError:
        return DatabaseFinding(
            "compatibility level",
            "problem",
            f"{level}: OPENJSON needs 130. As an owner of the database: ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 130;",
        )
    if level < 130:
        return DatabaseFinding("compatibility level", "note", f"{level}; syncctl is made for 130 and later, OPENJSON works here")
    return DatabaseFinding("compatibility level", "ok", str(level))


def _not_deployed(database: SqlServer, wanted: list[Script]) -> Iterator[DatabaseFinding]:
    """Before the first deploy: that is all there is to say, but for what stands in its way."""
    yield DatabaseFinding(
        "deploy",
        "problem",
        "Nothing is deployed here, or this login may not see it. Read what `syncctl db deploy --dry-run` prints, then run "
        "`syncctl db deploy`.",
    )
    there = standing(database)
    modules = (name for script in wanted if not is_sites_own(script, there) for name in script.modules)
    found = sorted(there[name.upper()].name for name in modules if name.upper() in there)
    if found:
        yield DatabaseFinding(
            "objects",
            "problem",
            f"Of syncctl's names, and no deploy made them: {_some(found)}. `syncctl db deploy` saves their texts and stops; give "
            "what is needed names of its own, or let --force replace them.",
        )


def _deployed(applied: dict[str, str], wanted: list[Script]) -> Iterator[DatabaseFinding]:
    missing = [script.name for script in wanted if script.name not in applied]
    changed = [
        script.name for script in wanted if script.kind != "once" and applied.get(script.name, script.sha256) != script.sha256
    ]
    if missing or changed:
        yield DatabaseFinding(
            "deploy", "problem", f"Run `syncctl db deploy`: {_some(missing + changed)} of this version aren't on the server."
        )
    else:
        yield DatabaseFinding("deploy", "ok", f"all {len(wanted)} scripts of this version are deployed")


def _drift(database: SqlServer, wanted: list[Script]) -> Iterator[DatabaseFinding]:
    """Compare every module's text on the server with its file's, and with what the deploy that made it left on it."""
    there = standing(database)
    expected = {name: text for script in wanted if not is_sites_own(script, there) for name, text in script.modules.items()}
    gone = sorted(name for name in expected if name.upper() not in there)
    found = {name: there[name.upper()] for name in expected if name.upper() in there}
    unreadable = [name for name, thing in found.items() if thing.text is None]
    changed = sorted(
        name
        for name, thing in found.items()
        if thing.text is not None and (bare(thing.text) != bare(expected[name]) or (thing.mark and not thing.is_as_marked))
    )
    if gone:
        yield DatabaseFinding("procedures", "problem", f"Missing on the server, or hidden from this login: {_some(gone)}.")
    if changed:
        yield DatabaseFinding(
            "drift",
            "problem",
            f"Changed on the server since they were deployed: {_some(changed)}. `syncctl db deploy --again --force` saves "
            "their texts to files and puts this version's back.",
        )
    if unreadable:
        yield DatabaseFinding("drift", "note", f"This login may not read the text of {_some(unreadable)} (VIEW DEFINITION).")
    if not gone and not changed and not unreadable:
        yield DatabaseFinding("procedures", "ok", f"all {len(expected)} procedures, functions and views are as deployed")
    yield from _marks(found)


def _marks(found: dict[str, Standing]) -> Iterator[DatabaseFinding]:
    """Say which versions the objects say they are of."""
    versions = Counter(thing.version for thing in found.values() if thing.version)
    if versions:
        told = ", ".join(f"{version} ({count})" for version, count in sorted(versions.items()))
        yield DatabaseFinding("deployed by", "ok", f"syncctl {told}, as the objects' property syncctl says")
    bare_ones = sorted(name for name, thing in found.items() if not thing.mark)
    if bare_ones:
        yield DatabaseFinding(
            "deployed by",
            "note",
            f"No deploy left its version on {_some(bare_ones)}: an older one did them, or they were made anew by hand. "
            "`syncctl db deploy --again` does them again.",
        )


def _rights(database: SqlServer) -> Iterator[DatabaseFinding]:
    refused = [
        procedure
        for procedure in PROCEDURES
        if database.query("SELECT HAS_PERMS_BY_NAME(?, 'OBJECT', 'EXECUTE') AS MAY;", (f"dbo.{procedure.name}",))[0]["MAY"] == 0
    ]
    jobs = [procedure.name for procedure in refused if not procedure.by_operator]
    if jobs:
        yield DatabaseFinding(
            "rights",
            "problem",
            f"This login may not execute {_some(jobs)}. As an owner of the database: "
            "ALTER ROLE syncctl_executor ADD MEMBER [its user];",
        )
    elif refused:
        yield DatabaseFinding(
            "rights",
            "ok",
            "this login may execute what the scheduled commands call; giving up, undoing and setting is syncctl_operator's",
        )
    else:
        yield DatabaseFinding("rights", "ok", "this login may execute every procedure")


def _never_null(trial: Catalogue, site: Catalogue) -> list[str]:
    """Name the columns that syncctl keeps NULL out of at this site alone, and that the site gave no value."""
    return sorted(
        f"{table}.{column.name}"
        for table, columns in site.tables.items()
        for key, column in columns.items()
        if not column.takes_null
        and (known := trial.tables[table].get(key)) is not None
        and known.takes_null
        and f"{table}.{key}" not in site.given
        and column.nothing is not None
    )


def _erp(database: SqlServer, trial: Catalogue, site: Catalogue, problems: list[Problem]) -> Iterator[DatabaseFinding]:
    wanted = trial.tables
    missing = [name for name in wanted if name not in site.tables and name not in trial.optional]
    lacking = [
        f"{name}.{column}"
        for name, columns in wanted.items()
        if name in site.tables
        for column in columns
        if column not in site.tables[name]
    ]
    if missing:
        yield DatabaseFinding("erp tables", "problem", f"Missing in this database: {', '.join(missing)}. Is it the ERP's?")
    if lacking:
        yield DatabaseFinding(
            "erp columns", "note", f"Not in this ERP's tables, so orders are written without: {_some(lacking)}."
        )
    if problems:
        yield DatabaseFinding("erp columns", "problem", does_not_fit("The ERP", problems, done=""))
    if filled := _never_null(trial, site):
        yield DatabaseFinding(
            "erp columns",
            "note",
            f"Take no NULL here; where an order has nothing for them they get '' or 0: {_some(filled)}. For another value: "
            "`syncctl config erp column TABLE.COLUMN VALUE`.",
        )
    if not missing and not problems:
        yield DatabaseFinding("erp", "ok", f"{len(wanted)} tables, and every column that must be given gets a value")
    if site.given:
        yield DatabaseFinding(
            "erp columns",
            "ok",
            "Given by this site: " + ", ".join(f"{name} {value!r}" for name, value in sorted(site.given.items())) + ".",
        )
    if site.triggers:
        yield DatabaseFinding(
            "erp triggers",
            "note",
            "They run with every order: " + ", ".join(f"{table}: {trigger}" for table, trigger in site.triggers) + ".",
        )
    if database.query("SELECT OBJECT_ID(N'dbo.USER_DEMO_ERP', N'U') AS FOUND;")[0]["FOUND"] is not None:
        yield DatabaseFinding("erp", "note", "This is a trial ERP (dbo.USER_DEMO_ERP): no real order belongs here.")


def _some(names: list[str], shown: int = 8) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
