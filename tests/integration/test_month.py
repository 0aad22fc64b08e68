"""A day of `scripts/month.py`, by a clock that is moved: everybody is told of everything, once, and health tells the truth."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from scripts.month import live
from scripts.month_findings import findings, growth, unchecked
from scripts.month_pushes import HELD, OFFERS, PRICES, ZERO
from scripts.month_world import Month, month
from scripts.runs import print_findings


def test_everybody_is_told_of_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    options = argparse.Namespace(days=1, orders=12, odd=6, seed=1, before=0)
    with month(options, tmp_path) as made:
        live(made)
        assert {name: said for name, said in findings(made).items() if said} == {}
        assert {each.what for each in made.heard} >= {"opened", "recovered"}
        assert made.told_truth == 24
        assert made.owed > 0
        pushes = made.pushes
        assert min(pushes.checked["stock"], pushes.checked["price"], pushes.sold_out, pushes.by_hand["stock-push"]) > 0
        # Of a day nothing is said of growth, and that is said.
        capsys.readouterr()
        assert print_findings(findings(made), unchecked=unchecked(made)) == 0
        assert "not checked  tables stay at their size: it takes 10 days or more, these were 1" in capsys.readouterr().out
        # What breaks a promise is seen.
        made.heard.append(next(each for each in made.heard if each.what == "opened" and each.incident))
        assert findings(made)["nobody was told twice of one incident"]
        heard, made.heard = made.heard, [each for each in made.heard if each.title != "Orders need a person"]
        assert len(findings(made)["nobody was not told of an order that needs a person"]) == made.owed
        made.heard = [each for each in heard if "for a person" not in each.title]
        assert len(findings(made)["nobody was not told of a push that is held or refused"]) == 3
        made.heard = [each for each in heard if each.title != "The store can't be used"]
        broken = findings(made)
        assert len(broken["nobody was not told of an outage"]) == 2
        assert broken["each recovery was told once"]
        _what_the_store_has_is_seen(made)


def _what_the_store_has_is_seen(made: Month) -> None:
    """Nothing wrong is told by the pushes of a good month: so the truth is changed instead."""
    goods, pushes = made.goods, made.pushes
    sku = next(sku for sku in goods.skus if goods.offered(sku) > 9 and not goods.unsure(sku))

    def broken() -> set[str]:
        pushes.before("stock-push")
        pushes.after("stock-push", made.now, 0)
        pushes.after("price-push", made.now, 0)
        found = {promise for promise in (OFFERS, ZERO, PRICES, HELD) if findings(made)[promise]}
        made.broken.clear()
        return found

    assert broken() == set()
    goods.free[sku] -= 1
    assert broken() == {OFFERS}
    goods.free[sku] += 1
    product = goods.product(sku)
    product["stock_quantity"] = 0
    assert broken() == {ZERO}
    product["stock_quantity"] = goods.free[sku]
    goods.prices[sku] += 1
    assert broken() == {PRICES}
    goods.prices[sku] -= 1
    pushes.after("price-push", made.now, 1)
    assert broken() == {HELD}
    # The till sold what a customer cancels: until the next push the store offers it, and that was sold within one interval.
    cancelled = next(raw for raw in made.shop.state.orders.values() if raw["status"] == "processing")
    for line in cancelled["line_items"]:
        goods.free[line["sku"]] = -1
        goods.product(line["sku"])["stock_quantity"] = 0
    goods.cancel_in_shop(cancelled)
    pushes.before("stock-push")
    assert findings(made)[OFFERS] == []


def test_a_table_that_grows_is_told_and_one_that_keeps_each_order_may_grow_with_the_orders() -> None:
    options = argparse.Namespace(days=30, orders=40, before=30)
    before = {"USER_SYNC_LOG": 3594, "USER_ORDER_ATTEMPT": 863, "USER_ORDER_EVENT": 7666, "USER_ORDER_PART": 4176}
    after = {"USER_SYNC_LOG": 3671, "USER_ORDER_ATTEMPT": 958, "USER_ORDER_EVENT": 9085, "USER_ORDER_PART": 8352}

    def told(**changed: int) -> list[str]:
        return growth(cast("Month", SimpleNamespace(options=options, sizes=[before, {**after, **changed}])))

    assert told() == []
    assert told(USER_SYNC_LOG=7188) == ["USER_SYNC_LOG: 3,594 rows at the beginning, 7,188 at the end"]
    assert told(USER_ORDER_EVENT=15332) == ["USER_ORDER_EVENT: 7,666 rows at the beginning, 15,332 at the end"]
    assert told(USER_ORDER_PART=16704) == ["USER_ORDER_PART: 4,176 rows at the beginning, 16,704 at the end"]
    # Of ten days the orders that are posted late are a larger share.
    short = SimpleNamespace(
        options=argparse.Namespace(days=10, orders=40, before=10),
        sizes=[{"USER_STORE_OUTBOX": 619, "USER_ORDER_EVENT": 2399}, {"USER_STORE_OUTBOX": 755, "USER_ORDER_EVENT": 3167}],
    )
    assert growth(cast("Month", short)) == []
    short.sizes[1] = {"USER_STORE_OUTBOX": 1238, "USER_ORDER_EVENT": 4798}
    assert len(growth(cast("Month", short))) == 2
