"""What a customer made from a web order is called, whom it is made like, and what happens where neither can be told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from syncctl.db.contract import ClaimStagedOrders, ProcessStagedOrder, ValidateStagedOrder
from syncctl.errors import ConfigError
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    shop = Shop(database, query)
    shop.query("UPDATE dbo.EC_CTL SET NXT_CUST_NO = 'OL-100001' WHERE KEY_ID = 1")
    shop.query("INSERT INTO dbo.SY_WRKGRP (WRKGRP_ID, NXT_CUST_NO, NXT_CUST_NO_AUTO) VALUES ('1', '100027', 'Y')")
    return shop


def stranger(number, **columns):
    """An order of somebody whom the ERP doesn't know."""
    return order(number, line(1), WOO_CUST_ID=None, CUST_EMAIL=f"new-{number}@example.test", **columns)


def claimed(shop, *numbers):
    stage(shop.database, *(stranger(number) for number in numbers))
    taken = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=100))
    return [(row.staging_id, row.attempt_no) for row in taken]


def process(database, staging_id, attempt_no):
    return database.run(
        ProcessStagedOrder(staging_id=staging_id, worker_id="worker", attempt_no=attempt_no, unknown_customer="create")
    )


def made(shop, *numbers):
    """The numbers of the customers that these orders make, one after the other."""
    for taken in claimed(shop, *numbers):
        assert process(shop.database, *taken)[-1].outcome == "created"
    return [shop.staged(number)["CUST_NO"] for number in numbers]


def problems(shop, number=4711):
    """What `validate` says of the set-up for an order of a stranger."""
    stage(shop.database, stranger(number))
    call = ValidateStagedOrder(staging_id=shop.staged(number)["STAGING_ID"], unknown_customer="create")
    return [(row.field, row.message, row.severity) for row in shop.database.run(call) if row.code == "set_up"]


def next_of_control(shop):
    return shop.one("SELECT NXT_CUST_NO FROM dbo.EC_CTL WHERE KEY_ID = 1")["NXT_CUST_NO"]


# --- Numbers ------------------------------------------------------------------------------------------------------------


def test_without_a_word_of_the_site_the_number_is_of_syncctls_own_series(shop):
    assert made(shop, 4711) == ["W00000001"]
    assert next_of_control(shop) == "OL-100001"


def test_the_site_may_have_its_e_commerce_series_number_customers(shop):
    shop.setting("CUST_NO_FROM", "EC_CTL")
    shop.query("INSERT INTO dbo.AR_CUST (CUST_NO, NAM) VALUES ('OL-100002', 'Taken')")
    assert made(shop, 4711, 4712) == ["OL-100001", "OL-100003"]
    assert next_of_control(shop) == "OL-100004"
    assert shop.one("SELECT NEXT_NO FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'")["NEXT_NO"] == 1


def test_the_site_may_have_its_workgroup_number_customers(shop):
    shop.setting("CUST_NO_FROM", "SY_WRKGRP")
    assert made(shop, 4711) == ["100027"]
    shop.query("INSERT INTO dbo.SY_WRKGRP (WRKGRP_ID, NXT_CUST_NO, NXT_CUST_NO_AUTO) VALUES ('2', 'N0099', 'Y')")
    shop.setting("WRKGRP_ID", "2")
    assert made(shop, 4712, 4713) == ["N0099", "N0100"]
    rows = shop.query("SELECT WRKGRP_ID, NXT_CUST_NO FROM dbo.SY_WRKGRP ORDER BY WRKGRP_ID")
    assert [(row["WRKGRP_ID"], row["NXT_CUST_NO"]) for row in rows] == [("1", "100028"), ("2", "N0101")]


def test_a_number_keeps_its_width_and_what_stands_before_it(shop):
    shop.setting("CUST_NO_FROM", "EC_CTL")
    shop.query("UPDATE dbo.EC_CTL SET NXT_CUST_NO = 'A1-0099'")
    assert made(shop, 4711, 4712) == ["A1-0099", "A1-0100"]
    assert next_of_control(shop) == "A1-0101"


def test_a_series_that_lags_far_behind_goes_on_at_the_first_gap(shop):
    shop.setting("CUST_NO_FROM", "EC_CTL")
    numbers = [*range(100001, 100021), *range(100022, 100030)]
    others = ["OL-1000210", "OL-X00021", "OK-100021", "ol-100021-"]
    for number in (*(f"OL-{number}" for number in numbers), *others):
        shop.query("INSERT INTO dbo.AR_CUST (CUST_NO, NAM) VALUES (?, 'Taken')", (number,))
    assert made(shop, 4711, 4712) == ["OL-100021", "OL-100030"]
    assert next_of_control(shop) == "OL-100031"


def test_customers_are_made_where_syncctls_own_series_was_taken_away(shop):
    shop.setting("CUST_NO_FROM", "EC_CTL")
    shop.query("DELETE FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'")
    assert made(shop, 4711) == ["OL-100001"]


def test_a_failed_order_gives_its_number_back(shop):
    shop.setting("CUST_NO_FROM", "EC_CTL")
    [(staging_id, attempt_no)] = claimed(shop, 4711)
    shop.break_statement("PS_DOC_HDR", "INSERT")
    with pytest.raises(Exception, match="injected failure"):
        process(shop.database, staging_id, attempt_no)
    shop.mend()
    assert next_of_control(shop) == "OL-100001"
    process(shop.database, staging_id, attempt_no)
    assert shop.staged()["CUST_NO"] == "OL-100001"


@pytest.mark.parametrize("source", ["EC_CTL", "SY_WRKGRP"])
def test_six_creators_at_once_take_numbers_without_double_or_gap(shop, new_connection, source):
    shop.setting("CUST_NO_FROM", source)
    orders = claimed(shop, *range(5000, 5006))
    barrier = Barrier(len(orders))

    def create(taken):
        database = new_connection()
        barrier.wait(timeout=60)
        while True:
            try:
                return process(database, *taken)[-1].outcome
            except Exception as error:
                if getattr(error, "error_class", "") not in ("deadlock", "lock_timeout"):
                    raise

    with ThreadPoolExecutor(len(orders)) as pool:
        assert list(pool.map(create, orders)) == ["created"] * len(orders)
    taken = sorted(shop.staged(number)["CUST_NO"] for number in range(5000, 5006))
    first, prefix = (100001, "OL-") if source == "EC_CTL" else (100027, "")
    assert taken == [f"{prefix}{first + turn}" for turn in range(len(orders))]


@pytest.mark.parametrize(
    ("settings", "statement", "said"),
    [
        (
            {},
            "UPDATE dbo.USER_ERP_SETTING SET VALUE = 'EC' WHERE NAME = 'CUST_NO_FROM'",
            "The site setting CUST_NO_FROM is EC; it takes SERIES, EC_CTL or SY_WRKGRP.",
        ),
        ({"CUST_NO_FROM": "EC_CTL"}, "DELETE FROM dbo.EC_CTL", "There is no EC_CTL.NXT_CUST_NO to number customers by."),
        (
            {"CUST_NO_FROM": "EC_CTL"},
            "UPDATE dbo.EC_CTL SET NXT_CUST_NO = 'WEB-'",
            "EC_CTL.NXT_CUST_NO is WEB-, which ends in no digit to count up.",
        ),
        (
            {"CUST_NO_FROM": "EC_CTL"},
            "UPDATE dbo.EC_CTL SET NXT_CUST_NO = 'OL-999'",
            "EC_CTL.NXT_CUST_NO is OL-999 and has no free number left that is as wide.",
        ),
        (
            {"CUST_NO_FROM": "SY_WRKGRP"},
            "UPDATE dbo.SY_WRKGRP SET NXT_CUST_NO_AUTO = 'N'",
            "Workgroup 1 gives customers no number by itself (NXT_CUST_NO_AUTO).",
        ),
        (
            {"CUST_NO_FROM": "SY_WRKGRP"},
            "INSERT INTO dbo.SY_WRKGRP (WRKGRP_ID, NXT_CUST_NO, NXT_CUST_NO_AUTO) VALUES ('2', '1', 'Y')",
            "SY_WRKGRP has several workgroups",
        ),
        ({"CUST_NO_FROM": "SY_WRKGRP", "WRKGRP_ID": "9"}, None, "There is no NXT_CUST_NO of SY_WRKGRP 9 to number customers by."),
        ({"TMPLT_CUST_NO": "GONE"}, None, "The template customer GONE is not in AR_CUST, so no customer can be made."),
        ({}, "UPDATE dbo.EC_CTL SET TMPLT_CUST_NO = 'NOBODY'", "The template customer NOBODY is not in AR_CUST"),
    ],
)
def test_a_set_up_that_makes_no_customers_is_told_and_refused(shop, settings, statement, said):
    for name, value in settings.items():
        shop.setting(name, value)
    if statement:
        shop.query(statement)
    [(field, message, severity)] = problems(shop)
    assert (field, severity) == ("CUST_NO", "error")
    assert message.startswith(said)
    [(staging_id, attempt_no)] = claimed(shop)
    before = shop.snapshot()
    with pytest.raises(ConfigError) as refused:
        process(shop.database, staging_id, attempt_no)
    assert (refused.value.code, str(refused.value)) == ("50041", message)
    assert shop.snapshot() == before


def test_a_series_that_is_longer_than_a_customers_number_is_told_and_waited_for_by_nobody(shop):
    """A site's column may be wider than the customer's; what was read of it would be cut, and never be found again."""
    shop.setting("CUST_NO_FROM", "EC_CTL")
    widened = "ALTER TABLE dbo.EC_CTL ALTER COLUMN NXT_CUST_NO varchar({})"
    if shop.database.engine != "embedded":
        shop.query(widened.format(30))
    shop.query("UPDATE dbo.EC_CTL SET NXT_CUST_NO = 'ONLINE-SHOP-000001'")
    try:
        [(_field, message, severity)] = problems(shop)
        assert (message.partition(",")[0], severity) == ("EC_CTL.NXT_CUST_NO is ONLINE-SHOP-000001", "error")
        [(staging_id, attempt_no)] = claimed(shop)
        with pytest.raises(ConfigError, match="longer than the 15 letters"):
            process(shop.database, staging_id, attempt_no)
    finally:
        shop.query("UPDATE dbo.EC_CTL SET NXT_CUST_NO = 'OL-100001'")
        if shop.database.engine != "embedded":
            shop.query(widened.format(15))


def test_an_order_of_a_known_customer_does_not_mind(shop):
    shop.setting("TMPLT_CUST_NO", "GONE")
    assert shop.apply(line(1)).outcome == "created"


# --- The template -------------------------------------------------------------------------------------------------------

TEMPLATE = {
    "CUST_NO": "TEMPLATE",
    "NAM": "Template for web customers",
    "LST_NAM": "Template",
    "ADRS_2": "Nowhere",
    "EMAIL_ADRS_1": "template@example.test",
    "CATEG_COD": "ECOMM",
    "PROF_COD_1": "GOLD",
    "TAX_COD": "MEMTN",
    "CUST_TYP": "B",
    "CUST_NAM_TYP": "B",
    "BAL_METH": "O",
    "TERMS_COD": "NET30",
}


@pytest.mark.parametrize("named_by", ["setting", "control"])
def test_a_new_customer_is_made_like_the_template(shop, named_by):
    marks = ", ".join("?" * len(TEMPLATE))
    shop.query(f"INSERT INTO dbo.AR_CUST ({', '.join(TEMPLATE)}) VALUES ({marks})", tuple(TEMPLATE.values()))
    if named_by == "setting":
        shop.setting("TMPLT_CUST_NO", "TEMPLATE")
        shop.query("UPDATE dbo.EC_CTL SET TMPLT_CUST_NO = 'ANOTHER'")
    else:
        shop.query("UPDATE dbo.EC_CTL SET TMPLT_CUST_NO = 'TEMPLATE'")
    shop.setting("CUST_CATEG_COD", "WEB")
    [number] = made(shop, 4711)
    row = shop.one("SELECT * FROM dbo.AR_CUST WHERE CUST_NO = ?", number)
    copied = ("CATEG_COD", "TAX_COD", "CUST_TYP", "BAL_METH", "TERMS_COD", "PROF_COD_1")
    assert {name: row[name] for name in copied} == {name: TEMPLATE[name] for name in copied}
    assert (row["NAM"], row["LST_NAM"], row["ADRS_2"], row["EMAIL_ADRS_1"], row["CUST_NAM_TYP"], row["STR_ID"]) == (
        "Ada Lovelace",
        "Lovelace",
        None,
        "new-4711@example.test",
        "P",
        "01",
    )


def test_what_the_template_leaves_open_comes_from_the_site_settings(shop):
    shop.query("INSERT INTO dbo.AR_CUST (CUST_NO, NAM, STR_ID, BAL_METH) VALUES ('TEMPLATE', 'Template', 'ONLINE', 'O')")
    shop.setting("TMPLT_CUST_NO", "TEMPLATE")
    shop.setting("CUST_CATEG_COD", "WEB")
    shop.setting("TAX_COD", "EC_WOO")
    [number] = made(shop, 4711)
    row = shop.one("SELECT * FROM dbo.AR_CUST WHERE CUST_NO = ?", number)
    assert (row["CATEG_COD"], row["TAX_COD"], row["STR_ID"], row["BAL_METH"]) == ("WEB", "EC_WOO", "ONLINE", "O")


def test_a_site_may_do_without_the_template_that_its_e_commerce_settings_name(shop):
    shop.query("UPDATE dbo.EC_CTL SET TMPLT_CUST_NO = 'TEMPLATE'")
    shop.setting("TMPLT_CUST_NO", "-")
    [number] = made(shop, 4711)
    row = shop.one("SELECT * FROM dbo.AR_CUST WHERE CUST_NO = ?", number)
    assert (row["CUST_TYP"], row["BAL_METH"], row["TERMS_COD"]) == ("A", "!", None)
