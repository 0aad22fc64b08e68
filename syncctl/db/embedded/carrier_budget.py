"""The carriers' budgets on the embedded engine: every call is a row, written before the call is made."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncctl.db.contract import (
    CarrierUse,
    FinishCarrierCalls,
    GetCarrierUse,
    LowerCarrierBudget,
    NoRow,
    ReserveCarrierCall,
    ReservedCall,
)
from syncctl.db.embedded.registry import Session, require, serves

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """A carrier's budget at this moment."""

    row: sqlite3.Row | None
    start: datetime
    end: datetime
    used_second: int
    used_minute: int
    used_day: int
    unfinished: int
    limit_minute: int | None
    limit_day: int | None

    @property
    def paused_until(self) -> datetime | None:
        """When the pause that the carrier asked for ends; None where there is none."""
        until: datetime | None = self.row["PAUSED_UNTIL_DT"] if self.row else None
        return until


def _lower(first: int | None, second: int | None) -> int | None:
    given = [limit for limit in (first, second) if limit is not None]
    return min(given) if given else None


def _budget(session: Session, carrier: str, day_starts: str, per_minute: int | None, per_day: int | None) -> Budget:
    starts = sorted(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in json.loads(day_starts))
    before, after = [start for start in starts if start <= session.now], [start for start in starts if start > session.now]
    require((bool(before) and bool(after), "@DAY_STARTS must hold moments before and after the present."))
    row = session.one("SELECT * FROM dbo.USER_CARRIER_BUDGET WHERE CARRIER = :carrier", {"carrier": carrier})
    lowered = row is not None and row["LOWERED_UNTIL_DT"] is not None and row["LOWERED_UNTIL_DT"] > session.now
    counted = session.one(
        """
        SELECT SUM(CALLED_DT > :second) AS SECONDS, SUM(CALLED_DT > :minute) AS MINUTES, SUM(CALLED_DT >= :day) AS DAYS,
               SUM(CALLED_DT >= :day AND OUTCOME IS NULL) AS OPEN_CALLS
        FROM dbo.USER_CARRIER_CALL
        WHERE CARRIER = :carrier AND CALLED_DT >= :since
        """,
        {
            "carrier": carrier,
            "second": session.now - _SECOND,
            "minute": session.now - _MINUTE,
            "day": before[-1],
            "since": min(before[-1], session.now - _MINUTE),
        },
    )
    seconds, minutes, days, unfinished = (0, 0, 0, 0) if counted is None else (value or 0 for value in counted)
    return Budget(
        row=row,
        start=before[-1],
        end=after[0],
        used_second=seconds,
        used_minute=minutes,
        used_day=days,
        unfinished=unfinished,
        limit_minute=_lower(per_minute, row["LOWERED_MINUTE"] if row and lowered else None),
        limit_day=_lower(per_day, row["LOWERED_DAY"] if row and lowered else None),
    )


@serves(ReserveCarrierCall)
def reserve_carrier_call(session: Session, call: ReserveCarrierCall) -> list[ReservedCall]:
    """See `sql/procedures/sp_ReserveCarrierCall.sql`."""
    require((call.carrier != "", "@CARRIER is required."), (call.worker_id != "", "@WORKER_ID is required."))
    session.run("INSERT OR IGNORE INTO dbo.USER_CARRIER_BUDGET (CARRIER) VALUES (:carrier)", {"carrier": call.carrier})
    budget = _budget(session, call.carrier, call.day_starts, call.per_minute, call.per_day)
    reason, free = _refusal(session, call, budget)
    if reason:
        return [ReservedCall(call_id=None, granted=False, reason=reason, free_dt=free, used_day=budget.used_day)]
    session.run(
        """
        INSERT INTO dbo.USER_CARRIER_CALL (CARRIER, CALLED_DT, CLAIM_ID, WORKER_ID)
        VALUES (:carrier, :now, :claim, :worker)
        """,
        {"carrier": call.carrier, "now": session.now, "claim": call.claim_id, "worker": call.worker_id},
    )
    made = session.one("SELECT last_insert_rowid() AS CALL_ID")
    return [ReservedCall(call_id=made["CALL_ID"], granted=True, reason=None, free_dt=None, used_day=budget.used_day + 1)]  # type: ignore[index]


def _refusal(session: Session, call: ReserveCarrierCall, budget: Budget) -> tuple[str | None, datetime | None]:
    """Say why there is no call left and when one is free, or nothing."""
    if budget.paused_until and budget.paused_until > session.now:
        return "paused", budget.paused_until
    if budget.limit_day is not None and budget.used_day >= budget.limit_day:
        return "day", budget.end
    if budget.limit_minute is not None and budget.used_minute >= budget.limit_minute:
        return "minute", _oldest(session, call.carrier, _MINUTE)
    if call.per_second is not None and budget.used_second >= call.per_second:
        return "second", _oldest(session, call.carrier, _SECOND)
    return None, None


def _oldest(session: Session, carrier: str, window: timedelta) -> datetime:
    """Return when the oldest call of a window leaves it."""
    row = session.one(
        """
        SELECT CALLED_DT
        FROM dbo.USER_CARRIER_CALL
        WHERE CARRIER = :carrier AND CALLED_DT > :since
        ORDER BY CALLED_DT
        LIMIT 1
        """,
        {"carrier": carrier, "since": session.now - window},
    )
    called: datetime = row["CALLED_DT"] if row else session.now
    return called + window


@serves(FinishCarrierCalls)
def finish_carrier_calls(session: Session, call: FinishCarrierCalls) -> list[NoRow]:
    """See `sql/procedures/sp_FinishCarrierCalls.sql`."""
    session.run(
        """
        UPDATE dbo.USER_CARRIER_CALL
        SET OUTCOME = :outcome, ERROR_CODE = :code, ENDED_DT = :now
        WHERE CARRIER = :carrier AND WORKER_ID = :worker AND CLAIM_ID IS :claim AND OUTCOME IS NULL
        """,
        {
            "outcome": call.outcome,
            "code": call.error_code,
            "now": session.now,
            "carrier": call.carrier,
            "worker": call.worker_id,
            "claim": call.claim_id,
        },
    )
    if call.outcome != "throttled":
        session.run("UPDATE dbo.USER_CARRIER_BUDGET SET PAUSES_IN_ROW = 0 WHERE CARRIER = :carrier", {"carrier": call.carrier})
    return []


@serves(GetCarrierUse)
def get_carrier_use(session: Session, call: GetCarrierUse) -> list[CarrierUse]:
    """See `sql/procedures/sp_GetCarrierUse.sql`."""
    return [_use(session, call.carrier, _budget(session, call.carrier, call.day_starts, call.per_minute, call.per_day))]


def _use(session: Session, carrier: str, budget: Budget) -> CarrierUse:
    paused = budget.paused_until if budget.paused_until and budget.paused_until > session.now else None
    return CarrierUse(
        carrier=carrier,
        used_second=budget.used_second,
        used_minute=budget.used_minute,
        used_day=budget.used_day,
        unfinished=budget.unfinished,
        limit_minute=budget.limit_minute,
        limit_day=budget.limit_day,
        day_start_dt=budget.start,
        day_end_dt=budget.end,
        paused_until_dt=paused,
        pause_reason=budget.row["PAUSE_REASON"] if paused and budget.row else None,
    )


@serves(LowerCarrierBudget)
def lower_carrier_budget(session: Session, call: LowerCarrierBudget) -> list[CarrierUse]:
    """See `sql/procedures/sp_LowerCarrierBudget.sql`."""
    session.run("INSERT OR IGNORE INTO dbo.USER_CARRIER_BUDGET (CARRIER) VALUES (:carrier)", {"carrier": call.carrier})
    budget = _budget(session, call.carrier, call.day_starts, call.per_minute, call.per_day)
    row = budget.row
    in_row = row["PAUSES_IN_ROW"] if row else 0
    until = call.until_dt or min(budget.end, session.now + timedelta(minutes=2 ** min(in_row, 12)))
    former = budget.paused_until
    lowered = row is not None and row["LOWERED_UNTIL_DT"] is not None and row["LOWERED_UNTIL_DT"] > session.now
    session.run(
        """
        UPDATE dbo.USER_CARRIER_BUDGET
        SET PAUSED_UNTIL_DT = :until, PAUSE_REASON = :reason, PAUSES_IN_ROW = PAUSES_IN_ROW + 1,
            LOWERED_MINUTE = :minute, LOWERED_DAY = :day, LOWERED_UNTIL_DT = :end
        WHERE CARRIER = :carrier
        """,
        {
            "until": max(until, former) if former else until,
            "reason": call.reason,
            "minute": _lower(max(1, budget.used_minute - 1), row["LOWERED_MINUTE"] if row and lowered else None),
            "day": budget.used_day if until >= budget.end else (row["LOWERED_DAY"] if row and lowered else None),
            "end": budget.end,
            "carrier": call.carrier,
        },
    )
    return [_use(session, call.carrier, _budget(session, call.carrier, call.day_starts, call.per_minute, call.per_day))]
