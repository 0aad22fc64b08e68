"""Tell the people in charge what is wrong, once, and when it is over.

Noting that people are told and queueing the messages is one transaction; they are delivered after it, each way by itself, and
tried again where that fails. A run that is killed between handing a message over and noting that delivers it a second time:
people hear of it twice rather than not at all.

What keeps the database from being used can't stand in it: that is told at once, and remembered in a file (`last_known`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from syncctl.db.contract import CountReviews, ListIncidents, NoteIncidents, QueueNotification, TellIncident
from syncctl.errors import STOPPED, SyncError
from syncctl.notify.messages import Templates
from syncctl.notify.ways import Addresses, Ways
from syncctl.secret import Hider
from syncctl.services.alert_policy import Policy, What
from syncctl.services.alert_rules import TITLES, Mismatch, Scope, Trouble, looked_at, troubles
from syncctl.services.notifications import NotificationResult, Notifier
from syncctl.services.run_context import RunContext

if TYPE_CHECKING:
    from syncctl.db.contract import Database, Incident, NotedIncident
    from syncctl.notify.last_known import LastKnown
    from syncctl.services.health_verdict import Verdict

log = logging.getLogger(__name__)

EVENT = "alert"
_A_DAY = timedelta(hours=24)
_AT_ONCE = 5
"""More incidents of one rule than this in one look, as after a weekend without power, are one message."""
_LISTED = 20
"""So many of them are named in it."""
_NONE = "[]"


@dataclass(slots=True, kw_only=True)
class AlertResult:
    """What a run found, told and delivered; filled as it goes."""

    troubles: list[Trouble] = field(default_factory=list)
    told: list[tuple[What, str]] = field(default_factory=list)
    """What people were told of, and in which words."""
    untold: list[str] = field(default_factory=list)
    """What nobody could be told of: there is no way to anybody."""
    noted: bool = False
    """Whether the incidents could be noted in the database."""
    delivered: NotificationResult = field(default_factory=NotificationResult)
    direct: list[tuple[str, str]] = field(default_factory=list)
    """Ways that did not take what is told without the database, and why."""


@dataclass(slots=True, kw_only=True)
class Alerts:
    """One run of alerts."""

    connect: Callable[[], Database]
    verdict: Verdict
    scope: Scope
    policy: Policy
    ways: Ways
    templates: Templates
    context: RunContext
    known: LastKnown
    mismatch: Mismatch = field(default_factory=Mismatch)
    off: Sequence[str] = ()
    personal: bool = False
    """Whether messages may repeat customers' e-mail addresses."""
    result: AlertResult = field(default_factory=AlertResult)
    _late: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Ends that one way did not take while others did: key, way and data of the message."""

    def run(self) -> AlertResult:
        """Note what is wrong, tell it, deliver what waits. A database that is down is told of without it."""
        found = troubles(self.verdict, (), self.scope, mismatch=self.mismatch, off=self.off, personal=self.personal)
        self.result.troubles = found
        down = next((trouble for trouble in found if trouble.rule == "database_down" and not self.verdict.numbers), None)
        if down is not None:
            self._directly("database", down)
            return self.result
        database = self.connect()
        try:
            try:
                noted, advice = self._note(database)
            except SyncError as error:
                if "database_down" in self.off or error.code == STOPPED:
                    raise
                self._unwritable(error)
            else:
                self.result.noted = True
                self._over("database", "database_down")
                self._work(database, noted, advice)
        finally:
            database.close()
        return self.result

    def _unwritable(self, error: SyncError) -> None:
        """Tell that the database answers and takes no notes: its disk or log is full, or somebody holds it."""
        trouble = Trouble(
            rule="database_down",
            subject="",
            source="database",
            severity="critical",
            message=f"it answers, but what is wrong can't be noted in it: {error}",
            advice="look whether its disk or log is full, it is read-only, or something holds it",
        )
        self.result.troubles = [*self.result.troubles, trouble]
        self._directly("database", trouble)

    def _note(self, database: Database) -> tuple[list[NotedIncident], dict[tuple[str, str], str]]:
        """Note what is wrong; return the incidents, and what to do about each rule and subject."""
        counts = self.context.reaching(database.run, CountReviews())
        found = troubles(self.verdict, counts, self.scope, mismatch=self.mismatch, off=self.off, personal=self.personal)
        self.result.troubles = found
        call = NoteIncidents(
            seen=json.dumps([trouble.as_json() for trouble in found]),
            looked=json.dumps(looked_at(self.verdict, self.scope, counted=True)),
        )
        advice = {(trouble.rule, trouble.subject): trouble.advice for trouble in found}
        return self.context.reaching(database.run, call), advice

    def _work(self, database: Database, noted: list[NotedIncident], advice: dict[tuple[str, str], str]) -> None:
        now = self.context.clock()
        together: dict[tuple[str, What, str], list[NotedIncident]] = {}
        for incident in noted:
            what = self.policy.due(incident, now)
            if what is not None:
                together.setdefault((incident.rule_name, what, _weight(incident, what)), []).append(incident)
        for (_, what, _), incidents in together.items():
            for some in [incidents] if len(incidents) > _AT_ONCE else [[incident] for incident in incidents]:
                self._tell(database, some, what, [advice.get((each.rule_name, each.subject), "") for each in some])
        self._digest(database, now)
        for key, name, data in self._late:
            self._queue(database, key, name, "alert_recovered", data)
        self._deliver(database)

    # --- Telling through the queue ---------------------------------------------------------------------------------------

    def _tell(self, database: Database, incidents: Sequence[NotedIncident], what: What, advice: Sequence[str]) -> None:
        """Queue one message of incidents of one rule, each way, and note of each incident that people are told of it."""
        first = incidents[0]
        names = self.ways.addresses.named_for(_weight(first, what))
        if not names:
            self.result.untold += [line_of(incident) for incident in incidents]
            return
        alone, common = len(incidents) == 1, len(set(advice)) == 1
        among = [] if alone else _listed(incidents, [""] * len(incidents) if common else advice)
        recovered = [incident.recovered_dt for incident in incidents if incident.recovered_dt]
        data = self._data(
            what=what,
            rule=first.rule_name,
            subject=first.subject if alone else f"{len(incidents)} at once",
            severity="" if what == "recovered" else first.severity,
            message=first.message if alone else "; ".join(among),
            among=among,
            advice=advice[0] if common else "",
            since=min(incident.opened_dt for incident in incidents),
            until=max(recovered, default=None),
            incident=first.incident_id if alone else None,
        )
        template = "alert_recovered" if what == "recovered" else "alert"
        messages = json.dumps([{"WAY": name, "TEMPLATE": template, "DATA": data} for name in names])
        for incident in incidents:
            call = TellIncident(incident_id=incident.incident_id, tellings=incident.tellings, what=what, messages=messages)
            [told] = database.run(call)
            if told.queued or messages == _NONE:
                self.result.told.append((what, line_of(incident)))
            if told.queued:
                messages = _NONE  # that one's message tells of all the others

    def _digest(self, database: Database, now: datetime) -> None:
        """Queue the digest of the day where its time has come and nobody has, for another store of this database either."""
        day = self.policy.digest_day(now)
        names = self.ways.addresses.people()
        if day is None or not names or self.known.digest == day:
            return
        incidents = database.run(ListIncidents(since_dt=now - _A_DAY))
        data = {
            "open": [line_of(each) + _taken(each) for each in incidents if each.recovered_dt is None],
            "recovered": [line_of(each) for each in incidents if each.recovered_dt is not None],
            "host": self.scope.host,
            "store": self.scope.store_id,
        }
        for name in names:
            self._queue(database, f"digest:{day}:{self.ways.addresses.mark_of(name)}", name, "alert_digest", data)
        self.known.digest = day

    @staticmethod
    def _queue(database: Database, key: str, name: str, template: str, data: dict[str, Any]) -> None:
        """Queue a message to one way; one of this key that is there already stays the only one."""
        database.run(
            QueueNotification(
                event_type=EVENT,
                dedup_key=key,
                audience="operator",
                recipient_id=name,
                template=template,
                data_json=json.dumps(data),
            )
        )

    def _deliver(self, database: Database) -> None:
        Notifier(
            database,
            self.ways.channels(),
            self.templates,
            worker_id=self.context.run_id,
            context=self.context,
            result=self.result.delivered,
            event_type=EVENT,
        ).deliver()

    # --- Telling without the database ------------------------------------------------------------------------------------

    def _directly(self, what: str, trouble: Trouble) -> None:
        """Tell of what the database can't hold, each way once as long as it lasts; one that didn't take it is tried again."""
        now = self.context.clock()
        names = self.known.due(what, self.ways.addresses.named_for(trouble.severity), now)
        begun = self.known.begun(what)
        if begun is not None and not names:
            return
        data = self._data(
            what="opened",
            rule=trouble.rule,
            subject=trouble.subject,
            severity=trouble.severity,
            message=trouble.message,
            advice=trouble.advice,
            since=begun or now,
        )
        sent, failed = send_directly(self.ways, self.templates, "alert", data, names)
        self.result.direct += failed
        self.known.note(what, took=sent, refused=[name for name, _ in failed], now=now)
        if sent:
            self.result.told.append(("opened", f"{TITLES[trouble.rule]}: {trouble.message}"))
        elif not failed:
            self.result.untold.append(f"{TITLES[trouble.rule]}: {trouble.message}")

    def _over(self, what: str, rule: str) -> None:
        """Tell that what was told directly is over, to whoever heard of it.

        Where nobody takes that, it is told by the next run; where some do, the others' message goes into the queue.
        """
        begun = self.known.begun(what)
        if begun is None:
            return
        now = self.context.clock()
        data = self._data(
            what="recovered", rule=rule, subject="", severity="", message=TITLES[rule], advice="", since=begun, until=now
        )
        unaware = self.known.untold.get(what, {})
        names = [name for name in self.ways.addresses.named_for("critical") if name not in unaware]
        sent, failed = send_directly(self.ways, self.templates, "alert_recovered", data, names)
        if sent or not failed:
            self._late += [(f"over:{what}:{begun.isoformat()}:{name}", name, data) for name, _ in failed]
            self.known.forget(what)
            self.result.told.append(("recovered", TITLES[rule]))
        else:
            self.result.direct += failed

    def settings_are_well(self) -> None:
        """Tell that jobs have their settings again, where people were told that they hadn't."""
        self._over("settings", "settings")

    def _data(
        self, *, rule: str, since: datetime, until: datetime | None = None, incident: int | None = None, **more: Any
    ) -> Any:
        return {
            "title": TITLES.get(rule, rule),
            "since": in_zone(since, self.policy),
            "until": in_zone(until, self.policy) if until else "",
            "incident": incident,
            "host": self.scope.host,
            "store": self.scope.store_id,
            **more,
        }


def _weight(incident: NotedIncident, what: What) -> str:
    """Say by which severity the ways of a message are chosen: its end goes where it was told."""
    return (incident.told_severity if what == "recovered" else None) or incident.severity


def _listed(incidents: Sequence[NotedIncident], advice: Sequence[str]) -> list[str]:
    """Name incidents that are told in one message, each with its number, and what to do where that differs."""
    lines = [
        f"{incident.incident_id}, {incident.subject}: {incident.message}" + (f" \N{RIGHTWARDS ARROW} {do}" if do else "")
        for incident, do in zip(incidents[:_LISTED], advice, strict=False)
    ]
    more = len(incidents) - len(lines)
    return [*lines, f"and {more} more, see `syncctl alerts list`"] if more else lines


def in_zone(moment: datetime, policy: Policy) -> str:
    """Write a moment as the people in charge read their clocks."""
    return f"{moment.astimezone(policy.zone):%Y-%m-%d %H:%M} {policy.zone.key}"


def line_of(incident: Incident) -> str:
    """Say an incident in one line."""
    subject = f" ({incident.subject})" if incident.subject else ""
    return f"{incident.severity}: {TITLES.get(incident.rule_name, incident.rule_name)}{subject}: {incident.message}"


def _taken(incident: Incident) -> str:
    """Say who looks after an incident, for those who read of it."""
    if not incident.acknowledged_by:
        return ""
    note = f": {incident.acknowledged_note}" if incident.acknowledged_note else ""
    return f" ({incident.acknowledged_by} looks after it{note})"


def send_directly(
    ways: Ways, templates: Templates, template: str, data: dict[str, Any], names: Sequence[str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Send a message these ways at once, past the queue; return the ways that took it, and those that didn't, with why."""
    message = templates.render(template, data)
    channels = ways.channels()
    sent: list[str] = []
    failed: list[tuple[str, str]] = []
    for name in names:
        try:
            channels[name].send(message)
        except SyncError as error:
            failed.append((name, str(error)))
        else:
            sent.append(name)
    return sent, failed


def tell_of_settings(known: LastKnown, *, command: str, host: str, said: str, seconds: float = 10) -> list[str]:
    """Tell that a job has no settings that it could work with, once as long as that lasts; return the ways that took it.

    `said` is what is wrong, as the command says it to a person: passwords that stand in it are hidden here as they are there.
    """
    addresses: Addresses = known.addresses
    now = datetime.now(UTC)
    names = known.due("settings", addresses.named_for("critical"), now)
    if not names:
        return []
    data = {
        "what": "opened",
        "title": TITLES["settings"],
        "subject": command,
        "severity": "critical",
        "message": Hider().clean(said),
        "advice": "`syncctl config check` tells all that is wrong with them",
        "since": in_zone(known.begun("settings") or now, Policy()),
        "incident": None,
        "host": host,
        "store": "",
    }
    sent, failed = send_directly(Ways(addresses, seconds=seconds), Templates(), "alert", data, names)
    for name, why in failed:
        log.info("%s could not be told: %s", name, why)
    known.note("settings", took=sent, refused=[name for name, _ in failed], now=now)
    return sent
