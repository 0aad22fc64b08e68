"""What an order's status means decides what becomes of its document: unpaid closes it, held leaves it to a person."""

from __future__ import annotations

from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimedOrder,
    ClaimOutbox,
    ClaimStagedOrders,
    DecideDeadLetter,
    FailStagedOrder,
    ProcessStagedOrder,
    ValidateStagedOrder,
)
from syncctl.errors import BadArgument
from tests.orders import line, order, stage
from tests.shop import Shop

LINES = (line(1, "TEE-BLK", "2", "39.98"),)
READY: dict[str, Any] = {"STATUS_GROUP": "live", "STATUS_MEANING": "ready", "ORD_STATUS": "processing"}
FAILED: dict[str, Any] = {
    "STATUS_GROUP": "wait",
    "STATUS_MEANING": "unpaid",
    "ORD_STATUS": "failed",
    "STATUS_REASON": "it isn't paid: its status is failed",
}
PENDING = {**FAILED, "ORD_STATUS": "pending", "STATUS_REASON": "it isn't paid: its status is pending"}
AWAITED: dict[str, Any] = {"STATUS_GROUP": "live", "STATUS_MEANING": "unpaid", "ORD_STATUS": "on-hold"}
"""A bank transfer, in a shop that wants those in the ERP."""
HELD: dict[str, Any] = {
    "STATUS_GROUP": "wait",
    "STATUS_MEANING": "held",
    "ORD_STATUS": "on-hold",
    "STATUS_REASON": "The store holds it (status on-hold)",
}


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def seen(shop: Shop, *lines: dict[str, Any], **columns: Any) -> str:
    """Stage order 4711 as the store shows it now; returns the outcome."""
    return str(stage(shop.database, order(4711, *(lines or LINES), **columns))[0].outcome)


def process(shop: Shop) -> str:
    """Do what the order waits for, as a run does; returns the outcome, `review` where it went to a person."""
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    *found, done = shop.database.run(
        ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no)
    )
    if done.outcome != "invalid":
        return str(done.outcome)
    return _refused(shop, claimed, "; ".join(str(row.message) for row in found if row.severity == "error"))


def _refused(shop: Shop, claimed: ClaimedOrder, message: str) -> str:
    [failed] = shop.database.run(
        FailStagedOrder(
            staging_id=claimed.staging_id,
            worker_id="worker",
            attempt_no=claimed.attempt_no,
            error_class="validation",
            error_code="held",
            message=message,
        )
    )
    assert failed.state == "NEEDS_MANUAL_REVIEW"
    return "review"


def document(shop: Shop, doc_id: int | None) -> list[Any]:
    """Return whom a document is for and what is on it."""
    header, totals = shop.header(doc_id), shop.totals(doc_id)
    return [header["CUST_NO"], totals["TOT"], shop.contact(doc_id, 1)["NAM"], shop.lines(doc_id)]


@pytest.mark.parametrize("before", [READY, AWAITED])
@pytest.mark.parametrize("unpaid", [FAILED, PENDING])
def test_an_order_in_the_erp_that_is_paid_no_more_is_closed(shop, before, unpaid):
    doc = shop.apply(*LINES, **before).doc_id
    assert seen(shop, **unpaid) == "cancel_staged"
    assert shop.staged()["STATE_REASON"] == unpaid["STATUS_REASON"]
    assert process(shop) == "cancelled"
    assert shop.on_order() == {}
    assert shop.totals(doc)["TOT"] == 0
    assert shop.outbox()[-1]["KIND"] == "cancelled"


def test_the_same_news_twice_is_no_news(shop):
    shop.apply(*LINES)
    assert [seen(shop, **FAILED) for _ in range(3)] == ["cancel_staged", "unchanged", "unchanged"]
    assert process(shop) == "cancelled"
    assert seen(shop, **FAILED) == seen(shop, **PENDING) == "unchanged"
    assert shop.staged()["STATE"] == "CANCELLED"


def test_one_that_is_paid_again_comes_back(shop):
    doc = shop.apply(*LINES).doc_id
    seen(shop, **FAILED)
    assert process(shop) == "cancelled"
    assert seen(shop, **READY) == "restaged"
    assert process(shop) == "reopened"
    assert int(shop.staged()["CP_DOC_ID"]) == doc


def test_one_that_is_paid_again_before_the_erp_followed_stays_as_it_was(shop):
    doc = shop.apply(*LINES).doc_id
    before = document(shop, doc)
    seen(shop, **FAILED)
    assert seen(shop, **READY) == "unchanged"
    assert (shop.staged()["STATE"], shop.staged()["PENDING_ACTION"]) == ("APPLIED", None)
    assert document(shop, doc) == before


def test_an_unpaid_order_that_was_edited_is_closed_and_not_changed(shop):
    shop.apply(*LINES)
    seen(shop, **FAILED)
    assert seen(shop, line(1, "TEE-BLK", "1", "19.99"), **FAILED) == "cancel_staged"
    assert shop.staged()["PENDING_ACTION"] == "cancel"


def test_a_bank_transfer_that_entered_the_erp_and_is_left_out_by_now_stays(shop):
    """Its status is the one that it came with; only the setting is another."""
    shop.apply(*LINES, **AWAITED)
    left_out = {**AWAITED, "STATUS_GROUP": "wait", "STATUS_REASON": "it isn't paid"}
    assert seen(shop, **left_out) == seen(shop, **left_out) == "unchanged"
    assert shop.staged()["STATE"] == "APPLIED"
    assert seen(shop, **FAILED) == "cancel_staged"


def test_an_order_that_waits_and_is_in_no_erp_is_only_noted(shop):
    assert [seen(shop, **status) for status in (PENDING, FAILED, HELD)] == ["skipped", "unchanged", "unchanged"]
    assert seen(shop, **READY) == "restaged"


def test_what_the_store_holds_goes_to_a_person_and_its_document_stays(shop):
    doc = shop.apply(*LINES).doc_id
    before = document(shop, doc)
    blank = {**HELD, "CUST_EMAIL": "", "WOO_CUST_ID": None}
    assert seen(shop, **blank) == "restaged"
    assert process(shop) == "review"
    staged = shop.staged()
    assert staged["VALIDATION_ERROR"].startswith("The store holds it (status on-hold). Its document is left as it is. Decide in")
    assert staged["CUST_NO"] == "C100"
    assert document(shop, doc) == before
    assert seen(shop, **blank) == "unchanged"
    assert shop.staged()["STATE"] == "NEEDS_MANUAL_REVIEW"


def test_validation_says_the_same(shop):
    shop.apply(*LINES)
    seen(shop, **HELD, CUST_EMAIL="", WOO_CUST_ID=None)
    [found] = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"]))
    assert (found.code, found.field, found.value, found.severity) == ("held", "ORD_STATUS", "on-hold", "error")


def test_what_is_ready_again_goes_on_by_itself(shop):
    shop.apply(*LINES)
    seen(shop, **HELD)
    assert process(shop) == "review"
    assert seen(shop, **READY) == "unchanged"
    assert (shop.staged()["STATE"], shop.staged()["VALIDATION_ERROR"]) == ("APPLIED", None)
    seen(shop, **HELD)
    assert process(shop) == "review"
    assert seen(shop, line(1, "TEE-BLK", "1", "19.99"), **READY) == "restaged"
    assert process(shop) == "updated"


def test_a_held_order_whose_payment_fails_is_closed(shop):
    shop.apply(*LINES)
    seen(shop, **HELD)
    assert process(shop) == "review"
    assert seen(shop, **FAILED) == "cancel_staged"
    assert process(shop) == "cancelled"


def test_a_person_who_retries_is_told_again_and_one_who_gives_up_keeps_the_document(shop):
    doc = shop.apply(*LINES).doc_id
    before = document(shop, doc)
    seen(shop, **HELD)
    assert process(shop) == "review"
    decision = {"staging_id": shop.staged()["STAGING_ID"], "decided_by": "ann"}
    shop.database.run(DecideDeadLetter(decision="retry", **decision))
    assert process(shop) == "review"
    shop.database.run(DecideDeadLetter(decision="cancel", **decision))
    assert shop.staged()["STATE"] == "APPLIED"
    assert seen(shop, **HELD) == "unchanged"
    assert document(shop, doc) == before


def test_one_that_was_paid_and_is_stopped_goes_to_a_person_also_where_its_status_creates_orders(shop):
    named = {**HELD, "STATUS_GROUP": "live", "STATUS_REASON": None}
    doc = shop.apply(*LINES).doc_id
    before = document(shop, doc)
    assert seen(shop, **named) == "restaged"
    assert process(shop) == "review"
    assert shop.staged()["VALIDATION_ERROR"].startswith("The store holds it (status on-hold). Its document")
    assert seen(shop, **named) == "unchanged"
    assert shop.staged()["STATE"] == "NEEDS_MANUAL_REVIEW"
    assert document(shop, doc) == before
    assert seen(shop, **READY) == "unchanged"
    assert shop.staged()["STATE"] == "APPLIED"


def test_one_that_entered_the_erp_while_it_was_held_follows(shop):
    named = {**HELD, "STATUS_GROUP": "live", "STATUS_REASON": None}
    shop.apply(*LINES, **named)
    assert seen(shop, **named) == "unchanged"
    assert seen(shop, line(1, "TEE-BLK", "1", "19.99"), **named) == "restaged"
    assert process(shop) == "updated"


def test_a_plugins_status_changes_nothing(shop):
    shop.apply(*LINES)
    packed = {
        "STATUS_GROUP": "wait",
        "STATUS_MEANING": "unknown",
        "ORD_STATUS": "packed",
        "STATUS_REASON": "its status is packed",
    }
    assert seen(shop, **packed) == "unchanged"
    assert shop.staged()["STATE"] == "APPLIED"


def test_an_order_staged_before_there_were_meanings_is_looked_at_anew(shop):
    """It was failed all along, and its document open."""
    shop.apply(*LINES)
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET STATUS_MEANING = NULL, STATUS_GROUP = 'wait', ORD_STATUS = 'failed'", ())
    assert seen(shop, **FAILED) == "cancel_staged"


def test_a_message_comes_with_the_status_that_was_staged(shop):
    shop.apply(*LINES)
    done = {"STATUS_GROUP": "live", "STATUS_MEANING": "done", "ORD_STATUS": "completed", "ORDER_KEY": "wc_order_1"}
    assert seen(shop, **done) == "unchanged"
    [message] = shop.database.run(ClaimOutbox(store_id="woocommerce", worker_id="worker", batch_size=1))
    assert (message.staged_status, message.staged_meaning, message.order_key) == ("completed", "done", "wc_order_1")


def test_a_meaning_that_is_none_is_refused(shop):
    with pytest.raises(BadArgument, match="STATUS_MEANING takes unpaid, held, ready, done, dead, unknown"):
        seen(shop, STATUS_MEANING="paid")
