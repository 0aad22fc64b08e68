"""Order number 1 of everything: each kind of order and each thing that happens to one, over HTTP, command by command."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from syncctl.demo.store_edits import line_item, recalculate
from tests.acceptance.program import Program
from tests.raws import raw_order

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "woocommerce"
PRODUCTS = [
    {"id": number, "type": "simple", "name": sku, "sku": sku, "price": "10.00", "stock_quantity": 100, "variations": []}
    for number, sku in enumerate(("TEE", "MUG", "CAP"), start=1)
]
CUSTOMERS = [
    {"id": 5, "email": "ada@example.test", "first_name": "Ada", "last_name": "Lovelace", "billing": {}, "shipping": {}},
    {"id": 6, "email": "grace@example.test", "first_name": "Grace", "last_name": "Hopper", "billing": {}, "shipping": {}},
]
Raw = dict[str, Any]


class Chain:
    """A shop, its ERP, and the commands between them. Orders in this shop have the id 1 unless they say otherwise."""

    def __init__(self, syncctl: Program, store: SimulatedStore) -> None:
        self.syncctl, self.store, self.keeper = syncctl, store, store.shopkeeper

    def sells(self, *orders: Raw) -> None:
        """Open the shop with these orders, and the trial ERP with its items and customers."""
        self.store.load(orders, products=PRODUCTS, customers=CUSTOMERS)
        assert self.syncctl("db", "seed", "--from-store").code == 0

    def stage(self) -> dict[str, int]:
        """Poll; return what is not nought."""
        return {name: n for name, n in self.syncctl("stage", "--since", "2026-10-01", "--json").json["counts"].items() if n}

    def process(self) -> dict[str, int]:
        """Bring into the ERP; return what is not nought."""
        return {name: n for name, n in self.syncctl("process", "--json").json["counts"].items() if n}

    def state(self, order_id: int = 1) -> str:
        """Where an order is."""
        [(state,)] = self.syncctl.query("SELECT STATE FROM USER_ORDER_STAGING WHERE WOO_ORDER_ID = ?", order_id)
        return str(state)

    def lines(self, order_id: int = 1) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """The ERP document's lines: item, quantity, gross and net amount."""
        found = self.syncctl.query(
            "SELECT l.ITEM_NO, l.QTY_SOLD, l.GROSS_EXT_PRC, l.EXT_PRC FROM PS_DOC_LIN l JOIN USER_ORDER_LINK k USING (DOC_ID) "
            "WHERE k.WOO_ORDER_ID = ? ORDER BY l.LIN_SEQ_NO",
            order_id,
        )
        return [(item, *map(money, amounts)) for item, *amounts in found]

    def total(self, order_id: int = 1) -> Decimal:
        """The ERP document's total, which its parts must make to the cent."""
        [parts] = self.syncctl.query(
            "SELECT t.SUB_TOT, t.TOT_HDR_DISC, t.TOT_LIN_DISC, t.TAX_AMT, t.TOT_MISC, t.TOT FROM PS_DOC_HDR_TOT t "
            "JOIN USER_ORDER_LINK k USING (DOC_ID) WHERE k.WOO_ORDER_ID = ?",
            order_id,
        )
        sub_total, header_discount, line_discount, tax, misc, total = map(money, parts)
        assert sub_total - header_discount - line_discount + tax + misc == total
        return total

    def committed(self, item_no: str = "TEE") -> Decimal:
        """How many of an item open orders hold."""
        [(quantity,)] = self.syncctl.query("SELECT QTY_ON_SO FROM IM_INV WHERE ITEM_NO = ?", item_no)
        return money(quantity)

    def in_store(self, order_id: int = 1) -> Raw:
        """The order as the shop has it."""
        return self.store.state.orders[order_id]

    def created_notes(self, order_id: int = 1) -> int:
        """How many notes tell that the order reached the ERP."""
        notes = self.store.count_notes(order_id)
        return sum(count for text, count in notes.items() if text.startswith("Order created in CounterPoint."))


@pytest.fixture
def chain(syncctl: Program, store: SimulatedStore) -> Chain:
    """Customers whom the ERP doesn't know are created."""
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    return Chain(syncctl, store)


def money(value: object) -> Decimal:
    """Read an amount as the embedded database keeps it."""
    return Decimal(str(value))


def test_edited_between_stage_and_process(chain: Chain):
    chain.sells(raw_order(("TEE", 1, "10.00"), id=1, number="1"))
    chain.stage()
    chain.keeper.change_quantity(1, 3)
    assert chain.process() == {"claimed": 1, "created": 1, "written_back": 1}
    assert chain.stage() == {"polled": 1, "restaged": 1}
    assert chain.process() == {"claimed": 1, "updated": 1}
    assert (chain.total(), chain.committed(), chain.created_notes()) == (Decimal("35.00"), 3, 1)


def test_edited_twice_before_it_is_processed_is_created_once_with_the_last_content(chain: Chain):
    chain.sells(raw_order(("TEE", 1, "10.00"), id=1, number="1"))
    chain.stage()
    for quantity in (2, 5):
        chain.keeper.change_quantity(1, quantity)
        assert chain.stage() == {"polled": 1, "restaged": 1}
    assert chain.process() == {"claimed": 1, "created": 1, "written_back": 1}
    assert (chain.total(), chain.committed()) == (Decimal("55.00"), 5)


def _remove_mug(chain: Chain) -> None:
    chain.keeper.remove_line(1, line=1)


def _quantity_nought(chain: Chain) -> None:
    chain.keeper.change_quantity(1, 0, line=1)


@pytest.mark.parametrize(
    ("edit", "tees", "mugs", "caps", "total"),
    [
        pytest.param(lambda chain: chain.keeper.change_quantity(1, 4), 4, 1, 0, "53.00", id="quantity changed"),
        pytest.param(lambda chain: chain.keeper.add_line(1, "CAP", "7.50", quantity=2), 2, 1, 2, "48.00", id="product added"),
        pytest.param(_remove_mug, 2, 0, 0, "25.00", id="product removed"),
        pytest.param(lambda chain: chain.keeper.change_price(1, "9.99"), 2, 1, 0, "32.98", id="price changed"),
        pytest.param(_quantity_nought, 2, 0, 0, "25.00", id="quantity 0"),
    ],
)
def test_edited_after_it_was_applied(chain: Chain, edit: Callable[[Chain], object], tees: int, mugs: int, caps: int, total: str):
    chain.sells(raw_order(("TEE", 2, "10.00"), ("MUG", 1, "8.00"), id=1, number="1"))
    chain.stage()
    chain.process()
    assert (chain.total(), chain.committed("TEE"), chain.committed("MUG")) == (Decimal("33.00"), 2, 1)
    edit(chain)
    assert chain.stage() == {"polled": 1, "restaged": 1}
    assert chain.process() == {"claimed": 1, "updated": 1}
    assert [chain.committed(item) for item in ("TEE", "MUG", "CAP")] == [tees, mugs, caps]
    assert chain.total() == Decimal(total) == Decimal(chain.in_store()["total"])
    assert {item: quantity for item, quantity, _, _ in chain.lines()} == {
        item: quantity for item, quantity in (("TEE", tees), ("MUG", mugs), ("CAP", caps)) if quantity
    }
    [(misc,)] = chain.syncctl.query("SELECT TOT_MISC FROM PS_DOC_HDR_TOT")
    assert money(misc) == Decimal("5.00"), "shipping is no orphan line"
    assert (chain.state(), chain.created_notes()) == ("APPLIED", 1)
    assert chain.stage() == {"polled": 1, "unchanged": 1}


def test_the_customer_changes_after_it_was_applied(chain: Chain):
    chain.sells(raw_order(("TEE", 1, "10.00"), id=1, number="1"))
    chain.stage()
    chain.process()
    [(before,)] = chain.syncctl.query("SELECT CUST_NO FROM PS_DOC_HDR")
    chain.keeper.change_customer(1, 6, "grace@example.test")
    chain.stage()
    assert chain.process() == {"claimed": 1, "updated": 1}
    [(after, name)] = chain.syncctl.query("SELECT CUST_NO, c.EMAIL_ADRS_1 FROM PS_DOC_HDR JOIN AR_CUST c USING (CUST_NO)")
    assert (after != before, name) == (True, "grace@example.test")


def test_the_address_changes_after_it_was_applied(chain: Chain):
    chain.sells(raw_order(("TEE", 1, "10.00"), id=1, number="1"))
    chain.stage()
    chain.process()
    chain.keeper.change_address(1, address_1="1 New Street", city="Zürich")
    chain.stage()
    assert chain.process() == {"claimed": 1, "updated": 1}
    shipped_to = (
        "SELECT c.ADRS_1, c.CITY FROM PS_DOC_HDR h JOIN PS_DOC_CONTACT c "
        "ON c.DOC_ID = h.DOC_ID AND c.CONTACT_ID = h.SHIP_TO_CONTACT_ID"
    )
    assert chain.syncctl.query(shipped_to) == [("1 New Street", "Zürich")]


def test_an_edit_that_cannot_be_applied_leaves_the_document_as_it_was(chain: Chain):
    chain.sells(raw_order(("TEE", 2, "10.00"), id=1, number="1"))
    chain.stage()
    chain.process()
    before = chain.lines()
    chain.keeper.change_quantity(1, 5)
    chain.keeper.add_line(1, "NO-SUCH", "3.00")
    chain.stage()
    assert chain.process() == {"claimed": 1, "review": 1}
    assert (chain.lines(), chain.total(), chain.committed()) == (before, Decimal("25.00"), 2)
    assert "It is in the ERP as document" in chain.syncctl("trace", "1", "--json").json["verdict"]


def test_cancelled_before_it_was_ever_applied(chain: Chain):
    chain.sells(raw_order(("TEE", 1, "10.00"), id=1, number="1"))
    chain.stage()
    chain.keeper.cancel(1)
    assert chain.stage() == {"polled": 1, "skipped": 1}
    assert chain.process() == {}
    assert (chain.state(), chain.committed(), chain.created_notes()) == ("SKIPPED", 0, 0)
    assert chain.syncctl.query("SELECT * FROM PS_DOC_HDR") == []
    assert "cancelled in the store" in chain.syncctl("trace", "1", "--json").json["verdict"]


def test_cancelled_after_it_was_applied(chain: Chain):
    chain.sells(raw_order(("TEE", 2, "10.00"), id=1, number="1"))
    chain.stage()
    chain.process()
    chain.keeper.cancel(1)
    assert chain.stage() == {"polled": 1, "cancel_staged": 1}
    assert chain.process() == {"claimed": 1, "cancelled": 1, "written_back": 1}
    assert (chain.state(), chain.committed(), chain.total()) == ("CANCELLED", 0, 0)
    assert chain.in_store()["status"] == "cancelled"
    assert [text for text in chain.store.count_notes(1) if text.startswith("Order closed in CounterPoint.")]
    assert chain.stage() == {"polled": 1, "unchanged": 1}


def test_cancelled_between_stage_and_process_is_created_and_closed_again(chain: Chain):
    chain.sells(raw_order(("TEE", 2, "10.00"), id=1, number="1"))
    chain.stage()
    chain.keeper.cancel(1)
    chain.process()
    assert chain.in_store()["status"] == "cancelled", "a cancelled order is not resurrected"
    chain.stage()
    chain.process()
    assert (chain.state(), chain.committed(), chain.in_store()["status"]) == ("CANCELLED", 0, "cancelled")


def test_two_lines_of_one_item_are_told_apart_by_their_ids(chain: Chain):
    chain.sells(raw_order(("TEE", 1, "10.00"), ("TEE", 2, "8.00"), id=1, number="1"))
    chain.stage()
    chain.process()
    assert [line[1:] for line in chain.lines()] == [
        (1, Decimal("10.00"), Decimal("10.00")),
        (2, Decimal("16.00"), Decimal("16.00")),
    ]
    assert chain.committed() == 3
    chain.keeper.change_quantity(1, 5, line=1)
    chain.stage()
    chain.process()
    assert [line[1] for line in chain.lines()] == [1, 5]
    chain.keeper.remove_line(1, line=0)
    chain.stage()
    chain.process()
    assert chain.lines() == [("TEE", 5, Decimal("40.00"), Decimal("40.00"))]
    assert (chain.committed(), chain.total()) == (5, Decimal("45.00"))


def test_a_coupon_is_the_lines_discount(chain: Chain):
    raw = raw_order(("TEE", 3, "10.00"), ("MUG", 1, "8.00"), id=1, number="1")
    raw["line_items"][0]["total"], raw["line_items"][1]["total"] = "26.67", "7.11"
    raw["coupon_lines"] = [{"id": 950, "code": "save10", "discount": "4.22", "discount_tax": "0"}]
    recalculate(raw)
    chain.sells(raw)
    chain.stage()
    assert chain.process()["created"] == 1
    assert chain.lines() == [
        ("TEE", 3, Decimal("30.00"), Decimal("26.67")),
        ("MUG", 1, Decimal("8.00"), Decimal("7.11")),
    ]
    [(sub_total, discount, total)] = chain.syncctl.query("SELECT SUB_TOT, TOT_LIN_DISC, TOT FROM PS_DOC_HDR_TOT")
    assert tuple(map(money, (sub_total, discount, total))) == (Decimal("38.00"), Decimal("4.22"), Decimal("38.78"))
    assert money(chain.syncctl.query("SELECT PRC FROM PS_DOC_LIN ORDER BY LIN_SEQ_NO")[0][0]) == Decimal("8.8900")
    assert any("save10" in str(note) for note in chain.syncctl.query("SELECT * FROM PS_DOC_NOTE"))


def test_a_negative_fee_stays_negative(chain: Chain):
    raw = raw_order(("TEE", 1, "10.00"), id=1, number="1")
    raw["fee_lines"] = [{"id": 960, "name": "Loyalty", "total": "-3.00", "total_tax": "0.00"}]
    recalculate(raw)
    chain.sells(raw)
    chain.stage()
    assert chain.process()["created"] == 1
    assert chain.total() == Decimal("12.00")
    charges = [money(amount) for (amount,) in chain.syncctl.query("SELECT MISC_AMT FROM PS_DOC_HDR_MISC_CHRG ORDER BY 1")]
    assert sorted(charges) == [Decimal("-3.00"), Decimal("5.00")]


@pytest.mark.parametrize(("currency", "price", "total"), [("EUR", "19.99", "24.99"), ("JPY", "1980", "1985.00")])
def test_another_currency_waits_for_a_person_unless_it_is_the_erps(chain: Chain, currency: str, price: str, total: str):
    chain.sells(raw_order(("TEE", 1, price), id=1, number="1", currency=currency))
    chain.stage()
    assert chain.process() == {"claimed": 1, "review": 1}
    reason = f"The order is in {currency}, the ERP keeps its books in USD. Enter it in the ERP by hand."
    assert reason in chain.syncctl("trace", "1").out
    chain.syncctl.settings["SYNCCTL_ERP_CURRENCY"] = currency
    assert chain.syncctl("dead-letter", "retry", "1").code == 0
    assert chain.process()["created"] == 1
    assert chain.total() == Decimal(total)


def test_text_that_is_too_long_is_cut_on_a_character_and_that_is_told(chain: Chain):
    family = "👩\u200d👩\u200d👧"
    raw = raw_order(("TEE", 1, "10.00"), id=1, number="1", customer_id=0)
    raw["billing"] |= {"first_name": "Zoë", "last_name": "S" * 33 + family + "x", "email": "zoe@example.test"}
    chain.sells(raw)
    chain.syncctl("stage", "--since", "2026-10-01")
    assert "BILL.NAM" in chain.syncctl("validate", "--verbose").out
    chain.process()
    [(name,)] = chain.syncctl.query("SELECT NAM FROM AR_CUST WHERE EMAIL_ADRS_1 = 'zoe@example.test'")
    assert name == "Zoë " + "S" * 33, "the family is one character: it fits whole or not at all"
    told = chain.syncctl("trace", "1", "--json").json["items"]
    assert [event for event in told if event["event_type"] == "VALIDATED" and "cut BILL.NAM" in event["message"]]
    [(note,)] = chain.syncctl.query("SELECT NOTE FROM PS_DOC_NOTE WHERE NOTE_ID = 'WEB-ORDER'")
    assert f"In full, BILL.NAM: Zoë {'S' * 33}{family}x" in note


def test_a_line_of_quantity_0_is_left_out_with_a_warning(chain: Chain):
    raw = raw_order(("TEE", 1, "10.00"), ("MUG", 0, "0.00"), id=1, number="1")
    chain.sells(raw)
    chain.stage()
    [found] = chain.syncctl("validate", "--json").json["items"]
    assert [(each["code"], each["severity"]) for each in found["violations"]] == [("quantity", "warning")]
    assert chain.process()["created"] == 1
    assert [line[0] for line in chain.lines()] == ["TEE"]


def test_a_line_of_quantity_0_that_costs_something_waits_for_a_person(chain: Chain):
    raw = raw_order(("TEE", 1, "10.00"), id=1, number="1")
    raw["line_items"].append(line_item(199, sku="MUG", name="Mug", quantity=0, total=Decimal("4.00"), tax=Decimal(0)))
    recalculate(raw)
    chain.sells(raw)
    chain.stage()
    assert chain.process() == {"claimed": 1, "review": 1}
    assert "Quantity 0 with an amount of 4.00" in chain.syncctl("dead-letter", "show", "1").out


def test_a_deleted_product_names_its_line_and_waits_for_a_person(chain: Chain):
    raw = raw_order(("TEE", 1, "10.00"), id=1, number="1")
    raw["line_items"].append(line_item(199, sku=None, name="Poster of 2019", quantity=1, total=Decimal("9.00"), tax=Decimal(0)))
    recalculate(raw)
    chain.sells(raw)
    chain.stage()
    assert chain.process() == {"claimed": 1, "review": 1}
    [letter] = chain.syncctl("dead-letter", "list", "--json").json["items"]
    assert "Line 'Poster of 2019' has no SKU" in letter["error_message"]
    chain.keeper.remove_line(1)
    assert chain.stage() == {"polled": 1, "restaged": 1}
    assert chain.process()["created"] == 1
    assert chain.syncctl("dead-letter", "list", "--json").json["items"] == []


WAITS = "only processing, completed, on-hold create an order in the ERP"
RECORDED: dict[int, tuple[str, str, str]] = {
    47: ("NEEDS_MANUAL_REVIEW", "has no SKU", "24.45"),  # a negative fee, and a product without SKU
    48: ("SKIPPED", WAITS, "201.33"),  # failed; one product deleted since
    49: ("APPLIED", "", "489.94"),  # two shipping lines, two tax rates, a note, cash on delivery
    50: ("APPLIED", "", "176.48"),  # on hold, no payment method, Greek
    51: ("SKIPPED", "refunded in full", "0.00"),
    53: ("APPLIED", "", "230.40"),  # no shipping
    54: ("NEEDS_MANUAL_REVIEW", "in EUR", "324.34"),
    55: ("APPLIED", "", "50.95"),  # Cyrillic, no tax
    56: ("APPLIED", "", "102.84"),  # a fixed coupon
    57: ("APPLIED", "", "398.68"),  # a guest
    58: ("APPLIED", "", "542.22"),  # two lines of one item, one of them of quantity 0
    59: ("APPLIED", "", "4.52"),  # a SKU with a slash and a space
    60: ("NEEDS_MANUAL_REVIEW", "in JPY", "249.50"),
    61: ("APPLIED", "", "418.53"),  # a fee, Japanese
    63: ("APPLIED", "", "62.40"),  # a variation
    64: ("SKIPPED", WAITS, "65.80"),  # pending
    67: ("APPLIED", "", "0.00"),  # a coupon over everything
    72: ("SKIPPED", "cancelled in the store", "184.50"),
    101: ("APPLIED", "", "92.59"),  # a negative fee
    107: ("NEEDS_MANUAL_REVIEW", "has no SKU", "684.12"),  # twelve lines
    158: ("APPLIED", "", "831.59"),  # a coupon and a negative fee
    235: ("APPLIED", "", "1040.63"),  # 50.00 of 1090.63 refunded
    268: ("APPLIED", "", "106.87"),  # 18.78 of 125.65
    317: ("APPLIED", "", "311.39"),  # 5.10 of 316.49
    368: ("SKIPPED", "trash", "44.39"),
}
"""Order → where it ends, why, and its total after refunds."""


def test_recorded_orders_of_every_kind_end_in_the_right_state_to_the_cent(chain: Chain):
    orders = [json.loads(line) for line in (FIXTURES / "orders.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {raw["id"] for raw in orders} == set(RECORDED)
    chain.store.load(orders)
    chain.store.load_lines(products=FIXTURES / "products.jsonl", customers=FIXTURES / "customers.jsonl")
    assert chain.syncctl("db", "seed", "--from-store").code == 0
    chain.syncctl.settings["ORDER_POLLING_BATCH_SIZE"] = "7"
    chain.syncctl.settings["SYNCCTL_WOO_CREATE_STATUSES"] = "processing,completed,on-hold"
    statuses = {raw["id"]: raw["status"] for raw in orders}
    assert chain.stage() == {"polled": 25, "staged": 20, "skipped": 5}
    assert chain.process() == {"claimed": 20, "created": 16, "review": 4, "written_back": 16}

    found = chain.syncctl.query(
        "SELECT WOO_ORDER_ID, STATE, COALESCE(VALIDATION_ERROR, STATE_REASON, ''), TOT_AMT FROM USER_ORDER_STAGING ORDER BY 1"
    )
    for order_id, state, reason, total in found:
        expected_state, expected_reason, expected_total = RECORDED[order_id]
        assert (state, money(total)) == (expected_state, Decimal(expected_total)), order_id
        assert expected_reason in reason, order_id
        if state == "APPLIED":
            assert chain.total(order_id) == Decimal(expected_total), order_id
            assert chain.created_notes(order_id) == 1, order_id
        else:
            assert chain.created_notes(order_id) == 0, order_id
    assert {row[0] for row in found} == set(RECORDED)

    everything = "SELECT * FROM USER_ORDER_STAGING ORDER BY STAGING_ID", "SELECT * FROM PS_DOC_HDR", "SELECT * FROM PS_DOC_LIN"
    assert chain.stage() == {"polled": 25, "unchanged": 25}
    documents = [chain.syncctl.query(query) for query in everything[1:]]
    assert chain.process() == {}
    chain.syncctl("process", *(str(number) for number in range(1, 26)))
    chain.syncctl("dead-letter", "retry", "--all")
    assert chain.process() == {"claimed": 4, "review": 4}
    assert [chain.syncctl.query(query) for query in everything[1:]] == documents
    assert all(chain.created_notes(order_id) <= 1 for order_id in RECORDED)
    state = chain.store.state
    assert {order_id: raw["status"] for order_id, raw in state.orders.items()} == statuses
    assert (state.mails, state.mail_log, state.paid_by_api, state.downloads) == ([], [], [], {})
