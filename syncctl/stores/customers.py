"""A store's customers as a queue takes them: one page after another, and each as the JSON object that the ERP side reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from syncctl.models import Address, value
from syncctl.text_width import shorten

LONGEST = 250
"""Letters of each text: wider than any column that it may go to."""
LONGEST_EMAIL = 254
_LONGEST_PROBLEM = 500
_ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country", "phone")


@value
class StoreAccount:
    """A customer of the store, registered (`customer_id`) or a guest (0, known by the e-mail address)."""

    customer_id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    role: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    """None where the store never noted a change."""
    problem: str = ""
    """Why the store can't give more than the id; empty where it can."""
    has_ordered: bool | None = None
    """Whether the store says that they ever ordered; None where it doesn't tell."""
    billing: Address = field(default_factory=Address)
    shipping: Address = field(default_factory=Address)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPlace:
    """Where the reading of a store's list stands; see `walk.Step`."""

    last_id: int = 0
    row_offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """Some customers, none of them given before, and where the reading stands after them."""

    customers: tuple[StoreAccount, ...]
    after: CustomerPlace
    finished: bool
    total: int | None = None
    """How many the store counts in all, where it tells."""
    unreadable: tuple[str, ...] = ()
    """Rows of the page that have no id to ask for, in words."""
    not_shown: int = 0
    """Of the last page: how many the store counts and doesn't show."""


def as_object(account: StoreAccount) -> dict[str, Any]:
    """Return a customer as `sp_FillCustomerQueue` takes it: the key, and all that the ERP's side may want to know."""
    billing, shipping = _address(account.billing), _address(account.shipping)
    email = account.email or account.billing.email
    # A guest has no other key: the same address written in capitals is the same guest.
    email = email if account.customer_id else email.lower()
    problem = shorten(f"The store can't give this customer: {account.problem}", _LONGEST_PROBLEM) if account.problem else ""
    return {
        "WOO_CUSTOMER_ID": account.customer_id,
        "EMAIL": shorten(email, LONGEST_EMAIL),
        "HAS_ORDERED": account.has_ordered,
        **({"PROBLEM": problem} if problem else {}),
        "CUSTOMER": {
            "id": account.customer_id,
            "email": shorten(email, LONGEST_EMAIL),
            "first_name": shorten(account.first_name or account.billing.first_name, LONGEST),
            "last_name": shorten(account.last_name or account.billing.last_name, LONGEST),
            "company": billing["company"],
            "phone": billing["phone"],
            "role": shorten(account.role, LONGEST),
            "username": shorten(account.username, LONGEST),
            "created": _moment(account.created_at),
            "modified": _moment(account.modified_at),
            "is_guest": account.customer_id == 0,
            "has_ordered": account.has_ordered,
            # Without them the line says that it has to be queued anew: this isn't all that the customer is.
            **({} if problem else {"billing": billing, "shipping": shipping}),
        },
    }


def changed_since(account: StoreAccount, since: datetime) -> bool:
    """Tell whether a customer was registered or changed at or after a moment; one without any date counts as changed."""
    moments = [moment for moment in (account.created_at, account.modified_at) if moment is not None]
    return not moments or max(moments) >= since


def guest_of(email: str, order: Mapping[str, Any], created_at: datetime | None) -> StoreAccount:
    """Return the guest who placed a staged order, by its `ORDER_JSON`."""
    billing, shipping = (_staged_address(order.get(name)) for name in ("BILL", "SHIP"))
    return StoreAccount(
        customer_id=0,
        email=email.strip(),
        first_name=billing.first_name,
        last_name=billing.last_name,
        created_at=created_at,
        has_ordered=True,
        billing=billing,
        shipping=shipping,
    )


_STAGED = {
    "first_name": "FST_NAM",
    "last_name": "LST_NAM",
    "company": "COMPANY",
    "address_1": "ADRS_1",
    "address_2": "ADRS_2",
    "city": "CITY",
    "state": "STATE",
    "postcode": "ZIP_COD",
    "country": "CNTRY",
    "phone": "PHONE",
}
"""Part of an address → what staging calls it."""


def _staged_address(raw: object) -> Address:
    held = raw if isinstance(raw, Mapping) else {}
    return Address(**{part: str(held.get(name) or "") for part, name in _STAGED.items()})


def _address(address: Address) -> dict[str, str]:
    return {part: shorten(getattr(address, part), LONGEST) for part in _ADDRESS}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def names(rows: Iterable[str]) -> str:
    """Return a few of many, for a message."""
    listed = list(rows)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
