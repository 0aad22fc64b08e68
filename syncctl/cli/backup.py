"""`syncctl db backup` and `db restore`: our own tables in a file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.confirm import Yes, ask, require_consent
from syncctl.cli.db import app
from syncctl.cli.output import table
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.restore import Restored


@command(app, "backup", group="db")
def backup(
    run: Run,
    file: Annotated[
        Path | None, typer.Argument(help="The file to write; else syncctl-backup-TIME.jsonl.gz in this folder.", metavar="FILE")
    ] = None,
) -> None:
    """Copy all of syncctl's tables into one compressed file: orders, queues, claims, history, maps and settings, of one moment.

    It is readable by this account alone, since customers' data is in it; a checksum tells whether it is whole. Of an embedded
    database the trial ERP's tables are in it, too. On a SQL Server the ERP's are not: it is no substitute for the server's own
    backups, and needs a login that owns the database (db_owner). Jobs wait while it is written.
    """
    from syncctl.services.backup import backup as write

    path = file or Path(f"syncctl-backup-{run.clock():%Y%m%dT%H%M%SZ}.jsonl.gz")
    with run.output.progress("Rows") as progress:
        done = write(run.database, path, now=run.clock(), progress=progress)
    run.report.counts = {"tables": len(done.counts), "rows": done.total}
    run.report.items = [{"table": name, "rows": count} for name, count in done.counts.items()]
    run.report.extra = {"file": str(path.absolute()), "sha256": done.sha256, "bytes": path.stat().st_size}
    run.render = lambda console: console.print(
        f"{done.total:,} rows of {len(done.counts)} tables are in {path.absolute()} ({path.stat().st_size:,} bytes)."
    )


@command(app, "restore", group="db")
def restore(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A file that `syncctl db backup` wrote.", metavar="FILE", show_default=False)],
    settings_only: Annotated[
        bool,
        typer.Option("--settings-only", help="Only maps, ERP settings, retry policy and preferences; orders stay as they are."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do all of it, say what would be there or what forbids it, and take it back.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Put a backup back, all of it or nothing, with the jobs off.

    Refused, with what stands against it, where it would make an order come twice or lose one: documents created, changed or gone
    since, orders staged since, orders, proofs or customers that are done with by now and would be due again, jobs at work. Then
    the whole database is to be restored, see docs/BACKUP_RECOVERY.md. History that is there stays, and number series never go
    back.
    """
    from syncctl.services.backup import restore as put_back

    require_consent(run, yes=yes, dry_run=dry_run)
    tried = put_back(run.database, file, now=run.clock(), settings_only=settings_only, dry_run=True)
    if dry_run or tried.refusals:
        _report(run, tried, dry_run=True)
        return
    ask(run, f"Put back the backup of {tried.backup.taken:%Y-%m-%d %H:%M} UTC?", lambda console: _show(console, tried), yes=yes)
    done = put_back(run.database, file, now=run.clock(), settings_only=settings_only, dry_run=False)
    _report(run, done, dry_run=False)


def _report(run: Run, done: Restored, *, dry_run: bool) -> None:
    report = run.report
    report.items = [
        {"table": name, "in_backup": done.backup.counts.get(name, 0), "rows": count} for name, count in done.counts.items()
    ]
    report.counts = {"tables": len(done.counts), "rows": sum(done.counts.values()), "refusals": len(done.refusals)}
    report.extra = {"taken": done.backup.taken, "dry_run": dry_run, "restored": not (dry_run or done.refusals)}
    for refusal in done.refusals:
        report.add_error(refusal)
    report.exit_code = EXIT_SOME_FAILED if done.refusals else report.exit_code

    def render(console: Console) -> None:
        if done.refusals:
            for refusal in done.refusals:
                console.print(refusal)
            console.print("Nothing was restored.")
            return
        _show(console, done)
        console.print(
            "Nothing was changed (dry run)."
            if dry_run
            else "The backup is back. Look at `syncctl health`, then switch the jobs on."
        )

    run.render = render


def _show(console: Console, done: Restored) -> None:
    rows = ([name, f"{done.backup.counts.get(name, 0):,}", f"{count:,}"] for name, count in done.counts.items() if count)
    table(console, ["Table", "In the backup>", "Then there>"], rows, title=f"Backup of {done.backup.taken:%Y-%m-%d %H:%M} UTC")
