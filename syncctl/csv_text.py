"""CSV that a spreadsheet opens as figures and texts, and never as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from syncctl.atomic_file import write_whole
from syncctl.errors import UsageError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would reckon."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV, a header first; a text that begins like a formula gets an apostrophe in front."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return written.getvalue()


def write_csv(path: Path, text: str) -> None:
    """Write such a text to the file that a person named, whole or not at all.

    Raises:
        UsageError: it can't be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}.") from None


def safe_cell(value: object) -> object:
    """Return what stands in a cell: figures as they are, a text so that it stays one."""
    if isinstance(value, str) and _needs_mark(value):
        return f"'{value}"
    return "" if value is None else value


def text_of(cell: str) -> str:
    """Return the text that `safe_cell` wrote into a cell."""
    return cell[1:] if cell.startswith("'") and _needs_mark(cell) else cell


def _needs_mark(text: str) -> bool:
    """True for a formula, also one with a mark before it already, which would be taken off with ours."""
    return text.lstrip("'").startswith(_FORMULA)
