"""Looking at an order before it is done: everything that keeps it from that is told, and nothing of it is written."""

from __future__ import annotations

import pytest

from syncctl.db.contract import ValidateStagedOrder
from syncctl.errors import Conflict
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def change(shop, kind):
    """Let the store change or cancel the order that is in the ERP."""
    if kind == "update":
        stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    else:
        shop.stage_cancelled(line(1))


def look(shop):
    return shop.database.run(ValidateStagedOrder(staging_id=1, dry_run=True))


def test_what_is_wrong_is_told_and_not_noted(shop, database):
    stage(database, order(1, line(1, "NO-SUCH")))
    before = shop.snapshot()
    assert "unknown_sku" in [found.code for found in look(shop)]
    assert shop.snapshot() == before
    database.run(ValidateStagedOrder(staging_id=1))
    assert shop.snapshot() != before


@pytest.mark.parametrize("kind", ["update", "cancel"])
def test_a_document_that_can_follow_has_nothing_against_it(shop, kind):
    shop.apply(line(1))
    change(shop, kind)
    before = shop.snapshot()
    assert [found for found in look(shop) if found.severity == "error"] == []
    assert shop.snapshot() == before


@pytest.mark.parametrize(("kind", "verb"), [("update", "Change"), ("cancel", "Cancel")])
def test_a_document_that_was_shipped_is_named_with_what_to_do(shop, kind, verb):
    shop.ship(shop.apply(line(1)).doc_id)
    change(shop, kind)
    before = shop.snapshot()
    with pytest.raises(Conflict, match=rf"can't follow the store: .*\. {verb} it in "):
        look(shop)
    assert shop.snapshot() == before
