"""What a run would make of each order, and why not, without making it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from syncctl.db.contract import CountStates, Database, StagedOrder
from syncctl.errors import ConfigError, PermanentError, SystemMisconfigured
from syncctl.services.causes import Reason, of_error, of_violations
from syncctl.services.erp_site import require_settings
from syncctl.services.validate import Rules, blocking, validate_one

DONE = {"create": "created", "update": "updated", "cancel": "cancelled"}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of an order. `outcome`: created, updated, cancelled, or review; `reasons` say why not the former."""

    order: StagedOrder
    outcome: str
    reasons: tuple[Reason, ...] = ()


def foresee(database: Database, orders: Iterable[StagedOrder], rules: Rules) -> Iterator[Foreseen]:
    """Tell what a run would make of each order, as things stand: what validation finds, and whether its document can follow.

    Raises:
        ConfigError: the set-up keeps every order out, not this one.
    """
    require_settings(database)
    for order in orders:
        outcome = DONE.get(order.pending_action or "", "unchanged")
        name = order.woo_order_no or str(order.woo_order_id)
        reasons: list[Reason] = []
        try:
            reasons = of_violations(
                order.staging_id, name, blocking(validate_one(database, order.staging_id, rules, dry_run=True))
            )
        except (ConfigError, SystemMisconfigured):
            raise
        except PermanentError as error:
            code = None if error.code is None else str(error.code)
            reasons = [of_error(order.staging_id, name, error.error_class, code, str(error))]
        yield Foreseen(order, "review" if reasons else outcome, tuple(reasons))


def not_taken(database: Database, store_id: str | None, *, scope: str) -> list[str]:
    """Say which orders of a store a run of this scope leaves alone, and what takes them."""
    counted = {row.state: row.orders for row in database.run(CountStates(store_id=store_id))}
    told = {
        "NEEDS_MANUAL_REVIEW": "for a person: see `syncctl dead-letter list`",
        "FAILED": "to be tried again: `syncctl retry-failed --dry-run` tells of those that are due",
        "PENDING": "for `syncctl process`",
    }
    del told["FAILED" if scope == "failed" else "PENDING"]
    return [f"Not taken: {_orders(counted[state])} {what}." for state, what in told.items() if counted.get(state)]


def _orders(number: int) -> str:
    return "1 order waits" if number == 1 else f"{number:,} orders wait"
