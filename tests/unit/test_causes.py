"""Reasons by cause: what belongs together, and what a person reads of it."""

from __future__ import annotations

from syncctl.db.contract import Violation
from syncctl.services.causes import by_cause, of_error, of_violations


def violation(code: str, value: str | None = None, message: str = "Something.") -> Violation:
    return Violation(code, "FIELD", value, message, "error")


def test_the_cause_with_most_orders_comes_first_with_an_example_and_what_to_do() -> None:
    reasons = [
        *of_violations(1, "A-1", [violation("unknown_sku", "TEA-1"), violation("unknown_sku", "TEA-2")]),
        *of_violations(2, "A-2", [violation("unknown_customer", "ada@example.test"), violation("unknown_sku", "TEA-1")]),
        *of_violations(3, "A-3", [violation("unknown_customer", "eve@example.test")]),
        *of_violations(4, "A-4", [violation("unknown_customer", None)]),
    ]
    customers, items = by_cause(reasons)
    assert (customers.orders, items.orders) == (3, 2)
    assert customers.line.startswith(
        "3 orders: customer not in the ERP \N{RIGHTWARDS ARROW} `syncctl customers start`, `syncctl map customer WHO CUST_NO`, or"
    )
    assert customers.such_as == "order A-2 (staging id 2): ada@example.test"
    assert items.such_as == "order A-1 (staging id 1): TEA-1"


def test_errors_are_told_apart_by_class_and_code_not_by_their_words() -> None:
    reasons = [
        of_error(1, "1", "conflict", None, "Document 5 was shipped."),
        of_error(2, "2", "conflict", None, "Document 6 was posted."),
        of_error(3, "3", "constraint", "547", "Refused."),
        of_error(4, "4", "constraint", "515", "Refused."),
        of_error(5, "5", "of_a_newer_version", None, "Who knows."),
    ]
    found = {cause.code: cause for cause in by_cause(reasons)}
    assert {code: cause.orders for code, cause in found.items()} == {
        "conflict": 2,
        "constraint/547": 1,
        "constraint/515": 1,
        "of_a_newer_version": 1,
    }
    assert found["conflict"].such_as == "order 1 (staging id 1): Document 5 was shipped."
    assert found["of_a_newer_version"].line == "1 order: of a newer version"


def test_what_is_set_aside_is_not_said_to_be_tried_again_by_itself() -> None:
    lost = [of_error(1, "1", "connection", None, "Lost.")]
    assert "`syncctl retry-failed` tries them again" in by_cause(lost)[0].advice
    assert by_cause(lost, set_aside=True)[0].advice == "once that is over: `syncctl dead-letter retry --class connection`"


def test_what_only_a_person_can_settle_is_not_said_to_settle_itself() -> None:
    reasons = [
        of_error(1, "1", "unreadable", "another_order", "Its id belongs to another order by now."),
        of_error(2, "2", "unreadable", None, "total is 100000000000.00: more than the database holds."),
    ]
    odd, another = by_cause(reasons, set_aside=True)
    assert "another order" in another.title
    assert "--same-order" in another.advice
    assert "correct it in the store" in odd.advice
    assert not any("nothing" in cause.advice for cause in (another, odd))
