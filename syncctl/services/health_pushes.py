"""Whether the stores are told what they should be: when a push last came to its end, whether one is held, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from syncctl.jobs import BY_NAME
from syncctl.pushes import PushKind
from syncctl.services.health_findings import Check, Figure, Level, Thresholds, age_of, ago, over, seconds_of, span
from syncctl.services.health_jobs import longest_silence

if TYPE_CHECKING:
    from syncctl.db.contract import StorePush

STUBBORN = 3
"""From so many refusals in a row on an item is refused again and again."""
_EXAMPLE_LENGTH = 100


def pushes(known: Sequence[StorePush], now: datetime, limits: Thresholds, *, store_id: str) -> Iterator[Check]:
    """Judge each kind of push that is on, for one store."""
    by_kind = {push.kind: push for push in known if push.store_id == store_id}
    for kind in limits.pushes:
        push = by_kind.get(kind.name)
        yield _told(kind, push, now, limits)
        yield _held(kind, push, now, limits)
        yield _refused(kind, push, limits)


def left_alone(push: StorePush) -> dict[str, int]:
    """Return why items were left alone by the last push → how many."""
    try:
        found = json.loads(push.left_json or "{}")
    except ValueError:  # a row that was broken by hand
        return {}
    return {str(why): number for why, number in found.items() if isinstance(number, int)} if isinstance(found, dict) else {}


def _limits(kind: PushKind, limits: Thresholds) -> tuple[int, int]:
    """Return after how many minutes a push is late, and after how many that is critical; a job that runs seldom is late later."""
    silence = longest_silence(limits.intervals.get(kind.job, BY_NAME[kind.job].minutes), limits.late_intervals)
    warning = max(limits.push_warning_minutes, silence)
    return warning, max(limits.push_critical_minutes, warning)


def _told(kind: PushKind, push: StorePush | None, now: datetime, limits: Thresholds) -> Check:
    warning, critical = _limits(kind, limits)
    age = age_of(push.ended_dt, now) if push else None
    unknown = left_alone(push).get("unknown", 0) if push else 0
    if push is None or age is None:
        level: Level = "warning"
        said = f"the store was never told of its {kind.what} to the end"
    else:
        level = "critical" if over(age, critical) else "warning" if over(age, warning) else "ok"
        said = f"a push last came to its end {ago(age)} (limit {warning} min); {push.told:,} of {push.items:,} items ever told"
        said += f", {unknown:,} the ERP doesn't know" if unknown else ""
    return Check(
        f"{kind.name}_told",
        level,
        said,
        seconds_of(age),
        "s",
        warning=warning * 60,
        critical=critical * 60,
        advice=f"look whether the job `{kind.job}` runs and what its log says; `syncctl {kind.command}` does it now",
        because=f"{kind.name}_held" if push is None or push.held_dt else "",
        also=(
            Figure(name=f"{kind.name}_items", value=push.items if push else 0),
            Figure(name=f"{kind.name}_managed", value=push.managed if push else 0),
            Figure(name=f"{kind.name}_unknown", value=unknown),
        ),
    )


def _held(kind: PushKind, push: StorePush | None, now: datetime, limits: Thresholds) -> Check:
    """What is held is told as this alone: that the store is not told meanwhile follows from it, and makes it worse."""
    _, critical = _limits(kind, limits)
    age = age_of(push.held_dt, now) if push else None
    level: Level = "ok"
    said = "no push waits for a person"
    if push is None:
        level, said = "warning", f"the store was never told of its {kind.what}: a person looks at the first push"
    elif age is not None:
        untold = age_of(push.ended_dt, now) or age
        first = push.held_why == "first"
        level = "critical" if over(untold, critical) and not first else "warning"
        said = f"{'the first push' if first else 'a push'} has waited for a person for {span(age)}: {_first(push.held_message)}"
        if not first:
            said += f"; the store was last told {ago(untold)} (limit {critical} min)"
    return Check(
        f"{kind.name}_held",
        level,
        said,
        seconds_of(age) or 0,
        "s",
        warning=0,
        critical=critical * 60,
        advice="`syncctl config erp set` mends the setting; the next push goes on"
        if push and push.held_why == "setting"
        else f"`syncctl {kind.command} --dry-run` shows what would be told; if right, `syncctl {kind.command} --yes` tells it",
    )


def _refused(kind: PushKind, push: StorePush | None, limits: Thresholds) -> Check:
    stubborn = push.stubborn if push else 0
    refused = push.refused if push else 0
    level: Level = "critical" if stubborn > limits.refused_critical else "warning" if stubborn > limits.refused_warning else "ok"
    said = (
        f"{stubborn:,} {'item' if stubborn == 1 else 'items'} refused {STUBBORN} times in a row (limit {limits.refused_warning})"
    )
    if push and stubborn:
        said += f", such as SKU {push.sku}: {_short(push.message)}"
    if refused > stubborn:
        more = refused - stubborn
        said += f"; {more:,} {'other is' if more == 1 else 'others are'} tried again"
    return Check(
        f"{kind.name}_refused",
        level,
        said,
        stubborn,
        warning=limits.refused_warning,
        critical=limits.refused_critical,
        advice=f"look at the product in the store; `syncctl {kind.command} --sku SKU` tells it now, and what the store answers",
        also=(Figure(name=f"{kind.name}_refused_at_all", value=refused),),
    )


def _first(message: str | None) -> str:
    """Return the first sentence of why a push is held: what to do stands in the advice."""
    return _short((message or "no reason is noted").partition(". ")[0], 200)


def _short(message: str | None, length: int = _EXAMPLE_LENGTH) -> str:
    text = " ".join((message or "no reason is noted").split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
