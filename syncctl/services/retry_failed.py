"""Take up again what failed and is due: orders first, then the messages to the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from syncctl.db.contract import Database
from syncctl.errors import SyncError
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.run_context import RunContext
from syncctl.services.workers import process
from syncctl.services.write_back import WriteBack
from syncctl.stores.base import Store


def retry_failed(
    connect: Callable[[], Database],
    open_store: Callable[[], Store] | None,
    options: ProcessOptions,
    context: RunContext,
    *,
    result: ProcessResult | None = None,
    workers: int = 1,
) -> ProcessResult:
    """Do the failed orders of `options.scope`, then deliver the messages that are due (with `ignore_due`: all that wait).

    Orders named one by one bring only their own messages along.
    """
    result = process(connect, open_store, options, context, result=result, workers=workers)
    if open_store is None or result.ended_by or result.store_down or context.stop.is_set():
        return result
    try:
        with closing(connect()) as database, closing(open_store()) as store:
            write_back = WriteBack(
                database,
                store,
                f"{context.run_id}/store",
                context,
                result=result.messages,
                lease_seconds=options.lease_seconds,
                statuses=options.statuses,
            )
            write_back.deliver(staging_ids=options.staging_ids or None, limit=options.limit, ignore_due=options.ignore_due)
    except SyncError as error:
        result.end(error)
    result.store_down = context.breaker("store").opened_by
    return result
