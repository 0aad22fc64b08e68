# ruff: noqa: S608  (names are checked by `quoted`; values are parameters)
"""Put a backup back: only where that makes no order come twice and loses none, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from syncctl.db.backup import Backup, read_backup, same_columns
from syncctl.db.backup_tables import Table, Tables, insert, listed, quoted
from syncctl.errors import ConfigError, WrongState

_SETTINGS = ("settings", "series")
_SHOWN = 5
"""Rows that a refusal names."""
_KNOWN_BY = {
    "USER_ORDER_STAGING": ("STORE_ID", "WOO_ORDER_ID"),
    "USER_ORDER_LINK": ("STORE_ID", "WOO_ORDER_ID", "DOC_ID"),
    "claims": ("claim_reference",),
    "USER_NOTIFICATION": ("DEDUP_KEY",),
}
"""By what people, and other tables, know a row, where that isn't its key."""
_DUE = {
    "USER_ORDER_STAGING": (
        "STATE",
        ("PENDING", "CLAIMED", "FAILED"),
        "orders would be worked on again that are done with by now",
    ),
    "claims": ("pod_fetch_status", ("pending", "failed"), "proofs of delivery would be asked for again"),
    "woo_customer_sync_queue_line": ("state", ("draft", "processing", "failed"), "customers would be worked on again"),
}
"""What is due by a row's state: where the backup says so and the database not any more, it would be done a second time."""
_LEASES = (
    ("USER_ORDER_STAGING", "LEASE_UNTIL_DT"),
    ("USER_STORE_OUTBOX", "LEASE_UNTIL_DT"),
    ("USER_NOTIFICATION", "LEASE_UNTIL_DT"),
    ("woo_customer_sync_queue_line", "lease_until_dt"),
)


@dataclass(slots=True)
class Restored:
    """What a restore did, or would do."""

    backup: Backup
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by table that are there now."""
    refusals: list[str] = field(default_factory=list)
    """Why nothing may be restored, each with what to do."""


def restore(tables: Tables, path: Path, *, now: datetime, settings_only: bool, dry_run: bool) -> Restored:
    """Put a backup back in one transaction; with `settings_only` the maps and settings alone. Refused, it changes nothing.

    Raises:
        ConfigError: the file is no whole backup, is of another engine, or of tables with other columns.
        WrongState: it would make something happen twice, or lose something; the message says what, and what to do.
    """
    backup = read_backup(path)  # to its end, with its checksum, before anything is touched
    here = tables.all()
    _require_fit(backup, tables, here)
    wanted = [table for table in here if not settings_only or table.sort in _SETTINGS]
    with tables.transaction(writing=True):
        waiting = _load(tables, path, wanted, backup)
        result = Restored(backup)
        result.refusals = list(_other_database(tables, waiting, settings_only=settings_only))
        if not settings_only:
            result.refusals += _refusals(tables, {table.name: table for table in wanted}, waiting, now)
        if result.refusals and not dry_run:
            raise WrongState(f"Nothing was restored. {' '.join(result.refusals)}")
        if not result.refusals:
            if settings_only:
                _keep_name(tables, waiting["USER_ERP_SETTING"])
            _put_back(tables, wanted, waiting)
        for table in wanted:
            result.counts[table.name] = int(tables.query(f"SELECT COUNT(*) FROM dbo.{quoted(table.name)}")[0][0])
        if dry_run:
            raise _NotMeantError(result)
    return result


class _NotMeantError(Exception):
    """Takes back what a dry run has done."""

    def __init__(self, result: Restored) -> None:
        super().__init__()
        self.result = result


def try_restore(tables: Tables, path: Path, *, now: datetime, settings_only: bool) -> Restored:
    """Do a restore as a dry run: all of it, and take it back.

    Raises:
        ConfigError: see `restore`.
    """
    try:
        return restore(tables, path, now=now, settings_only=settings_only, dry_run=True)
    except _NotMeantError as tried:
        return tried.result


def _require_fit(backup: Backup, tables: Tables, here: Sequence[Table]) -> None:
    if backup.engine != tables.engine:
        raise ConfigError(f"The backup is of the engine {backup.engine}; this database is {tables.engine}.")
    wrong = same_columns(backup, here)
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise ConfigError(
            f"The backup was written by syncctl {backup.syncctl}, for tables of another version: {'; '.join(wrong[:_SHOWN])}"
            f"{more}. Restore it with that version, into a database of that version; then upgrade."
        )


def _load(tables: Tables, path: Path, wanted: Sequence[Table], backup: Backup) -> dict[str, str]:
    """Copy the backup's rows beside the tables; return what SQL calls each copy."""
    by_name = {table.name: table for table in wanted}
    waiting = {table.name: tables.waiting(table) for table in wanted}

    def take(name: str, columns: Sequence[str], given: Iterator[list[Any]]) -> None:
        if name in by_name:
            insert(tables, waiting[name], columns, given)

    again = read_backup(path, take)
    if again.sha256 != backup.sha256:
        raise ConfigError(f"The backup {path} was changed while it was read.")
    return waiting


def _refusals(tables: Tables, by_name: dict[str, Table], waiting: dict[str, str], now: datetime) -> Iterator[str]:
    """Give what a restore would do twice or lose, worst first."""
    yield from _at_work(tables, by_name, now)
    yield from _documents(tables, by_name, waiting)
    for table in by_name.values():
        if table.sort == "lasting":
            key = _KNOWN_BY.get(table.name, table.key)
            lost = _only_in(tables, f"dbo.{quoted(table.name)}", waiting[table.name], key)
            if lost:
                yield f"Rows of {table.name} that the backup lacks would be lost: {lost}."
    for name, (column, states, what) in _DUE.items():
        if name in by_name:
            again = _due_again(tables, by_name[name], waiting[name], column, states)
            if again:
                yield f"{what.capitalize()}: {again}."


def _at_work(tables: Tables, by_name: dict[str, Table], now: datetime) -> Iterator[str]:
    moment = now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
    for name, column in _LEASES:
        if name in by_name:
            found = tables.query(f"SELECT COUNT(*) FROM dbo.{quoted(name)} WHERE {quoted(column)} > ?", [moment])
            if found[0][0]:
                yield f"A job is at work on {found[0][0]} rows of {name}: switch all jobs off and wait until it has ended."


def _other_database(tables: Tables, waiting: dict[str, str], *, settings_only: bool) -> Iterator[str]:
    """Give the reason where the backup is of another ERP, or of another database while this one has orders of its own."""

    def setting(place: str, name: str) -> object:
        found = tables.query(f"SELECT [VALUE] FROM {place} WHERE [NAME] = ?", [name])
        return found[0][0] if found else None

    copy = waiting["USER_ERP_SETTING"]
    ours, theirs = setting("dbo.USER_ERP_SETTING", "ERP"), setting(copy, "ERP")
    if ours and theirs and ours != theirs:
        yield f"The backup is of the ERP {theirs}, this database of {ours}."
    ours, theirs = setting("dbo.USER_ERP_SETTING", "DATABASE_ID"), setting(copy, "DATABASE_ID")
    links = tables.query("SELECT COUNT(*) FROM dbo.USER_ORDER_LINK")[0][0]
    if not settings_only and links and ours != theirs:
        yield "The backup is of another database (DATABASE_ID), and this one has orders of its own."


def _keep_name(tables: Tables, waiting: str) -> None:
    """Let a database keep its name: the store's orders carry it."""
    ours = "SELECT now.[VALUE] FROM dbo.USER_ERP_SETTING AS now WHERE now.[NAME] = 'DATABASE_ID'"
    tables.query(f"UPDATE {waiting} SET [VALUE] = ({ours}) WHERE [NAME] = 'DATABASE_ID'")


def _documents(tables: Tables, by_name: dict[str, Table], waiting: dict[str, str]) -> Iterator[str]:
    if "USER_ORDER_LINK" not in by_name:
        return
    link = waiting["USER_ORDER_LINK"]
    made = _only_in(tables, "dbo.USER_ORDER_LINK", link, ("STORE_ID", "WOO_ORDER_ID", "DOC_ID"), shown=("TKT_NO",))
    if made:
        yield (
            f"Documents were created in the ERP since: {made}. Their links would be lost, and their orders created a second "
            "time. Roll them back first, or restore the whole database."
        )
    changed = tables.query(
        f"SELECT kept.[TKT_NO] FROM {link} AS kept INNER JOIN dbo.USER_ORDER_LINK AS now ON now.[STORE_ID] = kept.[STORE_ID] AND "
        "now.[WOO_ORDER_ID] = kept.[WOO_ORDER_ID] AND now.[DOC_ID] = kept.[DOC_ID] WHERE now.[REVISION] <> kept.[REVISION] OR "
        "now.[LINK_STATE] <> kept.[LINK_STATE] OR now.[TOT] <> kept.[TOT]"
    )
    if changed:
        named = _named([row[0] for row in changed])
        yield f"Documents were changed, closed or rolled back since: {named}. Restore the whole database."
    if tables.engine == "sqlserver":
        gone = tables.query(
            f"SELECT kept.[TKT_NO] FROM {link} AS kept CROSS APPLY dbo.fn_ErpDocument(kept.[DOC_ID]) AS document "
            "WHERE kept.[LINK_STATE] = 'OPEN' AND document.IS_OPEN = 0 AND document.IS_POSTED = 0"
        )
        if gone:
            yield (
                f"Documents that the backup counts as open are not in the ERP: {_named([row[0] for row in gone])}. Their orders "
                "would count as applied, and nobody would create them again. Restore the ERP's tables of the same moment first."
            )


def _only_in(tables: Tables, here: str, there: str, key: Sequence[str], shown: Sequence[str] = ()) -> str:
    """Name the rows of `here` that `there` lacks, by their key; nothing where it has all."""
    same = " AND ".join(f"kept.{quoted(column)} = now.{quoted(column)}" for column in key)
    found = tables.query(
        f"SELECT {listed(shown or key, 'now.')} FROM {here} AS now WHERE NOT EXISTS (SELECT 1 FROM {there} AS kept WHERE {same})"
    )
    return _named([" ".join(str(value) for value in row) for row in found])


def _due_again(tables: Tables, table: Table, waiting: str, column: str, states: Sequence[str]) -> str:
    key = _KNOWN_BY.get(table.name, table.key)
    same = " AND ".join(f"kept.{quoted(part)} = now.{quoted(part)}" for part in key)
    marks = ", ".join(f"'{state}'" for state in states)
    found = tables.query(
        f"SELECT {listed(key, 'now.')} FROM dbo.{quoted(table.name)} AS now INNER JOIN {waiting} AS kept ON {same} "
        f"WHERE kept.{quoted(column)} IN ({marks}) AND now.{quoted(column)} NOT IN ({marks})"
    )
    return _named([" ".join(str(value) for value in row) for row in found])


def _named(found: Sequence[str]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{', '.join(str(each) for each in found[:_SHOWN])}{more}"


def _put_back(tables: Tables, wanted: Sequence[Table], waiting: dict[str, str]) -> None:
    for table in reversed(wanted):
        if table.sort not in ("history", "series"):
            tables.query(f"DELETE FROM dbo.{quoted(table.name)}")
    for table in wanted:
        kept, name = waiting[table.name], f"dbo.{quoted(table.name)}"
        where = ""
        if table.sort in ("history", "series"):
            keys = [table.key, *([_KNOWN_BY[table.name]] if table.name in _KNOWN_BY else [])]
            same = [" AND ".join(f"now.{quoted(column)} = kept.{quoted(column)}" for column in key) for key in keys]
            where = " WHERE " + " AND ".join(f"NOT EXISTS (SELECT 1 FROM {name} AS now WHERE {each})" for each in same)
        if table.sort == "series":  # a number that is on paper is given to nobody else
            higher = f"SELECT kept.[NEXT_NO] FROM {kept} AS kept WHERE kept.[SERIES] = {name}.[SERIES]"
            tables.query(f"UPDATE {name} SET [NEXT_NO] = ({higher}) WHERE [NEXT_NO] < ({higher})")
        tables.switch_identity(table, on=True)
        columns = listed(table.columns)
        tables.query(f"INSERT INTO {name} ({columns}) SELECT {listed(table.columns, 'kept.')} FROM {kept} AS kept{where}")
        tables.switch_identity(table, on=False)
