"""Shopify's lists of orders, read so that none is lost while they change.

A list of what changed, sorted by when, moves while it is read: an order that changes goes to its end, and every row behind its
old place moves up, past a cursor. So no cursor is gone on from where it can be helped: each page begins anew at the second that
the one before reached, and what both hold is taken once, by (id, updatedAt). Only where one second fills a whole page, a cursor
leads on through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syncctl.errors import StoreMisconfigured, StoreUnavailable
from syncctl.stores.base import Listed, Page, UnreadableOrder, WalkState
from syncctl.stores.shopify_answers import TOO_DEAR, Fault
from syncctl.stores.shopify_http import Client, Reply
from syncctl.stores.shopify_operations import IDS, LISTED, Operation
from syncctl.stores.shopify_orders import name_of, number_of
from syncctl.stores.shopify_statuses import StatusRules, status_of
from syncctl.stores.values import moment, shown

MOST_PER_PAGE = 250
LEAST_PER_PAGE = 10
FRESH = timedelta(minutes=2)
"""So long after its change an order may stand in the list's old place."""
_FEWEST = 3
"""Rows: of a page of fewer than these nothing might be gone on from."""
_TELLING = ("updatedAt", "displayFulfillmentStatus", "displayFinancialStatus", "cancelledAt", "test", "confirmed", "name")


@dataclass(slots=True)
class Rows:
    """One answer to a list."""

    rows: list[Mapping[str, Any] | None]
    more: bool
    cursor: str | None
    asked_at: datetime | None


@dataclass(slots=True)
class ListReader:
    """Asks for pages of lists, in the size that the bucket bears."""

    client: Client
    rules: StatusRules
    _size: int = MOST_PER_PAGE

    def rows(self, query: str, sort: str, size: int, after: str | None = None) -> Rows:
        """Read a page. Where something in it breaks the whole answer, only the ids are read, and each order is asked for later.

        Raises:
            StoreUnavailable, StoreMisconfigured: no answer of use.
        """
        operation: Operation = LISTED
        while True:
            size = min(size, self._size)
            variables = {"first": size, "after": after, "query": query, "sort": sort}
            try:
                return _rows(self.client.read(operation, variables, size=size))
            except StoreUnavailable as error:
                if error.code == TOO_DEAR and size > LEAST_PER_PAGE:
                    self._size = max(LEAST_PER_PAGE, size // 2)
                elif error.of_one_row() is not error and operation is LISTED:
                    operation = IDS
                else:
                    raise

    def changed(self, walk: WalkState, *, batch_size: int, modified_until: datetime | None) -> Iterator[Page]:
        """Give the pages of a walk through what changed. Its place is the second reached, counted from `since_dt`.

        Raises:
            StoreMisconfigured: the store gives the same page again and again.
        """
        begin = walk.since_dt.replace(microsecond=0)
        first = reached = begin + timedelta(seconds=walk.row_offset)
        size, cursor = max(_FEWEST, min(batch_size, MOST_PER_PAGE)), None
        seen = _Seen()
        until = walk.until_dt
        while True:
            page = self.rows(f"updated_at:>='{iso(reached)}'", "UPDATED_AT", size, cursor)
            asked_at = page.asked_at or self.client.clock()
            until = until or asked_at
            listed, unreadable = self._taken(page, seen, first, modified_until)
            settled = _settled(page, asked_at)
            # What changed after the walk began was read or will be: nothing before that is left behind it.
            finished = not page.more or (settled is not None and settled > (modified_until or until))
            if settled is not None and settled > reached:
                reached, cursor = settled, None
                seen.forget_before(reached)
            elif not finished and (page.cursor is None or page.cursor == cursor):
                raise self._same_again()
            else:
                cursor = page.cursor
            yield Page(
                listed=tuple(listed),
                after=replace(walk, until_dt=until, row_offset=int((reached - begin).total_seconds()), finished=finished),
                unreadable=tuple(unreadable),
                read_at=page.asked_at,
            )
            if finished:
                return

    def by_id(self, query: str, walk: WalkState, *, batch_size: int) -> Iterator[Page]:
        """Give the pages of a list that is sorted by id, each beginning behind the last one's highest.

        Raises:
            StoreMisconfigured: the store gives the same page again and again.
        """
        last_id, size = 0, max(2, min(batch_size, MOST_PER_PAGE))
        cursor: str | None = None
        while True:
            page = self.rows(f"{query} id:>{last_id}".strip(), "ID", size, cursor)
            listed, unreadable = self._taken(page, _Seen(), None, None)
            highest = max((each.order_id for each in listed), default=last_id)
            finished = not page.more
            if highest > last_id:
                last_id, cursor = highest, None
            elif finished or (page.cursor is not None and page.cursor != cursor):
                cursor = page.cursor  # a page of rows that name no order isn't the list's end
            else:
                raise self._same_again()
            yield Page(
                listed=tuple(listed),
                after=replace(walk, last_id=last_id, finished=finished),
                unreadable=tuple(unreadable),
                read_at=page.asked_at,
            )
            if finished:
                return

    def _same_again(self) -> StoreMisconfigured:
        return StoreMisconfigured(f"{self.client.base} gives the same page of its list of orders again and again.")

    def listed(self, raw: Mapping[str, Any]) -> Listed | None:
        """Make a listed order of a row; None where its id makes no sense."""
        order_id = number_of(raw.get("id"))
        if order_id is None:
            return None
        whole = "displayFinancialStatus" in raw
        status = status_of(raw, self.rules) if whole else ""
        return Listed(
            order_id=order_id,
            number=name_of(raw, order_id),
            status=status,
            modified_at=moment(raw.get("updatedAt")),
            version=repr([status, *(raw.get(name) for name in _TELLING)]) if whole else "",
            raw=raw if whole else None,
        )

    def _taken(
        self, page: Rows, seen: _Seen, since: datetime | None, until: datetime | None
    ) -> tuple[list[Listed], list[UnreadableOrder]]:
        """Return what of a page is new and belongs to the window, and rows that name no order."""
        listed: list[Listed] = []
        unreadable: list[UnreadableOrder] = []
        before: Listed | None = None
        for raw in page.rows:
            row = self.listed(raw) if raw is not None else None
            if row is None:
                unreadable.append(_nameless(raw, before))
                continue
            before, when = row, row.modified_at
            if when is not None and ((since is not None and when < since) or (until is not None and when > until)):
                continue
            if seen.is_new(row.order_id, when):
                listed.append(row)
        return listed, unreadable


@dataclass(slots=True)
class _Seen:
    """What this walk took last, as far as a further page may hold it again."""

    orders: dict[tuple[int, datetime | None], None] = field(default_factory=dict)

    def is_new(self, order_id: int, when: datetime | None) -> bool:
        key = (order_id, when)
        if key in self.orders:
            return False
        self.orders[key] = None
        return True

    def forget_before(self, moment: datetime) -> None:
        self.orders = {key: None for key in self.orders if key[1] is None or key[1] >= moment}


def iso(moment: datetime) -> str:
    """Write a moment for a search: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def faults_of(faults: Sequence[Fault], place: int, *, under: Callable[[Fault], bool] = lambda _: True) -> list[Fault]:
    """Return what an answer's errors say of the row at a place of its list."""
    return [fault for fault in faults if place in fault.path and under(fault)]


def _rows(reply: Reply) -> Rows:
    held = reply.data.get("orders")
    nodes = held.get("nodes") if isinstance(held, Mapping) else None
    if not isinstance(held, Mapping) or not isinstance(nodes, list):
        said = "; ".join(fault.message for fault in reply.faults[:3]) or "no list"
        raise StoreUnavailable(f"The store's list of orders can't be read ({said}).", code="no_list", alone=said)
    rows = [_row(node, faults_of(reply.faults, at)) for at, node in enumerate(nodes)]
    info = held.get("pageInfo")
    info = info if isinstance(info, Mapping) else {}
    return Rows(rows, info.get("hasNextPage") is True, info.get("endCursor"), reply.asked_at)


def _row(node: object, faults: Sequence[Fault]) -> Mapping[str, Any] | None:
    """Return a row; only its id and date where something of it could not be had, so that it is asked for by itself."""
    if not isinstance(node, Mapping):
        return None
    return {"id": node.get("id"), "updatedAt": node.get("updatedAt")} if faults else node


def _settled(page: Rows, asked_at: datetime) -> datetime | None:
    """Return the moment up to which a page surely held everything; None where all of it is too fresh to tell.

    Shopify sorts by its search's memory of an order, and shows the order as it is: one that changed just now stands in its
    old place with its new date. So a date of the last minutes says nothing of where the page ends, and of the last two the
    earlier one counts.
    """
    dates = [moment(row.get("updatedAt")) for row in page.rows if row is not None]
    old = [date for date in dates if date is not None and date <= asked_at - FRESH]
    return min(old[-2:]) if old else None


def _nameless(raw: Mapping[str, Any] | None, before: Listed | None) -> UnreadableOrder:
    where = f"behind order {before.order_id}" if before else "at the beginning of the list"
    said = shown(raw.get("id")) if raw is not None else "missing"
    return UnreadableOrder(
        order_id=-(before.order_id if before else 0) - 1,
        number=f"row {where}",
        message=f"a row of the store's list, {where}, has the id {said}, which is no order's",
    )
