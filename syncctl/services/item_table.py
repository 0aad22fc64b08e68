"""The table of SKUs and items as a CSV file that a spreadsheet opens, changes and saves.

A text that a spreadsheet would take for a formula is written with an apostrophe before it, and read without it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.csv_text import csv_text, text_of
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from syncctl.db.contract import WebItem
    from syncctl.services.item_map import ItemRow

COLUMNS = ("SKU", "NAME", "ITEM_NO", "DESCRIPTION", "STANDING", "PACK", "RESERVE", "OFF")
_LARGEST = 32 * 1024 * 1024
"""Bytes of a table that is read."""
_YES, _NO = frozenset({"yes", "y", "true", "1", "x", "on"}), frozenset({"", "no", "n", "false", "0", "off"})
_QUANTITY = re.compile(r"[0-9]{1,11}(\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidItem:
    """What one line of a table says of a SKU. What its columns don't hold stays as it is."""

    line: int
    sku: str
    item_no: str
    """Empty: nothing is said of it."""
    pack_qty: Decimal | None
    """None where the table has no such column."""
    reserve_qty: Decimal | None
    says_reserve: bool
    """An empty cell gives the site's own reserve back."""
    is_off: bool | None

    def over(self, before: WebItem) -> WebItem:
        """Return what is said of the SKU once this counts."""
        return replace(
            before,
            pack_qty=before.pack_qty if self.pack_qty is None else self.pack_qty,
            reserve_qty=self.reserve_qty if self.says_reserve else before.reserve_qty,
            is_off=before.is_off if self.is_off is None else self.is_off,
        )


def write_table(rows: Iterable[ItemRow]) -> str:
    """Write the table, with a mark by which spreadsheets know that it is UTF-8."""
    return "\ufeff" + csv_text(COLUMNS, map(_cells, rows))


def _cells(row: ItemRow) -> list[str]:
    pack = f"{row.pack_qty.normalize():f}" if row.sku else ""
    reserve = "" if row.reserve_qty is None else f"{row.reserve_qty.normalize():f}"
    off = "yes" if row.is_off else ""
    return [row.sku, row.name, row.item_no, row.description, row.standing, pack, reserve, off]


def read_table(path: Path) -> list[SaidItem]:
    """Read a table: its first line names the columns, of which SKU must be there. Lines without a SKU say nothing.

    Raises:
        UsageError: it can't be read, or lines make no sense; all that is wrong is named.
    """
    from syncctl.services.item_map import in_one

    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than {_LARGEST // 1024 // 1024} MB, which no table of items is.")
        text = path.read_text(encoding="utf-8-sig", errors="strict")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} isn't UTF-8: save it as `CSV UTF-8`.") from None
    faults: list[str] = []
    try:
        found = [*_said(text, faults)]
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV file that can be read: {error}.") from None
    if faults:
        raise UsageError(f"{path}: {in_one(faults)}. Nothing was written.")
    return found


def _said(text: str, faults: list[str]) -> Iterator[SaidItem]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    named = [name.strip().upper() for name in next(lines, [])]
    columns = {name: place for place, name in enumerate(named)}
    if "SKU" not in columns:
        raise UsageError(
            "The table's first line must name its columns, SKU among them: `syncctl item map --csv FILE` writes one."
        )
    if twice := sorted({name for name in named if name and named.count(name) > 1}):
        raise UsageError(f"The table's first line names {', '.join(twice)[:60]} more than once.")
    seen: dict[str, SaidItem] = {}
    for cells in lines:
        line = lines.line_num
        row = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}
        sku = text_of(row["SKU"])
        if not sku:
            continue
        if any(cell.strip() for cell in cells[len(named) :]):  # such as a 1,5 that isn't in quotes
            faults.append(f"line {line}: it has more columns than the first line")
        item = _item(row, sku, line, faults, comma=delimiter == ";")
        before = seen.setdefault(sku.casefold(), item)
        if before is item:
            yield item
        elif replace(item, line=before.line, sku=before.sku) != before:
            # A SKU of two products has two lines, which have to say the same.
            faults.append(f"line {line}: it says of SKU {sku} something else than line {before.line}")


def _item(row: Mapping[str, str], sku: str, line: int, faults: list[str], *, comma: bool) -> SaidItem:
    def quantity(name: str) -> Decimal | None:
        written = row.get(name, "").replace(",", ".") if comma else row.get(name, "")
        if written and not _QUANTITY.fullmatch(written):
            faults.append(f"line {line}: {name} {written[:20]} is no number from 0 on")
            return None
        return Decimal(written) if written else None

    pack, reserve, off = quantity("PACK"), quantity("RESERVE"), row.get("OFF", "").lower()
    if pack == 0:
        faults.append(f"line {line}: PACK must be above 0")
    if off not in _YES | _NO:
        faults.append(f"line {line}: OFF {off[:20]} is neither yes nor no")
    return SaidItem(
        line=line,
        sku=sku,
        item_no=text_of(row.get("ITEM_NO", "")),
        pack_qty=(pack or Decimal(1)) if "PACK" in row else None,
        reserve_qty=reserve,
        says_reserve="RESERVE" in row,
        is_off=off in _YES if "OFF" in row else None,
    )
