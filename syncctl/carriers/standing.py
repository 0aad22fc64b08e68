"""What a carrier's status means: the parcel is delivered, on its way, returned, lost. By its published codes, or its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from syncctl.carriers.classify import plain

Standing = Literal["returned", "delivered", "lost", "not_yet"]
STANDINGS: tuple[Standing, ...] = ("returned", "delivered", "lost", "not_yet")
"""The more telling first: of a parcel that went back, each earlier word is true as well; what was lost may be found."""

_RETURNED = re.compile(
    r"return(ed|ing)? to (the )?(sender|shipper|consignor)|retour.{0,15}(expediteur|envoyeur)|retourne(e)?s?\b"
    r"|zuruck.{0,20}(absender|versender)|rucksendung|devuelto al remitente|devolucion|reso al mittente|restituit[oa]"
    r"|retour afzender|zwrot do nadawcy|devolvid[oa] ao remetente"
)
_LOST = re.compile(
    r"\b(lost|destroyed|missing)\b|\bperdue?s?\b|\begaree?s?\b|\bdetruite?s?\b|\bverloren\b|\bverlust\b|\bvernichtet\b"
    r"|\b(perdid|extraviad|destruid)[oa]\b|\bsmarrit[oa]\b|\bzagin"
)
_DELIVERED = re.compile(
    r"\bdelivered\b|\blivree?s?\b|\bdistribuee?s?\b|\bzugestellt\b|\bausgeliefert\b|\bentregad[oa]\b|\bconsegnat[oa]\b"
    r"|\b(afgeleverd|bezorgd)\b|\bdoreczon[aoy]?\b|\bentregue\b"
)
_BUT = re.compile(
    r"\b(not|non|pas|no|nicht|niet|nie|nao|cannot|unable|will|soon|failed|attempt\w*|before|impossible|instance|tentative|avise?|absent)\b"
    r"|\bto be\b|\ben cours\b|could not|couldn.t|\bwird\b|\bsera\b|\bwordt\b|damaged|hub|depot\b|facility"
)
"""Beside a word of delivery, these say that it isn't one."""


def by_words(text: str) -> Standing | None:
    """Tell what a text means (English, French, German, Italian, Spanish, Dutch, Polish, Portuguese); None for any other."""
    words = plain(text)
    if _RETURNED.search(words):
        return "returned"
    if _DELIVERED.search(words):
        return "not_yet" if _BUT.search(words) else "delivered"
    return "lost" if _LOST.search(words) else None


def judge(said: Iterable[str], known: Mapping[str, Standing], *, words: bool = False) -> Standing | None:
    """Tell what a parcel's statuses come to; None where none is known. A code is the same with and without leading zeros."""
    found = {known.get(same(each)) or (by_words(each) if words else None) for each in said}
    return next((standing for standing in STANDINGS if standing in found), None)


def same(code: str) -> str:
    """Return a code as codes are compared: case and leading zeros make no difference."""
    folded = code.strip().casefold()
    return folded.lstrip("0") or "0" if folded.isdecimal() else folded
