"""Counting what happened to orders, by store and hour, on the embedded engine: each run does, at its end."""

from __future__ import annotations

from datetime import timedelta

from syncctl.db.embedded.registry import Session

COUNTS = (
    "POLL_COUNT",
    "POLLED_COUNT",
    "KNOWN_COUNT",
    "CREATED_COUNT",
    "UPDATED_COUNT",
    "CLOSED_COUNT",
    "REVIEW_COUNT",
    "FAILED_COUNT",
)
_KINDS = {
    "CREATED": "CREATED_COUNT",
    "REOPENED": "CREATED_COUNT",
    "UPDATED": "UPDATED_COUNT",
    "CANCELLED": "CLOSED_COUNT",
    "REVIEW": "REVIEW_COUNT",
    "FAILED": "FAILED_COUNT",
}
"""Event → the number that it counts in."""
_AT_REST = timedelta(minutes=10)
_MOST = 20_000
_BEGIN = """
    COALESCE(
        (
            SELECT MAX(reset.RESET_DT) FROM dbo.USER_SYNC_STATISTIC_RESET AS reset
            WHERE reset.STORE_ID = {store} AND reset.RESET_DT <= {moment} AND reset.RESET_DT > {hour}
        ),
        {hour}
    )
"""
"""See `sql/functions/fn_StatisticBegin.sql`."""


def _begin(store: str, moment: str) -> str:
    """Return the expression of the moment from when on the row counts to which a moment belongs."""
    return _BEGIN.format(store=store, moment=moment, hour=hour_of(moment))


def hour_of(moment: str) -> str:
    """Return the expression of the beginning of a moment's hour."""
    return f"SUBSTR({moment}, 1, 13) || ':00:00.000'"


def _of_events() -> str:
    kinds = ", ".join(
        f"EVENT_TYPE IN ({', '.join(repr(kind) for kind, counted in _KINDS.items() if counted == name)}) AS {name}"
        for name in COUNTS[3:]
    )
    return f"""
        SELECT STORE_ID, {_begin("happened.STORE_ID", "happened.EVENT_DT")} AS BEGIN_DT,
            0 AS POLL_COUNT, 0 AS POLLED_COUNT, 0 AS KNOWN_COUNT, {kinds}
        FROM dbo.USER_ORDER_EVENT AS happened
        WHERE EVENT_ID > :after AND EVENT_ID < :up_to AND EVENT_TYPE IN ({", ".join(map(repr, _KINDS))})
    """  # noqa: S608  (constants)


EVENTS = _of_events()
_ADD = f"""
    INSERT INTO dbo.USER_SYNC_STATISTIC (STORE_ID, BEGIN_DT, {", ".join(COUNTS)})
    SELECT STORE_ID, BEGIN_DT, {", ".join(f"SUM({name})" for name in COUNTS)} FROM ({{parts}}) WHERE TRUE GROUP BY 1, 2
    ON CONFLICT (STORE_ID, BEGIN_DT) DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)}
"""  # noqa: S608  (constants)
_POLL = f"""
    SELECT :store AS STORE_ID, {_begin(":store", ":now")} AS BEGIN_DT,
        1 AS POLL_COUNT, :polled AS POLLED_COUNT, :known AS KNOWN_COUNT, {", ".join(f"0 AS {name}" for name in COUNTS[3:])}
"""


def note_statistics(session: Session, *, store_id: str | None = None, polled: int = 0, known: int = 0, most: int = _MOST) -> None:
    """See `sql/procedures/sp_NoteStatistics.sql`."""
    after = counted(session)
    found = session.one(
        """
        SELECT COALESCE(MIN(CASE WHEN EVENT_DT > :at_rest THEN EVENT_ID END), MAX(EVENT_ID) + 1) AS UP_TO
        FROM (SELECT EVENT_ID, EVENT_DT FROM dbo.USER_ORDER_EVENT WHERE EVENT_ID > :after ORDER BY EVENT_ID LIMIT :most)
        """,
        {"at_rest": session.now - _AT_REST, "after": after, "most": most},
    )
    up_to = found["UP_TO"] if found else None
    if up_to is not None and up_to > after + 1:
        session.run(_ADD.format(parts=EVENTS), {"after": after, "up_to": up_to})
        session.run("UPDATE dbo.USER_SYNC_STATISTIC_MARK SET LAST_EVENT_ID = :last WHERE MARK_ID = 1", {"last": up_to - 1})
    if store_id is not None:
        session.run(_ADD.format(parts=_POLL), {"store": store_id, "now": session.now, "polled": polled, "known": known})


def counted(session: Session) -> int:
    """Return up to which event is counted."""
    mark = session.one("SELECT LAST_EVENT_ID FROM dbo.USER_SYNC_STATISTIC_MARK WHERE MARK_ID = 1")
    return int(mark["LAST_EVENT_ID"]) if mark else 0
