"""What was polled and what became of orders, by store and hour, on the embedded engine."""

from __future__ import annotations

from typing import Any

from syncctl.db.contract import ListStatistics, ResetRow, ResetStatistics, StatisticRow
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.db.embedded.statistic_counts import COUNTS, EVENTS, counted, hour_of

_GRAINS = {"total": "NULL", "day": "SUBSTR(BEGIN_DT, 1, 10) || ' 00:00:00.000'", "hour": hour_of("BEGIN_DT")}
_LIST = f"""
    SELECT part.STORE_ID, {{grain}} AS "BEGIN_DT [DATETIME_TEXT]", reset.RESET_DT AS "RESET_DT [DATETIME_TEXT]",
        {", ".join(f"SUM({name}) AS {name}" for name in COUNTS)}
    FROM (
        SELECT STORE_ID, BEGIN_DT, {", ".join(COUNTS)} FROM dbo.USER_SYNC_STATISTIC
        UNION ALL
        SELECT * FROM ({EVENTS})
        UNION ALL
        SELECT STORE_ID, MAX(RESET_DT), {", ".join("0" for _ in COUNTS)} FROM dbo.USER_SYNC_STATISTIC_RESET
        WHERE :grain = 'total' GROUP BY STORE_ID
    ) AS part
    LEFT JOIN (
        SELECT STORE_ID, MAX(RESET_DT) AS RESET_DT FROM dbo.USER_SYNC_STATISTIC_RESET GROUP BY STORE_ID
    ) AS reset ON reset.STORE_ID = part.STORE_ID
    WHERE (:store IS NULL OR part.STORE_ID = :store)
    AND (:since IS NULL OR BEGIN_DT >= {hour_of(":since")})
    AND (:until IS NULL OR BEGIN_DT < :until)
    AND (NOT :since_reset OR reset.RESET_DT IS NULL OR BEGIN_DT >= reset.RESET_DT)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2
"""  # noqa: S608  (constants)


@serves(ListStatistics)
def list_statistics(session: Session, call: ListStatistics) -> list[StatisticRow]:
    """See `sql/procedures/sp_ListStatistics.sql`."""
    require((call.grain in _GRAINS, "@GRAIN takes total, day, hour."))
    given: dict[str, Any] = {
        "store": call.store_id,
        "since": call.since_dt,
        "until": call.until_dt,
        "since_reset": call.since_reset,
        "after": counted(session),
        "up_to": 2**63 - 1,
        "grain": call.grain,
    }
    return [make(StatisticRow, row) for row in session.all(_LIST.format(grain=_GRAINS[call.grain]), given)]


@serves(ResetStatistics)
def reset_statistics(session: Session, call: ResetStatistics) -> list[ResetRow]:
    """See `sql/procedures/sp_ResetStatistics.sql`."""
    require((call.store_id != "", "@STORE_ID is required."), (call.reset_by != "", "@RESET_BY is required."))
    given = {"store": call.store_id, "by": call.reset_by, "now": session.now}
    before = session.one(
        """
        SELECT MAX(RESET_DT) AS "RESET_DT [DATETIME_TEXT]" FROM dbo.USER_SYNC_STATISTIC_RESET
        WHERE STORE_ID = :store AND RESET_DT < :now
        """,
        given,
    )
    session.run(
        """
        INSERT INTO dbo.USER_SYNC_STATISTIC_RESET (STORE_ID, RESET_DT, RESET_BY) VALUES (:store, :now, :by)
        ON CONFLICT DO NOTHING
        """,
        given,
    )
    return [ResetRow(call.store_id, session.now, before["RESET_DT"] if before else None)]
