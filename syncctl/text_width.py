"""How many places a text takes in a column, and how it is cut to one: between whole characters.

A width counts UTF-16 units, as nvarchar does; a varchar column of the same width then fits too.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"


def width(text: str) -> int:
    """Return how many UTF-16 units a text takes: two for a letter outside the basic plane, such as most emoji."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def shorten(text: str, limit: int) -> str:
    """Return as many whole characters of the text as fit, without the space that may then stand at its end.

    A letter stays together with its combining marks, an emoji with its skin tone and those joined to it, a flag is whole.
    """
    if 2 * len(text) <= limit or (len(text) <= limit and text.isascii()):
        return text
    # Each letter takes a unit at least: of a text of megabytes no more than this is looked at.
    fits = len(text) <= limit
    text = text[: limit + 1]
    if fits and width(text) <= limit:
        return text
    kept, used = 0, 0
    for start, end in _characters(text):
        used += width(text[start:end])
        if used > limit:
            break
        kept = end
    return text[:kept].rstrip()


def _characters(text: str) -> list[tuple[int, int]]:
    """Split a text into what a person takes for single characters, as (start, end)."""
    found: list[tuple[int, int]] = []
    for at, letter in enumerate(text):
        if found and _belongs_to_previous(text, at, letter, found[-1][0]):
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


def _belongs_to_previous(text: str, at: int, letter: str, start: int) -> bool:
    if unicodedata.category(letter) in ("Mn", "Mc", "Me") or letter == _JOINER or text[at - 1] == _JOINER:
        return True
    if "\U0001f3fb" <= letter <= "\U0001f3ff":  # skin tones
        return True
    # A flag is two regional letters; the third begins the next flag.
    return _regional(letter) and _regional(text[at - 1]) and (at - start) % 2 == 1


def _regional(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"
