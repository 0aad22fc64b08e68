"""`syncctl db`: the database side."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.database import Use
from syncctl.cli.output import table
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_SOME_FAILED, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.deploy import Deployment
    from syncctl.db.deploy_found import Found

app = typer.Typer(help="The database side: deploy and check, back up, restore and purge, fill a trial ERP.", no_args_is_help=True)


@command(app, "seed", group="db", use=Use(makes=True))
def seed(
    run: Run,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Take items, prices, stock and customers from the configured store.")
    ] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Only make the database, with nothing in it: for proofs of delivery alone, say.")
    ] = False,
    with_deposit: Annotated[
        bool,
        typer.Option("--with-deposit", help="Add an order with a deposit ticket, as if keyed at a till, to try those out."),
    ] = False,
) -> None:
    """Fill a trial ERP with the store's own items, prices, stock and customers, so that a trial runs on your data.

    Makes the embedded database where there is none, for the ERP that SYNCCTL_ERP names, and says where. What is there already
    stays. For the embedded database only: on a SQL Server it is refused, whatever ERP is there.
    """
    from syncctl.db.connect import embedded_path, is_embedded
    from syncctl.services.seed import seed_deposit, seed_from_store

    if from_store == empty:
        raise UsageError(
            "Say where the data comes from: `syncctl db seed --from-store` reads the configured store, `syncctl db seed --empty` "
            "makes a database with nothing in it."
        )
    if not is_embedded(run.settings.database):
        raise UsageError(
            "`db seed` fills the trial ERP of an embedded database; this one is a SQL Server, and nothing was changed. "
            "Name an embedded one: --database sqlite:///trial.db."
        )
    if empty:
        if with_deposit:
            seed_deposit(run.database)
        run.report.counts = {"items": 0, "customers": 0, "skipped": 0}
        place = embedded_path(run.settings.database).absolute() if run.database else ""
        what = "only an order with a deposit was" if with_deposit else "nothing was"
        run.render = lambda console: console.print(f"The database is {place}; {what} added to it.")
        return
    with closing(run.open_store()) as store:
        store.ping()  # no database for a store that can't be read
        seeded = seed_from_store(run.database, store, run.settings.store_id)
    if with_deposit:
        seed_deposit(run.database)
    run.report.counts = {"items": seeded.items, "customers": seeded.customers, "skipped": len(seeded.skipped)}
    run.report.items = [{"skipped": reason} for reason in seeded.skipped]

    def render(console: Console) -> None:
        for reason in seeded.skipped:
            console.print(f"Left out: {reason}.")
        console.print(f"Added {seeded.items:,} items and {seeded.customers:,} customers to the trial ERP.")

    run.render = render


_ERP = Annotated[
    str | None,
    typer.Option(
        "--erp",
        help="Which ERP's procedures: counterpoint or rms. Else the one deployed before, SYNCCTL_ERP, or the one whose tables are"
        " there.",
    ),
]


@command(app, "deploy", group="db", use=Use(any_version=True))
def deploy(
    run: Run,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the SQL that would run, as it fits this site, and run nothing.")
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="With --dry-run: ask no database, and print the SQL for an ERP like the trial one."),
    ] = False,
    demo_erp: Annotated[
        bool,
        typer.Option("--demo-erp", help="Make the ERP's tables too: a trial ERP on an empty server. Refused where they exist."),
    ] = False,
    erp: _ERP = None,
    again: Annotated[
        bool, typer.Option("--again", help="Run every procedure, view and function, though the journal says it is unchanged.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace objects of syncctl's names that no deploy made as they are. Their texts are saved."
        ),
    ] = False,
) -> None:
    """Bring a SQL Server database to this version: tables once, procedures and views where they changed, rights each time.

    What is written into the ERP's tables is fitted to this site first: columns that it lacks are left out, texts are cut to its
    columns, and a column that must be given and that nothing fills stops the deploy before anything runs, with its name.

    Procedures, functions, views and tables of syncctl's names that no deploy made, or that were changed since, stop it, too.
    Their texts are saved in the folder "replaced" of the log folder (SYNCCTL_LOG_DIR); --force replaces them after that.

    Needs a login that owns the database (db_owner). An existing site is upgraded in place: no row is lost, and orders that were
    staged more than once are listed. It ends at the first error, with file, batch and line; what ran before it is in the journal
    (dbo.USER_SCHEMA_JOURNAL), and the next deploy goes on from there.
    """
    from syncctl.services.database import deploy_database, deploy_offline

    if offline and not dry_run:
        raise UsageError("--offline only prints, and nothing was changed. Give --dry-run with it.")
    if offline:
        done = deploy_offline(erp=_erp(run, erp))
    else:
        require_server(run)
        keep_in = run.settings.log_dir / "replaced" / run.report.run_id
        done = deploy_database(
            run.database, keep_in=keep_in, erp=_erp(run, erp), demo_erp=demo_erp, dry_run=dry_run, again=again, force=force
        )
    run.report.items = list(done.steps)
    run.report.counts = {
        "run": len(done.steps),
        "unchanged": done.unchanged,
        "duplicates": len(done.duplicates),
        "to_stage_again": done.to_stage_again,
    }
    run.report.extra = {
        "database": done.database,
        "erp": done.erp,
        "dry_run": done.dry_run,
        "duplicates": list(done.duplicates),
        "triggers": list(done.triggers),
        "found": [
            {"name": each.name, "kind": each.kind, "reason": each.reason, "replaced": each.replaced, "saved": each.saved}
            for each in done.found
        ],
    }
    run.render = lambda console: _show_deployment(console, run.output.console(stderr=True) if dry_run else console, done)


def _erp(run: Run, given: str | None) -> str | None:
    """Return the ERP that a person has named, by the option or the setting; None where neither says so."""
    return given or (run.settings.erp if run.settings.origin("erp") != "default" else None)


def require_server(run: Run) -> None:
    """Say so before a database is looked for that these commands do nothing with."""
    from syncctl.db.connect import is_embedded
    from syncctl.services.database import NO_SERVER

    if is_embedded(run.settings.database):
        raise UsageError(NO_SERVER)


def _show_deployment(sql: Console, console: Console, done: Deployment) -> None:
    """Show a deployment: the SQL of a dry run goes where it can be kept in a file, and run."""
    for step in done.steps if done.dry_run else []:
        sql.print(f"-- sql/{step.script}\n{step.text.rstrip()}\n", markup=False, highlight=False, soft_wrap=True)
    if done.steps:
        table(
            console,
            ["Script", "Why", "Batches>", "Seconds>"],
            ([step.script, step.reason, step.batches, "" if done.dry_run else f"{step.seconds:.1f}"] for step in done.steps),
        )
    console.print(
        f"{done.database}: {'would run' if done.dry_run else 'ran'} {len(done.steps)} scripts, {done.unchanged} unchanged."
    )
    if done.found:
        console.print("Objects of syncctl's names, or on its tables, that are not what a deploy made:")
        table(
            console,
            ["Object", "What", "Found", "Replaced", "Saved to"],
            ([each.name, each.kind, each.reason, _replaced(each, done), each.saved] for each in done.found),
        )
    if done.triggers:
        console.print(f"Triggers on the ERP's tables, which run with every order: {', '.join(done.triggers)}.")
    if done.duplicates:
        console.print("Orders that were staged more than once; the live row goes on, the others stay as they were:")
        table(
            console,
            ["Order", "Staging id>", "Live id>", "State", "Document"],
            ([row.woo_order_id, row.staging_id, row.live_staging_id, row.state, row.doc_id] for row in done.duplicates),
        )
    if done.to_stage_again:
        console.print(
            f"{done.to_stage_again:,} orders were staged and not applied before the upgrade. They wait until a poll sees them: "
            "`syncctl stage --since DATE` with a date before the oldest of them."
        )


def _replaced(found: Found, done: Deployment) -> str:
    if found.kind == "index":
        return "no"
    if not found.replaced:
        return "no, unchanged in this version"
    return "only with --force" if done.dry_run else "yes"


@command(app, "check", group="db", use=Use(any_version=True))
def check(run: Run, erp: _ERP = None) -> None:
    """Look a SQL Server database over: version, scripts deployed, procedures changed by hand, missing rights, the ERP's tables.

    Changes nothing. Exit 1 where something keeps orders from being worked on.
    """
    from syncctl.services.database import check_database

    require_server(run)
    found = check_database(run.database, erp=_erp(run, erp))
    problems = sum(item.level == "problem" for item in found)
    run.report.items = list(found)
    run.report.counts = {"checked": len(found), "problems": problems}
    run.report.exit_code = EXIT_SOME_FAILED if problems else run.report.exit_code

    def render(console: Console) -> None:
        from rich.text import Text

        marks = {"ok": Text("ok", "green"), "note": Text("note", "yellow"), "problem": Text("problem", "bold red")}
        table(console, ["", "Check", "Found"], ([marks[item.level], item.check, item.detail] for item in found))

    run.render = render


@command(app, "compare-document", group="db")
def compare_document(
    run: Run,
    ours: Annotated[str, typer.Argument(help="Ticket number or DOC_ID of a document that syncctl wrote.", metavar="OURS")],
    theirs: Annotated[str, typer.Argument(help="The same of one that a person keyed at the till.", metavar="THEIRS")],
) -> None:
    """Put a document that syncctl wrote beside one that a person keyed at the till: a site's acceptance test.

    Table by table it names the columns that are empty in one and filled in the other, the flags and codes that differ, the rows
    that are missing, and the stock quantities that each has moved, as far as the stock of its items shows. Names, addresses and
    amounts aren't compared, only whether they are there. Key the same order at the till, or one as like it as can be.

    Both must be open: of a posted document only its history stands. Where a number is both a ticket number and a DOC_ID, the
    ticket number counts. Exit 0 where ours lacks nothing, 1 where it lacks something, 2 where there is no such document.
    """
    from syncctl.cli.compare import report_comparison
    from syncctl.services.compare_document import compare_document as compare

    report_comparison(run, compare(run.database, ours, theirs))
