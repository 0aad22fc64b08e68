"""Why orders were left, by cause: how many, which one to look at, and the one thing to do.

What belongs together is told by the code of a violation, or by the class and code of an error; never by how a sentence reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from syncctl.db.contract import Violation


class _Known(NamedTuple):
    title: str
    """What is so, as it follows "72 orders: "."""
    advice: str = ""
    """What to do about it; empty: the example's own words say it."""


MAP_ITEM = "`syncctl map item SKU ITEM_NO`"
MAP_CUSTOMER = "`syncctl map customer WHO CUST_NO`"

_VIOLATIONS = {
    "unknown_customer": _Known(
        "customer not in the ERP", f"`syncctl customers start`, {MAP_CUSTOMER}, or SYNCCTL_UNKNOWN_CUSTOMER=create or guest"
    ),
    "ambiguous_customer": _Known(
        "of more than one customer, it seems", f"{MAP_CUSTOMER} (and `remove` the row that is wrong), then retry"
    ),
    "unknown_sku": _Known("no item in the ERP for a SKU", f"{MAP_ITEM}, or add the item in the ERP"),
    "missing_sku": _Known("a line without a SKU", "give the product one in the store, or enter the order by hand"),
    "missing_field": _Known("something is missing in the order", "add it in the store"),
    "invalid_date": _Known("the date can't be right", "check the store's clock and time zone, or correct the order"),
    "currency": _Known("in another currency than the ERP's books", "enter them in the ERP by hand"),
    "duplicate": _Known("in the ERP already", "`syncctl dead-letter cancel ID` for the one that is too many"),
    "duplicate_transaction": _Known("the same payment as another order", "where the store made it twice, cancel one there"),
    "alike_number": _Known("a number that is cut to that of another order", "let the store's numbers begin with less, or retry"),
    "quantity": _Known("a line with an odd quantity", "correct the line in the store where it has an amount"),
    "price": _Known("another price in the ERP than in the store", "align the two prices"),
    "amount": _Known("an amount that two decimals can't hold", "enter them in the ERP by hand, or correct them in the store"),
    "too_large": _Known(
        "an amount or quantity that the ERP can't hold", "correct the line in the store, or the item's cost in the ERP"
    ),
    "total": _Known("the parts don't add up to the total", "correct the order in the store"),
    "letters": _Known("letters that the ERP's code page lacks", "nothing: the document's note keeps the text whole"),
    "stock": _Known("more than is available", "look at the stock in the ERP (STOCK_CHECK decides on this warning)"),
    "unpaid": _Known("not paid whole, and booked as paid", "give the payment method no pay code: `syncctl map pay METHOD -`"),
    "cut": _Known("a text longer than the ERP's column", "nothing: the document's note has it in full"),
    "held": _Known("held in the store", "decide in the store: once an order is ready again it goes on by itself"),
    "set_up": _Known("the ERP's set-up keeps customers from being made"),
}
_SKIPPED = "nothing: they are looked at again when their status changes"
"""Which setting brings them in is each store's own: the example's words name it."""
_AGAIN = "nothing: `syncctl retry-failed` tries them again when they are due"
_CLASSES = {
    "deadlock": _Known("the database was busy (deadlock)", _AGAIN),
    "lock_timeout": _Known("the database was busy (a lock was not granted in time)", _AGAIN),
    "connection": _Known("the connection was lost", _AGAIN),
    "throttle": _Known("asked to slow down", _AGAIN),
    "store": _Known("the store did not answer", _AGAIN),
    "store_refused": _Known("the store said no"),
    "crash": _Known("a worker died while it held the order"),
    "lease_lost": _Known("another worker has it by now", "nothing: that one goes on with it"),
    "validation": _Known("the order can't be taken as it is"),
    "mapping": _Known("no counterpart in the ERP"),
    "conflict": _Known("store and ERP disagree"),
    "constraint": _Known("the ERP refused the data"),
    "unreadable": _Known("can't be read", "correct it in the store where it is wrong there; `syncctl stage` asks for it again"),
    "set_aside": _Known("set aside", "`syncctl dead-letter list` says what to do; `syncctl stage` asks for them again by itself"),
    "config": _Known("the set-up is not right"),
    "unknown": _Known("an error that has no class of its own"),
}
_CODES = {
    "unreadable/another_order": _Known(
        "with the id of another order, whose document stays",
        "enter it by hand and `syncctl dead-letter cancel ID`; the same order: `syncctl stage --order-id ORDER --same-order`",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one order was left. `code` is a violation's, or an error's class with its own code behind a slash."""

    staging_id: int | None
    order: str
    code: str
    message: str
    value: str | None = None
    """What was wrong, such as the SKU, where that is known by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause, with the number of orders that it concerns and the first of them as an example."""

    code: str
    title: str
    advice: str
    orders: int
    example: Reason

    @property
    def line(self) -> str:
        """Say it in one line."""
        number = "1 order" if self.orders == 1 else f"{self.orders:,} orders"
        return f"{number}: {self.title}" + (f" \N{RIGHTWARDS ARROW} {self.advice}" if self.advice else "")

    @property
    def such_as(self) -> str:
        """Name the example; with its message where that says what to do, or what was wrong."""
        named = f"order {self.example.order}"
        if self.example.staging_id is not None:
            named += f" (staging id {self.example.staging_id})"
        if not self.advice or self.example.value is None:
            return f"{named}: {self.example.message}"
        return f"{named}: {self.example.value}"


def by_cause(reasons: Iterable[Reason], *, set_aside: bool = False) -> list[Cause]:
    """Return the causes, the one with most orders first. An order counts once for each of its causes. See `CauseCount`."""
    counted = CauseCount(set_aside=set_aside)
    seen: set[tuple[str, object]] = set()
    for reason in reasons:
        which = reason.code, reason.staging_id or reason.order
        if which not in seen:
            seen.add(which)
            counted.add(reason)
    return counted.causes()


class CauseCount:
    """Counts reasons by cause as they come, each with its first example. Each order is to be given once for a cause.

    Orders that are `set_aside` for a person are not tried again by themselves.
    """

    def __init__(self, *, set_aside: bool = False) -> None:
        self._set_aside = set_aside
        self._counted: Counter[str] = Counter()
        self._first: dict[str, Reason] = {}

    def add(self, reason: Reason) -> None:
        """Count one more."""
        self._first.setdefault(reason.code, reason)
        self._counted[reason.code] += 1

    def causes(self) -> list[Cause]:
        """Return the causes, the one with most orders first."""
        found = [_cause(code, self._counted[code], example, set_aside=self._set_aside) for code, example in self._first.items()]
        return sorted(found, key=lambda cause: (-cause.orders, cause.code))


def of_violations(staging_id: int | None, order: str, violations: Iterable[Violation]) -> list[Reason]:
    """Return an order's reasons out of what validation found."""
    return [
        Reason(staging_id=staging_id, order=order, code=found.code, message=found.message, value=found.value or None)
        for found in violations
    ]


def of_error(staging_id: int | None, order: str, error_class: str, code: str | None, message: str) -> Reason:
    """Return an order's reason out of an error."""
    named = f"{error_class}/{code}" if code and code not in _VIOLATIONS else code or error_class
    return Reason(staging_id=staging_id, order=order, code=named, message=message)


def _cause(code: str, orders: int, example: Reason, *, set_aside: bool) -> Cause:
    error_class, _, rest = code.partition("/")
    if error_class == "skipped":
        return Cause(code=code, title=f"skipped, {rest} in the store", advice=_SKIPPED, orders=orders, example=example)
    known = _VIOLATIONS.get(code) or _CODES.get(code) or _CLASSES.get(error_class) or _Known(code.replace("_", " "))
    advice = known.advice
    if set_aside and advice == _AGAIN:
        advice = f"once that is over: `syncctl dead-letter retry --class {error_class}`"
    return Cause(code=code, title=known.title, advice=advice, orders=orders, example=example)
