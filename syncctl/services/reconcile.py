"""Compare a window of the store with the staging table: find what polling can't see.

That is: orders deleted for good, orders that were never staged, and changes that left the modified date as it was (the content
hash tells; an order that is as it was costs nothing).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from syncctl.db.contract import ListOpenOrders, ListStoreOrders
from syncctl.services.intake import GONE, StagedItem
from syncctl.services.stage import Stager
from syncctl.stores.base import NoSuchList

_PAGE = 1000
_OPEN = 990
"""Orders with an open document that are taken out of the database at a time; the store gives them a page at a time."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was compared, and what the comparison found: ids the store has and staging lacks, and the other way round.

    Not `whole` where the stop came before its end: then it says nothing of what it didn't come to.
    """

    in_store: int
    in_staging: int
    never_staged: list[int]
    not_listed: list[int]
    unlisted: list[tuple[int, str]] = field(default_factory=list)
    """Of those the ones that the store has all the same, and their statuses: its lists leave them out."""
    not_shown: int = 0
    """How many orders of the window the store counts and doesn't show."""
    gaps: list[tuple[int | None, int | None]] = field(default_factory=list)
    """Where those lie in its list: the ids before and behind, None at an end. Not all, and none where that can't be found out."""
    whole: bool = True


def reconcile(stager: Stager, *, since: datetime, until: datetime, batch_size: int = 100) -> Reconciliation:
    """Read the orders created from `since` to `until` again, and stage what differs; as gone what the store says it doesn't have.

    An order missing from the store's list is asked for by its id before it counts as gone: lists can hide orders. A stop is
    obeyed between two pages, and between two orders that are asked for.

    Raises:
        StoreUnavailable, StoreRefused, DatabaseUnavailable: nothing is taken for gone from half a comparison.
    """
    staged = _staged(stager, since, until)
    listed: set[int] = set()
    not_shown, gaps = 0, list[tuple[int | None, int | None]]()
    try:
        for walk in reversed(stager.store.walks):
            try:
                counted = not_shown
                for page in stager.store.created(since, until, batch_size=batch_size, walk=walk):
                    listed.update(order.order_id for order in page.listed)
                    listed.update(bad.order_id for bad in page.unreadable)
                    not_shown += page.not_shown
                    if not stager.take(page) or stager.context.stop.is_set():
                        return Reconciliation(len(listed), len(staged), [], [], not_shown=not_shown, whole=False)
                if not_shown > counted:
                    gaps += stager.store.gaps(since, until, walk=walk)
            except NoSuchList as unknown:
                stager.result.notes.append(str(unknown))
        hidden = sorted(order_id for order_id, group in staged.items() if group != "dead" and order_id not in listed)
        with stager.intake.shown() as rows:
            stager.intake.fetch(hidden)
        unlisted = _unlisted(rows, hidden)
        stager.intake.read_again()
    finally:
        stager.tell_of_set_aside()
    whole = not stager.context.stop.is_set()
    return Reconciliation(
        len(listed),
        len(staged),
        sorted(listed - staged.keys()),
        hidden,
        unlisted=unlisted,
        not_shown=not_shown,
        gaps=gaps,
        whole=whole,
    )


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """What the comparison of the orders with an open document looked at."""

    compared: int
    not_listed: list[int]
    """Those that the store's list didn't give; each was asked for by its id."""
    whole: bool = True


def reconcile_open(stager: Stager) -> OpenOrders:
    """Read every order again whose document is open in the ERP, and stage what differs: a change that left its date as it was.

    A stop is obeyed between two pages, and between two orders that are asked for one by one.

    Raises:
        as for `reconcile`.
    """
    missing: list[int] = []
    compared, after = 0, 0
    try:
        while True:
            rows = stager.database.run(ListOpenOrders(store_id=stager.store.store_id, after_id=after, batch_size=_OPEN))
            asked = sorted(row.woo_order_id for row in rows)
            given: set[int] = set()
            for page in stager.store.of_ids(asked):
                given.update(order.order_id for order in page.listed)
                if not stager.take(page) or stager.context.stop.is_set():
                    return OpenOrders(compared + len(given), missing, whole=False)
            gone = [order_id for order_id in asked if order_id not in given]
            stager.intake.fetch(gone)
            missing += gone
            compared += len(asked)
            if len(rows) < _OPEN or stager.context.stop.is_set():
                return OpenOrders(compared, missing, whole=not stager.context.stop.is_set())
            after = rows[-1].staging_id
    finally:
        stager.tell_of_set_aside()


def _unlisted(rows: Iterable[StagedItem], asked: list[int]) -> list[tuple[int, str]]:
    """Return those of the orders just asked for by their ids that the store has, each with its status."""
    status = {item.woo_order_id: item.status for item in rows}
    return [(order_id, status[order_id]) for order_id in asked if status.get(order_id, GONE) != GONE]


def _staged(stager: Stager, since: datetime, until: datetime) -> dict[int, str]:
    """Return the status group of every staged order of the window, by its id in the store."""
    staged: dict[int, str] = {}
    after = 0
    while True:
        page = stager.database.run(
            ListStoreOrders(store_id=stager.store.store_id, since_dt=since, until_dt=until, after_id=after, batch_size=_PAGE)
        )
        staged.update((row.woo_order_id, row.status_group) for row in page)
        if len(page) < _PAGE:
            return staged
        after = page[-1].woo_order_id
