"""What the services ask of a store, whichever it is. An adapter turns its own orders into `models.Order`.

Every call may raise `StoreUnavailable` (try again later), `StoreRefused` (this order or request needs a person) or its kind
`StoreMisconfigured` (nothing will work until the settings are right). Each message says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from syncctl.errors import StoreRefused
from syncctl.models import Address, Meaning, Order, value

if TYPE_CHECKING:
    from syncctl.stores.customers import CustomerPage, CustomerPlace

ORDERS_WALK = "orders"
"""The walk over every order that isn't in the trash."""

TRASH_WALK = "trash"
"""The walk over trashed orders, which a store's ordinary list leaves out."""


class NoSuchList(StoreRefused):
    """The store has no list of that kind: no order can come of it, and the other lists are as good as ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkState:
    """Where a walk through a store's changed orders stands; what `USER_SYNC_WALK` keeps so that a later run goes on from here.

    Start one with `WalkState(name=…, since_dt=…)`. When `finished`, everything that changed from `since_dt` up to `until_dt` was
    read, and the new watermark is `watermark`.
    """

    name: str
    since_dt: datetime
    """Orders modified at or after this moment belong to the walk."""
    until_dt: datetime | None = None
    """The store's own time when the walk began; None before its first page was asked for, which tells it. No upper bound of the
    walk: what changes later may be read now or next time."""
    last_id: int = 0
    """The highest order id read so far."""
    row_offset: int = 0
    """How many rows of the list lie before the next one to read."""
    finished: bool = False

    @property
    def watermark(self) -> datetime:
        """Where the next walk may start once this one is finished: one second before it began, the clock's resolution."""
        if self.until_dt is None:
            raise ValueError("a walk that has not begun yet")
        return self.until_dt - timedelta(seconds=1)


@value
class Listed:
    """An order as a list gave it, not yet looked into: `Store.read` makes an `Order` of it, which may fail."""

    order_id: int
    number: str
    status: str = ""
    modified_at: datetime | None = None
    """None where its date can't be read."""
    version: str = field(default="", repr=False)
    """What the list says of it that tells, besides its id, whether it changed; empty where that can't be told."""
    raw: Mapping[str, Any] | None = field(default=None, repr=False)
    """The store's own object; None where the list could give the id only, so that the order has to be asked for by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableOrder:
    """An order that the store has and that can't be read, such as one whose total is no number. It needs a person, or time.

    A row of a list that has no usable id gets a negative `order_id` of ours, the same each time, and can't be asked for by it.
    """

    order_id: int
    number: str
    message: str
    code: str | None = None
    """The store's own code or HTTP status, where it refused."""
    status: str = ""
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some orders of a walk, and where the walk stands after them: stage both in one transaction. May hold no order at all."""

    listed: tuple[Listed, ...]
    after: WalkState
    unreadable: tuple[UnreadableOrder, ...] = ()
    """Rows of the list that have no id to ask for."""
    not_shown: int = 0
    """Of the last page: how many rows the store counts and doesn't show, though their places were asked for."""
    total: int | None = None
    """How many rows the store counts in the whole list, where it tells: for the progress alone."""
    read_at: datetime | None = None
    """The store's own clock when the page was asked for, or a little before; None where it doesn't tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """An order's status as the store has it this moment, and the tag that the last write-back left in the order's meta data."""

    status: str
    meaning: Meaning = "unknown"
    order_key: str = ""
    """The store's own key of the order, which never changes; empty where it has none."""
    tag: str | None = None
    exists: bool = True
    trashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWrite:
    """What one order of the store is to be given. None leaves its status, or its tag, alone."""

    order_id: int
    status: str | None
    tag: str | None


def money(amount: Decimal) -> str:
    """Write an amount to a person: whole, or with two decimals at least."""
    exponent = amount.normalize().as_tuple().exponent
    return f"{amount:.2f}" if exponent in (-1, -2) else f"{amount.normalize():f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for an item: the regular price, and while a sale runs that of the sale."""

    regular: Decimal | None
    """None where it has no price (yet)."""
    sale: Decimal | None = None
    sale_from: datetime | None = None
    """None: from now on."""
    sale_to: datetime | None = None
    """None: without an end."""

    def __str__(self) -> str:
        """Say so to a person."""
        if self.regular is None:
            return "no price"
        said = money(self.regular)
        if self.sale is not None:
            said += f", on sale at {money(self.sale)}"
            said += "".join(
                f" {word} {each:%Y-%m-%d %H:%M} UTC" for word, each in (("from", self.sale_from), ("to", self.sale_to)) if each
            )
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something the store sells: a simple product, or one variation of a variable one."""

    product_id: int
    parent_id: int
    """The variable product that a variation belongs to, else 0."""
    sku: str | None
    name: str
    price: Decimal | None
    stock: Decimal | None
    """None where the store doesn't count it."""
    on_backorder: bool = False
    """Whether it is sold though none is left, by the store's choice."""
    stock_key: str = ""
    """By what else the store wants its stock to be named; empty where its id is enough."""
    asked: Asked | None = None
    """What the store asks for it; None where it keeps no price of its own, as of a set whose parts have theirs."""
    unreadable: bool = False
    """Whether nothing else can be said of it than its id. A variable product's stands for its variations, too; 0: nobody can say
    which product it is."""

    @classmethod
    def not_read(cls, product_id: int) -> Product:
        """Return what stands for a product that the store has, and that can't be read."""
        return cls(product_id=product_id, parent_id=0, sku=None, name="", price=None, stock=None, unreadable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockWrite:
    """How many of an item the store is to offer."""

    product_id: int
    parent_id: int
    stock_key: str
    quantity: int
    before: Decimal | None
    """What the store has of it as far as is known; None where that isn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRules:
    """How a store keeps its prices."""

    includes_tax: bool | None
    """Whether they include tax; None where the store reckons none, so that what it asks is what is paid."""
    decimals: int
    """Of its currency."""
    currency: str
    sale_dates: bool
    """Whether it keeps when a sale begins and ends; else it has to be told when that happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceWrite:
    """What the store is to ask for an item."""

    product_id: int
    parent_id: int
    asked: Asked


@dataclass(frozen=True, slots=True)
class Outdated:
    """What a store says against a write that was reckoned from a stock which it has no more: it sold of the item meanwhile."""

    quantity: Decimal
    """What it has now."""

    def __str__(self) -> str:
        """Say so to a person."""
        return f"the store has {self.quantity.normalize():f} by now, and was not told: it sold or counted meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCustomer:
    """A registered customer of the store. Guests never appear."""

    customer_id: int
    email: str
    first_name: str
    last_name: str
    address: Address = field(default_factory=Address)
    modified_at: datetime | None = None


class Store(Protocol):
    """A store that orders come from and that is told what became of them."""

    @property
    def store_id(self) -> str:
        """The name that this store's rows bear in the database (`STORE_ID`)."""
        ...

    @property
    def source_system(self) -> str:
        """What kind of store it is: `woocommerce`, `shopify`."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should see to while all works still, by the answers so far: an API version that is going out of use."""
        ...

    @property
    def version_ends(self) -> date | None:
        """The day from which on the version of the API in use may go out of use; None where that isn't known."""
        ...

    @property
    def walks(self) -> Sequence[str]:
        """The names of the walks that together see every order, in the order in which to go. The ordinary one is the last."""
        ...

    def pages(
        self, walk: WalkState, *, batch_size: int, modified_until: datetime | None = None, most: int | None = None
    ) -> Iterator[Page]:
        """List changed orders, by id, from where `walk` stands to the end, at most `batch_size` orders a page.

        Pages may be asked for before their turn, but no more than `most`, where the caller won't read further.

        A row that breaks its page is found, and the others listed. The last page's `after` is `finished`. With
        `modified_until`, orders modified after it are left out (for a window given by hand, which moves no watermark). Stopping
        early is fine: go on later from the last page's `after`.

        Raises:
            NoSuchList: the store doesn't know the status that the walk asks for.
        """
        ...

    def expect_walks(self, walks: Sequence[WalkState], *, batch_size: int) -> None:
        """Say which walks will be begun next, so that their first pages can be asked for at once. Errors come up in `pages`."""
        ...

    @property
    def pages_ahead(self) -> int:
        """How many pages beyond the one that is read next may be announced with `expect`, each behind the one before."""
        ...

    def expect(self, listed: Sequence[Listed]) -> None:
        """Say which orders will be read next, so that what they need can be asked for beforehand. Errors come up in `read`."""
        ...

    def read(self, listed: Listed) -> Order | None:
        """Make an order of a listed one, its refunds included; None where it has gone since.

        Raises:
            UnreadableError: it makes no sense.
            StoreRefused, StoreUnavailable: no answer of use to a question about this order; it may concern the order alone.
        """
        ...

    def get(self, order_id: int) -> Order | None:
        """Read one order, in the trash or not; None only where the store says plainly that there is no such order.

        Raises:
            UnreadableError, StoreRefused, StoreUnavailable: as for `read`.
        """
        ...

    def created(
        self, created_since: datetime, created_until: datetime, *, batch_size: int, walk: str = ORDERS_WALK
    ) -> Iterator[Page]:
        """List the orders created in a window, by id, whatever changed since. A second more on either side is possible.

        `walk` is one of `walks`. A list can leave out what a plugin hides: confirm with `get` before calling an order gone. The
        pages' `after` is of no use to a later run.

        Raises:
            NoSuchList: as for `pages`.
        """
        ...

    def of_ids(self, order_ids: Sequence[int]) -> Iterator[Page]:
        """List these orders by id, whenever they changed, many to a request. One that isn't shown, as in the trash, is left out.

        The pages' `after` is of no use to a later run.
        """
        ...

    def gaps(
        self, created_since: datetime, created_until: datetime, *, walk: str = ORDERS_WALK, most: int = 20
    ) -> list[tuple[int | None, int | None]]:
        """Find orders created in a window that the store counts and doesn't show: the ids before and behind each, None at an end.

        At most so many; empty where that can't be found out at a bearable cost.

        Raises:
            NoSuchList: as for `pages`.
        """
        ...

    def shows(self, order_id: int) -> bool:
        """Tell whether any of the `walks` shows this order, whenever it changed."""
        ...

    def meaning(self, status: str) -> Meaning:
        """Tell what one of the store's words for a status means, of an order of which nothing else is known."""
        ...

    def why_never(self, status: str) -> str:
        """Say why no order gets this status from us, where its `meaning` is none that one may get, in words behind a colon."""
        ...

    def read_status(self, order_id: int) -> StoreStatus:
        """Read an order's status and tag right now. `exists` is False where there is no such order."""
        ...

    def read_statuses(self, order_ids: Sequence[int]) -> dict[int, StoreStatus]:
        """Read the statuses and tags of up to 100 orders right now, with one request that is not repeated.

        One that the answer doesn't show, as in the trash, is left out: `read_status` knows.
        """
        ...

    def notes(self, order_id: int) -> list[str]:
        """Read an order's notes as plain text, newest first; empty where there is no such order."""
        ...

    def add_note(self, order_id: int, text: str) -> None:
        """Add a private note, which is never e-mailed to the customer. Never repeated by itself: look at `notes` first."""
        ...

    def put_status(self, order_id: int, status: str | None, *, tag: str | None = None, parcels: Sequence[str] = ()) -> None:
        """Set the status and the tag (None leaves either alone). Writing to a trashed order would bring it back: read first.

        `parcels` are tracking numbers, for a store whose status is the booking of a shipment.
        """
        ...

    @property
    def connections(self) -> int:
        """How many requests the store may get at once: by its setting, and by what it has borne so far."""
        ...

    @property
    def writes_together(self) -> bool:
        """Whether the store takes changes of many orders in one request, as far as is known."""
        ...

    def put_statuses(self, writes: Sequence[StatusWrite]) -> set[int]:
        """Set the statuses and tags of up to 100 orders with one request; return the ids of those of which the store says so.

        As for `put_status`: read first. What became of the others nobody knows: `put_status` tells. Where the store refuses such
        requests altogether, `writes_together` is false from then on.
        """
        ...

    def server_time(self) -> datetime:
        """Read the store's own clock, which its modified dates come from."""
        ...

    def ping(self, *, writing: bool = False) -> datetime | None:
        """Ask for something cheap that names no order, to see whether the store answers and the keys work.

        With `writing`, that they may write, too. Nothing in the store changes by it. Returns the store's clock, where it tells.
        """
        ...

    def products(self) -> Iterator[Product]:
        """List everything the store sells, variations in place of their parents. What can't be read says so."""
        ...

    def put_stock(self, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
        """Set the stock of up to 100 items; return by product what the store says against each, None where it took it.

        An item that isn't in the answer: what became of it isn't known, and telling it again does no harm.

        Raises:
            StoreRefused, StoreUnavailable: no answer of use to the whole of it.
        """
        ...

    def price_rules(self) -> PriceRules:
        """Ask how the store keeps its prices.

        Raises:
            StoreRefused, StoreUnavailable: it doesn't say.
        """
        ...

    def put_prices(self, writes: Sequence[PriceWrite]) -> dict[int, str | None]:
        """Set the prices of up to 100 items; return by product what the store says against each, None where it took it.

        An item that isn't in the answer: what became of it isn't known, and telling it again does no harm.

        Raises:
            StoreRefused, StoreUnavailable: no answer of use to the whole of it.
        """
        ...

    def customers(self) -> Iterator[StoreCustomer]:
        """List every registered customer, whatever their role, by id."""
        ...

    def customer_pages(
        self, place: CustomerPlace, *, since: datetime | None = None, most: int | None = None
    ) -> Iterator[CustomerPage]:
        """List registered customers of every role, by id, from a place on to the end, each once.

        `since` may leave out those who didn't change since: a store that can't tell gives all. No more than `most` pages are
        asked for before their turn. The last page is `finished`; stopping early is fine: go on later from its `after`.
        """
        ...

    def close(self) -> None:
        """Let go of the pooled connections."""
        ...
