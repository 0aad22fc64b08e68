"""Take up again what failed and is due: orders first, then the messages to the store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.db.contract import Database
from syncctl.retry import CircuitBreaker
from syncctl.services.process import ProcessedOrder, ProcessOptions, ProcessResult
from syncctl.services.stopping import Never, Stop
from syncctl.services.workers import process
from syncctl.services.write_back import WriteBack
from syncctl.stores.base import Store

log = logging.getLogger(__name__)


def retry_failed(
    connect: Callable[[], Database],
    open_store: Callable[[], Store] | None,
    options: ProcessOptions,
    *,
    run_id: str,
    workers: int = 1,
    breaker_threshold: int = 3,
    stop: Stop | None = None,
    clock: Clock = system_clock,
    sleeper: Sleeper = system_sleeper,
    progress: Callable[[ProcessedOrder], None] = lambda _: None,
) -> ProcessResult:
    """Do the failed orders of `options.scope`, then deliver the messages that are due (with `ignore_due`: all that wait).

    Orders named one by one bring only their own messages along.
    """
    stop = stop or Never()
    result = process(
        connect,
        open_store,
        options,
        run_id=run_id,
        workers=workers,
        breaker_threshold=breaker_threshold,
        stop=stop,
        clock=clock,
        sleeper=sleeper,
        progress=progress,
    )
    if open_store is None or result.database_down or result.store_down or stop.is_set():
        return result
    breaker = CircuitBreaker("store", breaker_threshold)
    deliveries = []
    with closing(connect()) as database, closing(open_store()) as store:
        write_back = WriteBack(database, store, f"{run_id}/store", breaker, lease_seconds=options.lease_seconds)
        for staging_id in options.staging_ids or (None,):
            deliveries += write_back.deliver(staging_id=staging_id, limit=options.limit, ignore_due=options.ignore_due, stop=stop)
    # A breaker needs several failures to open; with a message or two, no answer to the last one says as much.
    down = breaker.last_error if breaker.unanswered else None
    return replace(result, deliveries=[*result.deliveries, *deliveries], store_down=down)
