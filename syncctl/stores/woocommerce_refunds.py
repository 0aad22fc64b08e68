"""An order's refunds: what the order itself names, and what their own endpoint gives, brought together.

Either may lack one: the order's `refunds` is empty in some answers, and the endpoint answers `[]` for orders whose refunds lost
their parent. None may be missed, since the ERP would hold the gross total; where the two differ, the order's amount counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from syncctl.stores.rounding import cents
from syncctl.stores.values import amount_field, identifier, objects

Raw = dict[str, Any]


def refund_amount(refund: Raw) -> Decimal:
    """Return what a refund came to, positive, by the endpoint's `amount` or the order's `total`.

    Raises:
        UnreadableError: neither is an amount.
    """
    return abs(amount_field(refund, "amount") if refund.get("amount") not in (None, "") else amount_field(refund, "total"))


def all_refunds(raw: Raw, given: Sequence[Raw], warnings: list[str]) -> list[tuple[Raw, Decimal]]:
    """Return every refund with its amount: those that the endpoint gave, and those that the order alone names.

    Raises:
        UnreadableError: a refund that the order names says no amount, and nothing else does.
    """
    found = [(refund, refund_amount(refund)) for refund in given]
    unnamed = list(range(len(found)))
    for named in objects(raw, "refunds"):
        place = _place_of(named, found, unnamed)
        if place is None:
            found.append((named, refund_amount(named)))
            warnings.append(
                f"Refund {named.get('id') or '?'} of {found[-1][1]} is named by the order only, not by the list of its refunds: "
                "taken off as an amount."
            )
            continue
        unnamed.remove(place)
        amount = refund_amount(named) if named.get("total") not in (None, "") else found[place][1]
        if cents(amount) != cents(found[place][1]):
            warnings.append(
                f"Refund {named.get('id') or '?'} is of {amount} by the order and of {found[place][1]} by their own list:"
                " the order's amount counts."
            )
            found[place] = (found[place][0], amount)
    return found


def _place_of(named: Raw, found: Sequence[tuple[Raw, Decimal]], unnamed: Sequence[int]) -> int | None:
    """Return which of the endpoint's refunds the order names: by its id, or by its amount where it has none."""
    wanted = identifier(named.get("id"))
    for place in unnamed:
        refund, amount = found[place]
        if wanted is not None:
            if identifier(refund.get("id")) == wanted:
                return place
        elif named.get("total") in (None, "") or cents(refund_amount(named)) == cents(amount):
            return place
    return None
