"""Put a document that syncctl wrote beside one that a person keyed at the till: what ours lacks, and where the two differ.

Nothing that stands in a document leaves this module but flags and codes: names, addresses and card data aren't compared, only
whether a column is filled.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from syncctl.db.contract import Database, DocumentPart, GetErpDocument
from syncctl.foreign_text import plain

_STOCK_PREFIX = "QTY_"
_CODE = re.compile(r"(?:IS|HAS|USE|REQ)_\w+|\w+_(?:CATEG|COD|DECS|ID|METH|REAS|STAT|TYP|UNIT|UPR)")
"""Names of columns that hold flags and codes."""
_LONGEST_CODE = 10
_SHOWN_CODES = 3
_NOT_COMPARED = re.compile(r"\w*(?:GUID|DOC_ID)")
"""Each document's own."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

Row = Mapping[str, Any]
Pair = tuple[Row, Row]
"""A row of ours and the one of theirs that it is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDocument:
    """One of the two documents."""

    doc_id: int
    tkt_no: str
    written_by_us: bool
    rows: dict[str, int]
    """Table → how many rows it has of the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which the two documents differ.

    `kind`: empty_in_ours, empty_in_theirs (a column that is filled in the other), differs (a flag or code), row_missing (theirs
    has it), row_extra (ours has it), stock (a quantity that one of them moved and the other didn't).
    """

    table: str
    column: str | None
    kind: str
    ours: str | None = None
    theirs: str | None = None
    rows: tuple[str, ...] = ()
    """The keys of the rows concerned, ours before theirs where they differ; empty for a table with one row."""

    @property
    def lacking(self) -> bool:
        """True where ours lacks something that theirs has."""
        return self.kind in ("empty_in_ours", "row_missing") or (self.kind == "stock" and self.theirs == "moved")


@dataclass(slots=True)
class DocumentComparison:
    """The two documents and every difference, by table."""

    ours: ComparedDocument
    theirs: ComparedDocument
    differences: list[Difference] = field(default_factory=list)
    stock: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Stock column → what ours and theirs did to it: moved, not moved, unclear. Columns that nobody moved aren't listed."""
    notes: list[str] = field(default_factory=list)

    @property
    def lacking(self) -> int:
        """How many things ours lacks."""
        return sum(difference.lacking for difference in self.differences)


def compare_document(database: Database, ours: str, theirs: str) -> DocumentComparison:
    """Compare two open documents, each named by its ticket number or id.

    Raises:
        NotFound: there is no such document, or it is posted.
    """
    parts = [database.run(GetErpDocument(number=number)) for number in (ours, theirs)]
    tables = [{part.table_name: _read(part) for part in found} for found in parts]
    keys = {part.table_name: tuple(part.key_columns.split(", ")) for found in parts for part in found}
    stock_tables = {name for found in tables for name, rows in found.items() for row in rows if "MOVED_BY_US" in row}
    both = [_document(found, rows, stock_tables) for found, rows in zip(parts, tables, strict=True)]
    result = DocumentComparison(ours=both[0], theirs=both[1])
    result.notes = _notes(result, parts, (ours, theirs))
    for table in sorted(keys.keys() - stock_tables):
        key = tuple(column for column in keys[table] if not _NOT_COMPARED.fullmatch(column))
        result.differences += _table(table, key, tables[0].get(table, []), tables[1].get(table, []))
    for table in sorted(stock_tables):
        result.stock = _moved([*tables[0].get(table, []), *tables[1].get(table, [])])
        result.differences += [
            Difference(table=table, column=column, kind="stock", ours=us, theirs=them)
            for column, (us, them) in result.stock.items()
            if {us, them} == {"moved", "not moved"}
        ]
    return result


def _read(part: DocumentPart) -> list[dict[str, Any]]:
    """Return a part's rows, their columns in capitals."""
    rows = json.loads(part.content, parse_float=Decimal) if part.content else []
    return [{name.upper(): value for name, value in row.items()} for row in rows]


def _document(parts: Sequence[DocumentPart], tables: Mapping[str, list[dict[str, Any]]], stock: set[str]) -> ComparedDocument:
    first = parts[0]
    rows = {name: len(found) for name, found in tables.items() if name not in stock}
    return ComparedDocument(doc_id=first.doc_id, tkt_no=first.tkt_no, written_by_us=first.is_ours, rows=rows)


def _notes(result: DocumentComparison, parts: Sequence[Sequence[DocumentPart]], asked: Sequence[str]) -> list[str]:
    notes = [
        f"{number} is the ticket number of document {found[0].doc_id} and the id of document {found[0].other_doc_id}; the ticket "
        "number counts."
        for number, found in zip(asked, parts, strict=True)
        if found[0].other_doc_id is not None
    ]
    if result.ours.doc_id == result.theirs.doc_id:
        notes.append("Both are one and the same document.")
    if not result.ours.written_by_us:
        notes.append(f"Document {result.ours.doc_id} was not written by syncctl: no order is linked to it.")
    if ticket := parts[0][0].deposit_tkt_no:
        notes.append(f"The deposit of ours stands on ticket {ticket}: compare that with the ticket of the till's deposit, too.")
    if result.theirs.written_by_us:
        notes.append(f"Document {result.theirs.doc_id} was written by syncctl, too: compare with one that a person keyed.")
    return notes


def _table(table: str, key: tuple[str, ...], ours: Sequence[Row], theirs: Sequence[Row]) -> list[Difference]:
    """Compare one table: rows of the same key with each other, then the rest in its order, then what is left over."""
    pairs, extra, missing = _paired(key, ours, theirs)
    found = []
    if missing:
        found.append(Difference(table=table, column=None, kind="row_missing", rows=tuple(_named(key, row) for row in missing)))
    if extra:
        found.append(Difference(table=table, column=None, kind="row_extra", rows=tuple(_named(key, row) for row in extra)))
    empty: dict[tuple[str, str], list[str]] = defaultdict(list)
    codes: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for us, them in pairs:
        name = _named(key, us)
        for column in sorted(us.keys() | them.keys()):
            if column in key or _NOT_COMPARED.fullmatch(column):
                continue
            a, b = us.get(column), them.get(column)
            if _is_empty(a) and _is_empty(b):
                continue
            if _is_empty(a) or _is_empty(b):
                if _is_flag(column, a, b):
                    codes[column].append((name, _said(a), _said(b)))
                else:
                    empty["empty_in_ours" if _is_empty(a) else "empty_in_theirs", column].append(name)
            elif _is_code(column, a, b) and _said(a) != _said(b):
                codes[column].append((name, _said(a), _said(b)))
    one = len(pairs) == 1
    found += [
        Difference(table=table, column=column, kind=kind, rows=() if one else tuple(names))
        for (kind, column), names in sorted(empty.items(), key=lambda item: (item[0][0], item[0][1]))
    ]
    for column, differing in sorted(codes.items()):
        said = [", ".join(sorted({each[side] for each in differing})[:_SHOWN_CODES]) for side in (1, 2)]
        rows = () if one else tuple(name for name, _, _ in differing)
        found.append(Difference(table=table, column=column, kind="differs", ours=said[0], theirs=said[1], rows=rows))
    return found


def _paired(key: tuple[str, ...], ours: Sequence[Row], theirs: Sequence[Row]) -> tuple[list[Pair], list[Row], list[Row]]:
    """Return the pairs that belong together, what only ours has, what only theirs has."""
    left = {_key(key, row): row for row in theirs}
    pairs, alone = [], []
    for row in ours:
        other = left.pop(_key(key, row), None)
        if other is None:
            alone.append(row)
        else:
            pairs.append((row, other))
    rest = list(left.values())
    pairs += list(zip(alone, rest, strict=False))
    return pairs, alone[len(rest) :], rest[len(alone) :]


def _key(key: tuple[str, ...], row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(column)) for column in key)


def _named(key: tuple[str, ...], row: Row) -> str:
    """Name a row by its key, as it may be shown."""
    return ", ".join(f"{column} {plain(str(row.get(column)), 30)}" for column in key)


def _is_empty(value: object) -> bool:
    """True for nothing, a blank text, and nought."""
    if isinstance(value, bool):
        return False
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, int | Decimal) and value == 0)


def _is_flag(column: str, a: object, b: object) -> bool:
    """True where one of two values is nought, and that is as good a flag as the other."""
    return None not in (a, b) and _is_code(column, a, b) and not isinstance(a, str) and not isinstance(b, str)


def _is_code(column: str, a: object, b: object) -> bool:
    """True where two values are flags or codes: by the column's name, or since each is one letter."""
    if isinstance(a, bool) or isinstance(b, bool):
        return True
    texts = [str(value) for value in (a, b)]
    if all(isinstance(value, str) and len(value) == 1 for value in (a, b)):
        return True
    return _CODE.fullmatch(column) is not None and all(len(text) <= _LONGEST_CODE for text in texts)


def _said(value: object) -> str:
    """Return a flag or code as people read it: 1 and 1.0000 are the same, and true is Y or 1 or true."""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = "" if value is None else str(value)
    if _NUMBER.fullmatch(text) and "." in text:
        text = text.rstrip("0").rstrip(".")
    return plain(text, _LONGEST_CODE) or "empty"


def _moved(rows: Iterable[Row]) -> dict[str, tuple[str, str]]:
    """Tell which stock columns our documents and the others have moved, as far as the stock of their items shows.

    What ours move is known. What is left of a column once that is taken off is either just what the other open documents hold
    (then they move it), or nought (then they don't), or something else, which tells nothing.
    """
    verdicts: dict[str, tuple[set[str], set[str]]] = {}
    for row in rows:
        ours, others = _amount(row["HELD_BY_US"]), _amount(row["HELD_BY_OTHERS"])
        known = {name.strip() for name in str(row["MOVED_BY_US"] or "").split(",")}
        for column, value in row.items():
            if not column.startswith(_STOCK_PREFIX):
                continue
            left = _amount(value) - (ours if column in known else 0)
            us, them = verdicts.setdefault(column, (set(), set()))
            if ours:
                us.add(("moved" if column in known else "not moved") if left in (0, others) else "unclear")
            if others:
                them.add("not moved" if left == 0 else "moved" if left == others else "unclear")
    told = {column: (_one(us), _one(them)) for column, (us, them) in verdicts.items()}
    return {column: both for column, both in sorted(told.items()) if "moved" in both}


def _one(verdicts: set[str]) -> str:
    return next(iter(verdicts)) if len(verdicts) == 1 else "unclear"


def _amount(value: object) -> Decimal:
    return Decimal(str(value or 0))
