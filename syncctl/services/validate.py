"""Validate staged orders: ask the database for every violation, say what was found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from syncctl.db.contract import Database, ListStagedOrders, StagedOrder, ValidateStagedOrder, Violation
from syncctl.errors import SyncError
from syncctl.services.find import staged_orders
from syncctl.services.preview import why_not
from syncctl.services.run_context import RunContext
from syncctl.services.work_loop import OfTheDatabase, Result, work_off

PAGE = 200
"""Orders that are read at a time; as many are in memory."""
MOST_TOLD = 10_000
"""Orders with violations that a run names one by one; more are counted."""
MOST_SOUND = 1_000
"""The same of orders without any, which only JSON lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that decide what is wrong with an order."""

    unknown_customer: str = "review"
    guest_cust_no: str | None = None
    erp_currency: str = "USD"
    price_check: str = "warning"
    price_tolerance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ValidatedOrder:
    """An order and everything that is wrong with it. `refused` says why it was not looked at."""

    order: StagedOrder
    violations: list[Violation]
    refused: str = ""

    @property
    def valid(self) -> bool:
        """True where nothing blocks the order; it may have warnings."""
        return not self.refused and not blocking(self.violations)


@dataclass(slots=True)
class Validation(Result[ValidatedOrder]):
    """What a run of `validate` found: every order is counted; `rows` holds so many of them that memory stays flat."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("checked", "valid", "invalid", "with_warnings"), 0))
    """How many orders were checked, and how many are what."""
    refused: int = 0
    """Orders that were named and not looked at."""
    untold: int = 0
    """Orders with violations beyond `MOST_TOLD`: counted, and named no more."""
    sound_untold: int = 0
    """Sound orders beyond `MOST_SOUND`, likewise."""

    @property
    def orders(self) -> list[ValidatedOrder]:
        """The orders that are named, in the order in which they were looked at."""
        return list(self.rows.values())

    def note(self, key: int, row: ValidatedOrder) -> None:
        """Count an order, and keep it where there is room for its kind."""
        if row.refused:
            self.refused += 1
        else:
            self.counts["checked"] += 1
            self.counts["valid" if row.valid else "invalid"] += 1
            self.counts["with_warnings"] += row.valid and bool(row.violations)
        if not row.violations and not row.refused:
            if self.counts["valid"] - self.counts["with_warnings"] > MOST_SOUND:
                self.sound_untold += 1
                return
        elif len(self.rows) >= MOST_TOLD + MOST_SOUND:
            self.untold += 1
            return
        Result.note(self, key, row)


def validate(
    database: Database,
    *,
    rules: Rules,
    store_id: str | None = None,
    staging_ids: Iterable[int] = (),
    context: RunContext | None = None,
    result: Validation | None = None,
) -> Validation:
    """Run the validation rules on the orders named, or on all of a store (None: of every one) that wait to enter the ERP.

    The rules are one store's: an order named of another is refused. One that can't be looked at is invalid for that reason, and
    the others go on. The result is filled as the work goes; what ended the run early is `ended_by`.

    Raises:
        NotFound: a staging id that doesn't exist, before any order is touched.
        DatabaseUnavailable: no connection to look for those.
    """
    result = result if result is not None else Validation()
    named = list(dict.fromkeys(staging_ids))
    waiting = deque(staged_orders(database, named)) if named else None
    work = _Checks(database, rules, store_id, result, waiting)
    work_off(work, result, context or RunContext(run_id="validate"), batch=PAGE)
    return result


@dataclass(slots=True)
class _Checks(OfTheDatabase[ValidatedOrder]):
    """The orders to look at: a `work_loop.Work`. Nothing is leased: nothing is noted on an order that somebody holds."""

    database: Database
    rules: Rules
    store_id: str | None
    result: Validation
    named: deque[StagedOrder] | None
    """The orders that were named; None: all that wait."""
    _after: int = 0
    _again: deque[StagedOrder] = field(default_factory=deque)
    """Orders that were not done because the database went away in between."""

    def claim(self, limit: int) -> Sequence[StagedOrder]:
        """Take the next page."""
        given_back = self._again if self._again else self.named
        if given_back is not None:
            page = [given_back.popleft() for _ in range(min(limit, len(given_back)))]
        else:
            page = self.database.run(
                ListStagedOrders(store_id=self.store_id, states="PENDING,FAILED", after_id=self._after, batch_size=limit)
            )
            self._after = page[-1].staging_id if page else self._after
        self.result.count_claimed(len(page))
        return page

    def key(self, item: StagedOrder) -> int:
        """See `Work.key`."""
        return item.staging_id

    def do(self, item: StagedOrder) -> ValidatedOrder:
        """Look at one order."""
        if self.store_id not in (None, item.store_id):
            return ValidatedOrder(item, [], refused=why_not(item, store_id=self.store_id))
        return ValidatedOrder(item, validate_one(self.database, item.staging_id, self.rules))

    def fail(self, item: StagedOrder, error: SyncError) -> ValidatedOrder:
        """An order that can't be looked at won't get into the ERP either."""
        said = f"The order can't be checked: {error}"
        return ValidatedOrder(item, [Violation(error.error_class, "", None, said, "error")])

    def lose(self, item: StagedOrder, error: SyncError) -> ValidatedOrder:
        """See `Work.lose`."""
        return self.fail(item, error)

    def release(self, item: StagedOrder, reason: str) -> None:  # noqa: ARG002  (nothing is noted)
        """Keep an order for later in this run."""
        self._again.append(item)
        self.result.count_claimed(-1)


def validate_one(database: Database, staging_id: int, rules: Rules, *, dry_run: bool = False) -> list[Violation]:
    """Return everything that is wrong with one order; with `dry_run` nothing is noted on it.

    Raises:
        NotFound: no such staging id.
        Conflict: with `dry_run`, where its document can't follow the store.
    """
    return database.run(
        ValidateStagedOrder(
            staging_id=staging_id,
            unknown_customer=rules.unknown_customer,
            guest_cust_no=rules.guest_cust_no,
            erp_currency=rules.erp_currency,
            price_check=rules.price_check,
            price_tolerance=rules.price_tolerance,
            dry_run=dry_run,
        )
    )


def blocking(violations: Iterable[Violation]) -> list[Violation]:
    """Return the violations that keep an order out of the ERP."""
    return [violation for violation in violations if violation.severity == "error"]
