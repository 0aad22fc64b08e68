"""Figures as one HTML page: self-contained, without scripts, readable on a phone, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from syncctl import __version__
from syncctl.db.contract import CustomerQueue
from syncctl.foreign_text import one_line, without_controls
from syncctl.personal import masked
from syncctl.reporting.charts import stacked
from syncctl.services.figures import Figures, Flow, hours_of_day

FLOW_SERIES = ("created", "changed", "closed")
TROUBLE_SERIES = ("failed", "review")
STEPS = {"seen": "placed → staged", "to_erp": "staged → in the ERP", "to_store": "in the ERP → store told"}
STATES = {
    "PENDING": "to be entered",
    "CLAIMED": "in work",
    "FAILED": "to be tried again",
    "NEEDS_MANUAL_REVIEW": "for a person",
    "WRITE_BACK": "messages to the store",
}
_SHORT = timedelta(days=2)
"""A window up to this long is drawn by the hour."""
MOST_REVIEW = 200
_LONGEST = 300


def page(figures: Figures, *, title: str = "Orders between store and ERP", personal: bool = False) -> str:
    """Return the page. E-mail addresses in it are masked unless `personal`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("syncctl.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_plain(personal=personal),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"span": span, "number": "{:,}".format, "moment": _moment(figures), "said": _said}
    return environment.get_template("page.html").render(_told(figures), title=title, version=__version__)


def _plain(*, personal: bool) -> Callable[[Any], Any]:
    """Return what is done to every text that is shown, whoever wrote it: controls go, and of addresses most. Not to markup."""

    def plain(value: Any) -> Any:
        if type(value) is not str:
            return value
        return without_controls(value if personal else masked(value))

    return plain


def _told(figures: Figures) -> dict[str, Any]:
    window = figures.window
    by_hour = window.until - window.since <= _SHORT
    flows = figures.by_hour if by_hour else figures.by_day
    totals = figures.totals
    points = [(_label(flow, by_hour=by_hour), flow.counts) for flow in flows]
    hours = [(f"{hour:02d}", {"documents": count}) for hour, count in enumerate(hours_of_day(figures.by_hour))]
    attempts: dict[int, int] = {}
    for row in figures.attempts:
        attempts[row.attempt_no] = attempts.get(row.attempt_no, 0) + row.orders
    return {
        "figures": figures,
        "totals": totals,
        "grain": "hour" if by_hour else "day",
        "flow": stacked(points, FLOW_SERIES),
        "intake": stacked(points, ("staged", "edited")),
        "trouble": stacked(points, TROUBLE_SERIES),
        "hours": stacked(hours, ("documents",)),
        "attempts": stacked([(str(number), {"orders": attempts[number]}) for number in sorted(attempts)], ("orders",)),
        "pushed": [
            (kind, stacked(points, kind.columns[:2]), [each for each in figures.pushes if each.kind is kind])
            for kind in figures.kinds
        ],
        "flows": flows,
        "by_hour": by_hour,
        "steps": STEPS,
        "states": STATES,
        "most_waiting": max((row.rows_waiting for row in figures.backlog), default=0),
        "slowest": max((row.p95_ms for row in figures.steps), default=0),
        "most_failed": max((cause.failure.orders for cause in figures.causes), default=0),
        "most_claims": max((row.claims for row in figures.proofs), default=0),
        "letters": figures.review[:MOST_REVIEW],
        "more_review": max(0, figures.waiting("NEEDS_MANUAL_REVIEW") - min(len(figures.review), MOST_REVIEW)),
        "label": _label,
        "progress": _progress,
    }


def _progress(queue: CustomerQueue) -> float:
    """Return how much of a queue is done, in per cent."""
    return round((queue.done_count + queue.cancelled_count) / queue.total_count * 100, 2) if queue.total_count else 0.0


def _label(flow: Flow, *, by_hour: bool) -> str:
    return f"{flow.start:%d %b %H}h" if by_hour else f"{flow.start:%d %b}"


def span(milliseconds: int) -> str:
    """Write a time as people say it: `850 ms`, `12.3 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def _moment(figures: Figures) -> Callable[[datetime], str]:
    zone = figures.window.since.tzinfo
    return lambda moment: f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _said(text: object) -> str:
    """Return a sentence on one line, the beginning of a long one."""
    line = one_line(str(text or ""))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
