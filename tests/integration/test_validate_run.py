"""What a run of `validate` promises: its own store's orders, page by page, and no odd row hides the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import ClaimStagedOrders, StageOrders
from syncctl.errors import ConfigError, DatabaseUnavailable, NotFound, PermanentError
from syncctl.services import validate as module
from syncctl.services.run_context import RunContext
from syncctl.services.validate import Rules, Validation, validate
from syncctl.stop import Stop
from tests.faults import Failing, FaultyDatabase
from tests.integration.test_process import Bench
from tests.orders import line, order, stage


class Checked(Bench):
    """A bench, and a short way to validate."""

    def validate(self, *faults: Failing, database: Any = None, **options: Any) -> Validation:
        def before(call: Any) -> Exception | None:
            return next((error for fault in faults if (error := fault(call))), None)

        context = RunContext(run_id="run", clock=self.clock, sleeper=self.clock.sleep, stop=options.pop("stop", Stop()))
        options = {"store_id": "woocommerce", "context": context, **options}
        return validate(database or FaultyDatabase(self.database, before=before), rules=Rules(), **options)

    def staged_for(self, store_id: str, *orders: dict[str, Any]) -> None:
        page = json.dumps(orders)
        self.database.run(StageOrders(store_id=store_id, source_system="woocommerce", sync_id="test-run", orders=page))

    def valid(self, result: Validation) -> dict[int, bool]:
        return {found.order.woo_order_id: found.valid for found in result.orders}

    def codes(self, result: Validation, order_id: int) -> list[str]:
        return [each.code for found in result.orders if found.order.woo_order_id == order_id for each in found.violations]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Checked]:
    made = Checked(tmp_path / "validate.db")
    yield made
    made.database.close()


# --- Whose orders -------------------------------------------------------------------------------------------------------


def test_another_stores_orders_are_left_alone(bench: Checked) -> None:
    stage(bench.database, order(1))
    bench.staged_for("outlet", order(2, CURRENCY="EUR"))
    assert bench.valid(bench.validate()) == {1: True}
    assert [bench.order(number).is_validated for number in (1, 2)] == [True, False]
    assert bench.order(2).validation_error is None


def test_a_named_order_of_another_store_is_refused_in_plain_words(bench: Checked) -> None:
    stage(bench.database, order(1))
    bench.staged_for("outlet", order(2, WOO_ORDER_NO="A-2", CURRENCY="EUR"))
    result = bench.validate(staging_ids=[1, 2])
    assert bench.valid(result) == {1: True, 2: False}
    assert result.orders[1].refused == (
        "order A-2 (staging id 2) belongs to store outlet; this run is for woocommerce (--profile, SYNCCTL_STORE_ID)"
    )
    assert (result.counts["checked"], result.refused) == (1, 1)
    assert not bench.order(2).is_validated


def test_a_staging_id_that_does_not_exist_stops_it_before_any_order_is_touched(bench: Checked) -> None:
    stage(bench.database, order(1))
    with pytest.raises(NotFound, match="77"):
        bench.validate(staging_ids=[1, 77])
    assert not bench.order(1).is_validated


def test_an_order_that_a_worker_holds_is_told_and_stays_as_it_is(bench: Checked) -> None:
    stage(bench.database, order(1, line(sku="NO-SUCH")))
    bench.database.run(ClaimStagedOrders(worker_id="w", batch_size=1))
    result = bench.validate(staging_ids=[1])
    assert bench.codes(result, 1) == ["unknown_sku"]
    assert bench.order(1).validation_error is None


# --- Odd rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["garbage", "0000-00-00 00:00:00.000", "2026-02-31 10:00:00.000", "999-01-01 00:00:00.000"])
def test_a_date_that_is_none_is_a_violation_of_that_order_only(bench: Checked, moment: str) -> None:
    stage(bench.database, order(1), order(2), order(3))
    columns = ("TKT_DT", "ORD_DAT", "WOO_CREATED_DT", "WOO_MODIFIED_DT", "CREATED_DT", "LAST_SEEN_DT")
    bench.database.query(
        f"UPDATE dbo.USER_ORDER_STAGING SET {', '.join(f'{column} = ?' for column in columns)} WHERE STAGING_ID = 2",
        (moment,) * len(columns),
    )
    result = bench.validate()
    assert bench.valid(result) == {1: True, 2: False, 3: True}
    [violation] = result.orders[1].violations
    assert (violation.code, violation.field, violation.value) == ("invalid_date", "TKT_DT", moment)
    assert "The order's date is none" in str(bench.order(2).validation_error)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("TOT_AMT", "lots", "missing_field"),
        ("TOT_AMT", "NaN", "amount"),
        ("TAX_AMT", "1e999", "amount"),
        ("DISC_AMT", "-Infinity", "amount"),
        ("LINE_ITEMS_JSON", '[{"SKU": ', "missing_field"),
        ("LINE_ITEMS_JSON", '["a", 1, null]', "missing_field"),
        ("LINE_ITEMS_JSON", '[{"WOO_LINE_ID": {}, "QTY": "many", "SUBTOT_AMT": [], "TOT_AMT": true}]', ""),
        ("ORDER_JSON", "[" * 2000, ""),
    ],
)
def test_content_broken_by_hand_is_a_violation_of_that_order_only(bench: Checked, column: str, value: str, code: str) -> None:
    stage(bench.database, order(1), order(2), order(3))
    bench.database.query(f"UPDATE dbo.USER_ORDER_STAGING SET {column} = ? WHERE STAGING_ID = 2", (value,))
    result = bench.validate()
    assert {number: valid for number, valid in bench.valid(result).items() if number != 2} == {1: True, 3: True}
    assert (not code) or code in bench.codes(result, 2)
    assert result.ended_by is None


@pytest.mark.parametrize("error", [ZeroDivisionError("no idea"), PermanentError("the ERP says no"), UnicodeError("half a pair")])
def test_an_order_that_can_not_be_looked_at_is_invalid_for_that_reason(bench: Checked, error: Exception) -> None:
    stage(bench.database, order(1), order(2), order(3))
    result = bench.validate(Failing("sp_ValidateStagedOrder", error, staging_id=2))
    assert bench.valid(result) == {1: True, 2: False, 3: True}
    assert str(error) in result.orders[1].violations[0].message
    assert result.counts == {"checked": 3, "valid": 2, "invalid": 1, "with_warnings": 0}


# --- What ends a run ----------------------------------------------------------------------------------------------------


def test_a_database_that_comes_back_loses_no_order(bench: Checked) -> None:
    stage(bench.database, *(order(number) for number in range(1, 6)))
    gone = Failing("sp_ValidateStagedOrder", DatabaseUnavailable("gone"), times=1, staging_id=3)
    asked = Failing("sp_ListRetryPolicies", DatabaseUnavailable("gone"), times=1)
    result = bench.validate(gone, asked)
    assert bench.valid(result) == dict.fromkeys(range(1, 6), True)
    assert (result.ended_by, result.claimed) == (None, 5)


def test_a_database_that_stays_away_ends_it_with_what_was_found(bench: Checked) -> None:
    stage(bench.database, order(1), order(2, line(sku="NO-SUCH")), order(3))
    result = Validation()
    gone = [Failing(name, DatabaseUnavailable("gone"), times=99) for name in ("sp_ListRetryPolicies",)]
    bench.validate(Failing("sp_ValidateStagedOrder", DatabaseUnavailable("gone"), times=99, staging_id=3), *gone, result=result)
    assert bench.valid(result) == {1: True, 2: False}
    assert isinstance(result.ended_by, DatabaseUnavailable)


def test_a_wrong_set_up_ends_it_at_once(bench: Checked) -> None:
    stage(bench.database, order(1), order(2))
    result = bench.validate(Failing("sp_ValidateStagedOrder", ConfigError("no right"), times=99))
    assert (bench.valid(result), str(result.ended_by)) == ({}, "no right")


def test_a_stop_ends_it_after_the_order_in_hand(bench: Checked) -> None:
    stage(bench.database, *(order(number) for number in range(1, 6)))
    stop = Stop()

    def before(call: Any) -> None:
        if call.name == "sp_ValidateStagedOrder" and call.staging_id == 2:
            stop.set(143)

    result = bench.validate(database=FaultyDatabase(bench.database, before=before), stop=stop)
    assert bench.valid(result) == {1: True, 2: True}
    assert (result.stopped, result.claimed) == (True, 2)


# --- Memory -------------------------------------------------------------------------------------------------------------


def test_orders_are_read_page_by_page_and_most_are_only_counted(bench: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PAGE", 10), ("MOST_SOUND", 5), ("MOST_TOLD", 5)):
        monkeypatch.setattr(module, name, value)
    stage(bench.database, *(order(number) for number in range(1, 41)))
    stage(bench.database, *(order(number, line(sku="NO-SUCH")) for number in range(41, 81)))
    database = FaultyDatabase(bench.database)
    result = bench.validate(database=database)
    assert result.counts == {"checked": 80, "valid": 40, "invalid": 40, "with_warnings": 0}
    assert database.calls.count("sp_ListStagedOrders") == 9
    assert [found.order.woo_order_id for found in result.orders] == [1, 2, 3, 4, 5, 41, 42, 43, 44, 45]
    assert (result.sound_untold, result.untold) == (35, 35)
