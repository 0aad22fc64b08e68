"""JSON as others send it: with text around it, cut off, bottomless, with numbers nobody can use and half letters.

What can be read is read, so that one odd value concerns the row it stands in and not the whole answer. Everything else
is one error of that answer.

There are two ways to one result. What is plain JSON, as almost every answer is, `msgspec` reads in a fraction of the time, and of
a list of known shape only what is looked at. It refuses whatever is odd; that is then read by the long way, which knows what to
make of it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal

from syncctl.foreign_text import beginning

Kind = Literal["empty", "truncated", "broken", "text", "page", "too_deep", "too_large"]
"""Why an answer holds no JSON: nothing in it, its end is missing, a mistake in the middle, a text, a web page, too many levels,
or more than the memory for it."""

MEMORY = 80 * 1024 * 1024
"""Bytes that an answer may take while it is read: its text, and the objects made of it."""
DEEPEST = 100
"""Levels. Orders with the oddest meta data have a dozen."""
LONGEST_NUMBER = 300
"""Digits; nothing that is counted here comes near. Python itself refuses to read whole numbers of more than 4,300."""
LARGEST_EXPONENT = 50
"""Nothing between 1e-50 and 1e50 is left out; 1e999999999 would, written out, fill the memory."""
_PLACES = 20
"""How many beginnings of JSON are tried in a text that doesn't begin with it."""
_NEAR_THE_END = 16
"""Characters. A mistake this near to the end is the end itself: a word, a number or an escape was cut in two."""

_MOST_TIMES = 80
"""Bytes of memory for each byte of an answer, at the very most."""

_REFUSED = object()
_NESTED = frozenset({dict, list})

Decode = Callable[[str, int], tuple[Any, int]]
"""Reads the value that begins at a place of a text; returns it with the place behind it."""
_HALF = re.compile(r"(\\+)u[dD](?:([89abAB])|[c-fC-F])[0-9a-fA-F]{2}")
"""The escape of half a surrogate pair, with all backslashes in front of it; a first half has a second group."""
_LINE_START = re.compile(r"[\r\n][ \t]*(?=[{\[])")
_ANYWHERE = re.compile(r"(?=[{\[])")
_PAGE = re.compile(r"<(?:!doctype|html|head|body|script)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """The JSON value of an answer, and the text that stands in front of it and behind it, where there is some."""

    value: Any
    before: str = ""
    behind: str = ""


class NoJson(ValueError):
    """The answer holds no JSON that could be read. `text` is the answer's beginning, `position` the place of the mistake."""

    def __init__(self, kind: Kind, text: str = "", position: int = 0) -> None:
        super().__init__(f"no JSON: {kind} at {position:,}")
        self.kind = kind
        self.text = beginning(text, 4096)
        self.position = position


def read_json(body: bytes, *, exact: bool = False, memory: int = MEMORY, shape: Any = None) -> Found:
    """Read the JSON value of an answer's body.

    A byte order mark is left out, text in front of the value and behind it given beside it, half a surrogate pair replaced
    by U+FFFD. A number that nobody can use (NaN, 1e999, one of thousands of digits) becomes a text that says so and is no
    number. With `exact`, numbers with a point or an exponent are `Decimal`, else float.

    `shape`, a type made of lists and `TypedDict`s, names what will be looked at, as dicts and lists all the same. Of an answer
    that has this shape the rest is left out, and isn't checked for its texts and its depth.

    Raises:
        NoJson: there is none.
    """
    # What is left for numbers with a point. Of a short answer nothing needs to be counted.
    counted = len(body) * _MOST_TIMES > memory
    room = memory - _size(body) if counted else memory
    if room < 0:
        raise NoJson("too_large", position=len(body))
    if not counted or not exact:
        value = _at_once(body, exact=exact, shape=shape)
        if value is not _REFUSED:
            return Found(value)
    text = body.decode(json.detect_encoding(body), errors="replace").strip("\ufeff \t\r\n\0")
    if not text:
        raise NoJson("empty")
    if r"\ud" in text or r"\uD" in text:
        text = _without_halves(text)
    try:
        try:
            found = _found(text, _decoder(exact=exact, room=room))
        except NoJson:
            raise
        except ValueError:  # a whole number that Python refuses to read; to look at each of them is slow
            found = _found(text, _decoder(exact=exact, room=room, parse_int=_integer))
    except RecursionError:
        raise NoJson("too_deep", text) from None
    if _too_deep(found.value):
        raise NoJson("too_deep", text)
    return found


def _at_once(body: bytes, *, exact: bool, shape: Any) -> Any:
    """Read an answer that is plain JSON and nothing else; `_REFUSED` for any other."""
    body = body.removeprefix(codecs.BOM_UTF8)
    for wanted in (shape, None) if shape is not None else (None,):
        try:
            value = _plain_decoder(wanted, exact=exact)(body)
        except (ValueError, RecursionError):
            continue
        if wanted is not None or not _too_deep(value):
            return value
    return _REFUSED


@cache
def _plain_decoder(shape: Any, *, exact: bool) -> Callable[[bytes], Any]:
    import msgspec  # here, since a command that reads no answer is to start without it

    hook = _decimal if exact else None
    return msgspec.json.Decoder(Any if shape is None else shape, float_hook=hook).decode


def _found(text: str, decode: Decode) -> Found:
    """Find the value: at the beginning, where it should be, else behind what stands there."""
    mistake: json.JSONDecodeError | None = None
    if text[0] in "{[":
        try:
            value, end = decode(text, 0)
            return Found(value, behind=text[end:].strip())
        except json.JSONDecodeError as error:
            mistake = error
        if mistake.msg.startswith("Unterminated") or mistake.pos >= len(text) - _NEAR_THE_END:
            raise NoJson("truncated", text, len(text)) from None
    else:
        try:
            value, end = decode(text, 0)
        except json.JSONDecodeError:
            pass
        else:
            if end == len(text):  # a lone number, word or text
                return Found(value)
    found = _behind_text(text, decode)
    if found is None or (mistake is not None and (found.behind or len(found.before) < mistake.pos)):
        kind: Kind = "broken" if mistake else "page" if _PAGE.search(text[:4096]) or text[0] == "<" else "text"
        raise NoJson(kind, text, mistake.pos if mistake else 0)
    return found


def _behind_text(text: str, decode: Decode) -> Found | None:
    """Look for a value behind other text, such as PHP's warnings or the size of a chunk.

    Such text may hold a bracket that is a value of its own (`Undefined array key [0]`), and a web page may hold JSON that is
    no answer: so the value goes to the end of the text or, behind what is no page, is the longest that begins a line or makes up
    most of the text.
    """
    best: Found | None = None
    longest = 0
    for place, begins_line in _places(text):
        try:
            value, end = decode(text, place)
        except json.JSONDecodeError:
            continue
        found = Found(value, text[:place].strip(), text[end:].strip())
        if not found.behind:
            return found
        length = end - place
        if (begins_line or 2 * length > len(text)) and length > longest and not _PAGE.search(found.before):
            best, longest = found, length
    return best


def _places(text: str) -> Iterator[tuple[int, bool]]:
    """Give the places where a value may begin: those at the beginning of a line first."""
    for pattern, begins_line in ((_LINE_START, True), (_ANYWHERE, False)):
        for number, found in enumerate(pattern.finditer(text)):
            if number == _PLACES:
                break
            yield found.end(), begins_line


def _too_deep(value: Any) -> bool:
    """Tell whether more than `DEEPEST` lists and objects lie in one another: whatever writes or compares them goes down there."""
    level = [value] if type(value) in _NESTED else []
    for _ in range(DEEPEST):
        if not level:
            return False
        inner = (held.values() if type(held) is dict else held for held in level)
        level = [each for several in inner for each in several if type(each) in _NESTED]
    return bool(level)


def _without_halves(text: str) -> str:
    """Put U+FFFD in place of each half of a surrogate pair that stands alone: no database and no file takes one."""
    alone: list[int] = []
    first: int | None = None
    for found in _HALF.finditer(text):
        if len(found[1]) % 2 == 0:  # backslashes, two by two, and then letters
            continue
        place = found.end() - 6
        if first is not None and not found[2] and place == first + 6:
            first = None  # a pair
            continue
        if first is not None:
            alone.append(first)
        first = place if found[2] else None
        if not found[2]:
            alone.append(place)
    if first is not None:
        alone.append(first)
    if not alone:
        return text
    ends = [place + 6 for place in alone]
    return "\ufffd".join(text[start:end] for start, end in zip([0, *ends], [*alone, len(text)], strict=True))


def _decoder(*, exact: bool, room: int, parse_int: Callable[[str], Any] | None = None) -> Decode:
    """Make what reads a value from a place of a text on. `room` is what is left for numbers with a point, in bytes."""
    left = room // 128  # a Decimal and its place in a list

    def decimal(number: str) -> Decimal | str:
        nonlocal left
        left -= 1
        if left < 0:
            raise NoJson("too_large")
        return _decimal(number)

    return json.JSONDecoder(
        parse_float=decimal if exact else None,
        parse_int=parse_int,
        parse_constant=_odd,
        strict=False,  # raw control characters in a text: dealt with where it is shown
    ).raw_decode


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else _odd(digits)


def _decimal(number: str) -> Decimal | str:
    try:
        value = Decimal(number)
    except InvalidOperation:  # an exponent of thirty digits
        return _odd(number)
    if len(number) > LONGEST_NUMBER or abs(value.adjusted()) > LARGEST_EXPONENT:
        return _odd(number)
    return value


def _odd(number: str) -> str:
    """Return a text in place of a number that can't be used. It must not look like one: `Decimal` takes 'NaN' and '1e999'."""
    beginning = number if len(number) <= 20 else f"{number[:20]}… ({len(number):,} characters)"
    return f"{beginning} (no usable number)"


def _size(body: bytes) -> int:
    """Estimate what an answer takes in memory while it is read, from above: body, text, and the objects made of it.

    Objects take many times the bytes that they are written with (`{"a":1},` makes 190 of 8), so brackets, colons, commas and
    texts are counted. The weights were measured.
    """
    widest = 4 if re.search(rb"[\xf0-\xff]", body) else 2 if re.search(rb"[\xc4-\xef]", body) else 1
    objects = 144 * body.count(b"{") + 96 * body.count(b"[")
    keys, items = body.count(b":"), body.count(b",")
    texts = max(0, body.count(b'"') // 2 - keys)
    return len(body) * (1 + 2 * widest) + objects + 90 * keys + 36 * items + 57 * texts
