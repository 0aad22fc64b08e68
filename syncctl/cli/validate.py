"""`syncctl validate`: everything that is wrong with orders, before the ERP sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.causes import as_items, row_by_row, show_causes
from syncctl.cli.database import Use
from syncctl.cli.orders import LARGEST_ID, Numbers, named
from syncctl.cli.output import summary, table
from syncctl.cli.process import rules
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.validate import Validation

app = typer.Typer()

JOB = Job(direction="STORE_TO_ERP", records={"input": ("checked",), "failed": ("invalid",)}, alone=False)


@command(
    app,
    "validate",
    job=JOB,
    settings={
        "--unknown-customer": "unknown_customer",
        "--price-check": "price_check",
        "--price-tolerance": "price_tolerance",
    },
    use=Use(one_store=True),
)
def validate(
    run: Run,
    ids: Annotated[
        list[int] | None,
        typer.Argument(
            help="Staging ids to check; all of this store that wait for the ERP where none is named.",
            metavar="ID",
            min=1,
            max=LARGEST_ID,
        ),
    ] = None,
    order: Numbers = None,
) -> None:
    """Check orders against the ERP and list every violation of each: unknown items and customers, totals, prices, dates, doubles.

    Only this store's orders are checked: the rules are its own. Errors keep an order out of the ERP, warnings don't. Exit 1 where
    an order has an error, or one that was named was not checked.
    """
    from syncctl.services.erp_site import missing_settings, not_set
    from syncctl.services.validate import Validation, validate as check

    missing = missing_settings(run.database)
    wanted = [chosen.staging_id for chosen in named(run, ids, order)]
    found = Validation()
    notes = [not_set(missing)] if missing else []
    run.conclude = lambda: _report(run, found, notes, by_row=row_by_row(run, wanted))
    with run.output.progress("Orders", lambda: len(wanted) or _how_many(run)) as advance:
        context = run.context(progress=lambda _: advance(1))
        settings = run.settings
        check(run.database, rules=rules(settings), store_id=settings.store_id, staging_ids=wanted, context=context, result=found)


def _how_many(run: Run) -> int:
    """Count this store's orders that wait for the ERP."""
    from syncctl.db.contract import CountStates

    counted = run.database.run(CountStates(store_id=run.settings.store_id))
    return sum(row.orders for row in counted if row.state in ("PENDING", "FAILED"))


def _report(run: Run, found: Validation, notes: list[str], *, by_row: bool) -> None:
    from syncctl.services.causes import by_cause, of_violations

    report = run.report
    blocking, passing = (
        by_cause(
            reason
            for item in found.orders
            for reason in of_violations(
                item.order.staging_id,
                item.order.woo_order_no or str(item.order.woo_order_id),
                [violation for violation in item.violations if (violation.severity == "error") is error],
            )
        )
        for error in (True, False)
    )
    report.counts = {**found.counts, **({"refused": found.refused} if found.refused else {})}
    report.items = [
        {
            "staging_id": item.order.staging_id,
            "woo_order_id": item.order.woo_order_id,
            "woo_order_no": item.order.woo_order_no,
            "valid": item.valid,
            "violations": item.violations,
            **({"refused": item.refused} if item.refused else {}),
        }
        for item in found.orders
    ]
    notes = [*notes, *(f"Not checked: {item.refused}." for item in found.orders if item.refused)]
    report.extra = {"stopped": found.stopped, "causes": as_items(blocking), "warnings": as_items(passing)}
    report.in_short = [f"{cause.line} (such as {cause.such_as})" for cause in blocking]
    report.in_short += [f"Not checked: {item.refused}." for item in found.orders if item.refused]
    for item in found.orders:
        if not item.valid:
            said = "; ".join(violation.message for violation in item.violations if violation.severity == "error")
            number = item.order.woo_order_no or item.order.woo_order_id
            whole = (
                f"Not checked: {item.refused}."
                if item.refused
                else f"Order {number} (staging id {item.order.staging_id}): {said}"
            )
            report.add_error(whole, staging_id=item.order.staging_id)
    if found.untold:
        notes.append(f"{found.untold:,} orders more have violations; they are counted, not named. Name them to see theirs.")
    unlisted = f"{found.sound_untold:,} sound orders more are counted, not listed."
    report.extra["notes"] = [*notes, unlisted] if found.sound_untold else notes
    if found.counts["invalid"] or found.refused:
        report.exit_code = EXIT_SOME_FAILED
    if found.ended_by:
        report.fail(found.ended_by)

    def render(console: Console) -> None:
        from rich.text import Text

        styles = {"error": "red", "warning": "yellow"}
        rows = [
            [
                item.order.woo_order_no,
                item.order.staging_id,
                Text(each.severity, styles.get(each.severity, "")),
                each.code,
                each.field,
                each.value,
                each.message,
            ]
            for item in found.orders
            for each in item.violations
        ]
        if not by_row:
            show_causes(console, blocking, run.command)
            if passing:
                console.print("Warnings, which keep no order out of the ERP:")
                show_causes(console, passing, run.command)
        elif rows:
            table(console, ["Order", "Staging id>", "", "Code", "Field", "Value", "What to do"], rows)
        for note in notes:
            console.print(note)
        summary(console, report)

    run.render = render
