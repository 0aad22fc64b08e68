"""Our lines in an order's note. Shopify's orders have one note, the customer's and the staff's: ours stand behind it, marked."""

from __future__ import annotations

from syncctl.stores.values import lines_of_text

FIRST, FURTHER = "[syncctl] ", "[syncctl… "
"""What the first line of each of our notes begins with, and its further ones."""
LONGEST = 5000
"""Characters that a note may have."""


def without_ours(note: object) -> str:
    """Return what others wrote."""
    lines = lines_of_text(note).replace("\r\n", "\n").split("\n")
    return "\n".join(line for line in lines if not line.startswith((FIRST.strip(), FURTHER.strip()))).strip()


def ours(note: object) -> list[str]:
    """Return our notes, newest first."""
    found: list[str] = []
    for line in lines_of_text(note).replace("\r\n", "\n").split("\n"):
        if line.startswith(FIRST):
            found.append(line.removeprefix(FIRST))
        elif line.startswith(FURTHER) and found:
            found[-1] += "\n" + line.removeprefix(FURTHER)
    return found[::-1]


def appended(note: object, text: str) -> str | None:
    """Return the note with ours behind it; None where it would be longer than a note may be."""
    before = "" if note is None else str(note)
    block = FIRST + text.replace("\r\n", "\n").replace("\n", "\n" + FURTHER)
    whole = f"{before.rstrip()}\n{block}" if before.strip() else block
    return whole if len(whole) <= LONGEST else None
