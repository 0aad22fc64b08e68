"""What staging takes of an order: the JSON object of `sp_StageOrders`, with status group, content hash and texts that fit."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import le
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from syncctl.models import Address, Order, StatusGroup
from syncctl.stores.base import UnreadableOrder
from syncctl.stores.content_hash import content_hash, encode, plain_number, to_the_second
from syncctl.stores.widths import LIMITS, STAGING_LIMITS, WHOLE
from syncctl.text_width import shorten

_SHIP = [(name, name.removeprefix("SHIP_"), limit) for name, limit in STAGING_LIMITS.items()]
_HEAD = (
    *("WOO_ORDER_NO", "ORDER_KEY", "ORD_STATUS", "CURRENCY", "CUST_EMAIL"),
    *("PMT_METH", "TRANSACTION_ID", "SHIP_VIA", "PMT_TITLE"),
)
"""Texts that every order has one of."""
_HEAD_LIMITS = [LIMITS[column] for column in _HEAD]
_ENTITY = re.compile("&[#A-Za-z]")
"""How every entity begins: `&amp;`, `&#38;`; a lone `&` stands for itself."""
_NONE = Decimal("0.00")
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
        created, modified = order.created_at.astimezone(UTC), order.modified_at.astimezone(UTC)
        local = _moment(created.astimezone(self.timezone))
        fit = _Fitting(is_html=order.is_html)
        number, key, status, currency, email, method, transaction, via, title = fit.head(
            (
                *(order.number, order.order_key, order.status, order.currency, order.email),
                *(order.payment_method, order.transaction_id, order.shipping_method, order.payment_title),
            )
        )
        bill = _address(order.billing, order.billing, "BILL", fit)
        ship = bill if order.shipping.empty else _address(order.shipping, order.billing, "SHIP", fit)
        named = _are_names([line.name for line in order.lines])
        before = after = _NONE
        lines: list[dict[str, Any]] = []
        for line in order.lines:
            before += line.subtotal
            after += line.total
            lines.append(
                {
                    "WOO_LINE_ID": line.line_id,
                    "SKU": fit.whole(line.sku) if line.sku else None,
                    "DESCR": line.name if named else fit(line.name, "DESCR", "DESCR of line {}", line.line_id),
                    "QTY": plain_number(line.quantity),
                    "SUBTOT_AMT": _money(line.subtotal),
                    "TOT_AMT": _money(line.total),
                    "TAX_AMT": _money(line.tax),
                    "PRODUCT_ID": line.product_id,
                    "VARIATION_ID": line.variation_id,
                }
            )
        shipping = _NONE
        charges: list[dict[str, Any]] = []
        for charge in order.charges:
            if charge.kind == "shipping":
                shipping += charge.amount
            if charge.amount or charge.tax:
                charges.append(
                    {
                        "TYPE": charge.kind,
                        "DESCR": fit(charge.description, "CHARGE_DESCR", "description of a {} charge", charge.kind),
                        "AMT": _money(charge.amount),
                        "TAX_AMT": _money(charge.tax),
                    }
                )
        content: dict[str, Any] = {
            "WOO_ORDER_ID": order.order_id,
            "WOO_ORDER_NO": number,
            "ORDER_KEY": key or None,
            "STATUS_GROUP": group,
            "STATUS_MEANING": "dead" if group == "dead" else order.meaning,
            "STATUS_REASON": shorten(reason, LIMITS["STATUS_REASON"]) if reason else None,
            "VANISHED": 0,
            "ORD_STATUS": status,
            "CONTENT_HASH": content_hash(order),
            "CURRENCY": currency,
            "WOO_CUST_ID": order.customer_id or None,
            "CUST_EMAIL": email,
            "ORD_DAT": local[:10],
            "TKT_DT": local,
            "WOO_CREATED_DT": _moment(created),
            "WOO_MODIFIED_DT": _moment(modified),
            "PMT_METH": method,
            "TRANSACTION_ID": transaction or None,
            "SHIP_VIA": via,
            "SUBTOT": _money(before),
            "SHIP_AMT": _money(shipping),
            "TAX_AMT": _money(order.tax),
            "DISC_AMT": _money(before - after),
            "TOT_AMT": _money(order.total),
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
                "CUSTOMER_NOTE": order.customer_note and fit(order.customer_note, "CUSTOMER_NOTE"),
                "PMT_TITLE": title,
            },
        }
        for name, part, limit in _SHIP:
            content[name] = text if len(text := ship[part]) <= limit and text.isascii() else shorten(text, limit)
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


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as the JSON array that `sp_StageOrders` takes."""
    return encode(rows).decode()


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
        if text.isprintable() and not _has_entity(text):
            return text
        decoded = html.unescape(text)
        if decoded.isprintable():
            return decoded
        return _storable("".join(_BLANKS.get(letter, letter) for letter in decoded if not _is_no_text(letter)))

    def __call__(self, text: str, column: str, called: str = "", *named: object) -> str:
        """Return what of a text its column takes. A cut is told of the column, or of `called` with `named` filled in."""
        limit = LIMITS[column]
        # As it is: no half letter, no entity, and it fits, whatever its letters, or since they take one unit each.
        fits = 2 * len(text) <= limit or (len(text) <= limit and text.isascii())
        if fits and text.isprintable() and not _has_entity(text):
            return text
        return self.carefully(text, limit, called.format(*named) or column)

    def head(self, texts: Sequence[str]) -> Sequence[str]:
        """Return what the columns of `_HEAD` take, one of each: as they are where all of them are plain and short."""
        together = "".join(texts)
        plain = together.isascii() and together.isprintable() and not _has_entity(together)
        if plain and all(map(le, map(len, texts), _HEAD_LIMITS)):
            return texts
        return tuple(map(self, texts, _HEAD))

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


def _are_names(texts: Iterable[str]) -> bool:
    """Tell whether names and lines of an address may be taken as they are: no half letter, no entity, and all of them fit."""
    together = "".join(texts)
    return 2 * len(together) <= WHOLE and together.isprintable() and not _has_entity(together)


def _has_entity(text: str) -> bool:
    return "&" in text and _ENTITY.search(text) is not None


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
    if _are_names(parts.values()):
        return parts
    return {column: fit(text, column, "{}_{}", which, column) for column, text in parts.items()}


def _money(amount: Decimal) -> str:
    """Write an amount plainly, with at least two decimals."""
    text = str(amount)
    if text[-3:-2] == ".":  # two decimals, as almost all have
        return text
    exponent = amount.as_tuple().exponent
    return format(amount if isinstance(exponent, int) and exponent <= -2 else amount.quantize(Decimal("0.01")), "f")


def _moment(moment: datetime) -> str:
    """Write the moment as its clock shows it, to the millisecond."""
    if moment.microsecond:
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{to_the_second(moment)}.000"
