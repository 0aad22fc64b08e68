"""Queues of customers: start one, fill it, work it off; and go on with all that are open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from syncctl.db.contract import CustomerQueue, Database, ListCustomerQueues, StartCustomerQueue
from syncctl.errors import SyncError, WrongState
from syncctl.services.customer_work import CustomerResult, CustomerWork
from syncctl.services.fill_customers import Filler, Wanted
from syncctl.services.pace import Pace
from syncctl.services.run_context import RunContext, unforeseen
from syncctl.services.work_loop import work_off
from syncctl.services.workers import side_by_side
from syncctl.stores.base import Store

log = logging.getLogger(__name__)

MOST_QUEUES = 1000
"""Open queues that one run goes on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQueue:
    """What a queue is to be like."""

    org_id: str
    store_id: str
    name: str
    wanted: Wanted
    batch_size: int = 50
    batch_delay_ms: int = 2000
    max_retries: int = 3
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run works with."""

    connect: Callable[[], Database]
    open_store: Callable[[], Store] | None
    """None where no store is configured: queues that are not filled yet stay so."""
    context: RunContext
    lease_seconds: int = 300
    workers: int = 1


def make_queue(database: Database, store: Store, new: NewQueue) -> int:
    """Make an empty queue, once the store has shown that it answers; return its id.

    Raises:
        StoreUnavailable, StoreMisconfigured: it doesn't, and no queue was made.
        Conflict: the store has brought customers into another organisation.
    """
    store.ping()
    [started] = database.run(
        StartCustomerQueue(
            org_id=new.org_id,
            store_id=new.store_id,
            queue_name=new.name,
            batch_size=new.batch_size,
            batch_delay_ms=new.batch_delay_ms,
            max_retries=new.max_retries,
            options_json=new.wanted.as_json(),
            created_by=new.created_by or None,
        )
    )
    return started.queue_id


def queue_of(database: Database, org_id: str, queue_id: int) -> CustomerQueue:
    """Return a queue with its counts as they are now.

    Raises:
        NotFound: the organisation has none of that id.
    """
    [queue] = database.run(ListCustomerQueues(org_id=org_id, queue_id=queue_id))
    return queue


def open_queues(database: Database, org_id: str) -> list[CustomerQueue]:
    """Return the queues of an organisation that have something left to do, oldest first."""
    return list(reversed(database.run(ListCustomerQueues(org_id=org_id, open_only=True, batch_size=MOST_QUEUES))))


def fill(database: Database, store: Store, queue: CustomerQueue, context: RunContext, result: CustomerResult) -> bool:
    """Fill a queue from the store; return whether it is filled now. See `Filler.fill` for what it raises."""
    pace = Pace(queue.batch_delay_ms / 1000)
    filler = Filler(database=database, store=store, queue=queue, context=context, pace=pace, worker_id=context.run_id)
    try:
        return filler.fill()
    finally:
        result.filled += filler.added


def work(queue: CustomerQueue, means: Means, result: CustomerResult) -> None:
    """Work a queue off, by as many workers as are wanted. What ended it early is `ended_by` of the result."""
    context = means.context
    pace = Pace(queue.batch_delay_ms / 1000)

    def one(number: int) -> None:
        """Open this worker's own connection, in its own thread, and work."""
        try:
            with closing(means.connect()) as database:
                working = CustomerWork(
                    database=database,
                    queue=queue,
                    worker_id=f"{context.run_id}/{number}",
                    context=context,
                    result=result,
                    pace=pace if means.workers == 1 else Pace(pace.longest),
                    lease_seconds=means.lease_seconds,
                )
                work_off(working, result, context, batch=queue.batch_size)
        except SyncError as error:
            result.end(error)
        except Exception as error:
            log.exception("Worker %s ended in an unforeseen way", number)
            result.end(unforeseen(error))

    side_by_side(one, means.workers)
    result.stopped = result.stopped or context.stop.is_set()


def resume(database: Database, org_id: str, store_id: str, means: Means, result: CustomerResult) -> list[CustomerQueue]:
    """Go on with each open queue of an organisation: fill it where that isn't done and it is this store's, and work it off.

    A store that is down, or whose list can't be read, keeps queues from being filled, not from being worked off: it is told once
    all others were. A queue that a person ends meanwhile holds up no other. Returns the queues that were open, as they were then.
    What ended the run early is `ended_by` of the result.
    """
    queues = open_queues(database, org_id)
    down: SyncError | None = None
    for queue in queues:
        if means.context.stop.is_set() or result.ended_by:
            break
        if queue.filled_at is None and queue.store_id == store_id and means.open_store is not None and down is None:
            try:
                with closing(means.open_store()) as store:
                    fill(database, store, queue, means.context, result)
            except WrongState as ended:
                log.warning("%s", ended)
            except SyncError as error:
                down = error
        work(queue, means, result)
    if down is not None:
        result.end(down)
    return queues
