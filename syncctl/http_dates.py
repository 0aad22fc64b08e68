"""Dates in the headers of others' answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Read the Date header: the other side's clock."""
    return header_moment(headers.get("Date", ""))


def header_moment(text: str) -> datetime | None:
    """Read a header's date, in UTC; None where it is none, or one at the edge of time."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
