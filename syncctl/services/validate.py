"""Validate staged orders: ask the database for every violation, say what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from syncctl.db.contract import Database, StagedOrder, ValidateStagedOrder, Violation
from syncctl.services.find import staged_orders


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
    """An order and everything that is wrong with it."""

    order: StagedOrder
    violations: list[Violation]

    @property
    def valid(self) -> bool:
        """True where nothing blocks the order; it may have warnings."""
        return not blocking(self.violations)


@dataclass(frozen=True, slots=True)
class Validation:
    """What a run of `validate` found."""

    orders: list[ValidatedOrder]

    @property
    def counts(self) -> dict[str, int]:
        """How many orders were checked, and how many are what."""
        invalid = sum(1 for order in self.orders if not order.valid)
        warned = sum(1 for order in self.orders if order.valid and order.violations)
        return {"checked": len(self.orders), "valid": len(self.orders) - invalid, "invalid": invalid, "with_warnings": warned}


def validate(database: Database, *, rules: Rules, staging_ids: Iterable[int] = ()) -> Validation:
    """Run the validation rules on the orders named, or on all that wait to enter the ERP.

    Raises:
        NotFound: a staging id that doesn't exist, before any order is touched.
        DatabaseUnavailable: no connection.
    """
    orders = staged_orders(database, list(staging_ids), states="PENDING,FAILED")
    return Validation([ValidatedOrder(order, validate_one(database, order.staging_id, rules)) for order in orders])


def validate_one(
    database: Database, staging_id: int, rules: Rules, *, worker_id: str | None = None, attempt_no: int | None = None
) -> list[Violation]:
    """Return everything that is wrong with one order. A worker that holds it gives its fence, `worker_id` and `attempt_no`.

    Raises:
        NotFound: no such staging id.
        LeaseLost: the attempt no longer holds the order.
    """
    return database.run(
        ValidateStagedOrder(
            staging_id=staging_id,
            unknown_customer=rules.unknown_customer,
            guest_cust_no=rules.guest_cust_no,
            erp_currency=rules.erp_currency,
            price_check=rules.price_check,
            price_tolerance=rules.price_tolerance,
            worker_id=worker_id,
            attempt_no=attempt_no,
        )
    )


def blocking(violations: Iterable[Violation]) -> list[Violation]:
    """Return the violations that keep an order out of the ERP."""
    return [violation for violation in violations if violation.severity == "error"]
