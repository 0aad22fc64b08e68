"""`syncctl customers status`, `list`, `lines`, `activity`, `retry`, `force-done`, `cancel`: queues as people look after them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.confirm import Yes, ask, reason_within, require_consent
from syncctl.cli.customers import ORG, app, org_of
from syncctl.cli.output import MOST_LISTED, local_time, say_first, table
from syncctl.cli.run import Run, command, user
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import CustomerActivity, CustomerQueue

LARGEST_QUEUE = 2**31 - 1
_LOOK = 2.0
"""Seconds between two looks of --watch and --follow."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show how many would be given up; change nothing.")]
Queue = Annotated[int, typer.Argument(help="The queue's number.", metavar="QUEUE", min=1, max=LARGEST_QUEUE)]


def progress_of(queue: CustomerQueue) -> Decimal:
    """Return how far a queue is, in percent: what is done or was given up, of all."""
    if not queue.total_count:
        return Decimal(100) if queue.filled_at is not None else Decimal(0)
    share = Decimal(queue.done_count + queue.cancelled_count) / queue.total_count * 100
    return share.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _item(queue: CustomerQueue) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(queue), "progress": progress_of(queue)}


@command(app, "status", group="customers", settings=ORG)
def status(
    run: Run,
    queue: Queue,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every two seconds until the queue has come to its end.")
    ] = False,
) -> None:
    """Show how a queue stands: what is done, what failed and whether a person has to look."""
    from syncctl.services.customer_queues import queue_of

    org_id = org_of(run)
    found = queue_of(run.database, org_id, queue)
    if watch:
        found = _watch(run, found)
    run.report.items = [_item(found)]
    run.report.counts = {"queues": 1}
    run.render = lambda console: _show(console, found)


def _watch(run: Run, queue: CustomerQueue) -> CustomerQueue:
    """Show a bar until nothing is open; where there is no terminal, a line for each change."""
    from syncctl.services.customer_queues import queue_of

    told = ""
    with run.output.progress(f"Queue {queue.queue_id}", queue.total_count) as advance:
        shown = 0
        while True:
            ended = queue.done_count + queue.failed_count + queue.cancelled_count
            advance.expect(queue.total_count)
            advance(ended - shown)
            shown = ended
            line = f"{queue.state}: {ended:,} of {queue.total_count:,}, {queue.failed_count:,} failed"
            if line != told and not advance.shown:
                run.output.remark(line)
            told = line
            if queue.state not in ("draft", "processing") or run.stop.is_set():
                return queue
            time.sleep(_LOOK)
            queue = queue_of(run.database, queue.org_id, queue.queue_id)


def _show(console: Console, queue: CustomerQueue) -> None:
    """Print one queue in full."""
    console.print(f"Queue {queue.queue_id}: {queue.queue_name}")
    console.print(
        f"  {queue.state}, {progress_of(queue)}% of {queue.total_count:,}" + ("" if queue.filled_at else " (not filled yet)")
    )
    done = [
        (queue.created_count, "created"),
        (queue.updated_count, "updated"),
        (queue.linked_count, "linked"),
        (queue.unchanged_count, "unchanged"),
    ]
    console.print(
        f"  done       {queue.done_count:>9,}   {', '.join(f'{count:,} {what}' for count, what in done if count)}".rstrip()
    )
    waiting = f"   the next is due in {queue.due_in_ms / 1000:.0f} s" if queue.due_in_ms else ""
    console.print(f"  waiting    {queue.draft_count:>9,}{waiting}")
    console.print(f"  in hand    {queue.processing_count:>9,}")
    console.print(f"  failed     {queue.failed_count:>9,}")
    console.print(f"  cancelled  {queue.cancelled_count:>9,}")
    made = f"made {local_time(queue.created_at)}" + (f" by {queue.created_by}" if queue.created_by else "")
    last = f", last worked on {local_time(queue.last_process_date)}" if queue.last_process_date else ""
    console.print(f"  {made}{last}")
    if queue.end_reason:
        console.print(f"  {queue.end_reason}")
    if queue.is_action_required:
        console.print(f"  A person has to look: {queue.action_required_reason}")
        console.print(
            f"  `syncctl customers retry {queue.queue_id} --force` tries them again, "
            f"`syncctl customers force-done {queue.queue_id} --reason …` gives them up."
        )
    elif queue.failed_count:
        console.print(
            f"  `syncctl customers lines {queue.queue_id} --state failed` says why; "
            f"`syncctl customers retry {queue.queue_id}` tries them again."
        )
    elif queue.state in ("draft", "processing"):
        console.print("  `syncctl customers resume` goes on with it.")


@command(app, "list", group="customers", settings=ORG)
def list_queues(
    run: Run,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that have something left to do.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="List at most so many.")] = 20,
) -> None:
    """List the organisation's queues, latest first."""
    from syncctl.db.contract import ListCustomerQueues

    found = run.send(ListCustomerQueues(org_id=org_of(run), open_only=open_only, batch_size=limit + 1))
    found, more = found[:limit], len(found) > limit
    run.report.items = [_item(queue) for queue in found]
    run.report.counts = {"queues": len(found)}
    columns = ["Queue>", "State", "%>", "Total>", "Done>", "Failed>", "Waiting>", "Person?", "Made", "Name"]
    rows: list[list[object]] = [
        [
            queue.queue_id,
            queue.state,
            progress_of(queue),
            queue.total_count,
            queue.done_count,
            queue.failed_count,
            queue.draft_count + queue.processing_count,
            "yes" if queue.is_action_required else "",
            local_time(queue.created_at, "%Y-%m-%d %H:%M"),
            queue.queue_name,
        ]
        for queue in found
    ]
    run.render = lambda console: _table(console, columns, rows, more=more, nothing=f"Organisation {org_of(run)} has no queues.")


@command(app, "lines", group="customers", settings=ORG)
def lines(
    run: Run,
    queue: Queue,
    state: Annotated[
        str | None, typer.Option("--state", help="draft, processing, done, failed or cancelled.", metavar="STATE")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, max=LARGEST_QUEUE, help="Begin behind this line.", metavar="LINE")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="List at most so many.")] = 100,
) -> None:
    """List a queue's customers with what became of each."""
    from syncctl.db.contract import ListCustomerLines

    found = run.send(ListCustomerLines(queue_id=queue, org_id=org_of(run), state=state, after_id=after, batch_size=limit + 1))
    found, more = found[:limit], len(found) > limit
    run.report.items = list(found)
    run.report.counts = {"customers": len(found)}
    columns = ["Line>", "Customer>", "E-mail", "State", "In the ERP", "Tries>", "Next try", "What happened"]
    rows: list[list[object]] = [
        [
            line.line_id,
            line.woo_customer_id or "guest",
            line.email,
            line.state,
            line.cust_no,
            line.process_count or None,
            line.next_attempt_dt if line.state == "draft" and line.process_count else None,
            line.error_message or line.outcome,
        ]
        for line in found
    ]
    run.render = lambda console: _table(console, columns, rows, more=more, nothing="No customer is in that state.")


@command(app, "activity", group="customers", settings=ORG)
def activity(
    run: Run,
    queue: Queue,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens, until the queue has come to its end.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="Begin with the last so many.")] = 50,
) -> None:
    """Show what happened to a queue, oldest first."""
    from syncctl.db.contract import ListCustomerActivity
    from syncctl.services.customer_queues import queue_of

    if follow and run.output.as_json:
        raise UsageError("--follow shows lines as they come; leave --json out.")
    org_id = org_of(run)
    found = run.send(ListCustomerActivity(queue_id=queue, org_id=org_id, batch_size=limit))
    if not follow:
        run.report.items = list(found)
        run.report.counts = {"activities": len(found)}
        run.render = lambda console: _table(
            console,
            ["When", "What", "Status", "Said"],
            [_activity(each) for each in found],
            more=False,
            nothing="Nothing happened.",
        )
        return
    run.render = lambda _: None
    write = _writer(run)
    last = 0
    while True:
        open_still = queue_of(run.database, org_id, queue).state in ("draft", "processing")
        for each in found:
            write(each)
            last = each.activity_id
        if not open_still or run.stop.is_set():
            return
        time.sleep(_LOOK)
        found = run.send(ListCustomerActivity(queue_id=queue, org_id=org_id, after_id=last, batch_size=MOST_LISTED))


def _writer(run: Run) -> Callable[[CustomerActivity], None]:
    from syncctl.foreign_text import without_controls

    def write(each: CustomerActivity) -> None:
        if not run.output.quiet:
            run.output.write(without_controls("  ".join(map(str, _activity(each)))))

    return write


def _activity(each: CustomerActivity) -> list[object]:
    return [local_time(each.created_at), each.activity_type, each.status, each.message]


def _table(console: Console, columns: Sequence[str], rows: list[list[object]], *, more: bool, nothing: str) -> None:
    if not rows:
        console.print(nothing)
        return
    table(console, columns, rows)
    if more:
        say_first(console, len(rows))


@command(app, "retry", group="customers", settings=ORG)
def retry(
    run: Run,
    queue: Queue,
    force: Annotated[
        bool, typer.Option("--force", help="Also those that were tried more often than the queue's maximum, from nought.")
    ] = False,
) -> None:
    """Make a queue's failed customers due again; `customers resume` tries them."""
    from syncctl.db.contract import RetryCustomerQueue

    [told] = run.send(RetryCustomerQueue(queue_id=queue, org_id=org_of(run), decided_by=user()[:100], is_forced=force))
    run.report.items = [told]
    run.report.counts = {"retried": told.retried, "kept": told.kept}

    def render(console: Console) -> None:
        console.print(
            f"{told.retried:,} customers of queue {queue} are due again." if told.retried else "No customer was made due."
        )
        if told.kept:
            console.print(
                f"{told.kept:,} were tried more often than the maximum: see why, then `syncctl customers retry {queue} --force`."
            )
        if told.retried:
            console.print("`syncctl customers resume` tries them.")

    run.render = render


@command(app, "force-done", group="customers", settings=ORG)
def force_done(
    run: Run,
    queue: Queue,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept with the queue. Required.", metavar="TEXT")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Close a queue for good: what is open or failed is given up, what is done stays."""
    said = reason_within(reason)
    if said is None:
        raise UsageError("--reason is required: say why what failed may be given up.")
    _end(run, queue, "done", said, dry_run=dry_run, yes=yes)


@command(app, "cancel", group="customers", settings=ORG)
def cancel(
    run: Run,
    queue: Queue,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept with the queue.", metavar="TEXT")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Stop a queue for good: what is open is given up, what is done or failed stays as it is."""
    _end(run, queue, "cancel", reason_within(reason), dry_run=dry_run, yes=yes)


def _end(run: Run, queue_id: int, decision: str, reason: str | None, *, dry_run: bool, yes: bool) -> None:
    from syncctl.db.contract import EndCustomerQueue
    from syncctl.services.customer_queues import queue_of

    require_consent(run, yes=yes, dry_run=dry_run)
    org_id = org_of(run)
    queue = queue_of(run.database, org_id, queue_id)
    given_up = queue.draft_count + queue.processing_count + (queue.failed_count if decision == "done" else 0)
    fate = f"{given_up:,} of {queue.total_count:,} customers of queue {queue_id} ({queue.queue_name}) are given up."
    if dry_run:
        run.report.counts = {"cancelled": 0, "would_cancel": given_up}
        run.report.extra = {"dry_run": True}
        run.render = lambda console: console.print(f"{fate}\nDry run: nothing was changed.")
        return
    ask(
        run,
        f"{'Force queue' if decision == 'done' else 'Cancel queue'} {queue_id}{' done' if decision == 'done' else ''}?",
        lambda console: console.print(fate),
        yes=yes,
    )
    [told] = run.send(
        EndCustomerQueue(queue_id=queue_id, org_id=org_id, decision=decision, decided_by=user()[:100], reason=reason)
    )
    run.report.counts = {"cancelled": told.cancelled}
    state = "done" if decision == "done" else "cancelled"
    run.render = lambda console: console.print(f"Queue {queue_id} is {state}; {told.cancelled:,} customers were given up.")
