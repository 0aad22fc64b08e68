"""`syncctl demo`: the same day with each store and each ERP; on a database that somebody named, again and again."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.acceptance.program import Program


def test_twice_on_the_same_database(syncctl: Program) -> None:
    for _ in range(2):
        shown = syncctl("demo", "--orders", "14", "--database", syncctl.database, "--json")
        assert shown.code == 0, shown.out
        assert shown.json["counts"]["orders"] == 16
        assert set(shown.json["invariants"].values()) == {True}


@pytest.mark.parametrize("erp", ["counterpoint", "rms"])
@pytest.mark.parametrize("source", ["woocommerce", "shopify"])
def test_each_store_with_each_erp_has_the_same_day(newcomer: Program, source: str, erp: str) -> None:
    shown = newcomer("demo", "--orders", "14", "--source", source, "--erp", erp, "--json")
    assert shown.code == 0, shown.out
    told = shown.json
    assert set(told["invariants"].values()) == {True}
    assert Counter(told["counts"]["states"]) == {"APPLIED": 9 + (source == "shopify"), "CANCELLED": 3, "SKIPPED": 2} | (
        {"NEEDS_MANUAL_REVIEW": 2 - (source == "shopify")}
    ), "in Shopify's books an order in another currency is in the shop's"
    steps = {step["actor"]: step["text"] for part in told["rounds"] for step in part["steps"]}
    assert ("the trash" in steps["shop"]) == (source == "woocommerce")
    assert ("to the last cent" in steps["shop"]) == (source == "shopify")
    assert not (newcomer.folder / "shop.db").exists()


def test_a_database_of_another_erp_is_left_alone(syncctl: Program) -> None:
    refused = syncctl("demo", "--erp", "rms", "--database", syncctl.database)
    assert (refused.code, "belongs to counterpoint, not to rms" in " ".join(refused.err.split())) == (78, True)
    assert syncctl.query("SELECT COUNT(*) FROM USER_ORDER_STAGING") == [(0,)]


def test_the_store_of_the_day_is_the_one_that_is_set(newcomer: Program) -> None:
    newcomer.settings["SYNCCTL_SOURCE"] = "shopify"
    shown = newcomer("demo", "--orders", "10")
    assert "in the order of their last change" in " ".join(shown.out.split())
    refused = newcomer("demo", "--source", "shopware")
    assert (refused.code, "woocommerce or shopify, not 'shopware'" in " ".join(refused.err.split())) == (2, True)
