"""A site sets its station and its number series before the first order, by hand or from the ERP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def unset(syncctl: Program) -> Program:
    """The program with an order that waits, in a database whose site nobody has set up."""
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        Shop(database, database.query)
        stage(database, order(4711, line(1)))
    with syncctl.connected() as connection:
        connection.execute("UPDATE USER_ERP_SETTING SET VALUE = NULL WHERE NAME IN ('STA_ID', 'DRW_ID')")
        connection.execute("DELETE FROM USER_NUMBER_SERIES WHERE SERIES IN ('DOC_ID', 'TKT_NO')")
    syncctl.settings["SYNCCTL_STORE_ID"] = "woocommerce"
    return syncctl


@pytest.fixture
def store(unset: Program) -> Iterator[SimulatedStore]:
    with SimulatedStore() as shop:
        unset.connect_to(shop)
        yield shop


@pytest.mark.parametrize("command", [("process",), ("process", "--dry-run"), ("retry-failed",), ("process", "--workers", "3")])
def test_process_refuses_until_the_site_is_set_up(unset: Program, command: tuple[str, ...]) -> None:
    ended = unset(*command)
    assert ended.code == 78
    [said] = [line for line in ended.err.splitlines() if line.startswith("syncctl: ")]
    assert "STA_ID, DRW_ID, the number series DOC_ID and the number series TKT_NO are not set" in said
    assert "`syncctl config erp import`" in said
    assert "`syncctl config erp set STA_ID STATION`" in said
    assert unset.query("SELECT STATE, ATTEMPT_NO FROM USER_ORDER_STAGING") == [("PENDING", 0)]
    assert unset.query("SELECT DOC_ID FROM PS_DOC_HDR") == []


def test_by_hand(unset: Program) -> None:
    for command in (("set", "STA_ID", "103"), ("set", "DRW_ID", "7"), ("series", "DOC_ID", "--prefix", "103")):
        assert unset("config", "erp", *command).code == 0
    ended = unset("process")
    assert ended.code == 78
    assert "the number series TKT_NO is not set" in ended.err
    assert unset("config", "erp", "series", "tkt_no", "--prefix", "103-", "--next", "40").code == 0
    assert unset("process").code == 0
    assert unset.query("SELECT DOC_ID, TKT_NO, STA_ID, DRW_ID FROM PS_DOC_HDR") == [(103000000001, "103-000040", "103", "7")]


def test_validate_and_config_check_tell_it(unset: Program, store: SimulatedStore) -> None:
    ended = unset("validate")
    assert "No order can be entered into the ERP: STA_ID" in ended.out
    assert "STA_ID" in unset("validate", "--json").json["notes"][0]
    checked = unset("config", "check", "--json")
    assert checked.code == 78
    assert [item["what"] for item in checked.json["items"] if not item["ok"]] == ["site settings"]
    assert unset("config", "erp", "import", "--yes").code == 0
    assert "No order can be entered" not in unset("validate").out
    assert [item["what"] for item in unset("config", "check", "--json").json["items"] if not item["ok"]] == []


def test_import_shows_first_and_sets_only_when_told(unset: Program) -> None:
    ended = unset("config", "erp", "import")
    assert (ended.code, "add --yes, or --dry-run" in ended.err) == (2, True)
    unset.settings["COLUMNS"] = "80"
    ended = unset("config", "erp", "import", "--dry-run")
    assert ended.code == 0
    assert "would be set" in ended.out
    assert "Dry run: nothing was changed." in ended.out
    assert all(len(line) <= 80 for line in ended.out.splitlines())
    assert unset.query("SELECT VALUE FROM USER_ERP_SETTING WHERE NAME = 'STA_ID'") == [(None,)]
    done = unset("config", "erp", "import", "--yes", "--json").json
    assert done["counts"] == {"set": 4, "kept": 0}
    assert done["still_missing"] == []
    assert {item["name"]: item["outcome"] for item in done["items"]}["STA_ID"] == "set"
    assert unset("process").code == 0
    assert unset.query("SELECT DOC_ID, TKT_NO FROM PS_DOC_HDR") == [(101000000001, "101-000001")]


def test_import_names_what_it_keeps(unset: Program) -> None:
    unset("config", "erp", "set", "STA_ID", "103")
    ended = unset("config", "erp", "import", "--yes")
    assert ended.code == 0
    assert "Kept as somebody set it: STA_ID. --force replaces it." in ended.out
    assert unset("config", "erp", "import", "--yes", "--force").code == 0
    assert unset.query("SELECT VALUE FROM USER_ERP_SETTING WHERE NAME = 'STA_ID'") == [("101",)]


def test_import_asks_which_store(unset: Program) -> None:
    with unset.connected() as connection:
        connection.execute("INSERT INTO EC_CTL (KEY_ID, STR_ID, ORD_STA_ID) VALUES (2, '02', '\x1b[2J')")
    ended = unset("config", "erp", "import", "--yes")
    assert (ended.code, "--erp-store is required: EC_CTL has the stores 01, 02." in ended.err) == (2, True)
    assert unset("config", "erp", "import", "--yes", "--erp-store", "03").code == 2
    assert "\x1b" not in unset("config", "erp", "import", "--dry-run", "--erp-store", "02").out


def test_an_erp_without_a_web_shop_ends_with_one_line(unset: Program) -> None:
    with unset.connected() as connection:
        connection.execute("DELETE FROM EC_CTL")
    ended = unset("config", "erp", "import", "--yes")
    assert ended.code == 78
    assert len(ended.err.splitlines()) == 1
    assert "config erp set" in ended.err


def test_compare_document(unset: Program) -> None:
    unset("config", "erp", "import", "--yes")
    unset("process")
    with unset.connected() as connection:
        for table in ("PS_DOC_HDR", "PS_DOC_HDR_TOT", "PS_DOC_LIN"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            keyed = {"DOC_ID": "5005", "TKT_NO": "'20-5'", "SLS_REP": "'\x1b[2Jada'"}
            values = ", ".join(keyed.get(name, name) for name in names)
            connection.execute(f"INSERT INTO {table} SELECT {values} FROM {table}")
    ended = unset("db", "compare-document", "101-000001", "20-5")
    assert ended.code == 1
    assert "Ours lacks" in ended.out
    assert "SLS_REP" in ended.out
    assert "ada" not in ended.out
    assert "\x1b" not in ended.out
    assert "rows that theirs hasn't" in ended.out
    told = unset("db", "compare-document", "101-000001", "5005", "--json").json
    assert (told["ours"]["tkt_no"], told["theirs"]["doc_id"]) == ("101-000001", 5005)
    assert {item["column"] for item in told["items"] if item["lacking"]} == {"SLS_REP"}
    assert "ada" not in json.dumps(told)
    assert unset("db", "compare-document", "20-5", "101-000001").code == 1, "contacts, taxes and notes are missing there"
    assert unset("db", "compare-document", "101-000001", "101000000001").code == 0
    gone = unset("db", "compare-document", "101-000001", "999")
    assert (gone.code, "The ERP has no document 999" in gone.err) == (2, True)


def test_deposit_tickets_are_written_once_one_was_read(unset: Program) -> None:
    """From the first word to a ticket of our own: nothing is written before a person has named one."""
    assert unset("db", "seed", "--empty", "--with-deposit").code == 0
    refused = unset("config", "erp", "set", "WRITE_PAYMENT", "D")
    assert (refused.code, "syncctl config erp deposit-model TICKET" in refused.err) == (2, True)
    assert unset("config", "erp", "deposit-model", "TILL-2").code == 2, "nobody is there to be asked"
    assert unset("config", "erp", "deposit-model", "TILL-1", "--yes").code == 2, "that is the order"
    assert unset("config", "erp", "deposit-model", "NONE", "--yes").code == 2
    shown = json.loads(unset("config", "erp", "deposit-model", "TILL-2", "--dry-run", "--json").out)
    sources = {(each["part"], each["table_name"], each["column_name"]): each for each in shown["items"]}
    assert sources["TICKET", "PS_DOC_PMT_APPLY", "APPL_TYP"]["value"] == "D"
    assert sources["TICKET", "PS_DOC_PMT", "AMT"]["source"] == "AMOUNT"
    assert unset.query("SELECT * FROM USER_DEPOSIT_MODEL") == []
    kept = unset("config", "erp", "deposit-model", "TILL-2", "--yes")
    assert (kept.code, "Ticket TILL-2 (document 900000000002); its order is TILL-1." in kept.out) == (0, True)
    assert unset("config", "erp", "set", "WRITE_PAYMENT", "D").code == 0
    with unset.connected() as connection:
        connection.execute("INSERT INTO USER_PAY_CODE_MAP (STORE_ID, PMT_METH, PAY_COD) VALUES ('*', 'stripe', 'WEB')")
    assert unset("process").code == 0
    [(ticket, amount)] = unset.query("SELECT DEPOSIT_DOC_ID, AMT FROM USER_ORDER_PAYMENT")
    assert unset.query(f"SELECT DOC_TYP, REF FROM PS_DOC_HDR WHERE DOC_ID = {ticket}") == [("T", "4711")]
    assert amount == "19.99"
    _ask_for_a_difference(unset, ticket)
    with unset.connected() as connection:
        connection.execute("DELETE FROM USER_DEPOSIT_MODEL")
    lacking = unset("process")
    assert (lacking.code, "DEPOSIT_MODEL is not set" in lacking.err) == (78, True)
    assert "DEPOSIT_MODEL" in unset("config", "check").out


def _ask_for_a_difference(unset: Program, ticket: int) -> None:
    """The books have the deposit, and the order is paid with more: a person takes it, says so, and is asked no more."""
    with unset.connected() as connection:
        connection.execute(
            "INSERT INTO PS_TKT_HIST (DOC_ID, STR_ID, STA_ID, TKT_NO)"
            f" SELECT DOC_ID, STR_ID, STA_ID, TKT_NO FROM PS_DOC_HDR WHERE DOC_ID = {ticket}"
        )
        for table in ("PS_DOC_HDR", "PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_HDR_TOT"):
            connection.execute(f"DELETE FROM {table} WHERE DOC_ID = {ticket}")
    with closing(EmbeddedDatabase(unset.folder / "shop.db")) as database:
        stage(database, order(4711, line(1, qty="2", total="39.98")))
    assert unset("process").code == 1
    letter = unset("dead-letter", "list", "--verbose").out
    assert "take 19.99 more at the till" in " ".join(letter.split())
    for wrong in ((), ("--taken", "x"), ("--taken", "0"), ("--taken", "1", "--corrected"), ("--taken", "1.005")):
        assert unset("dead-letter", "deposit", "1", *wrong, "--yes").code == 2, wrong
    assert unset("dead-letter", "deposit", "1", "--taken", "19.99").code == 2, "nobody is there to be asked"
    too_much = unset("dead-letter", "deposit", "1", "--taken", "20", "--yes")
    assert (too_much.code, "there is 19.99 to take, not 20.00" in " ".join(too_much.err.split())) == (1, True)
    shown = unset("dead-letter", "deposit", "1", "--taken", "19.99", "--dry-run")
    assert (shown.code, "19.99 → 39.98; the order wants 39.98" in " ".join(shown.out.split())) == (0, True)
    part = unset("dead-letter", "deposit", "--order", "4711", "--taken", "9.99", "--yes")
    assert (part.code, "10.00 is left to do at the till" in part.out) == (0, True)
    done = unset("dead-letter", "deposit", "1", "--taken", "10", "--reason", "by card", "--yes", "--json")
    assert (done.code, json.loads(done.out)["items"][0]["after_amt"]) == (0, "39.98")
    assert (unset("dead-letter", "retry", "1").code, unset("process").code) == (0, 0)
    assert unset.query("SELECT TOT, TOT_TND, AMT_DUE FROM PS_DOC_HDR_TOT WHERE TOT_TYP = 'O' AND TOT = '39.98'") == [
        ("39.98", "39.98", "0.00")
    ]


def test_a_dry_run_of_a_deploy_writes_nothing_but_sql(unset: Program) -> None:
    """It can be kept in a file, read by a DBA and run as it is."""
    dry = unset("db", "deploy", "--dry-run", "--offline")
    assert dry.code == 0
    assert dry.out.rstrip().endswith("GO")
    assert "CREATE OR ALTER PROCEDURE dbo.sp_RecordDeposit" in dry.out
    assert "no database: would run" in dry.err
