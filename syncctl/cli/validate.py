"""`syncctl validate`: everything that is wrong with orders, before the ERP sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.output import summary, table
from syncctl.cli.process import rules
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

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
)
def validate(
    run: Run,
    ids: Annotated[
        list[int] | None,
        typer.Argument(help="Staging ids to check; all that wait for the ERP where none is named.", metavar="ID"),
    ] = None,
) -> None:
    """Check orders against the ERP and list every violation of each: unknown items and customers, totals, prices, dates, doubles.

    Errors keep an order out of the ERP, warnings don't. Exit 1 where an order has an error.
    """
    from syncctl.services.validate import validate as check

    found = check(run.database, rules=rules(run.settings), staging_ids=ids or ())
    run.report.counts = found.counts
    run.report.items = [
        {
            "staging_id": item.order.staging_id,
            "woo_order_id": item.order.woo_order_id,
            "woo_order_no": item.order.woo_order_no,
            "valid": item.valid,
            "violations": item.violations,
        }
        for item in found.orders
    ]
    for item in found.orders:
        if not item.valid:
            said = "; ".join(violation.message for violation in item.violations if violation.severity == "error")
            number = item.order.woo_order_no or item.order.woo_order_id
            run.report.add_error(f"Order {number} (staging id {item.order.staging_id}): {said}", staging_id=item.order.staging_id)
    if run.report.errors:
        run.report.exit_code = EXIT_SOME_FAILED

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
        if rows:
            table(console, ["Order", "Staging id>", "", "Code", "Field", "Value", "What to do"], rows)
        summary(console, run.report)

    run.render = render
