"""`syncctl alerts`: tell the people in charge what is wrong, list it, try the ways to them, say who looks after it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.database import Use
from syncctl.cli.output import MOST_LISTED, local_time, say_first, summary_line, table
from syncctl.cli.run import Job, Run, command, user
from syncctl.errors import EXIT_CONFIG, EXIT_SOME_FAILED, EXIT_UNAVAILABLE, ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import Incident
    from syncctl.services.alerts import AlertResult

app = typer.Typer(help="Tell the people in charge what is wrong, once, and when it is over.", no_args_is_help=True)
NO_WAY = (
    "There is no way to tell anybody: set SYNCCTL_NOTIFY_OPERATOR_URL (mail, Teams, Slack …), SYNCCTL_ALERT_SYSLOG or "
    "SYNCCTL_ALERT_EVENT_LOG; `syncctl alerts test` tries them."
)
JOB = Job(
    without_database=True, direction="alerts", records={"input": ("incidents",), "created": ("told",), "failed": ("undelivered",)}
)


@command(
    app,
    "run",
    group="alerts",
    job=JOB,
    settings={"--deadline-seconds": "health_deadline_seconds"},
    use=Use(of_store=True),
)
def run_alerts(run: Run) -> None:
    """Look at everything as `health` does, tell what is new, worse, or over, and deliver what waits. For a scheduler.

    Each incident is told once, and its end; more of the same after the cool-down. What is no more than a warning waits for the
    end of the quiet hours. A message that can't be delivered is kept and tried again by later runs.

    Exit 0 whatever was found; 1 where a message could not be delivered, 69 where the database is down (which is told without
    it), 78 where there is no way to tell anybody.
    """
    from syncctl.cli.alerts_setup import alerts

    with alerts(run) as work:
        run.conclude = lambda: _report(run, work.result)
        work.settings_are_well()
        work.run()


def _report(run: Run, result: AlertResult) -> None:
    report = run.report
    failed = [sent for sent in result.delivered.sent if sent.outcome in ("waiting", "failed")]
    report.counts = {
        "incidents": len(result.troubles),
        "told": len(result.told),
        "undelivered": len(failed) + len(result.direct),
        **result.delivered.counts,
    }
    report.items = [
        {"rule": trouble.rule, "subject": trouble.subject, "severity": trouble.severity, "message": trouble.message}
        for trouble in result.troubles
    ]
    report.extra = {"told": [{"what": what, "message": said} for what, said in result.told]}
    for sent in failed:
        report.add_error(f"Message {sent.notification_id} was not delivered: {sent.message}")
    for way, why in result.direct:
        report.add_error(f"{way} was not told: {why}")
    if failed or result.direct:
        report.exit_code = EXIT_SOME_FAILED
    if result.delivered.ended_by:
        report.fail(result.delivered.ended_by)
    down = next((trouble for trouble in result.troubles if trouble.rule == "database_down"), None)
    if down is not None and not result.noted:
        report.exit_code = EXIT_UNAVAILABLE
        if not result.untold:
            report.add_error(f"The incidents could not be noted: {down.message}", type="DatabaseUnavailable")
    if result.untold:
        report.exit_code = EXIT_CONFIG
        report.add_error(f"{NO_WAY} Nobody was told of: {'; '.join(result.untold)}", type="ConfigError")

    def render(console: Console) -> None:
        for what, said in result.told:
            console.print(f"{what}: {said}")
        console.print(summary_line(report))

    run.render = render


@command(app, "list", group="alerts")
def list_alerts(
    run: Run,
    days: Annotated[int, typer.Option("--days", min=0, max=3650, help="Also what has recovered within so many days.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="List at most so many.")] = 100,
) -> None:
    """List the open incidents, latest first, with what people were told of each and who looks after it."""
    from syncctl.db.contract import ListIncidents

    since = run.clock() - timedelta(days=days) if days else None
    found = run.send(ListIncidents(since_dt=since, batch_size=limit + 1))
    found, more = found[:limit], len(found) > limit
    run.report.items = list(found)
    run.report.counts = {"incidents": len(found), "open": sum(each.recovered_dt is None for each in found)}

    def render(console: Console) -> None:
        from rich.text import Text

        if not found:
            console.print("No incident is open.")
            return
        styles = {"critical": "bold red", "warning": "yellow"}
        rows = (
            [
                each.incident_id,
                Text("over", "green") if each.recovered_dt else Text(each.severity, styles[each.severity]),
                each.rule_name.replace("_", " "),
                each.subject,
                local_time(each.opened_dt, "%m-%d %H:%M"),
                _stands(each),
                f"{each.message} ({each.acknowledged_by}: {each.acknowledged_note})" if each.acknowledged_note else each.message,
            ]
            for each in found
        )
        table(console, ["Id>", "", "Rule", "Of", "Since", "Told", "Found"], rows)
        if more:
            say_first(console, len(found))

    run.render = render


def _stands(incident: Incident) -> str:
    """Say who knows of an incident."""
    if incident.recovered_dt:
        return f"over {local_time(incident.recovered_dt, '%m-%d %H:%M')}"
    if incident.acknowledged_by:
        return f"taken by {incident.acknowledged_by}"
    return f"{local_time(incident.notified_dt, '%m-%d %H:%M')}" if incident.notified_dt else "not yet"


@command(app, "messages", group="alerts")
def messages(
    run: Run,
    states: Annotated[
        str | None,
        typer.Option("--state", help="PENDING, CLAIMED, SENT, DROPPED, FAILED; several between commas.", metavar="STATE"),
    ] = "PENDING,CLAIMED,FAILED",
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="List at most so many.")] = 100,
) -> None:
    """List the alerts' messages that wait or were given up, latest first, with what became of each; with --state also others."""
    import json

    from syncctl.db.contract import ListNotifications

    found = run.send(ListNotifications(states=states, event_type="alert", batch_size=limit + 1))
    found, more = found[:limit], len(found) > limit
    run.report.items = list(found)
    run.report.counts = {"messages": len(found)}

    def render(console: Console) -> None:
        if not found:
            console.print("No message waits, and none was given up." if states == "PENDING,CLAIMED,FAILED" else "There is none.")
            return
        rows = (
            [
                each.notification_id,
                each.recipient_id,
                each.state,
                each.attempt_no,
                each.next_attempt_dt,
                json.loads(each.data_json).get("title", "the digest"),
                each.detail or each.error_message,
            ]
            for each in found
        )
        table(console, ["Id>", "Way", "State", "Tries>", "Next", "Of", "What happened"], rows)
        if more:
            say_first(console, len(found))

    run.render = render


@command(app, "test", group="alerts")
def test_ways(
    run: Run,
    critical: Annotated[
        bool,
        typer.Option("--critical", help="Also the addresses that are told of what is critical alone (SMS)."),
    ] = False,
) -> None:
    """Send a test message each way to the people in charge at once, and say of each whether it was taken.

    Nothing is queued, and no incident is made. Exit 1 where one was not taken, 78 where an address makes no sense, or none is
    set.
    """
    from syncctl.cli.alerts_setup import try_ways

    tried = try_ways(run, critical=critical)
    if not tried:
        raise ConfigError(NO_WAY)
    run.report.items = tried
    run.report.counts = {"ways": len(tried), "failed": sum(not item["ok"] for item in tried)}
    for item in tried:
        if not item["ok"]:
            run.report.add_error(f"{item['way']}: {item['detail']}")
            code = EXIT_CONFIG if item["misconfigured"] else EXIT_SOME_FAILED
            run.report.exit_code = max(run.report.exit_code, code)

    def render(console: Console) -> None:
        from rich.text import Text

        marks = {True: Text("taken", "green"), False: Text("failed", "bold red")}
        table(
            console,
            ["", "Way", "Kind", "Detail"],
            ([marks[item["ok"]], item["way"], item["kind"], item["detail"]] for item in tried),
        )

    run.render = render


@command(app, "ack", group="alerts")
def acknowledge(
    run: Run,
    incident: Annotated[
        int, typer.Argument(help="The incident's number, as `alerts list` and the messages have it.", min=1, max=2**31 - 1)
    ],
    note: Annotated[str | None, typer.Option("--note", help="What the others should know.", metavar="TEXT")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who looks after it; else this account's name.", metavar="NAME")] = None,
) -> None:
    """Say that somebody looks after an open incident: nobody is told of more of it.

    Of its getting worse, and of its end, people are told all the same.
    """
    from syncctl.db.contract import AcknowledgeIncident

    who = by or user()
    run.send(AcknowledgeIncident(incident_id=incident, acknowledged_by=who, note=note))
    run.report.items = [{"incident": incident, "acknowledged_by": who, "note": note}]
    run.report.counts = {"acknowledged": 1}
    run.render = lambda console: console.print(f"Incident {incident} is looked after by {who}.")
