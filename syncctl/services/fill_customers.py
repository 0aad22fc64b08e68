"""Fill a queue with the store's customers, page by page; each page and the place behind it are written at once.

Whoever stops here, or is killed, is followed by another run that goes on from the place. Two that fill one queue at a time do no
harm: the one that comes later to a place finds it moved on, and leaves the rest to the other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from syncctl.db.contract import (
    CustomerQueue,
    Database,
    FillCustomerQueue,
    FilledPage,
    ListGuestOrders,
    NoteCustomerActivity,
)
from syncctl.errors import LeaseLost, StoreMisconfigured, TransientError
from syncctl.services.pace import Pace
from syncctl.services.run_context import RunContext
from syncctl.stores.base import Store
from syncctl.stores.customers import CustomerPage, CustomerPlace, StoreAccount, as_object, changed_since, guest_of, names

log = logging.getLogger(__name__)

_PAGE = 100
_GROWTH = 4
"""A list of which so many times as many rows were read as it had …"""
_MARGIN = 10_000
"""… and so many more, grows faster than it can be read."""
_CUSTOMERS, _GUESTS = "customers", "guests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which customers a queue takes; kept with it, so that another run goes on alike."""

    roles: tuple[str, ...] = ()
    """Roles of the store; empty: all."""
    since: str | None = None
    """ISO moment: those who registered or changed at or after it."""
    limit: int | None = None
    guests: bool = False
    """Also the guests of orders that are staged here."""
    with_orders: bool = False
    """Only those who ever ordered."""

    @classmethod
    def of(cls, options_json: str) -> Wanted:
        """Read what `as_json` wrote."""
        held = json.loads(options_json)
        known = {name: held[name] for name in ("since", "limit", "guests", "with_orders") if name in held}
        return cls(roles=tuple(held.get("roles") or ()), **known)

    def as_json(self) -> str:
        """Write it for the queue's row."""
        return json.dumps(asdict(self))

    def takes(self, account: StoreAccount) -> bool:
        """Tell whether a customer is wanted, as far as the store's own words tell; one that can't be read is, to be looked at."""
        if account.problem:
            return True
        if self.roles and account.role not in self.roles:
            return False
        return self.since is None or changed_since(account, datetime.fromisoformat(self.since))


class _Place(NamedTuple):
    """Where the filling stands: `customers` by the store's list, then `guests` by the staged orders."""

    stage: str = _CUSTOMERS
    customers: CustomerPlace = CustomerPlace()
    before_id: int | None = None

    @classmethod
    def of(cls, cursor: str) -> _Place:
        stage, *numbers = cursor.split(":")
        if stage == _GUESTS:
            return cls(_GUESTS, before_id=int(numbers[0]) if numbers and numbers[0] else None)
        if not numbers:
            return cls()
        return cls(_CUSTOMERS, CustomerPlace(last_id=int(numbers[0]), row_offset=int(numbers[1])))

    def __str__(self) -> str:
        if self.stage == _GUESTS:
            return f"{_GUESTS}:{self.before_id or ''}"
        place = self.customers
        return f"{_CUSTOMERS}:{place.last_id}:{place.row_offset}" if place != CustomerPlace() else ""


@dataclass(slots=True)
class Filler:
    """Fills one queue."""

    database: Database
    store: Store
    queue: CustomerQueue
    context: RunContext
    pace: Pace
    worker_id: str
    read: int = 0
    """Rows of the store's list that were looked at in this run."""
    added: int = 0
    filled: bool = False
    _first_total: int | None = None

    def fill(self) -> bool:
        """Fill the queue to its end; return whether it is filled now, by this run or another.

        Raises:
            TransientError: the store or the database is down, or the run was asked to stop meanwhile.
            StoreMisconfigured: the store's list can't be read, or has no end.
        """
        wanted = Wanted.of(self.queue.options_json)
        place = _Place.of(self.queue.fill_cursor)
        self.filled = self.queue.filled_at is not None
        try:
            if place.stage == _CUSTOMERS and not self.filled:
                place = self._customers(place, wanted)
            if place.stage == _GUESTS and not self.filled and not self.context.stop.is_set():
                self._guests(place, wanted)
        except LeaseLost as lost:
            log.info("%s", lost)
        return self.filled

    # === The store's own list ===

    def _customers(self, place: _Place, wanted: Wanted) -> _Place:
        """Read the store's list from a place to its end, waiting for a store that is down as long as its breaker allows."""
        attempt = 1
        while True:
            try:
                for reached in self._pages(place, wanted):
                    place = reached
                    if attempt > 1:
                        self.context.breaker("store").answered()
                        self._note("circuit_breaker", "success", "Circuit breaker closed: the store answers again.")
                        attempt = 1
            except TransientError as error:
                if error.system != "store":
                    raise
                attempt += 1
                self.pace.after(0, refused=True)
                self._wait_for_store(error, attempt)
            else:
                return place

    def _wait_for_store(self, error: TransientError, attempt: int) -> None:
        try:
            self._note("circuit_breaker", "warning", f"The store can't be read: {error}")
            self.context.wait_for(error, attempt)
        except TransientError:
            if self.context.breaker("store").open:
                said = f"Circuit breaker open: the store is left alone until the next `customers resume`. {error}"
                self._note("circuit_breaker", "error", said)
            raise

    def _pages(self, place: _Place, wanted: Wanted) -> Iterator[_Place]:
        """Give the place reached after each page of the store's list that was written."""
        since = datetime.fromisoformat(wanted.since) if wanted.since else None
        begun = monotonic()
        for page in self.store.customer_pages(place.customers, since=since, most=self._most(wanted)):
            self._require_an_end(page)
            after = _Place(customers=page.after)
            last = page.finished and not wanted.guests
            if page.finished and wanted.guests:
                after = _Place(_GUESTS)
            rows = [as_object(account) for account in page.customers if wanted.takes(account)]
            if rows or last or str(after) != str(place):
                self._write(rows, place, after, wanted, is_last=last)
            self._tell(page)
            place = after
            yield place
            if self.filled or self.context.stop.is_set():
                return
            self.context.sleeper(self.pace.after(monotonic() - begun))
            begun = monotonic()

    @staticmethod
    def _most(wanted: Wanted) -> int | None:
        """How many pages are wanted at most, where that can be told."""
        plain = wanted.limit is not None and not (wanted.roles or wanted.since or wanted.with_orders)
        return -(-(wanted.limit or 0) // _PAGE) if plain else None

    def _require_an_end(self, page: CustomerPage) -> None:
        """Refuse a list that grows faster than it is read, or that gives ever new ids."""
        self.read += len(page.customers) + len(page.unreadable)
        if self._first_total is None:
            self._first_total = page.total
            if page.total is not None:
                self.context.expect(page.total)
        if self._first_total is not None and self.read > _GROWTH * self._first_total + _MARGIN:
            raise StoreMisconfigured(
                f"The store counted {self._first_total:,} customers, and {self.read:,} were read without coming to an end. "
                "Look for a plugin or proxy that changes REST requests; what was read is in the queue."
            )

    def _tell(self, page: CustomerPage) -> None:
        for account in page.customers:
            self.context.progress(account)
        if page.unreadable:
            said = f"{len(page.unreadable)} customers can't be read and are left out: {names(page.unreadable)}."
            log.warning("%s", said)
            self._note("customers_unreadable", "warning", said)
        if page.not_shown:
            said = f"The store counts {page.not_shown} more customers than it shows to this key."
            log.warning("%s", said)
            self._note("customers_hidden", "warning", said)

    # === Guests ===

    def _guests(self, place: _Place, wanted: Wanted) -> None:
        """Add the guests of staged orders, each from the newest order."""
        while not self.filled and not self.context.stop.is_set():
            orders = self._run(ListGuestOrders(store_id=self.queue.store_id, before_id=place.before_id, batch_size=_PAGE))
            guests = [guest_of(order.cust_email, _object(order.order_json), order.woo_created_dt) for order in orders]
            since = datetime.fromisoformat(wanted.since) if wanted.since else None
            rows = [as_object(guest) for guest in guests if since is None or changed_since(guest, since)]
            last = len(orders) < _PAGE
            after = _Place(_GUESTS, before_id=orders[-1].staging_id) if orders else place
            self._write(rows, place, after, wanted, is_last=last)
            place = after

    # === The database ===

    def _write(self, rows: Sequence[dict[str, Any]], place: _Place, after: _Place, wanted: Wanted, *, is_last: bool) -> None:
        page: FilledPage = self._run(
            FillCustomerQueue(
                queue_id=self.queue.queue_id,
                org_id=self.queue.org_id,
                customers=json.dumps(rows, ensure_ascii=False),
                from_cursor=str(place),
                to_cursor=str(after),
                is_last=is_last,
                with_orders=wanted.with_orders,
                most=wanted.limit,
                worker_id=self.worker_id,
            )
        )[0]
        self.added += page.added
        self.filled = page.is_filled

    def _run(self, call: Any) -> list[Any]:
        reaching: Callable[..., list[Any]] = self.context.reaching
        return reaching(self.database.run, call)

    def _note(self, activity_type: str, status: str, message: str) -> None:
        self._run(
            NoteCustomerActivity(
                queue_id=self.queue.queue_id,
                org_id=self.queue.org_id,
                activity_type=activity_type,
                status=status,
                message=message,
                worker_id=self.worker_id,
            )
        )


def _object(text: str) -> dict[str, Any]:
    held = json.loads(text)
    return held if isinstance(held, dict) else {}
