"""`syncctl config erp import`, `series` and `deposit-model`: what of the site settings is taken from the ERP itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.config import erp
from syncctl.cli.confirm import ask, require_consent
from syncctl.cli.output import summary, table
from syncctl.cli.run import Run, command

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import ImportedSetting, ModelCell

_STYLES = {"set": "green", "kept": "yellow", "missing": "yellow"}


@command(erp, "import", group="config erp")
def import_erp(
    run: Run,
    erp_store: Annotated[
        str | None,
        typer.Option("--erp-store", help="Which of the ERP's stores, where it sells online in several.", metavar="STORE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what somebody set differently, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be set beside what stands; set nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Take the site settings of web orders from the ERP's own web shop: store, station, drawer, tax code, number series.

    It shows what would be set beside what stands, and asks. What somebody set differently is kept, and named. Exit 78 where the
    ERP has no web shop of its own; the settings are then set one by one.
    """
    from syncctl.services.erp_site import import_settings, missing_settings

    require_consent(run, yes=yes, dry_run=dry_run)
    found = import_settings(run.database, erp_store=erp_store, force=force, dry_run=True)
    changes = [row for row in found if row.outcome == "set"]
    if changes and not dry_run:
        ask(run, f"Set {len(changes)} of them?", lambda console: _show(console, found, done=False), yes=yes)
        found = import_settings(run.database, erp_store=erp_store, force=force)
    kept = [row.name for row in found if row.outcome == "kept"]
    run.report.items = list(found)
    run.report.counts = {"would_set" if dry_run else "set": len(changes), "kept": len(kept)}
    left = missing_settings(run.database)
    run.report.extra = {"dry_run": dry_run, "still_missing": [] if dry_run else [row.name for row in left]}

    def render(console: Console) -> None:
        _show(console, found, done=not dry_run)
        if kept:
            console.print(f"Kept as somebody set it: {', '.join(kept)}. --force replaces it.")
        if left and not dry_run:
            console.print("Still missing: " + ", ".join(f"{row.name} (`{row.command}`)" for row in left) + ".")
        summary(console, run.report)
        if dry_run:
            console.print("Dry run: nothing was changed.")

    run.render = render


def _show(console: Console, found: Sequence[ImportedSetting], *, done: bool) -> None:
    from rich.text import Text

    said = {"set": "set" if done else "would be set", "same": "as it is", "missing": "not told", "by_hand": "by hand"}
    table(
        console,
        ["Setting", "Stands", "In the ERP", "", "What to do"],
        (
            [
                row.name,
                row.site_value,
                row.erp_value,
                Text(said.get(row.outcome, row.outcome), _STYLES.get(row.outcome, "")),
                row.detail,
            ]
            for row in found
        ),
    )


@command(erp, "series", group="config erp")
def series(
    run: Run,
    name: Annotated[str | None, typer.Argument(help="DOC_ID, TKT_NO or CUST_NO. Left out: show them.", metavar="SERIES")] = None,
    prefix: Annotated[str | None, typer.Option("--prefix", help="What each number begins with; of DOC_ID digits.")] = None,
    width: Annotated[int | None, typer.Option("--width", min=1, max=18, help="How many digits follow.")] = None,
    next_no: Annotated[int | None, typer.Option("--next", min=1, max=10**17, help="The next number.")] = None,
) -> None:
    """Show the series that documents, tickets and customers take their numbers from, or set one of them.

    Numbers that are taken already are passed over. A station of its own for web orders keeps them apart from the till's.
    """
    from syncctl.db.contract import ListNumberSeries, SetNumberSeries

    if name is None:
        rows = run.send(ListNumberSeries())
    else:
        rows = run.send(SetNumberSeries(series=name.upper(), prefix=prefix, width=width, next_no=next_no))
    run.report.items = list(rows)
    run.report.counts = {"series": len(rows)}
    run.render = lambda console: table(
        console,
        ["Series", "Prefix", "Digits>", "Next>", "What for"],
        ([row.series, row.prefix, row.width, row.next_no, row.descr] for row in rows),
    )


@command(erp, "deposit-model", group="config erp")
def deposit_model(
    run: Run,
    ticket: Annotated[str, typer.Argument(help="The ticket that the till made of the deposit: its number or DOC_ID.")],
    order: Annotated[
        str | None,
        typer.Option("--order", help="The order beside it, where the ticket doesn't name that itself.", metavar="NUMBER"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be copied; keep nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Read what a deposit ticket looks like here, from one that a person keyed at the till, for WRITE_PAYMENT = D.

    Key one order with a deposit of its whole total, of an odd amount with cents, and name its ticket before it is posted. It
    shows which columns are copied as they stand and which are each order's own, and asks. What was read is kept: the ticket
    itself may be posted or voided afterwards. Exit 2 where it is no ticket that others could be written like.
    """
    from syncctl.db.contract import SetDepositModel

    require_consent(run, yes=yes, dry_run=dry_run)
    found = run.send(SetDepositModel(number=ticket, order_number=order, dry_run=True))
    if not dry_run:
        ask(run, "Write deposit tickets like this one?", lambda console: _show_model(console, found), yes=yes)
        found = run.send(SetDepositModel(number=ticket, order_number=order))
    copied = sum(cell.source == "MODEL" for cell in found)
    run.report.items = list(found)
    run.report.counts = {"copied": copied, "of_the_order": len(found) - copied}
    run.report.extra = {"dry_run": dry_run}

    def render(console: Console) -> None:
        _show_model(console, found)
        summary(console, run.report)
        if dry_run:
            console.print("Dry run: nothing was kept.")
        else:
            console.print("Kept as DEPOSIT_MODEL. `syncctl config erp set WRITE_PAYMENT D` has tickets written like it.")

    run.render = render


def _show_model(console: Console, cells: Sequence[ModelCell]) -> None:
    """Show the model table by table: what is copied, what is each order's own."""
    first = cells[0]
    beside = (
        f"its order is {first.order_tkt_no}" if first.order_tkt_no else "it names no order: orders are written as without payment"
    )
    console.print(f"Ticket {first.tkt_no} (document {first.doc_id}); {beside}.")
    rows: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    nothing = 0
    empty: list[str] = []
    for cell in cells:
        copied, own = rows.setdefault((cell.part, cell.table_name), ([], []))
        if cell.source in ("AMOUNT", "MINUS", "TOTAL", "REST", "ORDER_ID", "ORDER_NO", "WEB_ORDER"):
            own.append(f"{cell.column_name} = {cell.source.lower().replace('_', ' ')}")
        elif cell.source != "MODEL":
            own.append(cell.column_name)
            if cell.value is not None:
                empty.append(f"{cell.table_name}.{cell.column_name} {cell.value!r}")
        elif cell.value is None or cell.value.strip("0.") in ("", "N", "false"):
            nothing += 1
        else:
            copied.append(f"{cell.column_name} {cell.value}")
    lines = []
    for (part, name), (copied, own) in rows.items():
        of = f"{part.lower()}'s {name}"
        lines += [[of, "copied", ", ".join(copied)]] if copied else []
        lines += [["" if copied else of, "the order's own", ", ".join(own)]] if own else []
    table(console, ["Rows in", "What goes there", "Columns"], lines)
    console.print(f"Copied, too: {nothing} columns that are empty, 0 or N. --json lists each.")
    if empty:
        console.print(
            f"Take no NULL, so where an order has nothing they get: {', '.join(empty)}. For another value: "
            "`syncctl config erp column TABLE.COLUMN VALUE`, `syncctl db deploy`, then read the ticket again."
        )
