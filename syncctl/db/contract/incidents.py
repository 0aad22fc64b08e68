"""Incidents: what was found wrong, from when until when, and what people were told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Int, Key, Line, Moment, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. It is open until `recovered_dt`; `mark` grows where there is more of it.

    `source` is the check that sees it. People were told `tellings` times, the last time of `told_severity` and `told_mark`.
    """

    incident_id: Int
    rule_name: Name
    subject: Key
    source: Key
    severity: Code
    message: Text
    mark: BigInt
    opened_dt: Moment
    last_seen_dt: Moment
    tellings: Int
    notified_dt: Moment | None
    told_severity: Code | None
    told_mark: BigInt | None
    acknowledged_dt: Moment | None
    acknowledged_by: Key | None
    acknowledged_note: Line | None
    recovered_dt: Moment | None
    recovery_told_dt: Moment | None


@dataclass(frozen=True, slots=True)
class NotedIncident(Incident):
    """An incident, and when people were last told of anything with its rule and subject."""

    last_told_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteIncidents(Procedure[NotedIncident]):
    """Note what is wrong now: open, go on with, or end incidents; return those open, and those whose recovery nobody was told of.

    `seen` is a JSON array of `RULE_NAME`, `SUBJECT`, `SOURCE`, `SEVERITY`, `MESSAGE`, `MARK`; `looked` one of the sources that
    could be looked at: an open incident of another is neither seen nor recovered.
    """

    name: ClassVar[str] = "sp_NoteIncidents"
    returns: ClassVar[type] = NotedIncident
    repeatable: ClassVar[bool] = True

    seen: Text
    looked: Text


@dataclass(frozen=True, slots=True)
class ToldIncident:
    """How many messages were queued; 0 where others have told of it meanwhile."""

    queued: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class TellIncident(Procedure[ToldIncident]):
    """Note that people are told of an incident, and queue the messages, in one transaction.

    `what`: `opened`, `again` or `recovered`. `messages` is a JSON array of `WAY`, `TEMPLATE`, `DATA`. Where `tellings` isn't
    how often they were told, nothing is done.
    """

    name: ClassVar[str] = "sp_TellIncident"
    returns: ClassVar[type] = ToldIncident

    incident_id: Int
    tellings: Int
    what: Code
    messages: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListIncidents(Procedure[Incident]):
    """The open incidents, and with `since_dt` those that have recovered since; latest first."""

    name: ClassVar[str] = "sp_ListIncidents"
    returns: ClassVar[type] = Incident
    repeatable: ClassVar[bool] = True

    since_dt: Moment | None = None
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeIncident(Procedure[NoRow]):
    """Note that a person knows of an open incident: more of it is told to nobody, but its getting worse is, and its recovery."""

    name: ClassVar[str] = "sp_AcknowledgeIncident"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    incident_id: Int
    acknowledged_by: Key
    note: Line | None = None


@dataclass(frozen=True, slots=True)
class ReviewCount:
    """Orders that wait with a class of error, and the latest of their dead letters.

    Without a class: orders of the last hours that were applied, or came to a person for their amounts (`mismatched`).
    """

    error_class: Code | None
    orders: Int
    latest_id: BigInt
    mismatched: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReviews(Procedure[ReviewCount]):
    """What came to a person lately: a row for each class of error that orders wait with, and one of the last `hours`."""

    name: ClassVar[str] = "sp_CountReviews"
    returns: ClassVar[type] = ReviewCount
    repeatable: ClassVar[bool] = True

    hours: Int = 24
