"""Text that others wrote, made fit for a message, a log, a terminal, and JSON.

A carrier's error, a store's page, a customer's name may hold what moves the cursor, turns the direction of writing round or
begins a line of its own. None of it reaches a person raw.
"""

from __future__ import annotations

import re

LONGEST = 300
"""Characters of others' text in one message."""

_SEEN_AS_BLANK = "\t\n"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 with ESC, DEL, C1 with CSI; line and paragraph separators; overrides of the direction; halves of surrogate pairs."""


def plain(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line of at most `longest` characters, blanks single, without controls."""
    line = without_controls(" ".join(text[: 8 * longest].split()))
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def beginning(text: str, longest: int) -> str:
    """Return a text's beginning without the word that the cut goes through: it might be a key, and half a key is one, too."""
    return text if len(text) <= longest else text[:longest].rpartition(" ")[0]


def one_line(text: str) -> str:
    """Return a text with a blank in place of each tab and line end, and U+FFFD of every other control."""
    return _CONTROLS.sub(lambda found: " " if found[0].isspace() else "\N{REPLACEMENT CHARACTER}", text)


def without_controls(text: str) -> str:
    """Return a text with U+FFFD in place of each control; tabs and line ends stay."""
    return _CONTROLS.sub(lambda found: found[0] if found[0] in _SEEN_AS_BLANK else "\N{REPLACEMENT CHARACTER}", text)


def escaped(text: str) -> str:
    r"""Return a text with its controls written out (`\x1b`, `\u202e`, `\n`): one line for a log, which tells what was there."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def json_escaped(text: str) -> str:
    r"""Return JSON whose texts hold controls as `\u…` only. Between the values it has line ends, which stay."""

    def escape(found: re.Match[str]) -> str:
        if found[0] in _SEEN_AS_BLANK:
            return found[0]
        return r"\ufffd" if "\ud800" <= found[0] <= "\udfff" else rf"\u{ord(found[0]):04x}"

    return _CONTROLS.sub(escape, text)
