"""Run several workers side by side, each with a connection to the database and to the store of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.db.contract import Database
from syncctl.errors import SyncError, TransientError
from syncctl.retry import CircuitBreaker
from syncctl.services.process import Budget, ProcessedOrder, ProcessOptions, ProcessResult, Worker
from syncctl.services.stopping import Never, Stop
from syncctl.services.write_back import WriteBack
from syncctl.stores.base import Store

log = logging.getLogger(__name__)


def process(
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
    """Bring staged orders into the ERP and tell the store. Without `open_store` the messages stay in the outbox.

    Orders named one by one are done by a single worker. What was done before the database went away is in the result, with
    the error as `database_down`.
    """
    stop = stop or Never()
    database_breaker = CircuitBreaker("database", breaker_threshold)
    store_breaker = CircuitBreaker("store", breaker_threshold)
    budget = Budget(options.limit)
    count = 1 if options.scope == "listed" else workers
    crews: list[Worker] = []
    downs: list[SyncError] = []
    unforeseen: list[BaseException] = []

    def work(number: int) -> None:
        """Open this worker's own connections, in its own thread (SQLite's may not change threads), and work."""
        worker_id = f"{run_id}/{number}"
        try:
            with ExitStack() as open_things:
                database = open_things.enter_context(closing(connect()))
                write_back = None
                if open_store is not None:
                    store = open_things.enter_context(closing(open_store()))
                    write_back = WriteBack(database, store, worker_id, store_breaker, lease_seconds=options.lease_seconds)
                worker = Worker(
                    database=database,
                    write_back=write_back,
                    worker_id=worker_id,
                    options=options,
                    breaker=database_breaker,
                    budget=budget,
                    stop=stop,
                    clock=clock,
                    sleeper=sleeper,
                    progress=progress,
                )
                crews.append(worker)
                worker.run()
        except TransientError as error:
            downs.append(error)
        except BaseException as error:
            unforeseen.append(error)

    if count == 1:
        work(1)
    else:
        threads = [threading.Thread(target=work, args=(number,), name=f"worker-{number}") for number in range(1, count + 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)  # a join without end would keep Windows from seeing Ctrl+C
    if unforeseen:
        raise unforeseen[0]
    return ProcessResult(
        claimed=sum(worker.claimed for worker in crews),
        orders=[order for worker in crews for order in worker.finished.values()],
        deliveries=[delivery for worker in crews for delivery in worker.deliveries],
        database_down=downs[0] if downs else None,
        store_down=store_breaker.last_error if store_breaker.open else None,
        stopped=stop.is_set(),
    )
