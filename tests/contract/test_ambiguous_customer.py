"""Of more than one customer, it seems: name and postcode decide if they fit exactly one, else a person, in the same words."""

from __future__ import annotations

from typing import Any

import pytest

from syncctl.db.contract import ClaimStagedOrders, ProcessStagedOrder, ValidateStagedOrder
from tests.orders import line, order, stage
from tests.shop import Shop

TWIN = {"WOO_CUST_ID": None, "CUST_EMAIL": "tWIN@example.TEST"}
SAYS = (
    "By its customer id and e-mail the order may be of customer {}; name and postcode fit {}. Say whose it is: "
    "`syncctl map customer`, by its e-mail or customer id; `syncctl map customer remove` takes a wrong row away."
)


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def customer(shop: Shop, number: str, name: str = "Ada Lovelace", postcode: str | None = None, **more: str) -> None:
    row = {"CUST_NO": number, "NAM": name, "ZIP_COD": postcode, "EMAIL_ADRS_1": "Twin@Example.test", **more}
    marks = ", ".join("?" * len(row))
    shop.query(f"INSERT INTO dbo.AR_CUST ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def validated(shop: Shop, content: dict[str, Any] | None = None, **rules: Any) -> tuple[str | None, list[tuple[str, str]]]:
    """Stage the order and validate it; return its customer and the errors."""
    stage(shop.database, content or order(4711, line(1), **TWIN))
    found = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"], **rules))
    errors = [(row.code, row.message) for row in found if row.severity == "error"]
    return shop.staged()["CUST_NO"], errors


@pytest.mark.parametrize("unknown", ["review", "create", "guest"])
def test_two_customers_with_one_address_go_to_a_person_in_the_same_words(shop, unknown):
    for number in ("Z9", "B2", "B1"):
        customer(shop, number)
    rules = {"unknown_customer": unknown, "guest_cust_no": "C100"}
    told = SAYS.format("B1, B2, Z9", "none")
    assert validated(shop, **rules) == (None, [("ambiguous_customer", told)])
    assert shop.staged()["VALIDATION_ERROR"] == told
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    call = ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no, **rules)
    violation, outcome = shop.database.run(call)
    assert (violation.code, violation.message, violation.value, outcome.outcome) == (
        "ambiguous_customer",
        told,
        "tWIN@example.TEST",
        "invalid",
    )
    assert len(shop.query("SELECT CUST_NO FROM dbo.AR_CUST", ())) == 5, "nobody is made"


@pytest.mark.parametrize(
    ("names", "postcodes", "whose"),
    [
        (("Ada Lovelace", "Ada King"), ("sw1y4jh", "SW1Y 4JH"), "B1"),
        (("ada lovelace", "Ada Lovelace"), ("SW1Y 4JG", "SW1Y-4JH"), "B2"),
        (("Ada Lovelace", "Ada Lovelace"), ("SW1Y 4JH", "SW1Y 4JH"), None),
        (("Ada Lovelace", "Ada Lovelace"), (None, ""), None),
    ],
)
def test_name_and_postcode_decide_where_they_fit_exactly_one(shop, names, postcodes, whose):
    for number, name, postcode in zip(("B1", "B2"), names, postcodes, strict=True):
        customer(shop, number, name, postcode)
    fits = "more than one" if postcodes[0] else "none"
    assert validated(shop) == (whose, [] if whose else [("ambiguous_customer", SAYS.format("B1, B2", fits))])


@pytest.mark.parametrize(
    ("there", "asked", "fits"),
    [("12345-6789", "12345", True), ("12345", "12345-0001", True), ("12345-6789", "12346", False), ("", "", False)],
)
def test_parts_of_the_name_or_the_company_fit_too_and_a_short_american_postcode(shop, there, asked, fits):
    customer(shop, "B1", "A.", there, FST_NAM="ADA", LST_NAM="Lovelace")
    customer(shop, "B2", "Engines Ltd", "99999")
    content = order(4711, line(1), **TWIN)
    content["ORDER_JSON"]["BILL"]["ZIP_COD"] = asked
    assert validated(shop, content)[0] == ("B1" if fits else None)
    content["ORDER_JSON"]["BILL"] |= {"COMPANY": "Engines Ltd", "ZIP_COD": "99999"}
    assert validated(shop, content | {"CONTENT_HASH": "c" * 64})[0] == "B2"


def test_a_row_of_the_map_with_another_address_than_the_order_is_looked_at_again(shop):
    content = order(4711, line(1), WOO_CUST_ID=6, CUST_EMAIL="ada@example.test")
    assert validated(shop, content) == (None, [("ambiguous_customer", SAYS.format("C100, C200", "none"))])
    shop.query("UPDATE dbo.AR_CUST SET ZIP_COD = 'SW1Y 4JH' WHERE CUST_NO = 'C100'")
    assert validated(shop, content)[0] == "C100"
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_EMAIL = 'ada@example.test' WHERE CUST_NO = 'C200'")
    assert validated(shop, content) == ("C200", []), "a person has said so"


def test_a_customer_who_has_a_new_address_is_known_by_name_and_postcode(shop):
    content = order(4711, line(1), CUST_EMAIL="countess@example.test")
    assert validated(shop, content) == (None, [("ambiguous_customer", SAYS.format("C100", "none"))])
    shop.query("UPDATE dbo.AR_CUST SET ZIP_COD = 'SW1Y 4JH' WHERE CUST_NO = 'C100'")
    assert validated(shop, content) == ("C100", [])


def test_the_map_settles_which_of_the_erps_customers_has_an_address(shop):
    for number in ("B1", "B2"):
        customer(shop, number)
    shop.query("INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_EMAIL, IS_ACTIVE) VALUES ('B2', 'twin@example.test', 1)")
    assert validated(shop) == ("B2", [])


def test_an_order_in_the_erp_keeps_its_customer_while_that_may_be_right(shop):
    shop.apply(line(1))
    customer(shop, "B1", EMAIL_ADRS_1="countess@example.test")
    content = order(4711, line(1, qty="2", total="39.98"), CUST_EMAIL="countess@example.test")
    assert validated(shop, content) == ("C100", [])
