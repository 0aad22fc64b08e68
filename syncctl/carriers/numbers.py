"""Tracking numbers as people print, type and paste them; and the digit by which a carrier's own numbers check themselves.

A number is refused before a call is spent only where it has the shape of one of the carrier's published kinds and its check digit
is wrong, or where its length can't be one of the carrier's. What has another shape may be a reference: the carrier is asked.

The check digits are those that the carriers publish, gathered in github.com/jkeen/tracking_number_data (MIT); its numbers are in
the tests.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_BETWEEN = re.compile(r"[,;|\n\r\t]+")
"""What stands between several numbers of one claim. A blank doesn't: numbers are printed in groups."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def plain_number(number: str | None) -> str:
    """Return a tracking number as carriers take it: in capitals, without the blanks and invisible marks of a paste.

    Leading zeros are part of the number and stay.
    """
    letters = unicodedata.normalize("NFKC", number or "")
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] not in "ZC").upper()


def numbers_of(typed: str | None) -> list[str]:
    """Return a claim's numbers as they were typed, each once. Commas, semicolons, bars and line breaks stand between them."""
    found: dict[str, str] = {}
    for piece in _BETWEEN.split(typed or ""):
        if plain := plain_number(piece):
            found.setdefault(plain, piece.strip())
    return list(found.values())


def _s10(serial: str) -> str:
    """UPU S10: eight digits, weighted, modulo 11; 10 is written 0, and 11 is written 5."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def _weighted(serial: str, *, even: int, odd: int) -> str:
    """Modulo 10 of digits weighted by their place; a letter counts for a digit as UPS has it (A is 2, B 3 … H 9, I 0 …)."""
    values = [int(each) if each.isdigit() else (ord(each) - 63) % 10 for each in serial]
    return str(-sum(value * (odd if place % 2 else even) for place, value in enumerate(values)) % 10)


def _fedex(serial: str) -> str:
    """Weights 1, 3, 7 from the right, modulo 11; 10 is written 0."""
    return str(sum(int(digit) * (1, 3, 7)[place % 3] for place, digit in enumerate(reversed(serial))) % 11 % 10)


def _mod_37_36(serial: str) -> str:
    """ISO 7064, modulo 37 and 36, as DPD and GLS print it behind the number."""
    rest = 36
    for letter in serial:
        rest = (rest + _LETTERS.index(letter)) % 36 or 36
        rest = rest * 2 % 37
    return _LETTERS[(37 - rest) % 36]


CHECKS: Mapping[str, Callable[[str], str]] = {
    "s10": _s10,
    "mod7": lambda serial: str(int(serial) % 7),
    "mod10_1_2": lambda serial: _weighted(serial, even=1, odd=2),
    "mod10_1_3": lambda serial: _weighted(serial, even=1, odd=3),
    "mod10_3_1": lambda serial: _weighted(serial, even=3, odd=1),
    "mod11_1_3_7": _fedex,
    "mod37_36": _mod_37_36,
}
"""How a check digit is reckoned from what stands before it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One published kind of number: `shape` is a pattern whose groups `serial` and `check` hold what `by` relates."""

    shape: re.Pattern[str]
    by: str


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What a carrier's numbers look like."""

    shortest: int = 1
    longest: int = 100
    kinds: Sequence[Kind] = ()
    digits_only: bool = False

    def fault(self, number: str) -> str | None:
        """Say why this can't be one of the carrier's numbers (in the form of `plain_number`); None where it may be one."""
        if not self.shortest <= len(number) <= self.longest:
            return f"{number} has {len(number)} characters, not {self.shortest} to {self.longest}"
        if self.digits_only and not re.fullmatch("[0-9]+", number):
            return f"{number} is not of digits only"
        fitting = [(kind, found) for kind in self.kinds if (found := kind.shape.fullmatch(number))]
        wanted = {found["check"]: CHECKS[kind.by](found["serial"]) for kind, found in fitting}
        if wanted and all(digit != right for digit, right in wanted.items()):
            return f"{number} has a wrong check digit: a digit of it was misread or mistyped"
        return None
