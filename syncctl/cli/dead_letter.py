"""`syncctl dead-letter`: orders that wait for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.causes import row_by_row, show_causes
from syncctl.cli.confirm import DryRun, Fate, Yes, ask, reason_within, require_consent, show_fates
from syncctl.cli.moments import moment
from syncctl.cli.orders import Number, Numbers, StagingId, StagingIds, named, named_one
from syncctl.cli.output import local_time, table
from syncctl.cli.run import Run, command, user
from syncctl.errors import EXIT_SOME_FAILED, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import RecordedDeposit
    from syncctl.services.dead_letters import DecidedOrder, Planned, Selection

app = typer.Typer(
    help="Orders set aside for a person: look at them, let them be tried again, give them up, or take that back.",
    no_args_is_help=True,
)

Class = Annotated[
    str | None, typer.Option("--class", help="Only those with this class of failure, such as validation.", metavar="CLASS")
]
Everything = Annotated[bool, typer.Option("--all", help="All of this store that wait.")]
NEXT = {
    "retry": "`syncctl process` takes them up.",
    "cancel": "`syncctl dead-letter reopen` takes that back.",
    "reopen": "They wait for a person again: `syncctl dead-letter list`.",
}


@command(app, "list", group="dead-letter")
def list_letters(
    run: Run,
    ids: StagingIds = None,
    order: Numbers = None,
    error_class: Class = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those already decided.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="List at most so many orders.")] = 1000,
) -> None:
    """Tell why orders wait for a person, by cause: how many, one of them, and what to do.

    With orders named, or `--verbose`, a row an order, oldest first, with the error that put it aside.
    """
    from syncctl.services.dead_letters import list_dead_letters

    wanted = {chosen.staging_id for chosen in named(run, ids, order)}
    listed = list_dead_letters(run.database, error_class=error_class, include_decided=everything, limit=limit, staging_ids=wanted)
    letters, count = listed.shown, listed.count
    by_row = row_by_row(run, wanted)
    run.report.items = list(letters)
    run.report.counts = {"dead_letters": count, "waiting": sum(letter.decision is None for letter in letters)}

    def render(console: Console) -> None:
        if not letters:
            console.print("No order waits for a person.")
            return
        columns = ["Staging id>", "Order", "Store", "To do", "Class", "Attempts>", "Since", "Decided", "Error"]
        shown = [letter for letter in letters if by_row or letter.decision is not None]
        several = len({letter.store_id for letter in shown}) > 1
        rows = (
            [
                letter.staging_id,
                letter.woo_order_no or letter.woo_order_id,
                letter.store_id if several else None,
                letter.pending_action,
                letter.error_class,
                letter.attempts,
                local_time(letter.created_dt, "%Y-%m-%d %H:%M"),
                letter.decision,
                letter.error_message,
            ]
            for letter in shown
        )
        if not by_row:
            show_causes(console, listed.causes, run.command)
        if shown:
            table(console, columns, rows)
        if by_row and count > len(letters):
            console.print(f"These are the first {len(letters):,} of {count:,}; --limit {count} shows them all.")
        console.print(
            "`syncctl dead-letter show ID` tells more; then `syncctl dead-letter retry ID`, "
            'or `syncctl dead-letter cancel ID --reason "…"`.'
        )

    run.render = render


@command(app, "show", group="dead-letter")
def show(run: Run, staging_id: StagingId = None, order: Number = None) -> None:
    """Show one order that was set aside: every attempt with its error, what was decided, and its content at that time."""
    from syncctl.services.dead_letters import show_dead_letter

    story = show_dead_letter(run.database, named_one(run, staging_id, order))
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
    ids: StagingIds = None,
    order: Numbers = None,
    error_class: Class = None,
    everything: Everything = False,
    reason: Annotated[str | None, typer.Option("--reason", help="What was put right; it is kept.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Let orders be tried again, their attempts counted from nought: `process` takes them. What happened before is kept."""
    _decide(run, "retry", ids, order, _selection(run, error_class, everything=everything), reason=reason, dry_run=dry_run)


@command(app, "cancel", group="dead-letter")
def cancel(
    run: Run,
    ids: StagingIds = None,
    order: Numbers = None,
    error_class: Class = None,
    everything: Everything = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept with who decided.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Give orders up: one that never reached the ERP is skipped, one that did stays there as it is.

    Shows which orders and asks first. `dead-letter reopen` takes it back.
    """
    require_consent(run, yes=yes, dry_run=dry_run)
    selection = _selection(run, error_class, everything=everything)
    _decide(run, "cancel", ids, order, selection, reason=reason, dry_run=dry_run, yes=yes)


@command(app, "reopen", group="dead-letter")
def reopen(
    run: Run,
    ids: StagingIds = None,
    order: Numbers = None,
    error_class: Class = None,
    decided_by: Annotated[
        str | None,
        typer.Option("--by", help="Those that this person gave up, as `dead-letter list --all` names them.", metavar="NAME"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="Those given up since then: 2026-11-20, 2026-11-20T14:30, or how long ago: 90m, 36h.", metavar="WHEN"
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of this store that were given up.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept with who decided.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Put orders that a person gave up back into review, with the reason they waited for.

    Takes back `dead-letter cancel`; and, named by id or number, a `rollback` that left the order out of the ERP for good. An
    order that has moved on since, by an edit in the store say, is refused.
    """
    selection = _selection(
        run, error_class, everything=everything, decided_by=decided_by, since=moment(since, "--since", run.clock)
    )
    _decide(run, "reopen", ids, order, selection, reason=reason, dry_run=dry_run)


@command(app, "deposit", group="dead-letter")
def deposit(
    run: Run,
    staging_id: StagingId = None,
    order: Number = None,
    taken: Annotated[str | None, typer.Option("--taken", help="So much more was taken at the till.", metavar="AMOUNT")] = None,
    given_back: Annotated[
        str | None, typer.Option("--given-back", help="So much was given back at the till.", metavar="AMOUNT")
    ] = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="The way of paying was corrected at the till to what the store says.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="What was done; it is kept with who said so.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what the books would have; record nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Record what was done at the till about an order's deposit that the books have already: nobody is asked for it again.

    An edit that changes what such an order is paid with waits for a person and says what to take or give back. Do that in the
    ERP first; this only remembers it. Then `dead-letter retry` lets the order follow the store. More than the order wants is
    refused.
    """
    from syncctl.db.contract import RecordDeposit

    amount = _amount(taken, given_back, corrected=corrected)
    reason = reason_within(reason)
    require_consent(run, yes=yes, dry_run=dry_run)
    found = named_one(run, staging_id, order)
    call = RecordDeposit(staging_id=found.staging_id, taken=amount, decided_by=user(), reason=reason, dry_run=True)
    [would] = run.send(call)
    if not dry_run:
        ask(run, "Was that done at the till?", lambda console: _show_deposit(console, would), yes=yes)
        [would] = run.send(replace(call, dry_run=False))
    run.report.items = [would]
    run.report.counts = {"would_record" if dry_run else "recorded": 1}
    run.report.extra = {"dry_run": dry_run}

    def render(console: Console) -> None:
        _show_deposit(console, would)
        if dry_run:
            console.print("Dry run: nothing was recorded.")
        elif would.after_amt != would.wanted_amt:
            console.print(f"Recorded. {abs(would.wanted_amt - would.after_amt):.2f} is left to do at the till.")
        else:
            console.print(f"Recorded. `syncctl dead-letter retry {would.staging_id}` lets the order follow the store.")

    run.render = render


def _show_deposit(console: Console, row: RecordedDeposit) -> None:
    console.print(
        f"Deposit on ticket {row.tkt_no}, paid by {row.pay_cod}: the books have {row.before_amt:.2f} → {row.after_amt:.2f};"
        f" the order wants {row.wanted_amt:.2f}."
    )


def _amount(taken: str | None, given_back: str | None, *, corrected: bool) -> Decimal:
    """Return what was taken at the till: below 0 what was given back, 0 where the way of paying was corrected.

    Raises:
        UsageError: it isn't said in exactly one way, or is no amount.
    """
    if (taken is not None) + (given_back is not None) + corrected != 1:
        raise UsageError("Say what was done at the till: --taken AMOUNT, --given-back AMOUNT or --corrected.")
    if corrected:
        return Decimal(0)
    text = taken if taken is not None else given_back or ""
    if not re.fullmatch(r"\d{1,10}(\.\d{1,2})?", text.strip(), re.ASCII) or not Decimal(text):
        option = "--taken" if taken is not None else "--given-back"
        raise UsageError(f"{option} takes an amount such as 19.99, and not {text[:20]!r}.")
    return Decimal(text) if taken is not None else -Decimal(text)


def _selection(run: Run, error_class: str | None, *, everything: bool = False, **more: Any) -> Selection:
    from syncctl.profiles import require_chosen
    from syncctl.services.dead_letters import Selection

    if everything or error_class is not None:
        require_chosen(run.settings)

    return Selection(error_class=error_class, store_id=run.settings.store_id, everything=everything, **more)


def _decide(
    run: Run,
    decision: str,
    ids: list[int] | None,
    numbers: list[str] | None,
    selection: Selection,
    *,
    reason: str | None,
    dry_run: bool,
    yes: bool = True,
) -> None:
    from syncctl.services.dead_letters import decide, plan

    reason = reason_within(reason)
    planned = plan(run.database, decision, orders=named(run, ids, numbers), selection=selection)
    if dry_run:
        run.report.items = list(planned)
        run.report.counts = {"decided": 0, "refused": 0, "would_decide": len(planned)}
        run.report.extra = {"dry_run": True}
        run.render = lambda console: _show_plan(console, run, planned, selection)
        return
    if planned:
        some = planned[0].name if len(planned) == 1 else f"{len(planned):,} orders"
        ask(run, f"{decision.capitalize()} {some}?", show_fates(_fates(planned)), yes=yes)
    decided: list[DecidedOrder] = []
    run.conclude = lambda: _report(run, decision, decided, selection)
    with run.output.progress("Orders", len(planned)) as advance:

        def note(order: DecidedOrder) -> None:
            decided.append(order)
            advance(1)

        if planned:
            wanted = [order.staging_id for order in planned]
            decide(run.database, decision, decided_by=user(), staging_ids=wanted, reason=reason, progress=note)


def _fates(planned: Sequence[Planned]) -> list[Fate]:
    groups: dict[str, list[str]] = {}
    for order in planned:
        groups.setdefault(order.effect, []).append(order.name)
    return [Fate(f"{'order is' if len(names) == 1 else 'orders are'} {effect}", names) for effect, names in groups.items()]


def _show_plan(console: Console, run: Run, planned: Sequence[Planned], selection: Selection) -> None:
    show_fates(_fates(planned), names=None)(console)
    if not planned:
        _none(console, run, selection)
    console.print("Dry run: nothing was changed.")


def _none(console: Console, run: Run, selection: Selection) -> None:
    """Say that no order fits; where others wait in another store's name, say that, too."""
    from syncctl.services.dead_letters import of_other_stores

    console.print("No order waits for a person." if not (selection.decided_by or selection.since) else "No such order.")
    others = of_other_stores(run.database, run.settings.store_id)
    if others:
        counted = ", ".join(f"{count:,} of store {store}" for store, count in sorted(others.items()))
        console.print(f"Not taken: {counted}. Name them by staging id, or choose their store (--profile, SYNCCTL_STORE_ID).")


def _report(run: Run, decision: str, decided: Sequence[DecidedOrder], selection: Selection) -> None:
    report = run.report
    report.items = list(decided)
    report.counts = {
        "decided": sum(not order.error for order in decided),
        "refused": sum(bool(order.error) for order in decided),
    }
    for order in decided:
        if order.error:
            report.add_error(f"Staging id {order.staging_id}: {order.error}", staging_id=order.staging_id)
            report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        if decided:
            table(
                console, ["Staging id>", "State", "Refused"], ([order.staging_id, order.state, order.error] for order in decided)
            )
        else:
            _none(console, run, selection)
        asked = sum(decision == "retry" and order.state == "NEEDS_MANUAL_REVIEW" for order in decided)
        if report.counts["decided"] > asked:
            console.print(NEXT[decision])
        if asked:
            console.print(
                f"{asked} could not be read: the next `syncctl stage` asks the store for {'it' if asked == 1 else 'them'} again."
            )

    run.render = render
