"""How a person names orders on the command line: staging ids as arguments, `--order NUMBER` for the store's own numbers.

Both are small whole numbers. So each command that is given one says both, before it does anything.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.errors import UsageError

if TYPE_CHECKING:
    from syncctl.cli.run import Run
    from syncctl.db.contract import StagedOrder

LARGEST_ID = 2**31 - 1
"""The largest staging id that its column holds."""
LARGEST_STORE_ID = 10**18 - 1
"""The largest id of an order in a store, or of a message to one, that every database holds."""
SAID_ONE_BY_ONE = 10

StagingIds = Annotated[list[int] | None, typer.Argument(help="Staging ids.", metavar="ID", min=1, max=LARGEST_ID)]
StagingId = Annotated[int | None, typer.Argument(help="The staging id.", metavar="ID", min=1, max=LARGEST_ID)]
Numbers = Annotated[
    list[str] | None,
    typer.Option(
        "--order", help="An order by the number people know it by, with or without #; may be repeated.", metavar="NUMBER"
    ),
]
Number = Annotated[
    str | None,
    typer.Option("--order", help="The order by the number people know it by, with or without #.", metavar="NUMBER"),
]

_log = logging.getLogger("syncctl.cli")


def named(run: Run, ids: Sequence[int] | None, numbers: Sequence[str] | None) -> list[StagedOrder]:
    """Return the orders that were named, each once, and say what each is called; none where none was.

    Raises:
        NotFound: one of them doesn't exist.
    """
    if not ids and not numbers:
        return []
    from syncctl.profiles import require_chosen
    from syncctl.services.find import called, named_orders, of_that_number

    if numbers:
        require_chosen(run.settings)
    store = run.settings.store_id
    found = named_orders(run.database, ids or (), numbers or (), store_id=store, command=run.command)
    said = [f"{called(order)} is {order.state}" for order in found[:SAID_ONE_BY_ONE]]
    if len(found) > SAID_ONE_BY_ONE:
        said.append(f"and {len(found) - SAID_ONE_BY_ONE} more")
    line = f"{', '.join(said)}."
    for mistaken in of_that_number(run.database, list(ids or ())[:SAID_ONE_BY_ONE], store_id=store):
        line += f" (The order with the number {mistaken.woo_order_no} is another, staging id {mistaken.staging_id}: --order.)"
    run.output.remark(line[0].upper() + line[1:])
    _log.info("Named: %s", line, extra={"in_result": True})
    return found


def named_one(run: Run, staging_id: int | None, number: str | None) -> StagedOrder:
    """Return the one order that was named.

    Raises:
        UsageError: none was, or two were.
        NotFound: it doesn't exist.
    """
    if (staging_id is None) == (number is None):
        raise UsageError(f"Say which order: its staging id, or --order NUMBER. `syncctl {run.command} --help` tells more.")
    return named(run, None if staging_id is None else [staging_id], None if number is None else [number])[0]
