"""`syncctl pod-fetch`, `syncctl pod-retry` and `syncctl pod …`: proof of delivery."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.moments import moment
from syncctl.cli.output import MOST_LISTED, local_time, say_first, table
from syncctl.cli.pod_files import register
from syncctl.cli.run import Job, Run, command
from syncctl.errors import EXIT_CONFIG, EXIT_SOME_FAILED, ConfigError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.notifications import NotificationResult
    from syncctl.services.pod_run import PodItem, PodResult

jobs = typer.Typer()
app = typer.Typer(help="Proof of delivery: how it stands, its claims, documents and messages.", no_args_is_help=True)

JOB = Job(
    direction="CARRIER_TO_SHOP",
    records={
        "input": ("found",),
        "created": ("success",),
        "skipped": ("skipped_persistent", "skipped_rate_limit", "skipped_unconfigured", "skipped_left_out", "not_yet"),
        "failed": ("failed",),
    },
    parallel=True,
)
OUTCOMES = {
    "success": "SUCCESS",
    "failed": "failed",
    "not_yet": "not delivered yet",
    "skipped_rate_limit": "skipped (rate limit)",
    "skipped_unconfigured": "skipped (not configured)",
    "skipped_left_out": "skipped (carrier left out)",
    "lost": "left until its lease ends",
}

Carrier = Annotated[str | None, typer.Option("--carrier", help="Only claims of this carrier.", metavar="NAME")]
ClaimOption = Annotated[
    str | None,
    typer.Option("--claim", help="Only this claim, due or not, whatever its error and its retries.", metavar="REFERENCE"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show which claims would be taken; ask no carrier, change nothing.")]


@command(jobs, "pod-fetch", job=JOB, settings={"--batch-size": "pod_batch_size"})
def pod_fetch(run: Run, carrier: Carrier = None, claim: ClaimOption = None, dry_run: DryRun = False) -> None:
    """Ask the carriers for the proof of delivery of pending claims.

    Stays within each carrier's budget, which all commands and hosts share. What fails is left to `pod-retry`; a parcel that
    is not delivered yet is asked for again later. Clients are told of errors that won't pass, once.
    """
    _run(run, "pending", carrier, claim, dry_run=dry_run)


@command(jobs, "pod-retry", job=JOB, settings={"--batch-size": "pod_batch_size", "--max-retries": "pod_max_retries"})
def pod_retry(
    run: Run,
    carrier: Carrier = None,
    claim: ClaimOption = None,
    persistent: Annotated[
        bool, typer.Option("--persistent", help="Also claims whose error is persistent, such as after new credentials.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Try failed claims again whose time has come: 1, 6, 24 and 72 hours after the last attempt, then every 72 hours.

    Stops after the maximum of retries. Persistent errors (an invalid tracking number, a carrier that isn't supported) are not
    tried again by themselves: correct the claim and set it to pending, or name it with --claim.
    """
    _run(run, "failed", carrier, claim, dry_run=dry_run, persistent=persistent)


def _run(run: Run, scope: str, carrier: str | None, claim: str | None, *, dry_run: bool, persistent: bool = False) -> None:
    from syncctl.cli.pod_setup import notify_clients, open_carriers, open_documents, options
    from syncctl.services.notifications import NotificationResult
    from syncctl.services.pod import PodWork
    from syncctl.services.pod_run import PodResult

    catalog = open_carriers(run)
    if carrier and catalog.name_of(carrier) is None:
        known = ", ".join(sorted({*catalog.carriers, *catalog.missing}))
        raise UsageError(f"There is no carrier {carrier!r}; there are {known}.")
    chosen = options(run, scope, carrier=carrier, claim=claim, include_persistent=persistent)
    result, told = PodResult(scope=scope), NotificationResult()
    with run.output.progress("claims", chosen.batch_size) as step:
        context = run.context(progress=lambda _: step(1))
        work = PodWork(run.database, catalog, open_documents(run), run.run_id, chosen, context, result)
        if dry_run:
            _preview(run, scope, work.due())
            return
        labels = {name: named.label for name, named in catalog.carriers.items()}
        run.conclude = lambda: _report(run, result, told, labels)
        work.run()
    if not (result.ended_by or context.stop.is_set()):
        notify_clients(run, run.context(), told)


def _preview(run: Run, scope: str, references: list[str]) -> None:
    run.report.items = [{"claim_reference": reference} for reference in references]
    run.report.counts = {"found": len(references)}
    run.render = lambda console: console.print("\n".join(references) if references else _nothing(scope))


def _report(run: Run, result: PodResult, told: NotificationResult, labels: dict[str, str]) -> None:
    """Fill the report with what was done, whatever ended the run."""
    report = run.report
    report.items = list(result.items)
    report.counts = {**result.counts, **told.counts}
    report.extra = {
        "success_rate": result.success_rate,
        "usage": result.usage,
        "notifications": told.sent,
        "stopped": result.stopped,
    }
    run.metrics = {"success_rate": result.success_rate, "calls_today": {use.carrier: use.used_day for use in result.usage}}
    for item in result.items:
        if item.final:
            report.add_error(
                f"{item.claim_reference} ({item.carrier}): final failure: {item.message}", claim=item.claim_reference
            )
    for warning in result.warnings:
        report.add_error(warning, type="CarrierWarning")
    if result.counts["failed"] or result.counts["skipped_left_out"]:
        report.exit_code = EXIT_SOME_FAILED
    for audience, why in told.left_out.items():
        report.add_error(f"Messages to {audience}s wait: {why}", type=type(why).__name__)
        report.exit_code = EXIT_CONFIG if isinstance(why, ConfigError) else EXIT_SOME_FAILED
    ended = result.ended_by or told.ended_by
    if ended:
        report.fail(ended)
    run.render = lambda console: _summary(console, run, result, labels)


def _nothing(scope: str) -> str:
    return "No failed PODs eligible for retry" if scope == "failed" else "No pending PODs to fetch"


def _what(item: PodItem) -> str:
    return f"Retry #{item.retry_no} for" if item.retry_no else "Fetch for"


def _summary(console: Console, run: Run, result: PodResult, labels: dict[str, str]) -> None:
    """Print the run as the operators' guide shows it."""
    counts = result.counts
    if not result.items:
        console.print(_nothing(result.scope))
    else:
        console.print(f"Found {result.found} claim(s) to {'retry' if result.scope == 'failed' else 'fetch'}")
    for number, item in enumerate(result.items, start=1):
        told = f": {item.message}" if item.message and item.outcome != "success" else ""
        console.print(f"[{number}] {_what(item)} {item.claim_reference} ({item.carrier}): {OUTCOMES[item.outcome]}{told}")
    if result.items or counts["skipped_persistent"]:
        console.print(f"Duration: {run.report.duration.total_seconds():.2f}s")
        for words, key in (
            ("Total processed", "processed"),
            ("Success", "success"),
            ("Failed", "failed"),
            ("Not delivered yet", "not_yet"),
            ("Skipped (persistent)", "skipped_persistent"),
            ("Skipped (rate limit)", "skipped_rate_limit"),
            ("Skipped (not configured)", "skipped_unconfigured"),
            ("Skipped (carrier left out)", "skipped_left_out"),
            ("Max retries reached", "max_retries_reached"),
        ):
            if counts[key] or key in ("processed", "success", "failed"):
                console.print(f"{words}: {counts[key]}")
        if result.success_rate is not None:
            console.print(f"Success rate: {result.success_rate}%")
    for use in result.usage:
        limit = f" of {use.limit_day}" if use.limit_day is not None else ""
        resets = local_time(use.day_end_dt, "%Y-%m-%d %H:%M")
        console.print(f"API usage: {labels.get(use.carrier, use.carrier)} {use.used_day}{limit} calls today, resets {resets}")


@command(app, "status", group="pod")
def status(run: Run) -> None:
    """Show for each carrier the backlog, the budget used, the share of successes and when calls are free again."""
    from syncctl.cli.pod_setup import open_carriers
    from syncctl.services.pod_status import pod_status

    found = pod_status(run.database, open_carriers(run), max_retries=run.settings.pod_max_retries, clock=run.clock)
    run.report.items = list(found)
    keys = ("pending", "failed", "success", "due", "waiting", "not_yet", "persistent", "exhausted", "leased")
    run.report.counts = {key: sum(getattr(item, key) for item in found) for key in keys}

    def render(console: Console) -> None:
        columns = [
            "Carrier",
            "Pending>",
            "Failed>",
            "Due>",
            "Waiting>",
            "Persistent>",
            "Used up>",
            "Success>",
            "Rate>",
            "Calls today>",
        ]
        rows = []
        for item in found:
            calls = (
                "" if not item.usable else f"{item.used_day} of {item.limit_day}" if item.limit_day is not None else item.used_day
            )
            rate = "" if item.success_rate is None else f"{item.success_rate}%"
            numbers = [item.pending, item.failed, item.due, item.waiting, item.persistent, item.exhausted, item.success]
            rows.append([item.label, *numbers, rate, calls, item.paused_until or item.resets_at, item.next_attempt_at, item.note])
        table(console, [*columns, "Resets", "Next attempt", "Note"], rows)

    run.render = render


@command(app, "list", group="pod")
def list_claims(
    run: Run,
    status: Annotated[str | None, typer.Option("--status", help="pending, failed or success.", metavar="STATUS")] = None,
    standing: Annotated[
        str | None,
        typer.Option("--standing", help="due, waiting, persistent, exhausted, leased or done.", metavar="STANDING"),
    ] = None,
    claim: Annotated[str | None, typer.Option("--claim", help="Only this claim.", metavar="REFERENCE")] = None,
    deadline: Annotated[
        bool, typer.Option("--deadline", help="Only claims without a document that must be answered by a day, by that day.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="List at most so many.")] = 100,
) -> None:
    """List claims with what is known of each, in the order in which they are taken.

    Claims whose dispute can still be answered come first, by the day by which it has to be; `pod add --dispute-by` and the column
    `dispute_deadline` say it.
    """
    from syncctl.db.contract import ListPods

    found = run.send(
        ListPods(
            scope=status,
            standing=standing,
            claim_reference=claim,
            max_retries=run.settings.pod_max_retries,
            by_deadline=deadline,
            batch_size=limit + 1,
        )
    )
    found, more = found[:limit], len(found) > limit
    run.report.items = list(found)
    run.report.counts = {"claims": len(found)}
    columns = ["Claim", "Carrier", "Tracking number", "Status", "Standing", "Retries>", "Next attempt", "Error or document"]
    if deadline:
        columns.insert(1, "Answer due by")
    rows: list[list[object]] = [
        [
            item.claim_reference,
            *([item.dispute_deadline] if deadline else []),
            item.carrier,
            item.tracking_number,
            item.pod_fetch_status,
            item.standing,
            item.pod_retry_count,
            item.pod_next_attempt_at,
            item.pod_error or item.pod_url,
        ]
        for item in found
    ]
    run.render = lambda console: _list(console, columns, rows, more=more)


def _list(console: Console, columns: list[str], rows: list[list[object]], *, more: bool) -> None:
    table(console, columns, rows)
    if more:
        say_first(console, len(rows))


@command(app, "add", group="pod")
def add(
    run: Run,
    reference: Annotated[str, typer.Argument(help="The claim's reference, such as CLM-2024-001.")],
    carrier: Annotated[str, typer.Option("--carrier", help="The carrier, as people call it.", metavar="NAME")],
    tracking: Annotated[
        str, typer.Option("--tracking", help="The tracking number; several with commas between them.", metavar="NUMBER")
    ],
    client: Annotated[str | None, typer.Option("--client", help="The client's id.", metavar="ID")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The client's name.", metavar="NAME")] = None,
    email: Annotated[str | None, typer.Option("--email", help="The client's mail address.", metavar="ADDRESS")] = None,
    dispute_by: Annotated[
        str | None,
        typer.Option(
            "--dispute-by", help="By when the dispute has to be answered: a day, to its end, or a time.", metavar="WHEN"
        ),
    ] = None,
) -> None:
    """Add a claim as pending. One that is there already is left as it is; exit 1 where it names another carrier or number."""
    from syncctl.db.contract import AddClaim
    from syncctl.foreign_text import escaped

    if escaped(reference) != reference:
        raise UsageError("The claim's reference has a line break, or another letter that can't be seen, in it.")

    if dispute_by is not None and not dispute_by.strip()[:4].isdecimal():  # "36h" would be so long ago
        raise UsageError(f"--dispute-by is '{dispute_by[:30]}', but takes a day (2026-12-01) or a time (2026-12-01T14:30).")
    due = moment(dispute_by, "--dispute-by", run.clock)
    if due and dispute_by and len(dispute_by.strip()) == len("2026-11-20"):
        due += timedelta(days=1) - timedelta(seconds=1)
    added = run.send(
        AddClaim(
            claim_reference=reference,
            carrier=carrier,
            tracking_number=tracking,
            client_id=client,
            client_name=name,
            client_email=email,
            dispute_deadline=due,
        )
    )
    run.report.items = list(added)
    run.report.counts = {"claims": len(added)}
    kept = added[0]
    if (kept.carrier, kept.tracking_number) != (carrier, tracking):
        run.report.exit_code = EXIT_SOME_FAILED
        run.report.add_error(
            f"Claim {kept.claim_reference} was there already and is as it was: {kept.carrier}, number {kept.tracking_number}.",
            type="PermanentError",
        )
    run.render = lambda console: console.print(f"{kept.claim_reference} is {kept.pod_fetch_status}.")


register(app)


@command(app, "notifications", group="pod")
def notifications(
    run: Run,
    states: Annotated[
        str | None,
        typer.Option("--state", help="PENDING, CLAIMED, SENT, DROPPED, FAILED; several between commas.", metavar="STATE"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="List at most so many.")] = 100,
) -> None:
    """List the messages to clients, latest first, with what became of each."""
    from syncctl.cli.pod_setup import EVENT
    from syncctl.db.contract import ListNotifications

    found = run.send(ListNotifications(states=states, event_type=EVENT, batch_size=limit + 1))
    found, more = found[:limit], len(found) > limit
    run.report.items = list(found)
    run.report.counts = {"notifications": len(found)}
    columns = ["Id>", "Client", "Address", "State", "Tries>", "Due", "What happened"]
    rows: list[list[object]] = [
        [
            item.notification_id,
            item.recipient_id,
            item.address,
            item.state,
            item.attempt_no,
            item.next_attempt_dt,
            item.detail or item.error_message,
        ]
        for item in found
    ]
    run.render = lambda console: _list(console, columns, rows, more=more)


@command(app, "preference", group="pod")
def preference(
    run: Run,
    client: Annotated[str, typer.Argument(help="The client's id.")],
    unwanted: Annotated[bool, typer.Option("--unwanted", help="The client wants none of these messages.")] = False,
    address: Annotated[
        str | None, typer.Option("--address", help="Where to, instead of the claim's own address.", metavar="ADDRESS")
    ] = None,
) -> None:
    """Say whether a client wants messages about missing proofs of delivery, and at which address."""
    from syncctl.cli.pod_setup import EVENT
    from syncctl.db.contract import SetNotifyPreference

    run.send(SetNotifyPreference(recipient_id=client, event_type=EVENT, is_wanted=not unwanted, address=address))
    run.report.counts = {"preferences": 1}
    said = "wants no such messages" if unwanted else f"wants these messages{f' at {address}' if address else ''}"
    run.render = lambda console: console.print(f"{client} {said}.")
