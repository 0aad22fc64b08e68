"""Statuses that the store's ordinary list leaves out: those of a plugin that hides them, and of one that was switched off."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.raws import raw_order


@pytest.fixture
def packing(syncctl: Program, store: SimulatedStore) -> Program:
    """A shop whose plugin has a status `packing` that no search finds, and a setting that names it."""
    store.state.excluded.add("packing")
    syncctl.settings["SYNCCTL_WOO_CREATE_STATUSES"] = "processing,packing"
    return syncctl


def test_what_creates_an_order_is_asked_for_by_name(packing: Program, store: SimulatedStore):
    usual, hidden = (store.shopkeeper.place(raw_order(status=status)) for status in ("processing", "packing"))
    told = packing("stage", "--since", "1d", "--json").json
    assert {item["woo_order_id"]: item["outcome"] for item in told["items"]} == {usual: "staged", hidden: "staged"}
    walks = {row[0] for row in packing.query("SELECT WALK_NAME FROM USER_SYNC_WALK WHERE WATERMARK_DT IS NOT NULL")}
    assert walks == {"trash", "status packing", "orders"}
    assert packing("stage", "--json").json["counts"] == {
        **dict.fromkeys(told["counts"], 0),
        "polled": 2,
        "unchanged": 2,
    }
    assert "packing (" not in packing("stage", "--reconcile").out


def test_an_order_that_two_lists_give_is_read_once(packing: Program, store: SimulatedStore):
    packing.settings["SYNCCTL_WOO_CREATE_STATUSES"] = "processing,picked"
    store.state.excluded.clear()
    number = store.shopkeeper.place(raw_order(status="processing"))
    store.state.orders[number]["status"] = "picked"
    store.state.listed.add("picked")
    told = packing("stage", "--since", "1d", "--json").json
    assert (told["counts"]["polled"], told["counts"]["staged"]) == (1, 1)


def test_a_shop_without_such_statuses_is_asked_no_more_than_before(syncctl: Program, store: SimulatedStore):
    syncctl("stage", "--since", "1d")
    asked = [path for _, path, _ in store.requests if "modified_after" in path]
    assert sorted("status=trash" in path for path in asked) == [False, True], "the trash and the ordinary list, side by side"


def test_an_order_whose_plugin_was_switched_off_is_told_by_name(packing: Program, store: SimulatedStore):
    usual, hidden = (store.shopkeeper.place(raw_order(status=status)) for status in ("processing", "packing"))
    packing("stage", "--since", "1d")
    store.state.excluded.clear()
    store.state.switched_off.add("packing")
    polled = packing("stage", "--json").json
    assert polled["exit_code"] == 0
    assert any(note.startswith("The store knows no status packing, which SYNCCTL_WOO_CREATE") for note in polled["notes"])
    compared = packing("stage", "--reconcile", "--json").json
    assert f"The store has these orders, though none of its lists shows them: {hidden} (packing)." in " ".join(compared["notes"])
    assert f"{usual} (" not in " ".join(compared["notes"])
    assert packing.query("SELECT STATE FROM USER_ORDER_STAGING WHERE WOO_ORDER_ID = ?", hidden) == [("PENDING",)]


@pytest.mark.parametrize("kind", ["excluded", "switched_off"])
def test_the_trace_of_one_that_was_never_staged_says_why(syncctl: Program, store: SimulatedStore, kind: str):
    getattr(store.state, kind).add("packing")
    number = store.shopkeeper.place(raw_order(status="packing"))
    syncctl("stage", "--since", "1d")
    told = syncctl("trace", str(number), "--json").json
    assert not told["found"]
    assert "none of the store's lists that polls read shows it. Its status packing is left out of them" in told["verdict"]
    assert told["advice"] == f"syncctl stage --order-id {number}"


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ((0,), "counts 1 more than it shows to this key, in its list before order {1}."),
        ((4, 5), "counts 2 more than it shows to this key, in its list between order {3} and {6}."),
        ((2, 69), "counts 2 more than it shows to this key, in its list between order {1} and {3}; behind order {68}."),
    ],
)
def test_where_the_orders_lie_that_are_counted_and_not_shown(
    syncctl: Program, store: SimulatedStore, hidden: tuple[int, ...], said: str
):
    placed = [store.shopkeeper.place(raw_order()) for _ in range(70)]
    store.odd.hidden |= {placed[at] for at in hidden}
    told = syncctl("stage", "--reconcile", "--json").json
    wanted = said.replace("{", "{0[").replace("}", "]}").format(placed)
    assert any(note.endswith(wanted) for note in told["notes"]), told["notes"]
    assert told["counts"]["staged"] == 70 - len(hidden)


def test_a_shop_that_shows_all_is_asked_no_more(syncctl: Program, store: SimulatedStore):
    store.shopkeeper.place(raw_order())
    syncctl("stage", "--reconcile")
    assert sum("after=" in path and "status=any" in path for _, path, _ in store.requests) == 1
