"""What in our own sentences can lead to a person: e-mail addresses, which a page or a log that many read should not repeat."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"(?<![\w.+-])(?P<first>[\w+-])[\w.+'-]*@(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63})+)")

_QUOTED = re.compile(r"(?<!\w)'.*'(?!\w)", re.DOTALL)
"""From the first mark to the last: a name may have some in it."""


def masked(text: str) -> str:
    """Return the text with no more of each e-mail address than tells two apart: `a…@example.com`."""
    return _EMAIL.sub(lambda found: f"{found['first']}…@{found['host']}", text)


def without_quoted(text: str) -> str:
    """Return the text with nothing between its quotation marks: what others wrote, such as a name or an address."""
    return _QUOTED.sub("'…'", text)


_OURS = re.compile(r"(?:[\w.]+\.)?(?:KeyError|AttributeError|TypeError|NameError|ImportError|ModuleNotFoundError)\b")
"""Errors whose quotation marks hold names of a program."""


def traceback_without_quoted(text: str) -> str:
    """Return a traceback whose errors say nothing between quotation marks: what they could not take may be a person's."""
    return "\n".join(line if line[:1] in " |" or _OURS.match(line) else without_quoted(line) for line in text.split("\n"))
