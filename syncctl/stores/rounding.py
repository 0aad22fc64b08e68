"""What rounding leaves between an order's total and the figures that a document takes: how much of it is the store's rounding.

A document holds cents. A store keeps net amounts and taxes unrounded (`14.309524`), and rounds each line, each tax, or their sum
to its own number of decimals, which its answers don't tell: asked for exact amounts, it writes six for all. Up to half a unit
for each rounded figure is rounding; what is more is for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
_WHOLE = Decimal(1)
_HALF = Decimal("0.5")
_EXACT_DECIMALS = 5
"""An amount with so many decimals was asked for exactly: stores show four at most."""

THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies whose smallest coin is a thousandth. There a third decimal is money, not what a tax left of a net amount."""


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, half away from zero as stores and the database do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def in_cents(amount: Decimal, currency: str) -> Decimal:
    """Return a line's or charge's amount as a document takes it; whole where cents would lose money: a person has to see that."""
    return rounding_of(currency)(amount)


def rounding_of(currency: str) -> Callable[[Decimal], Decimal]:
    """Return what rounds the amounts of lines and charges in a currency; see `in_cents`."""
    return _as_it_is if currency.upper() in THREE_DECIMALS else cents


def _as_it_is(amount: Decimal) -> Decimal:
    return amount


def paid(amount: Decimal) -> Decimal:
    """Return an amount of money that changed hands, as it is; in cents where it has more decimals than any store shows.

    Parts of a cent that were shown are no rounding: a person has to see them.
    """
    rounded = cents(amount)
    if amount == rounded or _decimals(amount.normalize()) >= _EXACT_DECIMALS:
        return rounded
    return amount.normalize()


def tolerance(
    total: Decimal, tax: Decimal, nets: Sequence[Decimal], taxes: Sequence[Decimal], *, shows_whole: Callable[[], bool]
) -> Decimal:
    """Return by how much the cents of an order's figures may miss its total.

    All amounts are as the store wrote them: `total` and `tax` the order's, `nets` and `taxes` those of its lines and charges.
    `shows_whole` asks the store whether it shows amounts without decimals, where the order itself leaves that open.
    """
    written = [*nets, *taxes]
    # What was rounded before it was written may be a nothing of 0.004; what is exact is a nothing.
    figures = [figure for figure in written if figure] if _is_exact(total, tax, *written) else [*nets, *filter(None, taxes)]
    by_cents = CENT / 2 * (1 + len(figures))
    if not _rounds_to_whole(total, tax, nets, taxes, shows_whole):
        return by_cents
    if not any(map(_decimals, (total, tax, *written))):
        return _HALF * (1 + len(figures))
    return by_cents + _HALF * (1 + sum(1 for figure in figures if figure != _units(figure)))


def _rounds_to_whole(
    total: Decimal, tax: Decimal, nets: Sequence[Decimal], taxes: Sequence[Decimal], shows_whole: Callable[[], bool]
) -> bool:
    """Tell whether this store rounds to whole units. The total alone can't say so: 20.00 is a price like any other.

    It does where it writes no decimals at all; or where total and tax are whole and exact figures aren't: with tax, whole by
    chance in one order of a hundred, or where the total is just what rounding makes of them and the store shows no decimals.
    """
    figures = (*nets, *taxes)
    if not any(map(_decimals, (total, tax, *figures))):
        return True
    if not _is_exact(total, tax, *figures) or total != _units(total) or tax != _units(tax):
        return False
    if all(figure == _units(figure) for figure in figures):
        return False
    rounded = {_units(sum(nets, tax)), sum((_units(net) for net in nets), tax), _units(sum(nets, sum(taxes, Decimal(0))))}
    return bool(tax) or (total in rounded and shows_whole())


def _units(amount: Decimal) -> Decimal:
    return amount.quantize(_WHOLE, ROUND_HALF_UP)


def _is_exact(*amounts: Decimal) -> bool:
    """Tell whether amounts were written with the decimals that were asked for, not with the shop's own."""
    return any(_decimals(amount) >= _EXACT_DECIMALS for amount in amounts)


def _decimals(amount: Decimal) -> int:
    """Return with how many decimals an amount was written."""
    return max(0, -int(amount.as_tuple().exponent))
