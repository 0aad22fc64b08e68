"""Telling by the store's list alone which orders need not be looked into: those that it gives just as they were staged.

What the list says of an order (its modified date, its status, its key …) is taken down as a mark when the order is staged. Where
the same comes again, the order is as it was: it is neither read through nor staged again, and its refunds aren't asked for.

A date has whole seconds, so that an order may change once more within the second in which it was read, and bear the same date. A
mark is therefore taken only where the list was asked for well after the order's last change, by the store's own clock, which its
dates come from, too. Until then the order is looked into by every poll that meets it, as is one whose version could not be read.
(A shop whose own clock is minutes behind that of the proxy which dates its answers would need an edit in the very second of the
reading to be missed; the reconciliation, which looks into every order, finds that one.)
What is read of an order may differ from version to version of this program, and where it belongs by the settings: the mark tells.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from syncctl import __version__
from syncctl.stores.base import Listed
from syncctl.stores.content import ContentBuilder

SETTLED = timedelta(minutes=2)
"""So long after its last change an order's date tells every later change, whatever the store's machines differ by."""


class ReadMarks:
    """Makes the marks of one run."""

    def __init__(self, content: ContentBuilder) -> None:
        self._base = hashlib.blake2b(repr((__version__, content.create_statuses)).encode(), digest_size=16)

    def of(self, listed: Listed) -> str | None:
        """Return the mark of an order as the list gives it; None where the list doesn't tell enough."""
        if not listed.version or listed.modified_at is None:
            return None
        mark = self._base.copy()
        mark.update(listed.version.encode("utf-8", "replace"))
        return mark.hexdigest()


def is_settled(listed: Listed, read_at: datetime | None) -> bool:
    """Tell whether the mark may be kept with the version staged: not where the order may change again without a new date."""
    return read_at is not None and listed.modified_at is not None and read_at - listed.modified_at >= SETTLED
