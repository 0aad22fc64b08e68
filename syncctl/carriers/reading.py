"""Reading what carriers send: places in JSON and XML that may be anything, base64, and dates in four spellings."""

from __future__ import annotations

import base64
import binascii
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from syncctl.answer_json import MEMORY

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""No parcel was delivered outside of these; a date that says so is a slip, and some of our own reckoning ends there."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]+={0,2}\s*")
_URL_SAFE = str.maketrans("-_", "+/")


def read_xml(body: bytes, *, memory: int = MEMORY) -> Element | None:
    """Return the root of an XML document, or None where the body is none, or takes more than `memory` bytes once it is read.

    Entities and DTDs are refused: nothing good has them here.
    """
    # The weights of an element and of an attribute were measured; most of a proof of delivery is one text.
    if len(body) * 3 + 280 * body.count(b"<") + 200 * body.count(b"=") > memory:
        return None
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None
    return root


def first(root: Element, name: str) -> str:
    """Return the text of the first element of that name, in any namespace, or nothing."""
    for element in root.iter():
        if local(element) == name:
            return (element.text or "").strip()
    return ""


def every(root: Element, name: str) -> list[Element]:
    """Return the elements of that name, in any namespace."""
    return [element for element in root.iter() if local(element) == name]


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rsplit("}", 1)[-1]


def pick(value: Any, *path: str | int) -> Any:
    """Walk into parsed JSON by keys and indexes; None where the way ends."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def text_at(value: Any, *path: str | int) -> str:
    """Return what lies at a path as text; nothing where there is none."""
    found = pick(value, *path)
    return "" if found is None or isinstance(found, dict | list) else str(found).strip()


def items_at(value: Any, *path: str | int) -> list[Any]:
    """Return the list at a path; a lone value counts as a list of one, nothing as an empty one."""
    found = pick(value, *path)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def from_base64(value: object) -> bytes | None:
    """Decode base64 or a list of byte values; None where it is neither.

    The base64 may have a `data:` prefix, line breaks, or the alphabet that is safe in addresses, and may lack its last signs.
    """
    if isinstance(value, list):
        try:
            return bytes(value)
        except (ValueError, TypeError):
            return None
    if not isinstance(value, str) or not value.strip():
        return None
    packed = re.sub(r"^\s*data:[^,]*,", "", value) if "," in value[:200] else value
    if not _BASE64.fullmatch(packed):
        return None
    if "-" in packed or "_" in packed:
        packed = packed.translate(_URL_SAFE)
    try:
        return binascii.a2b_base64(packed)  # takes the text as it is, line ends included: a document may be large
    except binascii.Error:  # without the signs that fill the last group
        return _unfilled(packed)


def _unfilled(packed: str) -> bytes | None:
    letters = "".join(packed.split()).rstrip("=")
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


_SPELLINGS = ("%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y%m%d%H%M%S", "%Y%m%d")


def moment(*texts: str) -> datetime | None:
    """Read the first of these texts that is a date. One without an offset is taken for UTC: a few hours don't matter here."""
    for text in texts:
        try:
            found = _date(text.strip()[:100])
            utc = None if found is None else found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError, OSError):  # the edges of time
            continue
        if utc is not None and FIRST_YEAR <= utc.year <= LAST_YEAR:
            return utc
    return None


def _date(text: str) -> datetime | None:
    milliseconds = re.fullmatch(r"/Date\((-?[0-9]+)([+-][0-9]{4})?\)/", text)
    if milliseconds:
        return datetime.fromtimestamp(int(milliseconds[1]) / 1000, UTC)
    with suppress(ValueError):
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    for spelling in _SPELLINGS:
        with suppress(ValueError):
            return datetime.strptime(text, spelling).replace(tzinfo=UTC)
    return None
