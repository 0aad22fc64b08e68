"""What staging takes of an order: the JSON object of `sp_StageOrders`, with status group, content hash and texts that fit."""

from __future__ import annotations

import hashlib
import html
import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from syncctl.models import Address, Order, StatusGroup
from syncctl.stores.base import UnreadableOrder
from syncctl.stores.widths import LIMITS, STAGING_LIMITS, WHOLE
from syncctl.text_width import shorten

_SHIP = [(name, name.removeprefix("SHIP_"), limit) for name, limit in STAGING_LIMITS.items()]
_BLANKS = {"\N{NO-BREAK SPACE}": " ", "\r": ""}

_DEAD = {
    "cancelled": "cancelled in the store (status cancelled)",
    "refunded": "refunded in full (status refunded)",
    "trash": "moved to the store's trash",
}
_HELD = "The store holds it, though it was paid (status {}): a person or a dispute stopped it"
_HELD_BLANK = "It names nobody any more and isn't paid (status {}): a guest's checkout was begun anew"


class ContentBuilder:
    """Turns a store's orders into staging's JSON objects, by the settings of one run."""

    def __init__(
        self,
        *,
        create_statuses: Collection[str],
        timezone: ZoneInfo,
        named_by: str = "SYNCCTL_WOO_CREATE_STATUSES",
        apart: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Take what a site has set; `named_by` is the setting that holds `create_statuses`.

        `apart` are statuses of orders that don't count as orders yet, each with why not and what is to be set.
        """
        self.create_statuses = tuple(create_statuses)
        self._apart = apart
        self.timezone = timezone
        self._named_by = named_by

    def status_group(self, order: Order) -> tuple[StatusGroup, str | None]:
        """Say whether the order belongs into the ERP, and if not, why, in words for a person."""
        if order.meaning == "dead":
            return "dead", _DEAD.get(order.status, f"over in the store (status {order.status})")
        if order.fully_refunded:
            return "dead", f"refunded in full (status {order.status})"
        if order.status in self.create_statuses:
            return "live", None
        if order.status in self._apart:
            return "wait", self._apart[order.status]
        waits = (
            f"its status is {order.status or 'empty'}; only {', '.join(self.create_statuses)} "
            f"create an order in the ERP ({self._named_by}). It waits until its status changes"
        )
        if order.meaning == "held":
            return "wait", _HELD_BLANK.format(order.status) if order.nobody else _HELD.format(order.status)
        return "wait", f"it isn't paid: {waits}" if order.meaning == "unpaid" else waits

    def content(self, order: Order) -> dict[str, Any]:
        """Build the object for one order; amounts are strings, times UTC without a suffix, TKT_DT in the ERP's time zone."""
        group, reason = self.status_group(order)
        local = _moment(order.created_at.astimezone(self.timezone))
        fit = _Fitting(is_html=order.is_html)
        ship_from = order.billing if order.shipping.empty else order.shipping
        bill = _address(order.billing, order.billing, "BILL", fit)
        ship = _address(ship_from, order.billing, "SHIP", fit)
        lines = [
            {
                "WOO_LINE_ID": line.line_id,
                "SKU": fit.whole(line.sku) if line.sku else None,
                "DESCR": fit(line.name, "DESCR", "DESCR of line {}", line.line_id),
                "QTY": _number(line.quantity),
                "SUBTOT_AMT": _money(line.subtotal),
                "TOT_AMT": _money(line.total),
                "TAX_AMT": _money(line.tax),
                "PRODUCT_ID": line.product_id,
                "VARIATION_ID": line.variation_id,
            }
            for line in order.lines
        ]
        charges = [
            {
                "TYPE": charge.kind,
                "DESCR": fit(charge.description, "CHARGE_DESCR", "description of a {} charge", charge.kind),
                "AMT": _money(charge.amount),
                "TAX_AMT": _money(charge.tax),
            }
            for charge in order.charges
            if charge.amount or charge.tax
        ]
        content: dict[str, Any] = {
            "WOO_ORDER_ID": order.order_id,
            "WOO_ORDER_NO": fit(order.number, "WOO_ORDER_NO"),
            "ORDER_KEY": fit(order.order_key, "ORDER_KEY") or None,
            "STATUS_GROUP": group,
            "STATUS_MEANING": "dead" if group == "dead" else order.meaning,
            "STATUS_REASON": shorten(reason, LIMITS["STATUS_REASON"]) if reason else None,
            "VANISHED": 0,
            "ORD_STATUS": fit(order.status, "ORD_STATUS"),
            "CONTENT_HASH": content_hash(order),
            "CURRENCY": fit(order.currency, "CURRENCY"),
            "WOO_CUST_ID": order.customer_id or None,
            "CUST_EMAIL": fit(order.email, "CUST_EMAIL"),
            "ORD_DAT": local[:10],
            "TKT_DT": local,
            "WOO_CREATED_DT": _moment(order.created_at.astimezone(UTC)),
            "WOO_MODIFIED_DT": _moment(order.modified_at.astimezone(UTC)),
            "PMT_METH": fit(order.payment_method, "PMT_METH"),
            "TRANSACTION_ID": fit(order.transaction_id, "TRANSACTION_ID") or None,
            "SHIP_VIA": fit(order.shipping_method, "SHIP_VIA"),
            "SUBTOT": _money(sum((line.subtotal for line in order.lines), Decimal("0.00"))),
            "SHIP_AMT": _money(sum((charge.amount for charge in order.charges if charge.kind == "shipping"), Decimal("0.00"))),
            "TAX_AMT": _money(order.tax),
            "DISC_AMT": _money(sum((line.subtotal - line.total for line in order.lines), Decimal("0.00"))),
            "TOT_AMT": _money(order.total),
            **{name: shorten(ship[part], limit) for name, part, limit in _SHIP},
            "LINE_ITEMS_JSON": lines,
            "ORDER_JSON": {
                "BILL": bill,
                "SHIP": ship,
                "CHARGES": charges,
                "TAX_LINES": [
                    {"RATE_COD": shorten(tax.rate, LIMITS["RATE_COD"]), "TAX_AMT": _money(tax.amount)}
                    for tax in order.taxes
                    if tax.amount
                ],
                "COUPONS": [fit(code, "COUPON") for code in order.coupons],
                "CUSTOMER_NOTE": fit(order.customer_note, "CUSTOMER_NOTE"),
                "PMT_TITLE": fit(order.payment_title, "PMT_TITLE"),
            },
        }
        if fit.cuts:
            content["CUTS"] = fit.cuts
        if order.warnings:
            content["WARNINGS"] = [shorten(warning, LIMITS["STATUS_REASON"]) for warning in order.warnings]
        return content

    def vanished(self, order_id: int) -> dict[str, Any]:
        """Build the object for an order that the store no longer has: only its id is known."""
        return {
            "WOO_ORDER_ID": order_id,
            "STATUS_GROUP": "dead",
            "STATUS_REASON": "deleted from the store",
            "VANISHED": 1,
        }

    def unreadable(self, bad: UnreadableOrder) -> dict[str, Any]:
        """Build the object for an order that can't be read: it is set aside with the reason, and nothing of it is taken over."""
        return {
            "WOO_ORDER_ID": bad.order_id,
            "WOO_ORDER_NO": shorten(_storable(bad.number), LIMITS["WOO_ORDER_NO"]),
            "UNREADABLE": 1,
            "STATUS_REASON": shorten(_storable(f"it can't be taken over from the store: {bad.message}"), LIMITS["STATUS_REASON"]),
            "ERROR_CODE": shorten(_storable(bad.code), LIMITS["ERROR_CODE"]) if bad.code else None,
            "ORD_STATUS": shorten(_storable(bad.status), LIMITS["ORD_STATUS"]) or None,
            "WOO_MODIFIED_DT": _moment(bad.modified_at.astimezone(UTC)) if bad.modified_at else None,
        }


def content_hash(order: Order) -> str:
    """Return the SHA-256 of what matters of an order. Amounts that are equal hash equally, however many zeros end them.

    Taken of the order as the store has it: wider columns or another time zone in the ERP don't make every order look edited.
    """
    hashed = _hashed(order)
    try:
        written = msgspec.json.encode(hashed)
    except UnicodeEncodeError:  # half a letter, from a store that isn't careful
        written = json.dumps(hashed, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="surrogatepass")
    return hashlib.sha256(written).hexdigest()


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as the JSON array that `sp_StageOrders` takes."""
    return msgspec.json.encode(rows).decode()


class _Fitting:
    """Cuts texts to their columns and remembers which, in words for the order's story."""

    def __init__(self, *, is_html: bool) -> None:
        self.cuts: list[str] = []
        self._is_html = is_html
        self._told: set[tuple[str, int]] = set()

    def whole(self, text: str) -> str:
        """Return the text as a person reads it: entities decoded, once, and what they stood for made fit as any other letter."""
        if "&" not in text or not self._is_html:
            return _storable(text)
        decoded = html.unescape(text)
        if decoded.isprintable():
            return decoded
        return _storable("".join(_BLANKS.get(letter, letter) for letter in decoded if not _is_no_text(letter)))

    def __call__(self, text: str, column: str, called: str = "", *named: object) -> str:
        """Return what of a text its column takes. A cut is told of the column, or of `called` with `named` filled in."""
        limit = LIMITS[column]
        # As it is: no half letter, no entity, and it fits, whatever its letters, or since they take one unit each.
        fits = 2 * len(text) <= limit or (len(text) <= limit and text.isascii())
        if fits and text.isprintable() and "&" not in text:
            return text
        return self.carefully(text, limit, called.format(*named) or column)

    def carefully(self, text: str, limit: int, called: str) -> str:
        """Return what of a text fits, and note what was cut."""
        whole = self.whole(text)
        fitting = shorten(whole, limit)
        # Billing and shipping address are mostly the same: once is enough.
        if fitting != whole and (whole, limit) not in self._told:
            self._told.add((whole, limit))
            shown = shorten(whole, 60)
            self.cuts.append(f"{called}: '{shown}{'…' if shown != whole else ''}' cut to {limit} characters")
        return fitting


def _is_no_text(letter: str) -> bool:
    """Tell what an entity may stand for and no column takes; see `values.text`."""
    return letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def _storable(text: str) -> str:
    """Replace halves of surrogate pairs: neither engine stores one."""
    return text if text.isprintable() else text.encode("utf-8", errors="replace").decode("utf-8")


def _address(address: Address, billing: Address, which: str, fit: _Fitting) -> dict[str, str]:
    """Build BILL or SHIP. What the shipping address lacks of name and telephone is the billing address's."""
    named = address if address.first_name or address.last_name or address.company else billing
    person = f"{named.first_name} {named.last_name}".strip()
    parts = {
        "FST_NAM": named.first_name,
        "LST_NAM": named.last_name,
        "NAM": person or named.company,
        "COMPANY": named.company,
        "ADRS_1": address.address_1,
        "ADRS_2": address.address_2,
        # The ERP's address has no line for a company: without this one it would be lost to the parcel's label.
        "ADRS_3": named.company if person else "",
        "CITY": address.city,
        "STATE": address.state,
        "ZIP_COD": address.postcode,
        "CNTRY": address.country,
        "PHONE": address.phone or billing.phone,
        "EMAIL": address.email or billing.email,
    }
    together = "".join(parts.values())
    if 2 * len(together) <= WHOLE and together.isprintable() and "&" not in together:
        return parts
    return {column: fit(text, column, "{}_{}", which, column) for column, text in parts.items()}


def _hashed(order: Order) -> dict[str, Any]:
    """Return what is hashed, keys sorted. An order that another version of this program staged has the same hash again.

    Left out is what may change while nothing changes for the ERP: status, key, modified date. The rates only share out a tax
    whose amounts are hashed. Texts are as the store writes them, entities and all: they read differently in the ERP, and nothing
    was edited.
    """
    return {
        "billing": _hashed_address(order.billing),
        "charges": [
            {
                "amount": _number(charge.amount),
                "description": charge.description,
                "kind": charge.kind,
                "tax": _number(charge.tax),
            }
            for charge in order.charges
        ],
        "coupons": order.coupons,
        "created_at": _offset_moment(order.created_at),
        "currency": order.currency,
        "customer_id": order.customer_id,
        "customer_note": order.customer_note,
        "discount": _number(order.discount),
        "email": order.email,
        "lines": [
            {
                "line_id": line.line_id,
                "name": line.name,
                "product_id": line.product_id,
                "quantity": _number(line.quantity),
                "sku": line.sku,
                "subtotal": _number(line.subtotal),
                "tax": _number(line.tax),
                "total": _number(line.total),
                "variation_id": line.variation_id,
            }
            for line in order.lines
        ],
        "number": order.number,
        "order_id": order.order_id,
        "payment_method": order.payment_method,
        "payment_title": order.payment_title,
        "shipping": _hashed_address(order.shipping),
        "shipping_method": order.shipping_method,
        "tax": _number(order.tax),
        "total": _number(order.total),
        "transaction_id": order.transaction_id,
    }


def _hashed_address(address: Address) -> dict[str, str]:
    return {
        "address_1": address.address_1,
        "address_2": address.address_2,
        "city": address.city,
        "company": address.company,
        "country": address.country,
        "email": address.email,
        "first_name": address.first_name,
        "last_name": address.last_name,
        "phone": address.phone,
        "postcode": address.postcode,
        "state": address.state,
    }


def _money(amount: Decimal) -> str:
    """Write an amount plainly, with at least two decimals."""
    text = str(amount)
    if text[-3:-2] == ".":  # two decimals, as almost all have
        return text
    exponent = amount.as_tuple().exponent
    return format(amount if isinstance(exponent, int) and exponent <= -2 else amount.quantize(Decimal("0.01")), "f")


@lru_cache(maxsize=2048)
def _number(number: Decimal) -> str:
    """Write a number plainly, without zeros at its end: 2, 1.5. What is equal is written alike."""
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _moment(moment: datetime) -> str:
    """Write the moment as its clock shows it, to the millisecond."""
    if moment.microsecond:
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{_to_the_second(moment)}.000"


def _offset_moment(moment: datetime) -> str:
    """Write the moment in UTC, with its offset."""
    utc = moment.astimezone(UTC)
    return utc.isoformat() if utc.microsecond else f"{_to_the_second(utc)}+00:00"


def _to_the_second(moment: datetime) -> str:
    # A tenth of the time that isoformat takes.
    return msgspec.json.encode(moment)[1:20].decode()
