"""The beginning and the end of a run that reads from a store, on the embedded engine."""

from __future__ import annotations

from dataclasses import fields

from syncctl.db.contract import FinishPoll, FinishRun, NoRow, StartPoll, StartRun, Walk
from syncctl.db.embedded.registry import Session, serves
from syncctl.db.embedded.runs import finish_run, start_run
from syncctl.db.embedded.walks import note_all, walks_of


@serves(StartPoll)
def start_poll(session: Session, call: StartPoll) -> list[Walk]:
    """See `sql/procedures/sp_StartPoll.sql`."""
    start_run(session, StartRun(**{field.name: getattr(call, field.name) for field in fields(StartRun)}))
    return walks_of(session, call.store_id)


@serves(FinishPoll)
def finish_poll(session: Session, call: FinishPoll) -> list[NoRow]:
    """See `sql/procedures/sp_FinishPoll.sql`."""
    note_all(session, call.store_id, call.walks)
    finish_run(session, FinishRun(**{field.name: getattr(call, field.name) for field in fields(FinishRun)}))
    return []
