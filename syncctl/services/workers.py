"""Run several workers side by side, each with a connection to the database and to the store of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing

from syncctl.db.contract import Database
from syncctl.errors import SyncError
from syncctl.services.erp_site import require_settings
from syncctl.services.process import Budget, OrderWork, ProcessOptions, ProcessResult
from syncctl.services.run_context import RunContext, unforeseen
from syncctl.services.work_loop import work_off
from syncctl.services.write_back import WriteBack
from syncctl.stores.base import Store

log = logging.getLogger(__name__)


def process(
    connect: Callable[[], Database],
    open_store: Callable[[], Store] | None,
    options: ProcessOptions,
    context: RunContext,
    *,
    result: ProcessResult | None = None,
    workers: int = 1,
) -> ProcessResult:
    """Bring staged orders into the ERP and tell the store. Without `open_store` the messages stay in the outbox.

    Orders named one by one are done by a single worker. The result is filled as the work goes; what ended the run early is
    `ended_by`, and why the store heard no more `store_down`. Nothing is taken before the site has set what a document needs.
    """
    result = result if result is not None else ProcessResult()
    budget = Budget(options.limit)
    workers = 1 if options.scope == "listed" else workers

    def work(number: int) -> None:
        """Open this worker's own connections, in its own thread (SQLite's may not change threads), and work."""
        worker_id = f"{context.run_id}/{number}"
        try:
            with ExitStack() as opened:
                database = opened.enter_context(closing(connect()))
                require_settings(database)
                write_back = None
                if open_store is not None:
                    store = opened.enter_context(closing(open_store()))
                    write_back = WriteBack(
                        database,
                        store,
                        worker_id,
                        context,
                        result=result.messages,
                        lease_seconds=options.lease_seconds,
                        statuses=options.statuses,
                        workers=workers,
                    )
                orders = OrderWork(
                    database=database,
                    write_back=write_back,
                    worker_id=worker_id,
                    options=options,
                    budget=budget,
                    result=result,
                    context=context,
                    workers=workers,
                )
                work_off(orders, result, context, batch=options.batch)
        except SyncError as error:
            result.end(error)
        except Exception as error:
            log.exception("Worker %s ended in an unforeseen way", number)
            result.end(unforeseen(error))

    side_by_side(work, workers)
    result.stopped = context.stop.is_set()
    result.store_down = context.breaker("store").opened_by
    return result


def side_by_side(work: Callable[[int], None], workers: int) -> None:
    """Run `work(1)`, `work(2)` … in threads of their own; one alone in this thread."""
    if workers == 1:
        work(1)
        return
    threads = [threading.Thread(target=work, args=(number,), name=f"worker-{number}") for number in range(1, workers + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # a join without end would keep Windows from seeing Ctrl+C
