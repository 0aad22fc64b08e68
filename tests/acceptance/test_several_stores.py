"""Several stores in one database, each with a profile: side by side, and none is told of another's orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_chain import PRODUCTS
from tests.nobody import gone
from tests.raws import raw_order
from tests.shopify_orders import line, order
from tests.shopify_shop import TOKEN, SimulatedShopify


def write(syncctl: Program, name: str, **settings: object) -> None:
    """Write a settings file into the program's folder."""
    lines = [f"SYNCCTL_{setting.upper()}={value}\n" for setting, value in settings.items()]
    (syncctl.folder / name).write_text("".join(lines), encoding="utf-8")
    (syncctl.folder / name).chmod(0o600)


@pytest.fixture
def woo(syncctl: Program, store: SimulatedStore) -> SimulatedStore:
    """A WooCommerce store with the profile `main`."""
    for setting in ("URL", "CONSUMER_KEY", "CONSUMER_SECRET"):
        del syncctl.settings[f"SYNCCTL_WOO_{setting}"]
    store.load([raw_order(("TEE-BLK", 2, "19.99"), id=number, number=f"10{number}") for number in (1, 2)], products=PRODUCTS)
    write(syncctl, ".env", unknown_customer="create")
    write(
        syncctl,
        ".env.main",
        store_id="main",
        woo_url=store.url,
        woo_consumer_key=store.key,
        woo_consumer_secret=store.secret,
        log_level="DEBUG",
    )
    return store


@pytest.fixture
def shopify(syncctl: Program) -> Iterator[SimulatedShopify]:
    """A Shopify store with the profile `uk`, whose orders have the same ids and numbers."""
    with SimulatedShopify() as shop:
        shop.load([order(line("TEE-BLK", 1, "19.99", rate="20"), number=number) for number in (1, 2)])
        settings = {"source": "shopify", "shopify_url": shop.url, "shopify_token": TOKEN, "erp_currency": "GBP"}
        write(syncctl, ".env.uk", store_id="uk", **settings)
        yield shop


def counts(syncctl: Program, *arguments: str) -> dict[str, int]:
    """Return what a command counted."""
    return dict(syncctl(*arguments, "--json").json["counts"])


def test_two_stores_side_by_side_are_each_told_of_their_own_orders(
    syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify
):
    assert counts(syncctl, "db", "seed", "--from-store", "--profile", "main")["items"] == 2
    for profile in ("main", "uk"):
        assert counts(syncctl, "--profile", profile, "stage", "--since", "2026-11-01")["staged"] == 2
    assert syncctl.query("SELECT STORE_ID, COUNT(*) FROM USER_ORDER_STAGING GROUP BY STORE_ID") == [("main", 2), ("uk", 2)]
    assert sorted(syncctl.query("SELECT STORE_ID, WALK_NAME FROM USER_SYNC_WALK WHERE WALK_NAME = 'orders'")) == [
        ("main", "orders"),
        ("uk", "orders"),
    ]

    # One store's run leaves the other's orders alone, named or not.
    by_store = {store: number for number, store in syncctl.query("SELECT STAGING_ID, STORE_ID FROM USER_ORDER_STAGING")}
    refused = syncctl("process", str(by_store["uk"]), "--profile", "main")
    assert "belongs to store uk; this run is for main (--profile, SYNCCTL_STORE_ID)" in " ".join(refused.out.split())
    syncctl.settings["SYNCCTL_PROFILE"] = "main"
    done = syncctl("process", "--json").json
    del syncctl.settings["SYNCCTL_PROFILE"]
    assert (done["counts"]["created"], done["counts"]["written_back"]) == (2, 2)
    assert [sum(woo.count_notes(number).values()) for number in (1, 2)] == [1, 1]
    assert [shopify.orders[number]["note"] for number in (1, 2)] == [None, None]

    done = syncctl("process", "--json", "--profile", "uk").json
    assert (done["counts"]["created"], done["counts"]["written_back"]) == (2, 2)
    documents = {item["woo_order_id"]: item["doc_id"] for item in done["items"]}
    for number in (1, 2):
        assert shopify.orders[number]["note"].count("[syncctl]") == 1
        assert f"DOC_ID: {documents[number]}," in shopify.orders[number]["note"]
        assert sum(woo.count_notes(number).values()) == 1

    # A message of one store waits for it while the other is worked for.
    with syncctl.connected() as connection:
        connection.execute("UPDATE PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
        connection.execute("UPDATE PS_DOC_HDR SET HAS_RLSD_LINS = 'Y'")
    assert counts(syncctl, "sync-status", "--profile", "uk")["written_back"] == 2
    assert woo.state.orders[1]["status"] == "processing"
    assert counts(syncctl, "sync-status", "--profile", "main")["written_back"] == 2
    assert woo.state.orders[1]["status"] == "completed"


def test_a_person_decides_on_the_orders_of_one_store_at_a_time(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    for profile in ("main", "uk"):
        syncctl("stage", "--since", "2026-11-01", "--profile", profile)
        assert counts(syncctl, "process", "--profile", profile)["review"] == 2
    assert counts(syncctl, "dead-letter", "list") == {"dead_letters": 4, "waiting": 4}
    asked = syncctl("dead-letter", "retry", "--all")
    assert asked.code == 78
    assert "No store is chosen: .env sets none, and there are the profiles main, uk" in asked.err
    assert counts(syncctl, "dead-letter", "retry", "--all", "--profile", "uk")["decided"] == 2
    states = syncctl.query("SELECT STORE_ID, STATE FROM USER_ORDER_STAGING ORDER BY STORE_ID, STAGING_ID")
    assert states == [("main", "NEEDS_MANUAL_REVIEW")] * 2 + [("uk", "PENDING")] * 2
    assert syncctl("dead-letter", "retry", "--order", "1001").code == 78


@pytest.mark.parametrize(
    "command", [("stage",), ("validate",), ("process",), ("retry-failed",), ("sync-status",), ("map", "item", "A", "B")]
)
def test_work_for_no_store_is_refused_where_there_are_profiles(syncctl: Program, woo: SimulatedStore, command: tuple[str, ...]):
    ended = syncctl(*command)
    assert ended.code == 78
    assert "No store is chosen: .env sets none, and there is the profile main. Say which with --profile" in ended.err


def test_every_profile_has_a_log_and_a_lock_of_its_own(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    for profile in ("main", "uk"):
        assert syncctl("stage", "--profile", profile.upper()).code == 0
        assert syncctl("process", "--profile", profile).code == 0
    logs = sorted(path.name[: -len("_uk.log")].rstrip("_") for path in (syncctl.folder / "logs").glob("*_uk.log"))
    assert [name[:-11] for name in logs] == ["stage", "woo_order_processing"]
    assert len(list((syncctl.folder / "logs").glob("woo_order_processing_*_main.log"))) == 1
    assert len(list((syncctl.folder / "locks").glob("stage-*.lock"))) == 2


def test_the_kind_of_store_is_a_shorthand_for_its_profile(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    assert counts(syncctl, "stage", "--source", "shopify", "--since", "2026-11-01")["staged"] == 2
    assert counts(syncctl, "stage", "--source", "woocommerce", "--since", "2026-11-01")["staged"] == 2
    assert syncctl.query("SELECT DISTINCT STORE_ID FROM USER_ORDER_STAGING ORDER BY 1") == [("main",), ("uk",)]


def test_two_profiles_of_one_store_stop_every_command(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    write(syncctl, ".env.copy", store_id="Main", woo_url="https://other.example", woo_consumer_key="a", woo_consumer_secret="b")
    for command in ("stage", "process", "health"):
        ended = syncctl(command, "--profile", "main")
        assert ended.code == 78, command
        assert ".env.copy and .env.main have the same SYNCCTL_STORE_ID, main, on the same database" in ended.err + ended.out
    assert syncctl("process", "--profile", "uk").code == 0
    listed = syncctl("config", "profiles", "--json").json
    assert listed["exit_code"] == 78
    (syncctl.folder / ".env.büro").touch()
    (syncctl.folder / ".env.uk.bak").touch()
    shown = syncctl("config", "profiles").out
    assert "have the same SYNCCTL_STORE_ID" in " ".join(shown.split())
    assert [line.split()[0] for line in shown.splitlines() if " is no profile: " in line] == [".env.büro"]
    assert [(item["profile"], item["fault"] is None) for item in listed["items"]] == [
        ("copy", False),
        ("main", False),
        ("uk", True),
    ]


def test_config_tells_of_each_profile_and_from_which_file(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    [item] = syncctl("config", "show", "store_id", "--profile", "uk", "--json").json["items"]
    assert (item["value"], item["origin"], Path(item["file"]).name) == ("uk", "profile", ".env.uk")
    shown = syncctl("config", "show", "--profile", "uk").out
    assert ".env.uk" in shown
    assert TOKEN not in shown
    checked = syncctl("config", "check", "--json").json
    assert (checked["exit_code"], {item["profile"] for item in checked["items"]}) == (0, {"main", "uk"})
    (syncctl.folder / ".env.bad").write_bytes(b"\xff\xfeS")
    gone(woo)
    checked = syncctl("config", "check", "--json").json
    assert checked["exit_code"] == 78
    assert [(item["profile"], item["what"]) for item in checked["items"] if not item["ok"]] == [
        ("bad", "settings"),
        ("main", "store"),
    ]
    alone = syncctl("config", "check", "--profile", "uk", "--json").json
    assert (alone["exit_code"], {item["profile"] for item in alone["items"]}) == (0, {""})
    assert TOKEN not in syncctl("config", "check", "-vv").err


def test_a_profile_is_made_by_setting_something_in_it(syncctl: Program, woo: SimulatedStore):
    made = syncctl("--profile", "new", "config", "set", "store_id", "new")
    assert (made.code, "Made the profile new." in made.err) == (0, True)
    assert (syncctl.folder / ".env.new").read_text(encoding="utf-8") == "SYNCCTL_STORE_ID='new'\n"
    assert syncctl("--profile", "new", "config", "show", "store_id", "--json").json["items"][0]["value"] == "new"
    assert syncctl("--profile", "new", "config", "set", "profile", "main").code == 2
    assert syncctl("--profile", "../new", "config", "set", "store_id", "new").code == 78
    listed = syncctl("config", "profiles")
    assert (listed.code, "new" in listed.out) == (0, True)
    for wrong in ("shop", "MAIN2", "a/b"):
        refused = syncctl("stage", "--profile", wrong)
        assert (refused.code, refused.out) == (78, "")


def test_what_is_wrong_in_the_files_can_be_put_right_by_config_set(syncctl: Program, woo: SimulatedStore):
    write(syncctl, ".env", profile="mian", log_days="many", unknown_customer="create")
    assert syncctl("config", "show", "store_id").code == 78
    chosen = syncctl("config", "set", "profile", "main")
    assert (chosen.code, "Not right yet: SYNCCTL_LOG_DAYS" in chosen.out) == (0, True)
    mended = syncctl("config", "set", "log_days", "9", "--profile", "main", "--json").json
    assert Path(mended["items"][0]["file"]).name == ".env.main"
    assert mended["items"][0]["still_wrong"] is None  # the profile's value counts before that of .env
    write(syncctl, ".env", profile="main", unknown_customer="guest")
    assert "GUEST_CUST_NO" in syncctl("config", "set", "store_id", "main").out
    named = syncctl("config", "set", "guest_cust_no", "WEB")
    assert (named.code, "Not right yet" in named.out) == (0, False)
    assert syncctl("config", "show", "store_id").code == 0


def test_health_and_trace_name_the_profiles_where_none_is_chosen(
    syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify
):
    assert syncctl("stage", "--profile", "main").code == 0
    [store] = [item for item in syncctl("health", "--json").json["items"] if item["name"] == "store"]
    assert (store["level"], store["message"]) == ("warning", "no store is chosen: there are the profiles main, uk")
    told = syncctl("trace", "4711", "--json").json
    assert told["verdict"].endswith("No store is chosen to ask.")
    assert told["advice"] == "syncctl trace 4711 --profile NAME (main, uk)"


def test_trace_tells_that_another_store_has_an_order_of_that_number(
    syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify
):
    shopify.load([order(line("TEE-BLK", 1, "19.99"), number=9) | {"name": "#101"}])
    for profile in ("main", "uk"):
        assert syncctl("stage", "--profile", profile, "--since", "3650d").code == 0
    told = syncctl("trace", "101", "--json").json
    [its] = {"main", "uk"} - {told["order"]["store_id"]}
    assert told["verdict"].startswith(f"There is an order 101 of {its}, too: --profile chooses. It belongs to the store ")
    for profile in ("main", "uk"):
        own = syncctl("trace", "101", "--profile", profile, "--json").json
        assert (own["order"]["store_id"], "There is an order" in own["verdict"]) == (profile, False)


def test_no_setting_of_one_kind_of_store_is_named_to_the_other(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    shopify.load([order(line("TEE-BLK", 1, "19.99"), number=9) | {"confirmed": False}])
    staged = syncctl("stage", "--profile", "uk", "--since", "3650d")
    assert (staged.code, "SYNCCTL_SHOPIFY_UNCONFIRMED_ORDERS" in " ".join(staged.out.split())) == (0, True), staged.out
    assert "WOO" not in staged.out


def test_secrets_of_a_profile_stay_out_of_log_and_answers(syncctl: Program, woo: SimulatedStore, shopify: SimulatedShopify):
    syncctl.settings["SYNCCTL_LOG_LEVEL"] = "DEBUG"
    for arguments in (("stage",), ("process",), ("health",), ("config", "show"), ("config", "check"), ("trace", "1")):
        ended = syncctl(*arguments, "--profile", "main", "-vv")
        assert woo.secret not in ended.out + ended.err, arguments
    for path in (syncctl.folder / "logs").iterdir():
        assert woo.secret not in path.read_text(encoding="utf-8")
