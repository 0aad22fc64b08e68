"""A customer of the store on the way into the ERP: who it is there, what is written, and what stays a person's. With each ERP."""

from __future__ import annotations

import pytest

from syncctl.errors import ConfigError
from tests.conformance.people import HOME, People, customer, people_of


@pytest.fixture
def people(database, erp) -> People:
    return people_of(erp, database)


def whole(erp: str, people: People, cust_no: str | None) -> dict[str, str]:
    """What the ERP has of a customer, without what only one of them has."""
    found = people.read(cust_no)
    if erp == "counterpoint" and not found["company"]:
        assert found["name"] == f"{found['first']} {found['last']}".strip()
    return {word: text for word, text in found.items() if word != "name"}


MARY = {
    "first": "Mary", "last": "Somerville", "company": "", "street": "1 Jedburgh Road", "street2": "", "city": "Burntisland",
    "state": "FIF", "zip": "KY3 9AA", "country": "GB", "phone": "01592 1", "email": "mary@example.test",
}  # fmt: skip


# --- Who it is ----------------------------------------------------------------------------------------------------------


def test_nobody_knows_it_so_one_is_made_and_the_second_time_nothing_changes(people, erp):
    made = people.sync(customer())
    assert made == ("created", "W00000001", None)
    assert whole(erp, people, made.cust_no) == MARY
    assert people.mapped() == [("W00000001", 41, "mary@example.test")]
    assert people.sync(customer()) == ("unchanged", "W00000001", None)
    assert people.count() == 3


@pytest.mark.parametrize("email", ["ada@example.test", "  Ada@EXAMPLE.test "])
def test_an_account_is_linked_by_its_email_address(people, email):
    people.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0", ())
    people.change("C100", first="Ada", last="Lovelace")
    found = people.sync(customer(77, email, first_name="Ada", last_name="Lovelace"))
    assert (found.outcome, found.cust_no, found.problem) == ("linked", "C100", None)
    assert people.read("C100")["email"] == "ada@example.test"
    assert people.read("C100")["street"] == HOME["address_1"], "what the ERP lacked is filled in"
    assert people.mapped() == [("C100", 77, email.strip())]
    assert people.sync(customer(77, email, first_name="Ada", last_name="Lovelace")).outcome == "unchanged"


def test_the_map_goes_before_everything_else(people):
    people.add("C250", first="Mary", last="Somerville", email="older@example.test")
    people.map("C250", woo_user_id=77)
    people.add("C300", email="mary@example.test")
    found = people.sync(customer(77))
    assert (found.outcome, found.cust_no) == ("updated", "C250")
    assert "C300 has that e-mail address" in (found.problem or "")
    assert people.read("C250")["email"] == "older@example.test"


def test_a_guest_is_known_by_the_email_address(people):
    made = people.sync(customer(0))
    assert (made.outcome, people.mapped()) == ("created", [("W00000001", None, "mary@example.test")])
    assert people.sync(customer(0)).outcome == "unchanged"
    assert people.sync(customer(0, "Mary@Example.test")) == ("unchanged", "W00000001", None)
    registered = people.sync(customer(41))
    assert (registered.outcome, registered.cust_no) == ("linked", "W00000001"), "the guest has registered"
    assert people.mapped() == [("W00000001", 41, "mary@example.test")]
    assert people.sync(customer(0)) == ("unchanged", "W00000001", None)


def test_name_and_postcode_decide_only_where_the_site_wants_it(people):
    people.add("C300", first="Mary", last="Somerville", zip="ky39aa", email="older@example.test")
    assert people.sync(customer(41)).outcome == "created"
    people.ledger.setting("CUST_MATCH_NAME", "Y")
    found = people.sync(customer(42, "newer@example.test", postcode="KY3-9AA"))
    assert found.outcome == "failed" and "may be customer C300, W00000001 (account 41 of the store)" in (found.problem or "")
    people.remove("W00000001")
    found = people.sync(customer(42, "newer@example.test", postcode="KY3-9AA"))
    assert (found.outcome, found.cust_no) == ("linked", "C300")
    assert people.read("C300")["email"] == "older@example.test"
    assert people.sync(customer(43, "third@example.test", postcode="")).outcome == "created", "no postcode, nobody's"


def test_several_with_that_email_address_are_named_and_a_person_decides(people):
    for number in ("C300", "C301"):
        people.add(number, first="M", last="S", email="mary@example.test")
    before = people.mapped()
    found = people.sync(customer())
    assert found == (
        "failed",
        None,
        "By e-mail address 41 may be customer C300, C301. Say who it is: `syncctl map customer 41 NUMBER`;"
        " `syncctl map customer remove` takes a wrong row away.",
    )
    assert (people.mapped(), people.count()) == (before, 4)
    people.map("c301", woo_user_id=41)
    found = people.sync(customer())
    assert (found.outcome, found.cust_no) == ("updated", "C301")
    assert people.sync(customer()).outcome == "unchanged"


def test_of_several_with_that_address_the_one_whose_name_and_postcode_fit(people):
    people.add("C300", first="Mary", last="Somerville", zip="KY3 9AA", email="mary@example.test")
    people.add("C301", first="M", last="S", email="mary@example.test")
    assert people.sync(customer())[:2] == ("linked", "C300")


def test_a_customer_who_is_gone_from_the_erp(people):
    people.sync(customer())
    people.remove("W00000001")
    found = people.sync(customer())
    assert found == (
        "failed",
        None,
        "By the customer map 41 is customer W00000001, who is not in the ERP any more. Name another one:"
        " `syncctl map customer 41 NUMBER`; or `syncctl map customer remove 41`, and a new one is made.",
    )
    people.add("C300", first="Mary", last="Somerville", email="mary@example.test")
    assert people.sync(customer())[:2] == ("linked", "C300"), "merged in the ERP"
    assert people.mapped() == [("C300", 41, "mary@example.test")]


def test_one_whom_a_person_named_and_who_is_gone_is_not_replaced(people):
    people.add("C300")
    people.map("C300", woo_user_id=41)
    people.remove("C300")
    people.add("C301", email="mary@example.test")
    assert "who is not in the ERP any more" in (people.sync(customer()).problem or "")
    people.map(None, woo_user_id=41)
    assert people.sync(customer())[:2] == ("linked", "C301")


def test_an_account_that_has_another_email_address_now(people):
    people.sync(customer())
    assert people.sync(customer(email="new@example.test"))[:2] == ("updated", "W00000001")
    assert people.read("W00000001")["email"] == "new@example.test"
    assert people.mapped() == [("W00000001", 41, "new@example.test")]


def test_an_account_with_the_address_of_somebody_else_is_a_persons_to_settle(people):
    people.sync(customer())
    people.add("C300", email="new@example.test")
    found = people.sync(customer(email="new@example.test"))
    assert found.outcome == "failed" and "By new e-mail address 41 may be customer C300, W00000001." in (found.problem or "")
    people.map("W00000001", woo_user_id=41)
    found = people.sync(customer(email="new@example.test"))
    assert (found.outcome, found.cust_no) == ("unchanged", "W00000001")
    assert "Customer C300 has that e-mail address." in (found.problem or "")
    assert people.read("W00000001")["email"] == "mary@example.test"


def test_an_account_that_was_deleted_and_made_anew(people):
    people.sync(customer())
    stranger = people.sync(customer(55, first_name="Joan", last_name="Clarke"))
    assert stranger.outcome == "failed" and "W00000001 (account 41 of the store)" in (stranger.problem or "")
    assert people.sync(customer(55))[:2] == ("linked", "W00000001")
    assert people.mapped() == [("W00000001", 55, "mary@example.test")]


def test_a_row_without_a_store_counts_but_one_customer_is_one_account(people):
    people.add("C300", email="older@example.test")
    insert = "INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, IS_ACTIVE) VALUES ('C300', 41, 1)"
    people.query(insert, ())
    assert people.sync(customer())[:2] == ("updated", "C300")
    people.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_USER_ID = 42 WHERE CUST_NO = 'C300'", ())
    people.query(insert, ())
    assert people.sync(customer()) == (
        "failed",
        None,
        "Customer C300 is account 42 of the store already, and can be one only."
        " `syncctl map customer remove` takes a wrong row away.",
    )


def test_customer_41_of_another_store_is_somebody_else(people):
    people.sync(customer())
    other = people.sync(customer(41, "other@example.test"), store="second")
    assert other[:2] == ("created", "W00000002")
    assert people.sync(customer(), store="second").outcome == "failed"


# --- What is written ----------------------------------------------------------------------------------------------------


def test_only_what_changed_is_written(people, erp):
    people.sync(customer())
    people.change("W00000001", state="Fife")  # a hand's, in a part that the store leaves alone
    assert people.sync(customer(phone="01592 2"))[:2] == ("updated", "W00000001")
    assert whole(erp, people, "W00000001") == {**MARY, "state": "Fife", "phone": "01592 2"}
    assert people.sync(customer(phone="01592 2")).outcome == "unchanged"


def test_a_change_made_by_hand_stays_and_is_told_once(people, erp):
    people.sync(customer())
    people.change("W00000001", street="2 High Street")
    assert people.sync(customer()) == ("unchanged", "W00000001", None)
    found = people.sync(customer(address_1="9 Kirkgate", city="Edinburgh", phone="01592 2"))
    assert found == (
        "updated",
        "W00000001",
        "Customer W00000001 keeps what the ERP has of: address. It was there before the store, or was changed there."
        " `syncctl config erp set CUST_CHANGES STORE` lets the store decide.",
    )
    assert whole(erp, people, "W00000001") == {**MARY, "street": "2 High Street", "phone": "01592 2"}, "no half of an address"
    assert people.sync(customer(address_1="9 Kirkgate", city="Edinburgh", phone="01592 2")) == ("unchanged", "W00000001", None)
    found = people.sync(customer(address_1="10 Kirkgate", city="Edinburgh", phone="01592 2"))
    assert found.outcome == "unchanged" and "address" in (found.problem or ""), "the next change of the store's is told again"


def test_the_site_may_let_the_store_decide(people, erp):
    people.sync(customer())
    people.change("W00000001", street="2 High Street")
    people.sync(customer(address_1="9 Kirkgate"))
    people.ledger.setting("CUST_CHANGES", "STORE")
    assert people.sync(customer(address_1="9 Kirkgate")) == ("updated", "W00000001", None)
    assert whole(erp, people, "W00000001") == {**MARY, "street": "9 Kirkgate"}
    people.change("W00000001", phone="none")
    assert people.sync(customer(address_1="9 Kirkgate")).outcome == "updated"
    assert people.read("W00000001")["phone"] == "01592 1"
    assert people.sync(customer(address_1="9 Kirkgate")).outcome == "unchanged"


def test_both_came_to_the_same(people):
    people.sync(customer())
    people.change("W00000001", phone="01592 2")
    assert people.sync(customer(phone="01592 2")) == ("unchanged", "W00000001", None)
    assert people.sync(customer(phone="01592 3")).outcome == "updated", "from there on it is the store's again"


def test_what_the_erp_had_before_is_kept_and_the_stores_changes_count_from_then_on(people):
    people.add("C300", first="MARY", last="SOMERVILLE", street="Old Road 7", zip="9", phone="7", email="mary@example.test")
    found = people.sync(customer())
    assert (found.outcome, found.cust_no) == ("linked", "C300")
    assert "keeps what the ERP has of: address, telephone." in (found.problem or "")
    there = people.read("C300")
    assert (there["first"], there["street"], there["city"], there["phone"]) == ("MARY", "Old Road 7", "", "7")
    assert people.sync(customer()) == ("unchanged", "C300", None)
    assert people.sync(customer(phone="01592 2")) == ("updated", "C300", None)
    there = people.read("C300")
    assert (there["street"], there["phone"]) == ("Old Road 7", "01592 2")
    assert people.sync(customer(phone="01592 2", address_1="9 Kirkgate", address_2="top")).outcome == "updated"
    there = people.read("C300")
    assert (there["street"], there["street2"], there["city"], there["zip"]) == ("9 Kirkgate", "top", "Burntisland", "KY3 9AA")


def test_what_the_store_leaves_empty_empties_nothing(people, erp):
    people.sync(customer())
    gone = customer(**dict.fromkeys(HOME, ""))
    assert people.sync(gone) == ("unchanged", "W00000001", None)
    assert whole(erp, people, "W00000001") == MARY
    assert people.sync(customer(address_2="flat 4")).outcome == "updated"
    assert people.sync(customer()).outcome == "updated", "a line of an address that has others"
    assert whole(erp, people, "W00000001") == MARY


def test_shipping_addresses_join_the_customers_and_none_is_changed(people, erp):
    if erp == "counterpoint":
        assert people.sync(customer(shipping={"address_1": "Dock 1", "city": "Leith"})).outcome == "created"
        assert people.ships_to("W00000001") == [], "the site doesn't want it"
        people.ledger.setting("WRITE_SHIP_ADRS", "Y")
    else:
        assert people.sync(customer(shipping={"address_1": "Dock 1", "city": "Leith"})).outcome == "created"
    assert people.sync(customer(shipping={"address_1": "Dock 2", "city": "Leith"}))[:2] == ("updated", "W00000001")
    assert people.sync(customer(shipping={"address_1": "Dock 2", "city": "Leith"})).outcome == "unchanged"
    assert people.ships_to("W00000001") == ["Dock 2"] if erp == "counterpoint" else ["Dock 1", "Dock 2"]
    same = {**HOME, "phone": ""}
    assert people.sync(customer(shipping=same)).outcome == "unchanged", "where the billing address is"


# --- Odd people ---------------------------------------------------------------------------------------------------------


def test_a_company_without_a_person(people, erp):
    made = people.sync(customer(first_name="", last_name="", company="Royal Society"))
    there = people.read(made.cust_no)
    assert (there["first"], there["last"]) == ("", "")
    assert there["name" if erp == "counterpoint" else "company"] == "Royal Society"
    if erp == "counterpoint":
        assert people.ledger.one("SELECT CUST_NAM_TYP AS T FROM dbo.AR_CUST WHERE CUST_NO = ?", made.cust_no)["T"] == "B"
    assert people.sync(customer(first_name="", last_name="", company="Royal Society")).outcome == "unchanged"


def test_a_person_of_a_company(people):
    made = people.sync(customer(company="Royal Society"))
    there = people.read(made.cust_no)
    assert (there["first"], there["last"], there["company"]) == ("Mary", "Somerville", "Royal Society")
    assert people.sync(customer(company="Royal Society")).outcome == "unchanged"


def test_the_accounts_name_stands_in_where_the_address_names_nobody(people, erp):
    blank = dict.fromkeys(HOME, "")
    made = people.sync(customer(account_first_name="Mary", account_last_name="Fairfax", **blank))
    there = people.read(made.cust_no)
    assert (there["first"], there["last"], there["street"]) == ("Mary", "Fairfax", "")
    assert people.sync(customer(account_first_name="Mary", account_last_name="Fairfax", **blank)).outcome == "unchanged"


def test_nothing_but_an_email_address(people, erp):
    made = people.sync(customer(**dict.fromkeys(HOME, "")))
    assert made.outcome == "created"
    assert people.read(made.cust_no)["name" if erp == "counterpoint" else "last"] == "mary@example.test"
    assert people.sync(customer(**dict.fromkeys(HOME, ""))).outcome == "unchanged"
    assert people.sync(customer()).outcome == "updated"
    assert people.read(made.cust_no)["last"] == "Somerville"


def test_nothing_at_all(people):
    assert people.sync(customer(email=" ", **dict.fromkeys(HOME, ""))) == (
        "failed",
        None,
        "This customer has neither a name nor a company nor an e-mail address. Add one in the store, then queue it anew:"
        " `syncctl customers start`.",
    )
    assert people.sync(customer(0, "")).problem == (
        "A guest without an e-mail address (of at most 100 letters) could never be found again."
    )
    made = people.sync(customer(email=""))
    assert made.outcome == "created", "an id and a name will do"
    assert people.sync(customer(email="")).outcome == "unchanged"


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"billing": null}', '{"billing": "x"}', "not JSON"])
def test_what_cannot_be_read(people, content):
    found = people.sync(content, number=41, email="mary@example.test")
    assert (found.outcome, found.cust_no) == ("failed", None)
    assert "can't be read" in (found.problem or "")
    assert people.count() == 2


def test_an_email_address_that_no_column_holds(people):
    made = people.sync(customer(email="m" * 95 + "@example.test"))
    assert (made.outcome, made.problem) == ("created", "An e-mail address of more than 100 letters is not taken over.")
    assert people.read(made.cust_no)["email"] == ""


def test_long_texts_are_cut_and_told(people, erp):
    made = people.sync(customer(last_name="S" * 120, city="B" * 60))
    there = people.read(made.cust_no)
    widths = {"counterpoint": (25, 20), "rms": (50, 50)}[erp]
    assert (len(there["last"]), len(there["city"])) == widths
    assert (made.problem or "").startswith("The ERP can't hold all of: BILL.")
    assert people.sync(customer(last_name="S" * 120, city="B" * 60)) == ("unchanged", made.cust_no, None)


def test_letters_of_all_the_world(people, erp):
    made = people.sync(customer(first_name="Łucja", last_name="Żółć", address_1="静岡市 1", city="Zürich"))
    there = people.read(made.cust_no)
    assert there["city"] == "Zürich"
    if erp == "rms":
        assert (there["first"], there["street"], made.problem) == ("Łucja", "静岡市 1", None)
    else:
        assert "BILL.NAM, BILL.FST_NAM, BILL.LST_NAM, BILL.ADRS_1" in (made.problem or "")
    again = people.sync(customer(first_name="Łucja", last_name="Żółć", address_1="静岡市 1", city="Zürich"))
    assert again == ("unchanged", made.cust_no, None)


def test_hostile_texts_are_texts(people):
    hostile = "O'Neil'); DROP TABLE X;-- [x] 100% a_b"
    made = people.sync(customer(address_1=hostile, last_name="O'Neil", company="{0} %s"))
    there = people.read(made.cust_no)
    assert (there["street"], there["last"], there["company"]) == (hostile, "O'Neil", "{0} %s")
    assert people.sync(customer(address_1=hostile, last_name="O'Neil", company="{0} %s")).outcome == "unchanged"


# --- The set-up ---------------------------------------------------------------------------------------------------------


def test_a_series_that_has_run_out_is_the_set_ups_fault(people):
    people.query("UPDATE dbo.USER_NUMBER_SERIES SET WIDTH = 14, NEXT_NO = 100000000000000 WHERE SERIES = 'CUST_NO'", ())
    with pytest.raises(ConfigError, match="The next CUST_NO would be W100000000000000, too long"):
        people.sync(customer())
    assert people.count() == 2
    assert people.sync(customer(5, "ada@example.test")).outcome in ("updated", "unchanged"), "who is there needs no number"


def test_a_series_that_is_missing_is_the_set_ups_fault(people):
    people.query("DELETE FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'", ())
    with pytest.raises(ConfigError, match="The number series CUST_NO is not set"):
        people.sync(customer())
