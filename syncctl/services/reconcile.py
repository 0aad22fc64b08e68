"""Compare a window of the store with the staging table: find what polling can't see, such as orders deleted for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syncctl.db.contract import ListStoreOrders
from syncctl.services.stage import Stager

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was compared, and what the comparison found: ids the store has and staging lacks, and the other way round."""

    in_store: int
    in_staging: int
    never_staged: list[int]
    not_listed: list[int]


def reconcile(stager: Stager, *, since: datetime, until: datetime) -> Reconciliation:
    """Compare the orders created from `since` to `until`; stage what was missed, and as gone what the store says it doesn't have.

    An order missing from the store's list is asked for by its id before it counts as gone: lists can hide orders.

    Raises:
        StoreUnavailable, StoreRefused, DatabaseUnavailable: nothing is concluded from half a comparison.
    """
    listed: set[int] = set()
    for trashed in (False, True):
        for ids in stager.store.order_ids(since, until, trashed=trashed):
            listed.update(ids)
    staged: dict[int, str] = {}
    after = 0
    while True:
        page = stager.database.run(
            ListStoreOrders(store_id=stager.store.store_id, since_dt=since, until_dt=until, after_id=after, batch_size=_PAGE)
        )
        staged.update((row.woo_order_id, row.status_group) for row in page)
        if len(page) < _PAGE:
            break
        after = page[-1].woo_order_id
    missed = sorted(listed - staged.keys())
    hidden = sorted(order_id for order_id, group in staged.items() if group != "dead" and order_id not in listed)
    for start in range(0, len(missed), 50):
        stager.fetch(missed[start : start + 50])
    for start in range(0, len(hidden), 50):
        stager.fetch(hidden[start : start + 50])
    return Reconciliation(len(listed), len(staged), missed, hidden)
