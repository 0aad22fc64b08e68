"""Odd orders and odd claims, one kind each, with how each has to end: for showing that one odd row never stops the rest.

An `OddOrder` makes an order of the simulated shop odd in one way: in what the shop says of it, in what it does when it is written
to, or in what the ERP makes of it. An `OddClaim` is a claim for a proof of delivery that something is odd about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from syncctl.demo.catalog import UNKNOWN_ITEM
from syncctl.demo.faults import Fault
from syncctl.demo.orders import OrderMaker
from syncctl.demo.store import SimulatedStore
from syncctl.demo.store_edits import recalculate

Raw = dict[str, Any]
End = Literal["applied", "set aside", "review", "untold"]
"""How an order ends: in the ERP and told to the store, as if it weren't odd; set aside, since it can't be read; in review for
another reason; in the ERP, while the message to the store waits or has failed."""

FOR_EVER = 10**9
LOST_REFUND = {"code": "woocommerce_rest_invalid_order_refund_id", "message": "Invalid order refund ID.", "data": {"status": 404}}
NOT_ALLOWED = {"code": "rest_forbidden", "message": "Sorry, you are not allowed to do that.", "data": {"status": 403}}
HALF = "half \ud83d letter"
DEPTH = 100_000


@dataclass(frozen=True, slots=True)
class OddOrder:
    """One way in which an order is odd. `make` changes the order before the shop gets it, or the shop for this order's sake."""

    name: str
    end: End
    make: Callable[[Raw, SimulatedStore, OrderMaker, float], None]
    """Gets the order, the shop, the maker of orders, and the seconds that a time-out has to take."""
    named: bool = True
    """False where the shop says of the order neither its id nor its number."""


def odd_orders() -> tuple[OddOrder, ...]:
    """Return every kind."""
    return (*_refunds(), *_pages(), *_values(), *_ids(), *_write_backs(), *_for_the_erp())


def _refunds() -> list[OddOrder]:
    """An order whose refunds can't be had: without them its amounts would be too high."""
    answers: dict[str, Any] = {
        "500": 500,
        "403": (403, NOT_ALLOWED),
        "404 of another code": (404, LOST_REFUND),
        "an error with 200": (200, LOST_REFUND),
        "nothing": (200, ""),
    }

    def refunded(answer: Any) -> Callable[..., None]:
        def make(raw: Raw, shop: SimulatedStore, *_: Any) -> None:
            raw["refunds"] = [{"id": 900_000_000 + raw["id"], "reason": "", "total": "-1.00", "total_tax": "0.00"}]
            shop.odd.refunds[raw["id"]] = answer

        return make

    return [OddOrder(f"refunds: {name}", "set aside", refunded(answer)) for name, answer in answers.items()]


def _pages() -> list[OddOrder]:
    """An order that breaks every page that it is on."""

    def breaking(how: Any) -> Callable[..., None]:
        def make(raw: Raw, shop: SimulatedStore, *_: Any) -> None:
            shop.odd.breaks[raw["id"]] = how

        return make

    return [
        OddOrder("its page is a 500", "set aside", breaking("page")),
        OddOrder("its page is empty", "set aside", breaking("empty")),
        OddOrder("its page is a 500, even of ids", "set aside", breaking("ids"), named=False),
        OddOrder("its page is a 500, itself not", "applied", breaking("list")),
    ]


def _showing(**fields: Any) -> Callable[..., None]:
    """What goes out of the order has these fields instead."""

    def make(raw: Raw, shop: SimulatedStore, *_: Any) -> None:
        shown = {name: value(raw) if callable(value) else value for name, value in fields.items()}
        shop.odd.shown.setdefault(raw["id"], {}).update(shown)

    return make


def _line(**fields: Any) -> Callable[[Raw], list[Raw]]:
    return lambda raw: [{**raw["line_items"][0], **fields}, *raw["line_items"][1:]]


def _values() -> list[OddOrder]:
    """Values that no order has."""
    nested = "raw-json:" + "[" * DEPTH + "]" * DEPTH
    aside = {
        "a total of 1e999": _showing(total="raw-json:1e999"),
        "a total of 1e999, as text": _showing(total="1e999"),
        "a line of 1e30": _showing(line_items=_line(total="1e30")),
        "a tax of 400 digits": _showing(total_tax="9" * 400),
        "a quantity of 400 digits": _showing(line_items=_line(quantity="raw-json:" + "9" * 400)),
        "created in year 1": _showing(date_created_gmt="0001-01-01T00:00:00"),
        "modified in year 999": _showing(date_modified_gmt="0999-12-31T23:59:59"),
        "nested a hundred thousand deep": _showing(meta_data=[{"id": 1, "key": "_x", "value": nested}]),
    }
    applied = {
        "half a letter in a name": _showing(billing=lambda raw: {**raw["billing"], "first_name": HALF}),
        "half a letter in a note": _showing(customer_note=HALF),
        "half a letter in a line": _showing(line_items=_line(name=HALF)),
    }
    return [
        *(OddOrder(name, "set aside", make) for name, make in aside.items()),
        *(OddOrder(name, "applied", make) for name, make in applied.items()),
    ]


def _ids() -> list[OddOrder]:
    """Ids in odd shapes: as long as it is clear which is meant, the order is one like any other."""
    return [
        OddOrder("an id as text", "applied", _showing(id=lambda raw: str(raw["id"]))),
        OddOrder("an id with a point", "applied", _showing(id=lambda raw: f"raw-json:{raw['id']}.0")),
        OddOrder("an id of 80 bits", "set aside", _showing(id=lambda raw: f"raw-json:{2**80 + raw['id']}")),
        OddOrder("an id with a half", "set aside", _showing(id=lambda raw: f"raw-json:{raw['id']}.5")),
        OddOrder("an id of true", "set aside", _showing(id=True)),
        OddOrder("an id of null", "set aside", _showing(id=None)),
    ]


def _write_backs() -> list[OddOrder]:
    """An order that can't be written to."""
    made = []
    for what, method, path in (("note", "POST", "/orders/{id}/notes$"), ("status", "PUT", "/orders/{id}$")):
        for answer in (403, 405, 500, 503, "time-out"):

            def make(raw: Raw, shop: SimulatedStore, _: Any, seconds: float, at: Any = (method, path, answer)) -> None:
                fault = Fault(kind="timeout", seconds=seconds) if at[2] == "time-out" else Fault(kind="status", status=at[2])
                fault.times, fault.methods, fault.path = FOR_EVER, (at[0],), at[1].format(id=raw["id"])
                shop.faults.add(fault)
                if at[0] == "PUT":  # nor among others
                    shop.odd.refused.add(raw["id"])

            made.append(OddOrder(f"its {what}: {answer}", "untold", make))

    def half(raw: Raw, shop: SimulatedStore, *_: Any) -> None:
        body = {"code": "rest_x", "message": HALF, "data": {"status": 400}}
        shop.fail("status", status=400, body=body, times=FOR_EVER, methods=("POST",), path=f"/orders/{raw['id']}/notes$")

    return [*made, OddOrder("its note: an error with half a letter", "untold", half)]


def _for_the_erp() -> list[OddOrder]:
    """An order that the ERP has no place for."""

    def unknown_item(raw: Raw, _: Any, maker: OrderMaker, __: float) -> None:
        maker.add(raw, UNKNOWN_ITEM, 1)
        recalculate(raw)

    def euro(raw: Raw, *_: Any) -> None:
        raw["currency"] = "EUR"

    return [OddOrder("an unknown item", "review", unknown_item), OddOrder("another currency", "review", euro)]


@dataclass(frozen=True, slots=True)
class OddClaim:
    """One way in which a claim is odd: how it spells its carrier, or the word by which the simulated carrier answers it.

    `cause` is the claim's own at the end; "" where it gets its document all the same.
    """

    name: str
    carrier: str
    word: str = "document"
    cause: str = ""


WRONG_KEYS = "keyless"
"""The carrier whose password is wrong: it has only claims of the last kind."""

ODD_CLAIMS = (
    OddClaim("Chronopost®", "Chronopost®"),
    OddClaim("a no-break space", "Chronopost\u00a0"),
    OddClaim("an accent", "Chronopöst"),
    OddClaim("capitals and a dash", "ACME-"),
    OddClaim("odd dates and controls", "acme", "odd"),
    OddClaim("an expired link, 403", "acme", "denied_link", "link_refused"),
    OddClaim("a link's host, 401", "acme", "elsewhere:401", "link_refused"),
    OddClaim("a firewall's page", "acme", "firewall", "blocked"),
    OddClaim("no such parcel", "acme", "unknown", "unknown_parcel"),
    OddClaim("half a document", "acme", "half", "bad_content"),
    OddClaim("a page instead of data", "acme", "html", "*"),
    OddClaim("a 503", "acme", "busy", "*"),
    OddClaim("a time-out", "acme", "timeout", "*"),
    OddClaim("without an end", "acme", "endless", "too_large"),
    OddClaim("breaks off", "acme", "broken", "*"),
    OddClaim("repeats its key", "acme", "repeats", "*"),
    OddClaim("not delivered yet", "acme", "not_yet", "not_delivered"),
    OddClaim("a wrong password", WRONG_KEYS, "credentials", "invalid_credentials"),
)
"""A cause of `*` is any."""
