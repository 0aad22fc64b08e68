"""`syncctl dead-letter`: orders that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.output import local_time, table
from syncctl.cli.run import Run, command, user
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Orders set aside for a person: look at them, let them be tried again, or give them up.", no_args_is_help=True
)

Class = Annotated[
    str | None, typer.Option("--class", help="Only those with this class of failure, such as validation.", metavar="CLASS")
]
Ids = Annotated[list[int] | None, typer.Argument(help="Staging ids.", metavar="ID")]
Everything = Annotated[bool, typer.Option("--all", help="All that wait.")]


@command(app, "list", group="dead-letter")
def list_letters(
    run: Run,
    error_class: Class = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those already decided.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 1000,
) -> None:
    """List the orders that wait for a person, oldest first, with the error that put them aside."""
    from syncctl.services.dead_letters import list_dead_letters

    letters = list_dead_letters(run.database, error_class=error_class, include_decided=everything, limit=limit)
    run.report.items = list(letters)
    run.report.counts = {"dead_letters": len(letters), "waiting": sum(letter.decision is None for letter in letters)}

    def render(console: Console) -> None:
        if not letters:
            console.print("No order waits for a person.")
            return
        columns = ["Staging id>", "Order", "To do", "Class", "Attempts>", "Since", "Decided", "Error"]
        rows = (
            [
                letter.staging_id,
                letter.woo_order_no or letter.woo_order_id,
                letter.pending_action,
                letter.error_class,
                letter.attempts,
                local_time(letter.created_dt, "%Y-%m-%d %H:%M"),
                letter.decision,
                letter.error_message,
            ]
            for letter in letters
        )
        table(console, columns, rows)
        console.print(
            "`syncctl dead-letter show ID` tells more; then `syncctl dead-letter retry ID`, "
            'or `syncctl dead-letter cancel ID --reason "…"`.'
        )

    run.render = render


@command(app, "show", group="dead-letter")
def show(run: Run, staging_id: Annotated[int, typer.Argument(help="The staging id.", metavar="ID")]) -> None:
    """Show one order that was set aside: every attempt with its error, what was decided, and its content at that time."""
    from syncctl.services.dead_letters import show_dead_letter

    story = show_dead_letter(run.database, staging_id)
    run.report.items = list(story.letters)
    run.report.counts = {"dead_letters": len(story.letters), "attempts": len(story.attempts)}
    run.report.extra = {"attempts": story.attempts, "order": story.order, "lines": story.lines}

    def render(console: Console) -> None:
        for letter in story.letters:
            decided = f"{letter.decision} by {letter.decided_by}: {letter.decision_reason or '-'}" if letter.decision else "waits"
            console.print(
                f"Order {letter.woo_order_no or letter.woo_order_id}, {letter.error_class}: {letter.error_message} ({decided})"
            )
        rows = (
            [each.attempt_dt, each.attempt_no, each.error_class, each.error_code, each.error_message] for each in story.attempts
        )
        table(console, ["When", "Attempt>", "Class", "Code", "Error"], rows)
        lines: list[dict[str, Any]] = story.lines
        shown = ([line.get("SKU"), line.get("DESCR"), line.get("QTY"), line.get("TOT_AMT")] for line in lines)
        table(console, ["SKU", "Description", "Quantity>", "Total>"], shown)

    run.render = render


@command(app, "retry", group="dead-letter")
def retry(
    run: Run,
    ids: Ids = None,
    error_class: Class = None,
    everything: Everything = False,
    reason: Annotated[str | None, typer.Option("--reason", help="What was put right; it is kept.")] = None,
) -> None:
    """Let orders be tried again, their attempts counted from nought: `process` takes them. What happened before is kept."""
    _decide(run, "retry", ids, error_class, everything=everything, reason=reason)


@command(app, "cancel", group="dead-letter")
def cancel(
    run: Run,
    ids: Ids = None,
    error_class: Class = None,
    everything: Everything = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept with who decided.")] = None,
) -> None:
    """Give orders up: one that never reached the ERP is skipped, one that did stays there as it is."""
    _decide(run, "cancel", ids, error_class, everything=everything, reason=reason)


def _decide(
    run: Run, decision: str, ids: list[int] | None, error_class: str | None, *, everything: bool, reason: str | None
) -> None:
    from syncctl.services.dead_letters import decide

    decided = decide(
        run.database,
        decision,
        decided_by=user(),
        staging_ids=ids or (),
        error_class=error_class,
        everything=everything,
        reason=reason,
    )
    run.report.items = list(decided)
    run.report.counts = {
        "decided": sum(not order.error for order in decided),
        "refused": sum(bool(order.error) for order in decided),
    }
    for order in decided:
        if order.error:
            run.report.add_error(f"Staging id {order.staging_id}: {order.error}", staging_id=order.staging_id)
            run.report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        if decided:
            table(
                console, ["Staging id>", "State", "Refused"], ([order.staging_id, order.state, order.error] for order in decided)
            )
        else:
            console.print("No order waits for a person.")
        if decision == "retry" and run.report.counts["decided"]:
            console.print("`syncctl process` takes them up.")

    run.render = render
