"""`syncctl customers start` and `resume`: a store's customers into the ERP, through a queue that any number of runs work off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.database import Use
from syncctl.cli.moments import moment, span
from syncctl.cli.output import table
from syncctl.cli.run import Job, Run, command, user
from syncctl.errors import EXIT_SOME_FAILED, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import CustomerQueue
    from syncctl.services.customer_queues import Means
    from syncctl.services.customer_work import BroughtCustomer, CustomerResult
    from syncctl.stores.base import Store

app = typer.Typer(help="Bring the store's customers into the ERP, and look after the queues that do it.")

JOB = Job(
    direction="STORE_TO_ERP",
    records={
        "input": ("claimed",),
        "created": ("created",),
        "updated": ("updated", "linked"),
        "skipped": ("unchanged",),
        "failed": ("failed",),
    },
    parallel=True,
)
ORG = {"--org": "org_id"}
_SHOWN = 20
"""Failed customers that are shown; `customers lines` has all."""
LONGEST_NAME = 100

Workers = Annotated[
    int, typer.Option("--workers", min=1, max=64, help="Work with so many at a time, each with a connection of its own.")
]
MaxRuntime = Annotated[
    str | None,
    typer.Option(
        "--max-runtime", help="Take nothing new after so long (90s, 15m, 2h); `customers resume` goes on.", metavar="SPAN"
    ),
]


@command(app, "start", group="customers", job=JOB, settings={**ORG, "--lease-seconds": "lease_seconds"}, use=Use(one_store=True))
def start(
    run: Run,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, max=1000, help="Customers a batch.")] = 50,
    batch_delay_ms: Annotated[
        int,
        typer.Option(
            "--batch-delay-ms",
            min=0,
            max=600_000,
            help="Rest at most so long between two batches; not at all while everything answers quickly.",
        ),
    ] = 2000,
    max_retries: Annotated[
        int, typer.Option("--max-retries", min=0, max=10, help="Further tries at a customer after a passing error.")
    ] = 3,
    limit: Annotated[int | None, typer.Option("--limit", min=1, max=10_000_000, help="Take the first so many.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="Those who registered or changed since then: 2026-11-20, or how long ago: 36h, 7d.", metavar="TIME"
        ),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Those of this role of the store (WooCommerce); may be given several times.", metavar="ROLE"),
    ] = None,
    with_orders: Annotated[
        bool, typer.Option("--with-orders", help="Only those who ever ordered: keeps spam registrations out.")
    ] = False,
    guests: Annotated[
        bool, typer.Option("--guests", help="Also the guests of orders that are staged here, each once by e-mail address.")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="What to call the queue.", metavar="NAME")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Only fill the queue; `customers resume` works it off.")] = False,
    workers: Workers = 1,
    max_runtime: MaxRuntime = None,
) -> None:
    """Queue the store's customers and bring them into the ERP, batch by batch.

    Each is found there by the customer map, the e-mail address or (where the site says so) name and postcode, else made. One
    that fails holds up no other. Killed at any point, `customers resume` goes on; starting anew brings nobody in twice.
    """
    from syncctl.services.customer_queues import NewQueue, fill, make_queue, queue_of, work
    from syncctl.services.customer_work import CustomerResult
    from syncctl.services.fill_customers import Wanted

    if max_runtime is not None:
        run.stop.at_latest(span(max_runtime, "--max-runtime"))
    wanted = Wanted(
        roles=_roles(run, role),
        since=_iso(since, run),
        limit=limit,
        guests=guests,
        with_orders=with_orders,
    )
    org_id = org_of(run)
    result = CustomerResult()
    queues: list[CustomerQueue] = []
    run.conclude = lambda: _report(run, result, queues)
    with closing(run.open_store()) as store:
        new = NewQueue(
            org_id=org_id,
            store_id=run.settings.store_id,
            name=_name(run, name),
            wanted=wanted,
            batch_size=batch_size,
            batch_delay_ms=batch_delay_ms,
            max_retries=max_retries,
            created_by=user()[:LONGEST_NAME],
        )
        queue_id = make_queue(run.database, store, new)
        queues.append(queue_of(run.database, org_id, queue_id))
        run.output.remark(
            f"Queue {queue_id} of organisation {org_id}; `syncctl customers status {queue_id}` shows how it stands."
        )
        with run.output.progress("Customers read") as advance:
            context = run.context(progress=lambda _: advance(1), expect=advance.expect)
            fill(run.database, store, queues[0], context, result)
    if not (detach or run.stop.is_set()):
        _work(run, result, queues, work, workers)


@command(app, "resume", group="customers", job=JOB, settings={**ORG, "--lease-seconds": "lease_seconds"}, use=Use(one_store=True))
def resume(run: Run, workers: Workers = 1, max_runtime: MaxRuntime = None) -> None:
    """Go on with all open queues of the organisation: fill those that are not filled, and work them off.

    For a scheduler: it ends at once where nothing is open. Several may run at a time (--parallel), on several hosts: leases keep
    them apart.
    """
    from syncctl.services.customer_queues import open_queues, resume as go_on
    from syncctl.services.customer_work import CustomerResult

    if max_runtime is not None:
        run.stop.at_latest(span(max_runtime, "--max-runtime"))
    org_id = org_of(run)
    result = CustomerResult()
    queues: list[CustomerQueue] = []
    run.conclude = lambda: _report(run, result, queues)

    def left() -> int:
        return sum(queue.draft_count + queue.processing_count for queue in open_queues(run.database, org_id))

    with run.output.progress("Customers", left) as advance:
        means = _means(run, lambda row: advance(_finished(row)), workers, store=_store_of(run))
        queues += open_queues(run.database, org_id)
        go_on(run.database, org_id, run.settings.store_id, means, result)


def _work(
    run: Run,
    result: CustomerResult,
    queues: Sequence[CustomerQueue],
    work: Callable[[CustomerQueue, Means, CustomerResult], None],
    workers: int,
) -> None:
    """Work a queue off that was just filled."""
    with run.output.progress("Customers", result.filled) as advance:
        work(queues[0], _means(run, lambda row: advance(_finished(row)), workers, store=None), result)


def _means(run: Run, progress: Callable[[Any], None], workers: int, *, store: Callable[[], Store] | None) -> Means:
    from syncctl.services.customer_queues import Means

    return Means(
        connect=run.connect,
        open_store=store,
        context=run.context(progress=progress),
        lease_seconds=run.settings.lease_seconds,
        workers=workers,
    )


def _finished(row: object) -> int:
    """Return how far a row moves the bar: not at all where the customer waits for another try, or was only read."""
    return 0 if getattr(row, "outcome", "waiting") == "waiting" else 1


def _store_of(run: Run) -> Callable[[], Store] | None:
    return run.open_store if run.settings.store_url else None


def org_of(run: Run) -> str:
    """Return the organisation that a command works for: its own setting, else the store's name."""
    return run.settings.org_id or run.settings.store_id


def _name(run: Run, name: str | None) -> str:
    given = (name or "").strip()
    if len(given) > LONGEST_NAME:
        raise UsageError(f"--name takes at most {LONGEST_NAME} characters, and this has {len(given):,}.")
    return given or f"customers of {run.settings.store_id}, {run.clock():%Y-%m-%d %H:%M}"


def _roles(run: Run, roles: list[str] | None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(role.strip() for role in roles or () if role.strip()))
    if found and run.settings.source == "shopify":
        raise UsageError("--role goes with WooCommerce: Shopify's customers have no roles.")
    return found


def _iso(since: str | None, run: Run) -> str | None:
    read = moment(since, "--since", run.clock)
    return None if read is None else read.isoformat()


def _report(run: Run, result: CustomerResult, queues: Sequence[CustomerQueue]) -> None:
    """Fill the report with what was done, whatever ended the run."""
    report = run.report
    report.items = list(result.customers)
    report.counts = result.counts
    report.extra = {"org_id": org_of(run), "queues": [queue.queue_id for queue in queues], "stopped": result.stopped}
    failed = [row for row in result.customers if row.outcome == "failed"]
    for row in failed:
        report.add_error(f"{_who(row)}: {row.message}", line_id=row.line_id)
    if failed:
        report.exit_code = EXIT_SOME_FAILED
    if result.ended_by:
        report.fail(result.ended_by)
    run.render = lambda console: _summary(console, run, result, queues, failed)


def _who(row: BroughtCustomer) -> str:
    return f"Customer {row.woo_customer_id or row.email}"


def _summary(
    console: Console, run: Run, result: CustomerResult, queues: Sequence[CustomerQueue], failed: Sequence[BroughtCustomer]
) -> None:
    from syncctl.cli.output import summary

    if failed:
        rows = [[row.woo_customer_id or "guest", row.email, row.message] for row in failed[:_SHOWN]]
        table(console, ["Customer>", "E-mail", "Why it failed"], rows)
    if not queues and not result.ended_by:
        console.print("No queue of customers is open.")
        return
    named = ", ".join(str(queue.queue_id) for queue in queues[:_SHOWN])
    if named:
        console.print(f"Queue{'s' if len(queues) > 1 else ''} {named}")
    summary(console, run.report)
    if result.stopped and queues:
        console.print("`syncctl customers resume` goes on with what is left.")
    if failed and queues:
        more = f"; {len(failed) - _SHOWN:,} more" if len(failed) > _SHOWN else ""
        first = queues[0].queue_id
        console.print(
            f"`syncctl customers lines {first} --state failed` lists those that failed{more}; `map customer` says who one is; "
            f"`syncctl customers retry {first}` tries them again."
        )
