"""Single values as stores write them, read strictly: each comes out in its range, or is named as unreadable.

A store's numbers, dates and lists come from PHP and its plugins: ids as text or with a decimal point, lists as objects, dates of
the year 1, amounts with hundreds of digits. What has one meaning is taken; what has none, or is beyond what a database holds, is
an `UnreadableError` that names the field. Nothing else is ever raised.

Almost all of what comes is plain: printable text, `12.50`, `2026-11-20T11:00:00`. It is recognised at the top of a function,
since an order has a hundred such values, and comes out as the rest of the function would have it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import repeat
from typing import Any

from syncctl.errors import UnreadableError

LARGEST_ID = 2**63 - 1
"""The largest order id that the database holds (bigint)."""
LARGEST_AMOUNT = Decimal(10) ** 11
"""Amounts and quantities stay below it: decimal(15,4) holds eleven digits before the point."""
MOST_DECIMALS = 16
"""Decimals of an amount that are still taken: a store writes two to six, the noise of floats has up to sixteen."""
QUANTITY_DECIMALS = 4
"""Decimals of a quantity: decimal(15,4), and half a thousandth of a thing more or less is nobody's order."""
STORED_DECIMALS = 4
"""Decimals that the database keeps of an amount: decimal(15,4)."""
MOST_ITEMS = 5000
"""Entries of one list of an order, such as its lines."""
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Dates of orders lie between them; anything else is a plugin's nonsense."""
_SMALL = 10**9
_BETWEEN = "|"
_SHOWN = 40
_WHOLE = re.compile(r"\s*[+-]?[0-9]+(\.0*)?\s*")
_PLAIN_AMOUNT = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,6})?")
"""An amount in range, whatever the digits."""
_LONGEST_PLAIN = 25
"""No amount and no moment that is written plainly has more characters; what was read is kept under no longer ones."""
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that have no place in one line of text: control characters, halves of a letter, line ends."""


def shown(value: object) -> str:
    """Write a value for a message: as Python does, and not too long."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 256:  # Python refuses to write one of thousands of digits
        return f"a number of {value.bit_length()} bits"
    text = repr(value) if not isinstance(value, Decimal) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def identifier(value: object) -> int | None:
    """Read an id: a whole number from 1 to 2⁶³-1, also as text or with zeros behind the decimal point. None for anything else."""
    number = value if type(value) is int else whole(value)
    return number if number is not None and 1 <= number <= LARGEST_ID else None


def whole(value: object) -> int | None:
    """Read a whole number of at most 63 bits, also as text or with zeros behind the decimal point. None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -LARGEST_ID <= value <= LARGEST_ID else None
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        return None
    number = _decimal(value)
    # Compared before it is made an integer: 1e999999 has a million digits.
    if number is None or abs(number) > LARGEST_ID or number != number.to_integral_value():
        return None
    return int(number)


def whole_field(item: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Read a field that is a whole number from 0 on; null and "" are the default.

    Raises:
        UnreadableError: it is anything else.
    """
    value = item.get(name)
    if type(value) is int and 0 <= value <= LARGEST_ID:
        return value
    if _unset(value) and default is not None:
        return default
    number = whole(value)
    if number is None or number < 0:
        raise UnreadableError(f"{name} is {shown(value)}, which is no whole number from 0 to 2^63-1")
    return number


def amount_field(item: Mapping[str, Any], name: str, default: str | None = None) -> Decimal:
    """Read a field that is an amount of money, below 10¹¹; null and "" are the default.

    Raises:
        UnreadableError: it is no amount, or out of range.
    """
    value = item.get(name)
    if default is not None and (value is None or value == ""):
        value = default
    if type(value) is str and len(value) <= _LONGEST_PLAIN and (plain := _plain_amount(value)) is not None:
        return plain
    return _ranged(item, name, value, MOST_DECIMALS)


def quantity_field(item: Mapping[str, Any], name: str = "quantity") -> Decimal:
    """Read a field that is a quantity, of four decimals at most; null and "" are 0.

    Raises:
        UnreadableError: it is no number, or out of range.
    """
    value = item.get(name)
    if type(value) is int and -_SMALL < value < _SMALL:
        return Decimal(value)
    return _ranged(item, name, 0 if _unset(value) else value, QUANTITY_DECIMALS)


def moment(value: object) -> datetime | None:
    """Read a `…_gmt` time: UTC without a suffix. None for null, "", and for anything that is no moment from 1990 to 2099."""
    if not isinstance(value, str):
        return None
    return _moment(value) if len(value) <= _LONGEST_PLAIN else _moment.__wrapped__(value)


@lru_cache(maxsize=256)
def _moment(written: str) -> datetime | None:
    """Read a moment. An order's are read in its list, and again with it; few are created and modified at different ones."""
    # As a store writes it; to give a moment its zone later takes ten times as long as to read it.
    plain = len(written) == 19 and written[13] == written[16] == ":"
    try:
        read = datetime.fromisoformat(f"{written}+00:00" if plain else written)
    except ValueError:
        return None
    # The year first: to convert one near the ends of the calendar overflows.
    if not EARLIEST.year <= read.year <= LATEST.year:
        return None
    aware = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    return aware if EARLIEST <= aware < LATEST else None


def moment_field(item: Mapping[str, Any], name: str) -> datetime | None:
    """Read a field that is a time, or null.

    Raises:
        UnreadableError: it is something else, or not of the years from 1990 to 2099.
    """
    value = item.get(name)
    read = moment(value)
    # WordPress writes a date that was never set as zeros.
    if read is None and not _unset(value) and value is not False and not str(value).startswith("0000-00-00"):
        raise UnreadableError(f"{name} is {shown(value)}, which is no date from 1990 to 2099")
    return read


def entries(value: object) -> list[Any] | None:
    """Return the list that a value is: PHP writes one whose numbers have gaps as an object `{"0": …, "2": …}`. Else None."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and all(isinstance(key, str) and key.isdecimal() for key in value):
        return list(value.values())
    return None


def objects(item: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Read a field that is a list of objects that each count, such as an order's lines. Null, false and "" are an empty one.

    Raises:
        UnreadableError: it is something else, has an entry that is no object, or is of more than 5,000 entries.
    """
    value = item.get(name)
    if value == []:
        return []
    found = [] if _unset(value) or value is False else entries(value)
    if found is None:
        raise UnreadableError(f"{name} is {shown(value)} and no list")
    if len(found) > MOST_ITEMS:
        raise UnreadableError(f"{name} has {len(found)} entries; more than {MOST_ITEMS} are no order's")
    for entry in found:
        if not isinstance(entry, dict):
            raise UnreadableError(f"{name} has {shown(entry)} in it, which is no object")
    return found


def objects_if_any(item: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects in what plugins may have filled with anything, such as `meta_data`."""
    value = item.get(name)
    return [entry for entry in entries(value) or () if isinstance(entry, dict)] if value else []


def text(value: object) -> str:
    """One line of text. Objects and lists, which plugins put in odd places, are nobody's name."""
    if type(value) is str and value.isprintable():
        return " ".join(value.split()) if " " in value else value
    if value is None or isinstance(value, bool | dict | list):
        return ""
    # Not isprintable(): it is false for what joins an emoji or a Persian word, and for letters younger than this Python.
    return " ".join("".join(" " if unicodedata.category(letter) in _NO_TEXT else letter for letter in str(value)).split())


def code(value: object) -> str:
    """A code such as a SKU: one line of text whose inner blanks stay: the ERP's look-up tells `A  B` from `A B`."""
    if type(value) is str and value.isprintable():
        return value.strip()
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return "".join(" " if unicodedata.category(letter) in _NO_TEXT else letter for letter in str(value)).strip()


def lines_of_text(value: object) -> str:
    """Text of several lines, without what no database takes: control characters and halves of a letter."""
    if type(value) is str and value.isprintable():
        return value
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return "".join(letter for letter in str(value) if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))


def texts(item: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Read several fields as `text` does: in one go where all of them are plain, as those of an address mostly are."""
    found = list(map(item.get, names, repeat("")))
    try:
        together = f"{_BETWEEN}{_BETWEEN.join(found)}{_BETWEEN}"
    except TypeError:  # one is no text
        return [text(value) for value in found]
    # One blank behind another, or at an edge, is what `text` takes away.
    blanks = "  " in together or f" {_BETWEEN}" in together or f"{_BETWEEN} " in together
    if together.isprintable() and not blanks:
        return found
    return [text(value) for value in found]


def _unset(value: object) -> bool:
    """True of null and of an empty text."""
    return value is None or value == ""


@lru_cache(maxsize=2048)
def _plain_amount(written: str) -> Decimal | None:
    """Return an amount written plainly; None for any other text. A shop's prices come again and again."""
    return Decimal(written) if _PLAIN_AMOUNT.fullmatch(written) else None


def _ranged(item: Mapping[str, Any], name: str, value: object, decimals: int) -> Decimal:
    number = _decimal(value)
    if number is None:
        wrong = ", which is no number"
    # The database rounds to four decimals: 99999999999.99999 is 10^11 there.
    elif abs(number) >= LARGEST_AMOUNT or abs(round(number, STORED_DECIMALS)) >= LARGEST_AMOUNT:
        wrong = ": more than the database holds (10^11)"
    else:
        exponent = int(number.as_tuple().exponent)
        if -exponent <= decimals:
            return number if exponent <= 0 else number.quantize(Decimal(1))
        rounded = round(number, decimals)
        if rounded == number:
            return rounded
        wrong = f": more than {decimals} decimals"
    raise UnreadableError(f"{name} of {shown(item.get('id', 'an item'))} is {shown(value)}{wrong}")


def amount_if_any(item: Mapping[str, Any], name: str) -> Decimal | None:
    """Read an amount; None where there is none that makes sense."""
    try:
        return None if item.get(name) in (None, "") else amount_field(item, name)
    except UnreadableError:
        return None


def _decimal(value: object) -> Decimal | None:
    """Read a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except (InvalidOperation, ValueError):  # ValueError: an integer of more digits than Python writes
        return None
    return number if number.is_finite() else None
