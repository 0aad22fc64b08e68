"""What is told to the store is seen by everything that looks: health, alerts, status, stats and the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_stock import PRODUCTS, count, shop, stock
from tests.receivers import Receiver, receiver

__all__ = ["shop"]
CHECKS = ("stock_told", "stock_held", "stock_refused")


@pytest.fixture
def people() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def watched(syncctl: Program, shop: SimulatedStore, people: Receiver) -> Program:
    """A shop that was told of its stock just now, and people who are told."""
    syncctl.settings["SYNCCTL_NOTIFY_OPERATOR_URL"] = people.url
    return syncctl


@pytest.fixture
def new(syncctl: Program, store: SimulatedStore) -> Program:
    """A shop that was never told of any stock, and that differs from the ERP."""
    syncctl.settings["SYNCCTL_STOCK_PUSH"] = "true"
    store.load(products=[{**product, "manage_stock": True, "stock_quantity": 1} for product in PRODUCTS])
    syncctl("db", "seed", "--from-store")
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = '5.0000'")
    assert syncctl("stage").code == 0
    return syncctl


def checks(program: Program) -> dict[str, dict[str, Any]]:
    found = program("health", "--json").json["items"]
    return {check["name"]: check for check in found if check["name"] in CHECKS}


def levels(program: Program) -> dict[str, str]:
    return {name: check["level"] for name, check in checks(program).items()}


def empty(program: Program) -> None:
    """The view of the ERP's stock is broken: nothing is there any more."""
    with program.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = '0.0000'")


def mend(program: Program, on_hand: int = 100) -> None:
    with program.connected() as connection:
        connection.execute("UPDATE IM_INV SET QTY_ON_HND = ?", (f"{on_hand}.0000",))


def ago(program: Program, **how: float) -> None:
    """The last push came to its end so long ago."""
    moment = datetime.now(UTC) - timedelta(**how)
    with program.connected() as connection:
        connection.execute("UPDATE USER_STORE_PUSH SET ENDED_DT = ?", (f"{moment:%Y-%m-%d %H:%M:%S}.000",))


def refuse(program: Program, shop: SimulatedStore, sku: str, times: int) -> None:
    """The store refuses an item so often in a row."""
    shop.odd.refused.add(next(product["id"] for product in shop.state.products.values() if product["sku"] == sku))
    for each in range(times):
        count(program, sku, 50 - each)
        assert program("stock", "push", "--sku", sku).code == 1


# --- Health -------------------------------------------------------------------------------------------------------------


def test_all_is_well_and_each_check_has_value_limits_and_advice(watched: Program) -> None:
    found = checks(watched)
    assert {name: check["level"] for name, check in found.items()} == dict.fromkeys(CHECKS, "ok")
    told = found["stock_told"]
    assert (told["unit"], told["warning"], told["critical"]) == ("s", 3600, 14400)
    assert 0 <= told["value"] < 60
    assert "5 of 5 items ever told" in told["message"]
    assert (found["stock_refused"]["value"], found["stock_refused"]["warning"], found["stock_refused"]["critical"]) == (0, 0, 50)
    assert all(check["advice"] for check in found.values())


def test_nothing_appears_where_stock_is_off(watched: Program) -> None:
    del watched.settings["SYNCCTL_STOCK_PUSH"]
    assert checks(watched) == {}
    assert "stock_" not in watched("health", "--nagios").out
    assert "there is nothing to check here" in watched("health", "--check", "stock_held").out


def test_a_push_too_old_is_a_warning_then_critical_by_settings(watched: Program) -> None:
    ago(watched, minutes=61)
    assert levels(watched)["stock_told"] == "warning"
    ago(watched, hours=5)
    assert levels(watched)["stock_told"] == "critical"
    one = watched("health", "--check", "stock_told", "--nagios")
    assert (one.code, "stock_told: a push last came to its end 5 h 0 min ago (limit 60 min)" in one.out) == (2, True)
    assert "stock_told=18" in one.out and ";3600;14400" in one.out
    watched.settings |= {"SYNCCTL_HEALTH_PUSH_WARNING_MINUTES": "400", "SYNCCTL_HEALTH_PUSH_CRITICAL_MINUTES": "500"}
    assert levels(watched)["stock_told"] == "ok"
    watched.settings |= {"SYNCCTL_HEALTH_PUSH_WARNING_MINUTES": "10", "SYNCCTL_JOB_INTERVALS": "stock-push=1440"}
    assert levels(watched)["stock_told"] == "ok", "a job that runs once a day isn't late after an hour"
    del watched.settings["SYNCCTL_JOB_INTERVALS"]
    assert watched("stock", "push").code == 0
    assert levels(watched)["stock_told"] == "ok"


def test_a_push_that_is_held_is_seen_by_another_process_until_one_comes_to_its_end(watched: Program) -> None:
    empty(watched)
    assert watched("stock", "push").code == 1
    found = checks(watched)
    assert {name: check["level"] for name, check in found.items()} == {
        "stock_told": "ok",
        "stock_held": "warning",
        "stock_refused": "ok",
    }
    said = found["stock_held"]["message"]
    assert "5 of 5 items would be set to 0, more than the 20% that may be (SYNCCTL_STOCK_ZERO_SHARE)" in said
    assert "--dry-run" in found["stock_held"]["advice"] and "--yes" in found["stock_held"]["advice"]
    ago(watched, hours=5)
    ended = watched("health")
    assert "Needs attention: stock held." in ended.out, "what follows from it is not told beside it"
    assert levels(watched)["stock_held"] == "critical"
    assert watched("stock", "push", "--sku", "MUG", "--yes").code == 0
    assert levels(watched)["stock_held"] == "critical", "one item is not the store"
    mend(watched)
    assert watched("stock", "push").code == 0
    assert levels(watched) == dict.fromkeys(CHECKS, "ok")


def test_the_first_push_waits_for_a_person(new: Program) -> None:
    assert levels(new) == {"stock_told": "warning", "stock_held": "warning", "stock_refused": "ok"}
    assert "the store was never told of anything: a person looks at the first push" in checks(new)["stock_held"]["message"]
    assert "Needs attention: stock held." in new("health").out
    assert new("stock", "push").code == 1
    assert "the first push has waited for a person for" in checks(new)["stock_held"]["message"]
    assert new("stock", "push", "--dry-run").code == 0
    assert levels(new)["stock_held"] == "warning"
    assert new("stock", "push", "--yes").code == 0
    assert levels(new) == dict.fromkeys(CHECKS, "ok")


def test_items_that_are_refused_again_and_again(watched: Program, shop: SimulatedStore) -> None:
    refuse(watched, shop, "MUG", 2)
    found = checks(watched)["stock_refused"]
    assert (found["level"], found["value"]) == ("ok", 0), "the next try may do"
    assert "1 more are tried again" in found["message"]
    refuse(watched, shop, "MUG", 1)
    found = checks(watched)["stock_refused"]
    assert (found["level"], found["value"]) == ("warning", 1)
    assert "such as SKU MUG: " in found["message"] and "can't be changed" in found["message"]
    watched.settings["SYNCCTL_HEALTH_REFUSED_WARNING"] = "1"
    assert levels(watched)["stock_refused"] == "ok"
    watched.settings |= {"SYNCCTL_HEALTH_REFUSED_WARNING": "0", "SYNCCTL_HEALTH_REFUSED_CRITICAL": "0"}
    assert levels(watched)["stock_refused"] == "critical"
    shop.odd.refused.clear()
    assert watched("stock", "push", "--sku", "MUG").code == 0
    assert levels(watched)["stock_refused"] == "ok"


def test_items_that_the_erp_does_not_know_are_told_and_no_fault(watched: Program, shop: SimulatedStore) -> None:
    shop.state.products[9999] = {**next(iter(shop.state.products.values())), "id": 9999, "sku": "NO-SUCH", "variations": []}
    assert watched("stock", "diff").code == 0
    assert watched("stock", "push").code == 0
    told = checks(watched)["stock_told"]
    assert (told["level"], "1 the ERP doesn't know" in told["message"]) == ("ok", True)
    assert [figure["value"] for figure in told["also"] if figure["name"] == "stock_unknown"] == [1]


def test_a_store_that_is_down_all_the_while_was_not_told(watched: Program, shop: SimulatedStore) -> None:
    count(watched, "MUG", 7)
    ago(watched, hours=2)
    shop.fail("status", status=503, path="/products/batch", times=50)
    assert watched("stock", "push").code == 69
    assert levels(watched) == {"stock_told": "warning", "stock_held": "ok", "stock_refused": "ok"}
    shop.faults.clear()
    assert watched("stock", "push").code == 0
    assert levels(watched)["stock_told"] == "ok"
    assert stock(shop)["MUG"] == 7


def test_figures_for_prometheus(watched: Program) -> None:
    assert watched("health", "--prometheus", "out.prom").code == 0
    text = (watched.folder / "out.prom").read_text(encoding="utf-8")
    for check in CHECKS:
        assert f'syncctl_check_level{{check="{check}"}} 0.0' in text
    assert 'check="stock_told",figure="stock_managed",unit=""} 5.0' in text


# --- Alerts -------------------------------------------------------------------------------------------------------------


def alerted(program: Program, people: Receiver) -> list[str]:
    assert program("alerts", "run").code == 0
    return people.titles()


def test_a_held_push_is_told_once_gets_worse_and_its_end_is_told(watched: Program, people: Receiver) -> None:
    assert alerted(watched, people) == []
    empty(watched)
    for _ in range(3):
        assert watched("stock", "push").code == 1
        people_heard = alerted(watched, people)
        assert people_heard in (["[WARNING] A push of stock waits for a person (woocommerce)"], [])
    listed = watched("alerts", "list", "--json").json["items"]
    assert [(each["rule_name"], each["subject"], each["tellings"]) for each in listed] == [("stock_held", "woocommerce", 1)]
    ago(watched, hours=5)
    [title] = alerted(watched, people)
    assert title.startswith("[CRITICAL] A push of stock waits for a person (woocommerce)"), "and nothing beside it"
    mend(watched)
    assert watched("stock", "push").code == 0
    assert alerted(watched, people) == ["[RECOVERED] A push of stock waits for a person (woocommerce)"]
    assert alerted(watched, people) == []


def test_the_first_push_is_told_of_and_its_end(new: Program, people: Receiver) -> None:
    new.settings["SYNCCTL_NOTIFY_OPERATOR_URL"] = people.url
    assert alerted(new, people) == ["[WARNING] A push of stock waits for a person (woocommerce)"]
    assert new("stock", "push").code == 1
    assert alerted(new, people) == []
    assert new("stock", "push", "--yes").code == 0
    assert alerted(new, people) == ["[RECOVERED] A push of stock waits for a person (woocommerce)"]


def test_a_store_that_is_not_told_is_told_of_and_a_hold_is_no_recovery_of_it(watched: Program, people: Receiver) -> None:
    ago(watched, hours=2)
    assert alerted(watched, people) == ["[WARNING] The store was not told of its stock (woocommerce)"]
    empty(watched)
    assert watched("stock", "push").code == 1
    assert alerted(watched, people) == ["[WARNING] A push of stock waits for a person (woocommerce)"]
    mend(watched)
    assert watched("stock", "push").code == 0
    assert sorted(alerted(watched, people)) == [
        "[RECOVERED] A push of stock waits for a person (woocommerce)",
        "[RECOVERED] The store was not told of its stock (woocommerce)",
    ]


def test_refused_items_are_told_of_and_their_end(watched: Program, shop: SimulatedStore, people: Receiver) -> None:
    refuse(watched, shop, "MUG", 3)
    assert alerted(watched, people) == ["[WARNING] The store refuses items' stock (woocommerce)"]
    assert alerted(watched, people) == []
    shop.odd.refused.clear()
    assert watched("stock", "push", "--sku", "MUG").code == 0
    assert alerted(watched, people) == ["[RECOVERED] The store refuses items' stock (woocommerce)"]


def test_a_rule_that_nobody_wants_and_stock_that_is_switched_off(watched: Program, people: Receiver) -> None:
    empty(watched)
    assert watched("stock", "push").code == 1
    watched.settings["SYNCCTL_ALERT_OFF"] = "stock_held"
    assert alerted(watched, people) == []
    del watched.settings["SYNCCTL_ALERT_OFF"]
    assert alerted(watched, people) == ["[WARNING] A push of stock waits for a person (woocommerce)"]
    del watched.settings["SYNCCTL_STOCK_PUSH"]
    assert alerted(watched, people) == ["[RECOVERED] A push of stock waits for a person (woocommerce)"]
