"""Reasons on the screen, grouped by cause: most orders first, an example under each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.cli.run import Run
    from syncctl.services.causes import Cause


def row_by_row(run: Run, wanted: object) -> bool:
    """Tell whether a person asked for a row an order: by naming orders, or with `--verbose`."""
    return bool(wanted) or run.verbose > 0


def show_causes(console: Console, causes: Sequence[Cause], command: str = "") -> None:
    """Print the causes and, where `command` lists them when asked to, how to see each order."""
    from rich.padding import Padding

    for cause in causes:
        console.print(cause.line)
        console.print(Padding(f"such as {cause.such_as}", (0, 0, 0, 4)))
    if causes and command:
        console.print(f"`syncctl {command} --verbose` lists each order; `syncctl trace ORDER` tells the whole story of one.")


def as_items(causes: Sequence[Cause]) -> list[dict[str, Any]]:
    """Return the causes as JSON has them."""
    return [
        {
            "code": cause.code,
            "cause": cause.title,
            "do": cause.advice or None,
            "orders": cause.orders,
            "example": {"staging_id": cause.example.staging_id, "order": cause.example.order, "message": cause.example.message},
        }
        for cause in causes
    ]
