"""Reading what carriers send: JSON and XML that may be anything, base64, and dates in four spellings."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring


def read_json(body: bytes) -> Any:
    """Return the JSON value, or None where the body is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def read_xml(body: bytes) -> Element | None:
    """Return the root of an XML document, or None where the body is none.

    Entities and DTDs are refused: nothing good has them here.
    """
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
    """Decode base64 (with or without a `data:` prefix and line breaks) or a list of byte values; None where it is neither."""
    if isinstance(value, list):
        try:
            return bytes(value)
        except (ValueError, TypeError):
            return None
    if not isinstance(value, str) or not value.strip():
        return None
    packed = re.sub(r"\s+", "", re.sub(r"^\s*data:[^,]*,", "", value))
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def moment(*texts: str, spellings: Sequence[str] = ("%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y%m%d%H%M%S", "%Y%m%d")) -> datetime | None:
    """Read the first of these texts that is a date. One without an offset is taken for UTC: a few hours don't matter here."""
    for text in texts:
        text = text.strip()
        if not text:
            continue
        milliseconds = re.fullmatch(r"/Date\((-?\d+)([+-]\d{4})?\)/", text)
        if milliseconds:
            return datetime.fromtimestamp(int(milliseconds[1]) / 1000, UTC)
        try:
            found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            for spelling in spellings:
                try:
                    found = datetime.strptime(text, spelling).replace(tzinfo=UTC)
                    break
                except ValueError:
                    continue
            else:
                continue
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return None
