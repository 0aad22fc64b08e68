"""From what `health` found to what people are told of: each rule with its words, and each trouble under its rule and subject.

A subject is what comes and goes by itself under one rule: a store, a job, a cause. The source says which check sees it, and
whose: the store of one profile is looked at by that profile's runs alone, the disk of a host by that host's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from syncctl.personal import masked
from syncctl.pushes import PUSH_CHECKS, PUSH_RULES, PUSH_TITLES
from syncctl.services.health_findings import Check, Level
from syncctl.services.health_verdict import CHECKS, HOST_CHECKS, JOB_CHECKS, STORE_CHECKS

if TYPE_CHECKING:
    from syncctl.db.contract import ReviewCount
    from syncctl.services.health_verdict import Verdict

Severity = Literal["warning", "critical"]

TITLES: Mapping[str, str] = {
    "retries_exhausted": "Orders failed at each of their tries",
    "order_in_review": "Orders need a person",
    "stale_order": "An order waits too long",
    "scheduler_silent": "A job did not run",
    "database_down": "The database can't be used",
    "store_down": "The store can't be used",
    "carrier_budget": "A carrier's calls are used up",
    "customer_queue": "A customer queue needs action",
    "mismatch_rate": "Many orders don't add up",
    **PUSH_TITLES,
    "health": "Something needs attention",
    "settings": "The settings make no sense",
}
"""Rule → what a message's first line says."""
_PASSING = ("deadlock", "lock_timeout", "connection", "throttle", "store", "crash", "unknown", "store_refused")
"""Classes of errors that come to a person only after their tries are used up."""
_RULES = {
    "database": "database_down",
    "store": "store_down",
    "keys": "store_down",
    "pending": "stale_order",
    "last_success": "scheduler_silent",
    "last_poll": "scheduler_silent",
    "jobs": "scheduler_silent",
    **dict.fromkeys(JOB_CHECKS, "scheduler_silent"),
    "carriers": "carrier_budget",
    "customers": "customer_queue",
    **PUSH_RULES,
}
"""Check → its rule; all others are `health`."""
_MOST = 1_000_000
_OF_A_STORE = ("certificate",)
_NO_TROUBLE = ("recent_errors", "review_causes")
_LONGEST_SUBJECT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong now. `mark` grows where there is more of it that nobody was told of."""

    rule: str
    subject: str
    source: str
    severity: Severity
    message: str
    advice: str = ""
    mark: int = 0

    def as_json(self) -> dict[str, object]:
        """Return it as `sp_NoteIncidents` takes it."""
        return {
            "RULE_NAME": self.rule,
            "SUBJECT": self.subject[:_LONGEST_SUBJECT],
            "SOURCE": self.source[:_LONGEST_SUBJECT],
            "SEVERITY": self.severity,
            "MESSAGE": self.message,
            "MARK": self.mark,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who looks: of which store, on which host."""

    store_id: str
    host: str

    def source(self, check: str) -> str:
        """Name a check so that it is this store's, or this host's, where it depends on that."""
        if check in ("disk", "clock"):
            return f"{check}@{self.host}"
        if check in (*STORE_CHECKS, *_OF_A_STORE, *PUSH_CHECKS, "last_poll", "jobs", *JOB_CHECKS):
            return f"{check}@{self.store_id}"
        return check


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """From when on the share of orders with odd amounts is told."""

    percent: int = 10
    orders: int = 3


def troubles(
    verdict: Verdict,
    counts: Sequence[ReviewCount],
    scope: Scope,
    *,
    mismatch: Mismatch,
    off: Sequence[str] = (),
    personal: bool = False,
) -> list[Trouble]:
    """Return what is wrong, each under its rule and subject once; nothing of the rules that are `off`.

    Unless `personal`, an order that stands as an example for others shows no more of an e-mail address than tells two apart.
    """
    found: dict[tuple[str, str], Trouble] = {}
    for trouble in (*_of_checks(verdict, counts, scope), *_mismatches(counts, mismatch)):
        key = (trouble.rule, trouble.subject[:_LONGEST_SUBJECT].casefold())
        if trouble.rule not in off and (key not in found or trouble.severity == "critical"):
            found[key] = trouble if personal else replace(trouble, message=masked(trouble.message))
    return list(found.values())


def looked_at(verdict: Verdict, scope: Scope, *, counted: bool) -> list[str]:
    """Return the sources that could be looked at: what isn't wrong there any more has recovered."""
    by_name = {check.name: check for check in verdict.checks}
    # What follows from another check is not told by itself: it has neither begun nor recovered.
    blind = {name for name, check in by_name.items() if check.level == "unknown" or check.because in by_name} | verdict.unasked
    if "jobs" in blind:
        blind |= {*JOB_CHECKS}
    if "pushes" in blind:
        blind |= {*PUSH_CHECKS}
    if "review_causes" in blind:
        blind.add("review")
    asked = {name: name in by_name and not _failed(by_name[name]) for name in ("database", "store")}
    found = []
    for name in CHECKS:
        if name in by_name:
            seen = name not in blind
        elif name in (*STORE_CHECKS, "certificate"):
            seen = asked["store"]
        else:
            seen = name in HOST_CHECKS or (asked["database"] and name not in blind)
        if seen:
            found.append(scope.source(name))
    found += [scope.source("jobs")] if "jobs" not in blind and asked["database"] else []
    return [*found, "mismatch_rate"] if counted else [source for source in found if source != "review"]


def _failed(check: Check) -> bool:
    """True of a system that was not seen; one that is slow was."""
    return check.level in ("critical", "unknown") and check.value is None


def _of_checks(verdict: Verdict, counts: Sequence[ReviewCount], scope: Scope) -> Iterator[Trouble]:
    for check in verdict.wrong:
        if check.name in _NO_TROUBLE or (check.name == "store" and check.level == "warning" and check.value is None):
            continue  # no store is set: whoever set up alerts without one means it
        if check.name == "review":
            yield from _reviews(check, counts, scope)
        elif check.parts:
            for part in check.parts:
                if part.level != "ok":
                    yield Trouble(
                        rule=_RULES.get(check.name, "health"),
                        subject=part.name,
                        source=scope.source(check.name),
                        severity=_severity(part.level),
                        message=part.message,
                        advice=check.advice,
                        mark=part.number,
                    )
        else:
            yield Trouble(
                rule=_RULES.get(check.name, "health"),
                subject=_subject(check, scope),
                source=scope.source(check.name),
                severity="critical" if check.name == "database" and check.level == "unknown" else _severity(check.level),
                message=check.message,
                advice=check.advice,
            )


def _severity(level: Level) -> Severity:
    return "critical" if level == "critical" else "warning"


def _subject(check: Check, scope: Scope) -> str:
    name = check.name.replace("_", " ")
    if check.name in ("store", *PUSH_CHECKS):
        return scope.store_id
    if check.name in ("keys", *_OF_A_STORE, "store version"):
        return f"{scope.store_id}: {name}"
    if check.name in ("disk", "clock"):
        return f"{name} of {scope.host}"
    if check.name in JOB_CHECKS:
        return name.removeprefix("job ").replace(" ", "-")
    return "" if check.name in ("database", "pending") else name


def _reviews(check: Check, counts: Sequence[ReviewCount], scope: Scope) -> Iterator[Trouble]:
    latest = {count.error_class: count for count in counts}
    for part in check.parts:
        count = latest.get(part.name)
        passing = part.name in _PASSING
        yield Trouble(
            rule="retries_exhausted" if passing else "order_in_review",
            subject=part.name,
            source=scope.source("review"),
            severity="critical" if passing else "warning",
            message=part.message,
            advice=check.advice,
            # Grows with each order that comes to a person, whatever number others leave behind.
            mark=count.latest_id * _MOST + min(count.orders, _MOST - 1) if count else 0,
        )


def _mismatches(counts: Sequence[ReviewCount], limit: Mismatch) -> Iterator[Trouble]:
    for count in counts:
        if count.error_class is None and count.mismatched >= limit.orders:
            share = 100 * count.mismatched / count.orders
            if share > limit.percent:
                yield Trouble(
                    rule="mismatch_rate",
                    subject="",
                    source="mismatch_rate",
                    severity="critical",
                    message=f"{count.mismatched} of the {count.orders} orders of 24 hours ({share:.0f} %, limit "
                    f"{limit.percent} %) came to a person for their totals or prices",
                    advice="look at one of them with `syncctl dead-letter list`: has the shop changed its rounding, taxes or a "
                    "plugin?",
                )
