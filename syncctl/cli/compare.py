"""How `db compare-document` shows what it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syncctl.cli.output import summary, table
from syncctl.cli.run import Run
from syncctl.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.compare_document import Difference, DocumentComparison

_MOST_ROWS = 3


def report_comparison(run: Run, found: DocumentComparison) -> None:
    """Fill the report of a comparison, and say how it is shown."""
    run.report.items = [
        {
            "table": each.table,
            "column": each.column,
            "kind": each.kind,
            "ours": each.ours,
            "theirs": each.theirs,
            "rows": list(each.rows),
            "lacking": each.lacking,
        }
        for each in found.differences
    ]
    run.report.counts = {"differences": len(found.differences), "lacking": found.lacking}
    run.report.extra = {
        "ours": found.ours,
        "theirs": found.theirs,
        "stock": {column: {"ours": ours, "theirs": theirs} for column, (ours, theirs) in found.stock.items()},
        "notes": found.notes,
    }
    if found.lacking:
        run.report.exit_code = EXIT_SOME_FAILED
    run.render = lambda console: _show(console, run, found)


def _show(console: Console, run: Run, found: DocumentComparison) -> None:
    console.print(f"Ours:   document {found.ours.doc_id}, ticket {found.ours.tkt_no}")
    console.print(f"Theirs: document {found.theirs.doc_id}, ticket {found.theirs.tkt_no}")
    for note in found.notes:
        console.print(note)
    lacking = [each for each in found.differences if each.lacking]
    others = [each for each in found.differences if not each.lacking]
    if lacking:
        table(console, ["Table", "What ours lacks"], _lines(lacking), title="Ours lacks")
    if others:
        table(console, ["Table", "How they differ"], _lines(others), title="Otherwise different")
    if found.stock:
        rows = ([column, ours, theirs] for column, (ours, theirs) in sorted(found.stock.items()))
        table(console, ["Stock", "Ours", "Theirs"], rows, title="Stock")
    else:
        console.print("What the two did to the stock of their items can't be seen.")
    if not lacking:
        console.print("Ours lacks nothing that theirs has.")
    summary(console, run.report)


def _lines(differences: list[Difference]) -> Iterator[list[str]]:
    """One line for each table and kind: columns that are empty in one are named together."""
    grouped: dict[tuple[str, str], list[Difference]] = {}
    for each in differences:
        grouped.setdefault((each.table, each.kind), []).append(each)
    previous = ""
    for (name, kind), group in grouped.items():
        yield ["" if name == previous else name, _said(kind, group)]
        previous = name


def _said(kind: str, group: list[Difference]) -> str:
    if kind in ("row_missing", "row_extra"):
        rows = group[0].rows
        what = "rows missing" if kind == "row_missing" else "rows that theirs hasn't"
        named = tuple(row for row in rows if row)  # where the document is the whole key, there is nothing to tell rows by
        return f"{what} ({len(rows)})" + (f": {_some(named, '; ')}" if named else "")
    if kind == "stock":
        return "; ".join(f"{each.column}: ours {each.ours}, theirs {each.theirs}" for each in group)
    if kind == "differs":
        return "; ".join(f"{each.column}: ours {each.ours}, theirs {each.theirs}{_in(each)}" for each in group)
    where = "ours" if kind == "empty_in_ours" else "theirs"
    return f"empty in {where}: " + ", ".join(f"{each.column}{_in(each)}" for each in group)


def _in(each: Difference) -> str:
    """Name the rows that a column concerns, where the table has several."""
    return f" ({_some(each.rows, '; ')})" if each.rows else ""


def _some(rows: tuple[str, ...], between: str) -> str:
    more = len(rows) - _MOST_ROWS
    return between.join(rows[:_MOST_ROWS]) + (f" and {more} more" if more > 0 else "")
