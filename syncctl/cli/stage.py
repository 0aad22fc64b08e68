"""`syncctl stage`: poll the store and stage what changed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.causes import as_items, row_by_row, show_causes
from syncctl.cli.database import Use
from syncctl.cli.moments import moment
from syncctl.cli.output import summary, table
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_SOME_FAILED, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from syncctl.db.contract import FinishRun, Procedure, StartRun
    from syncctl.services.intake import StagedItem
    from syncctl.services.stage import Stager, Staging

app = typer.Typer()
_MOST_NAMED = 20
RECONCILE_BACK = timedelta(days=30)
LARGEST_ID = 2**63 - 1
"""The largest order id that the database holds."""


def _starting(run: Run, call: StartRun) -> Procedure[Any]:
    """Open the run's row and learn how far the walks have come, in one call."""
    from syncctl.db.contract import StartPoll

    return StartPoll(**asdict(call) | {"store_id": run.settings.store_id})


def _ending(stager: Stager, call: FinishRun) -> Procedure[Any]:
    """Close the run's row and note how far the walks have come, in one call."""
    from syncctl.db.contract import FinishPoll

    if not stager.intake.unsaved:
        return call
    return FinishPoll(**asdict(call), store_id=stager.store.store_id, walks=stager.intake.places())


def _operation(given: Mapping[str, Any]) -> str:
    """Name a comparison, and single orders, apart from a poll: each has its own schedule, or none."""
    if given["order_id"] or given["payload"] is not None:
        return "stage --order-id"
    return "stage" + (" --reconcile" + (" --open" if given["open_only"] else "") if given["reconcile"] else "")


def _beside(run: Run, given: Mapping[str, Any]) -> bool:
    """Check a webhook's body before anything else is done: whoever sends rubbish leaves no trace but in the log.

    One order by its id may come in beside a poll, and so may many at once, as a store delivers them.
    """
    if given["payload"] is None:
        if given["signature"] is not None or given["topic"] is not None:
            raise UsageError("--signature and --topic go with --payload.")
        return False
    if any(given[name] for name in ("since", "until", "order_id", "same_order", "reconcile", "open_only")):
        raise UsageError("--payload names the order itself: leave --since, --until, --order-id and --reconcile out.")
    if run.settings.enable_webhooks:
        from syncctl.cli.payload import Given, hint_in

        run.hint = hint_in(run, Given(given["payload"], given["signature"], given["topic"]))
    return True


JOB = Job(
    beside=_beside,
    starting=_starting,
    operation=_operation,
    direction="STORE_TO_ERP",
    records={
        "input": ("polled",),
        "created": ("staged",),
        "updated": ("restaged", "cancel_staged"),
        "skipped": ("unchanged", "skipped"),
        "failed": ("errors",),
    },
)


@command(
    app,
    "stage",
    job=JOB,
    use=Use(makes=True, needs_store=True, one_store=True),
    settings={
        "--source": "source",
        "--lookback": "order_polling_lookback_minutes",
        "--batch-size": "order_polling_batch_size",
        "--max-pages": "order_polling_max_pages",
    },
)
def stage(
    run: Run,
    since: Annotated[
        str | None,
        typer.Option(
            help="Read what changed since then, instead of since the last poll: 2026-11-20, 2026-11-20T14:30 (local time, "
            "or with Z for UTC), or how long ago: 90m, 36h, 7d.",
            metavar="WHEN",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Read only what changed before then. The next poll starts where it would have anyway.", metavar="WHEN"),
    ] = None,
    order_id: Annotated[
        list[int] | None,
        typer.Option(
            "--order-id",
            help="Fetch this order by its id in the store, whatever its age. May be repeated.",
            min=1,
            max=LARGEST_ID,
        ),
    ] = None,
    same_order: Annotated[
        bool,
        typer.Option(
            "--same-order",
            help="With --order-id: this is the order that its id meant before, though its key, or its date and customer, are "
            "others; follow it.",
        ),
    ] = False,
    reconcile: Annotated[
        bool,
        typer.Option(
            "--reconcile",
            help="Compare the orders created in the window (30 days unless --since says) with the staging table, "
            "and stage what was deleted in the store or missed.",
        ),
    ] = False,
    open_only: Annotated[
        bool,
        typer.Option(
            "--open",
            help="With --reconcile: compare only the orders whose document is open in the ERP, however old. A request to the "
            "store for 100 of them, so it may run every hour.",
        ),
    ] = False,
    payload: Annotated[
        str | None,
        typer.Option(
            help="Stage the order that a webhook speaks of: its body, byte by byte, in a file, or from stdin (-). "
            "SYNCCTL_ENABLE_WEBHOOKS allows it.",
            metavar="FILE|-",
        ),
    ] = None,
    signature: Annotated[  # noqa: ARG001 - `_beside` looks at it
        str | None,
        typer.Option(
            help="With --payload: the header X-WC-Webhook-Signature or X-Shopify-Hmac-Sha256. Else from the environment that a "
            "web server gives to a program it starts (HTTP_X_…)."
        ),
    ] = None,
    topic: Annotated[  # noqa: ARG001 - the same
        str | None,
        typer.Option(help="With --payload: the header X-WC-Webhook-Topic or X-Shopify-Topic, else from there, too."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be staged; write nothing.")] = False,
) -> None:
    """Poll the store and stage every order that changed: new, edited, cancelled, in the trash.

    Goes on from where the last poll ended, a little earlier to be safe; an order that didn't change costs nothing. Nothing
    enters the ERP yet: `process` does that.
    """
    from syncctl.services.stage import Stager, Window
    from syncctl.stores.connect import content_of_orders

    settings = run.settings
    if payload is not None:
        if run.hint is None:
            _nothing(run, "disabled", "Webhooks are switched off (SYNCCTL_ENABLE_WEBHOOKS); nothing was read.")
            return
        if run.hint.order_id is None:
            _nothing(run, "ignored", f"{run.hint.reason} Nothing was read.")
            return
        order_id = [run.hint.order_id]
    begin, end = moment(since, "--since", run.clock), moment(until, "--until", run.clock)
    if order_id and (since or until or reconcile):
        raise UsageError("--order-id fetches single orders: leave --since, --until and --reconcile out.")
    if same_order and not order_id:
        raise UsageError("--same-order goes with --order-id: name the orders that you have looked at.")
    if open_only and (not reconcile or since or until):
        raise UsageError("--open goes with --reconcile, and without --since and --until: it compares what is open, however old.")
    if not settings.enable_order_polling and not order_id and not reconcile:
        _nothing(run, "disabled", "Polling is switched off (SYNCCTL_ENABLE_ORDER_POLLING); nothing was read.")
        return
    with closing(run.open_store()) as store, run.output.progress("Staging orders", len(order_id or ()) or None) as advance:
        changed: list[StagedItem] | None = [] if row_by_row(run, order_id) else None
        stager = Stager(
            database=run.database,
            store=store,
            content=content_of_orders(settings),
            context=run.context(lambda _: advance(1), advance.expect),
            dry_run=dry_run,
            walks=run.begun,
            leaves_walks=True,
            show=_shown(run, changed),
        )
        run.ending = partial(_ending, stager)
        what = "Fetching" if order_id else "Comparison" if reconcile else "Polling"
        came_to_its_end: list[bool] = []
        run.conclude = lambda: _report(run, stager.result, changed, what=what, whole=any(came_to_its_end), dry_run=dry_run)
        if order_id:
            stager.fetch(order_id, same=same_order)
        elif open_only:
            _compare_open(stager)
        elif reconcile:
            _compare(run, stager, begin, end)
        else:
            stager.poll(Window.of(settings, since=begin, until=end))
        came_to_its_end.append(not stager.result.unfinished)


def _nothing(run: Run, status: str, why: str) -> None:
    """End without asking the store for anything."""
    run.report.status, run.report.extra = status, {"notes": [why]}
    run.render = lambda console: console.print(why)


def _compare(run: Run, stager: Stager, begin: datetime | None, end: datetime | None) -> None:
    from syncctl.services.reconcile import reconcile

    until = end or run.clock()
    size = run.settings.order_polling_batch_size
    found = reconcile(stager, since=begin or until - RECONCILE_BACK, until=until, batch_size=size)
    notes = stager.result.notes
    if not found.whole:
        stager.result.unfinished = True
        notes.append(
            f"Stopped after {found.in_store} orders of the store: run it again, from the beginning, for the whole comparison."
        )
        return
    notes.append(
        f"Compared {found.in_store} orders of the store with {found.in_staging} staged ones: "
        f"{len(found.never_staged)} were missing here, {len(found.not_listed)} there."
    )
    if found.unlisted:
        named = ", ".join(f"{order_id} ({status})" for order_id, status in found.unlisted[:_MOST_NAMED])
        more = f" and {len(found.unlisted) - _MOST_NAMED} more" if len(found.unlisted) > _MOST_NAMED else ""
        notes.append(
            f"The store has these orders, though none of its lists shows them: {named}{more}. Where the status is a plugin's, "
            "SYNCCTL_WOO_CREATE_STATUSES may name it: then it is asked for."
        )
    if found.not_shown:
        where = "; ".join(_between(*gap) for gap in found.gaps)
        notes.append(
            f"The store counts {found.not_shown} more than it shows to this key" + (f", in its list {where}." if where else ".")
        )


def _compare_open(stager: Stager) -> None:
    from syncctl.services.reconcile import reconcile_open

    found = reconcile_open(stager)
    if not found.whole:
        stager.result.unfinished = True
        stager.result.notes.append(f"Stopped after {found.compared} orders: run it again for the whole comparison.")
        return
    stager.result.notes.append(
        f"Compared the {found.compared} orders whose document is open in the ERP; {len(found.not_listed)} of them were asked for "
        "one by one, for the store's list didn't give them."
    )


def _between(before: int | None, behind: int | None) -> str:
    """Say where in the store's list an order lies that it doesn't show."""
    if before is None or behind is None:
        return f"behind order {before}" if before else f"before order {behind}" if behind else "on its own"
    return f"between order {before} and {behind}"


def _shown(run: Run, changed: list[StagedItem] | None) -> Callable[[StagedItem], object] | None:
    """Return who gets the orders' rows: the JSON document, or the table, which shows `changed`; nobody where none are shown."""
    if run.output.as_json:
        from syncctl.cli.rows import SpooledRows

        run.report.rows = SpooledRows()
        return run.report.rows.append
    if changed is None or run.output.quiet:
        return None

    def keep(item: StagedItem) -> None:
        if item.outcome != "unchanged":
            changed.append(item)

    return keep


def _report(run: Run, result: Staging, changed: list[StagedItem] | None, *, what: str, whole: bool, dry_run: bool) -> None:
    from syncctl.services.intake import SET_ASIDE
    from syncctl.services.statistics import in_words, of_a_run

    causes = result.causes.causes()
    run.report.counts = result.counts
    statistics = of_a_run(result.counts)
    run.report.extra = {
        "timestamp": run.clock(),
        "message": in_words(statistics, what=what, whole=whole),
        "statistics": {key: value for key, value in statistics.as_json().items() if key != "last_poll_time"},
        "dry_run": dry_run,
        "since": result.since,
        "until": result.until,
        "pages": result.pages,
        "unfinished": result.unfinished,
        "notes": result.notes,
        "causes": as_items(causes),
    }
    run.report.in_short = [f"{cause.line} (such as {cause.such_as})" for cause in causes if cause.code.startswith(SET_ASIDE)]
    for item in result.aside:
        run.report.add_error(f"Order {item.woo_order_no or item.woo_order_id}: {item.reason}", woo_order_id=item.woo_order_id)
    if more := result.outcomes[SET_ASIDE] - len(result.aside):
        run.report.add_error(f"{more:,} orders more were set aside: see `syncctl dead-letter list --class unreadable`.")
    if result.aside:
        run.report.exit_code = EXIT_SOME_FAILED

    def render(console: Console) -> None:
        if changed is None:
            show_causes(console, causes, run.command)
        elif changed:
            rows = (
                [item.woo_order_no or item.woo_order_id, item.status, item.outcome, item.staging_id, item.reason]
                for item in changed
            )
            table(console, ["Order", "In the store", "Outcome", "Staging id>", "Reason"], rows)
        for note in result.notes:
            console.print(note)
        summary(console, run.report)
        if dry_run:
            console.print("Dry run: nothing was written.")

    run.render = render
