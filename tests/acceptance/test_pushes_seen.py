"""What is told to the store is seen by everything that looks: health, alerts, status, stats and the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import SLOW_IS_WELL, Program
from tests.acceptance.test_report import CHROMIUM, opened
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
    syncctl.settings |= {"SYNCCTL_NOTIFY_OPERATOR_URL": people.url, **SLOW_IS_WELL}
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
    assert "the store was never told of its stock: a person looks at the first push" in checks(new)["stock_held"]["message"]
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
    assert "1 other is tried again" in found["message"]
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


# --- Status, stats and the report ---------------------------------------------------------------------------------------


@pytest.fixture
def busy(watched: Program, shop: SimulatedStore) -> Program:
    """A day on which one item was told, one refused, one is unknown, and a push is held."""
    shop.state.products[9999] = {**next(iter(shop.state.products.values())), "id": 9999, "sku": "NO-SUCH", "variations": []}
    cap = next(product for product in shop.state.products.values() if product["sku"] == "CAP")
    cap["name"] = "<b>Cap</b>"
    watched("stock", "diff")
    count(watched, "MUG", 7)
    refuse(watched, shop, "CAP", 1)
    assert watched("stock", "push").code == 0
    empty(watched)
    assert watched("stock", "push").code == 1
    return watched


def test_status_tells_how_stock_stands(busy: Program) -> None:
    [told] = busy("status", "--json").json["pushes"]
    assert (told["kind"], told["store_id"], told["items"], told["managed"]) == ("stock", "woocommerce", 6, 6)
    assert (told["told"], told["refused"], told["refused_again_and_again"]) == (5, 1, 0)
    assert (told["held_why"], told["left_alone"]) == ("zeroed", {"unknown": 1, "waiting": 1})
    assert told["held_since"] and told["ended_at"] and told["listed_at"]
    assert [(each["sku"], each["name"], each["attempts"]) for each in told["refusals"]] == [("CAP", "<b>Cap</b>", 1)]
    shown = busy("status").out
    for said in ("Stock", "held", "1 no such item in the ERP", "SKU CAP: "):
        assert said in shown


def test_stats_have_the_same_numbers_by_hour_and_day_and_in_a_file(busy: Program) -> None:
    told = busy("stats", "--json").json
    assert told["pushes"] == busy("status", "--json").json["pushes"]
    for by in ("hour", "day"):
        told = busy("stats", "--by", by, "--json").json
        counts = {name: told["counts"][name] for name in ("stock_told", "stock_refused", "stock_held")}
        assert counts == {"stock_told": 6, "stock_refused": 1, "stock_held": 1}
        assert {name: sum(item[name] for item in told["items"]) for name in counts} == counts
        assert "Stock told" in " ".join(busy("stats", "--by", by).out.split())
    path = busy.folder / "week.csv"
    assert busy("stats", "--by", "day", "--csv", str(path)).code == 0
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(",review,stock_told,stock_refused,stock_held")
    assert lines[-1].endswith(",6,1,1")


def test_the_report_tells_of_stock_escaped(busy: Program) -> None:
    path = busy.folder / "orders.html"
    told = busy("report", "--out", str(path), "--json").json
    assert (told["counts"]["stock_told"], told["counts"]["stock_held"]) == (6, 1)
    page = path.read_text(encoding="utf-8")
    assert "Stock told to the store</h2>" in page
    assert "&lt;b&gt;Cap&lt;/b&gt;" in page and "<b>Cap" not in page
    assert "a push has waited for a person since" in page
    assert "1 no such item in the ERP" in page
    assert "Prices told" not in page


@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: the report isn't opened in one. Install chromium to have it tried.")
def test_a_browser_opens_the_report_of_stock(busy: Program, tmp_path: Path) -> None:
    path = busy.folder / "orders.html"
    assert busy("report", "--out", str(path)).code == 0
    shown = opened(path, tmp_path)
    assert 'class="s-stock_told"' in shown and 'class="s-stock_refused"' in shown


def test_nothing_is_shown_of_what_is_off(busy: Program) -> None:
    del busy.settings["SYNCCTL_STOCK_PUSH"]
    path = busy.folder / "orders.html"
    told = busy("report", "--out", str(path), "--json").json
    assert "stock_told" not in told["counts"]
    page = path.read_text(encoding="utf-8")
    assert "told to the store</h2>" not in page
    for command in (("status",), ("stats",), ("stats", "--by", "day")):
        assert "pushes" not in busy(*command, "--json").json
        assert "stock" not in busy(*command).out.lower()


def test_before_the_first_push_it_is_said_that_there_was_none(new: Program) -> None:
    assert new("status", "--json").json["pushes"] == []
    assert "Stock: the store was never told" in new("status").out
    path = new.folder / "orders.html"
    assert new("report", "--out", str(path)).code == 0
    assert "The store was never told: a person looks at the first" in path.read_text(encoding="utf-8")


# --- Prices -------------------------------------------------------------------------------------------------------------


def test_prices_are_seen_like_stock(watched: Program, shop: SimulatedStore, people: Receiver) -> None:
    watched.settings["SYNCCTL_PRICE_PUSH"] = "true"
    with watched.connected() as connection:
        connection.execute("UPDATE IM_PRC SET PRC_1 = '9.0000'")
    found = {check["name"]: check["level"] for check in watched("health", "--json").json["items"]}
    assert (found["price_told"], found["price_held"], found["price_refused"]) == ("warning", "warning", "ok")
    assert watched("price", "push").code == 1
    assert alerted(watched, people) == ["[WARNING] A push of prices waits for a person (woocommerce)"]
    assert watched("price", "push", "--yes").code == 0
    assert alerted(watched, people) == ["[RECOVERED] A push of prices waits for a person (woocommerce)"]
    with watched.connected() as connection:
        connection.execute("UPDATE IM_PRC SET PRC_1 = '90.0000' WHERE ITEM_NO = 'MUG'")
        connection.execute("UPDATE IM_PRC SET PRC_1 = '9.5000' WHERE ITEM_NO = 'CAP'")
    assert watched("price", "push").code == 1
    assert alerted(watched, people) == [], "it is the same, and the next message is due in an hour"
    price, stock_ = watched("status", "--json").json["pushes"]
    assert (price["kind"], price["held_why"], stock_["kind"], stock_["held_why"]) == ("price", "limit", "stock", None)
    assert price["ended_at"] is not None
    counts = watched("stats", "--by", "day", "--json").json["counts"]
    assert (counts["price_told"], counts["price_held"], counts["stock_held"]) == (6, 2, 0)
    path = watched.folder / "orders.html"
    assert watched("report", "--out", str(path)).code == 0
    assert "Prices told to the store</h2>" in path.read_text(encoding="utf-8")
