"""`db deploy` at a site whose ERP differs from the trial one, on a running T-SQL engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.db.contract import AuditOrders, GetErpDocument, ImportErpSettings, SetDepositModel
from syncctl.db.deploy import deploy, give_column, journal
from syncctl.db.deploy_check import check
from syncctl.db.deploy_scripts import demo_schema
from syncctl.db.sqlserver import SqlServer
from syncctl.errors import BadArgument, ConfigError, NotFound, UsageError
from syncctl.services.database import check_database
from tests.orders import line
from tests.shop import BY_HAND, Shop
from tests.sqlserver_database import Scratch

pytestmark = pytest.mark.sqlserver

TICKET_GUID = "7D0C5B0E-4B3B-4C57-9C3E-2E2B4E0A0002"

DEPOSIT_DIFFERENCES = (
    "ALTER TABLE dbo.PS_DOC_PMT ADD USR_KIND varchar(3) NOT NULL;",
    "ALTER TABLE dbo.PS_DOC_PMT ADD USR_DEP_AMT money NULL;",
    "ALTER TABLE dbo.PS_DOC_PMT ADD CARD_NO_SHOWN varchar(20) NOT NULL CONSTRAINT DF_CARD DEFAULT ('');",
    "ALTER TABLE dbo.PS_DOC_PMT ADD EXP_DAT datetime NOT NULL CONSTRAINT DF_EXP DEFAULT ('2001-01-01');",
    "ALTER TABLE dbo.PS_DOC_HDR ADD USR_DEP_ORD bigint NULL;",
    "ALTER TABLE dbo.PS_DOC_HDR_TOT DROP COLUMN TOT_CUBE;",
    "DROP TABLE dbo.PS_DOC_HDR_ORIG_DOC;",
    "DROP TABLE dbo.PS_DRW_SESSION;",
)
DIFFERENCES = (
    "ALTER TABLE dbo.PS_DOC_HDR ADD FORM_ID varchar(10) NOT NULL;",
    "ALTER TABLE dbo.AR_CUST ADD PROF_COD_9 varchar(2) NOT NULL;",
    "ALTER TABLE dbo.AR_CUST ALTER COLUMN CITY varchar(9);",
    "ALTER TABLE dbo.AR_CUST DROP COLUMN ADRS_3;",
    "ALTER TABLE dbo.PS_DOC_CONTACT ALTER COLUMN CITY nvarchar(12);",
    "CREATE TABLE dbo.PS_DOC_LOYALTY (DOC_ID bigint NOT NULL, SEQ_NO int NOT NULL, [ODD NAME] varchar(5) NULL, "
    "SIG varbinary(10) NULL, CONSTRAINT PK_PS_DOC_LOYALTY PRIMARY KEY (DOC_ID, SEQ_NO));",
    "CREATE TABLE dbo.USER_TRAIL (CUST_NO varchar(20) NOT NULL);",
    "CREATE TRIGGER dbo.TR_CUSTOMER_TRAIL ON dbo.AR_CUST AFTER INSERT AS "
    "INSERT INTO dbo.USER_TRAIL (CUST_NO) SELECT CUST_NO FROM inserted;",
)


@pytest.fixture
def site(sqlserver_url: str) -> Iterator[SqlServer]:
    """A database with an ERP of a site's own: other widths, columns and tables more and less, a trigger."""
    scratch = Scratch(sqlserver_url)
    database = scratch("site")
    for batch in demo_schema("counterpoint").batches:
        database.query(batch.text)
    for difference in DIFFERENCES:
        database.query(difference)
    database.query("DROP TABLE dbo.USER_DEMO_ERP;")  # a real one
    yield database
    database.query("CREATE TABLE dbo.USER_DEMO_ERP (CREATED_DT datetime2(3) NOT NULL);")
    scratch.drop()


def test_a_site_that_differs_is_deployed_to_when_it_says_what_goes_into_its_columns(site: SqlServer) -> None:
    site.query("CREATE PROCEDURE dbo.sp_ListDeadLetters AS SELECT 1 AS FOUND;")
    looked = [(item.check, item.detail) for item in check(site) if item.level == "problem"]
    assert [name for name, _ in looked] == ["deploy", "objects", "erp columns"], "nothing of what a deploy would mend"
    assert "no deploy made them: sp_listdeadletters." in looked[1][1].lower()
    site.query("DROP PROCEDURE dbo.sp_ListDeadLetters;")
    with pytest.raises(ConfigError) as refused:
        deploy(site)
    told = str(refused.value).upper()  # an engine may keep names in small letters
    assert "AR_CUST.PROF_COD_9 TAKES NO NULL" in told
    assert "PS_DOC_HDR.FORM_ID TAKES NO NULL" in told
    assert "config erp column" in str(refused.value)
    assert journal(site) == {}

    with pytest.raises(UsageError, match="no column of the ERP's tables"):
        give_column(site, "PS_DOC_HDR.NONE_SUCH", "1")
    with pytest.raises(UsageError, match="takes 2 letters, and the value has 3"):
        give_column(site, "AR_CUST.PROF_COD_9", "ABC")
    give_column(site, "ps_doc_hdr.form_id", "W'EB")
    assert give_column(site, "AR_CUST.PROF_COD_9", "1") == {"AR_CUST.PROF_COD_9": "1", "PS_DOC_HDR.FORM_ID": "W'EB"}

    printed = {step.script: step.text for step in deploy(site, dry_run=True).steps}
    assert "N'W''EB'" in printed["erp/counterpoint/sp_CreateErpDocument.sql"]
    assert "ADRS_3" not in printed["erp/counterpoint/sp_CreateErpCustomer.sql"].split("INSERT INTO dbo.AR_CUST")[1].split(")")[0]
    assert "CITY = CONVERT(nvarchar(12), dbo.fn_Shorten(address.CITY, 12)) /*" in printed["erp/counterpoint/fn_ErpAddress.sql"]
    done = deploy(site)
    assert [trigger.upper() for trigger in done.triggers] == ["AR_CUST: TR_CUSTOMER_TRAIL"]
    assert [step.reason for step in deploy(site).steps if step.reason != "each time"] == []
    found = {(finding.check, finding.level): finding.detail for finding in check(site)}
    assert [detail for (_, level), detail in found.items() if level == "problem"] == []
    assert "AR_CUST.ADRS_3" in found["erp columns", "note"]
    assert "TR_CUSTOMER_TRAIL" in found["erp triggers", "note"].upper()

    give_column(site, "PS_DOC_HDR.FORM_ID", "WEB")
    assert "deploy" in {finding.check for finding in check(site) if finding.level == "problem"}
    assert [step.script for step in deploy(site).steps if step.reason == "changed"] == [
        "erp/counterpoint/fn_CounterPointRequired.sql",
        "erp/counterpoint/sp_CreateErpDocument.sql",
        "erp/counterpoint/sp_SeedDemoDeposit.sql",
    ]

    site.query("UPDATE dbo.EC_CTL SET TMPLT_CUST_NO = 'TEMPLATE';")
    give_column(site, "AR_CUST.PROF_COD_9", None)  # the template has one
    [customer] = [step for step in deploy(site, dry_run=True).steps if step.script.endswith("/sp_CreateErpCustomer.sql")]
    assert "template.PROF_COD_9" in customer.text.replace("prof_cod_9", "PROF_COD_9")


def test_what_a_site_without_a_web_shop_has_to_set_is_told(site: SqlServer) -> None:
    for table in ("EC_CTL", "SY_WRKGRP"):
        site.query(f"DROP TABLE dbo.{table};")
    for column in ("PS_DOC_HDR.FORM_ID", "AR_CUST.PROF_COD_9"):
        give_column(site, column, "1")
    printed = {step.script: step.text for step in deploy(site, dry_run=True).steps}
    read = printed["erp/counterpoint/fn_CounterPointRows.sql"]
    assert "FROM dbo.PS_DOC_LOYALTY AS found" in read.replace("ps_doc_loyalty", "PS_DOC_LOYALTY")
    assert "THEN NULL ELSE 'bytes' END" in read
    assert "dbo.EC_CTL" not in printed["erp/counterpoint/sp_ImportErpSettings.sql"].split("AS\nBEGIN")[1]
    deploy(site)
    [told] = [finding for finding in check_database(site) if finding.check == "site settings"]
    assert told.level == "problem"
    assert "STA_ID, DRW_ID" in told.detail
    with pytest.raises(ConfigError, match="says nothing of web orders"):
        site.run(ImportErpSettings())
    with pytest.raises(NotFound, match="The ERP has no document"):
        site.run(GetErpDocument(number="1"))
    site.query("INSERT INTO dbo.PS_ORD_HIST (DOC_ID, STR_ID, STA_ID, TKT_NO) VALUES (7, '1', '1', 'T-7')")
    with pytest.raises(NotFound, match="is posted"):
        site.run(GetErpDocument(number="T-7"))


@pytest.fixture
def deposit_site(sqlserver_url: str) -> Iterator[SqlServer]:
    """A database whose ERP keeps deposits in its own way: columns more and less, the order named in a column of the site's."""
    scratch = Scratch(sqlserver_url)
    database = scratch("deposit")
    for batch in demo_schema("counterpoint").batches:
        text = batch.text
        if re.search(r"CREATE TABLE dbo\.PS_DOC_(?:HDR|LIN)\s", text):
            text = text.replace("SLS_REP varchar(10) NULL", "SLS_REP varchar(10) NOT NULL")
        database.query(text)
    for difference in DEPOSIT_DIFFERENCES:
        database.query(difference)
    give_column(database, "PS_DOC_PMT.USR_KIND", "WEB")
    deploy_as_to_a_real_one(database)
    yield database
    scratch.drop()


def deploy_as_to_a_real_one(database: SqlServer) -> None:
    """Deploy to what is no trial ERP while it is done: such a one is not looked at so closely."""
    database.query("DROP TABLE dbo.USER_DEMO_ERP;")
    deploy(database)
    database.query("CREATE TABLE dbo.USER_DEMO_ERP (CREATED_DT datetime2(3) NOT NULL);")
    database.query("INSERT INTO dbo.USER_DEMO_ERP (CREATED_DT) VALUES ('2026-01-01');")


def key_a_deposit(shop: Shop) -> None:
    """Key an order with a deposit of 12.34, and its ticket: as much of the trial's own pair as this site has columns for."""
    order_id, ticket_id = 900000000001, 900000000002
    header = {
        **dict.fromkeys(("RET_LINS", "GFC_LINS", "SVC_LINS", "BO_LINS", "SO_LINS", "DS_LINS", "TO_REL_LINS", "TO_LEAVE_LINS"), 0),
        **dict.fromkeys(("IS_DOC_COMMITTED", "IS_REL_TKT", "REQ_REPRICE", "HAS_ENTD_LINS", "HAS_PCKD_LINS"), "N"),
        **dict.fromkeys(("HAS_PCKVRFD_LINS", "HAS_INVCD_LINS", "HAS_RLSD_LINS"), "N"),
        **dict.fromkeys(("RET_LIN_TOT", "IS_OFFLINE", "TIMES_PRTD"), 0),
        "STR_ID": "01",
        "STA_ID": "101",
        "DRW_ID": "101",
        "USR_ID": "MGR",
        "TKT_TYP": "T",
        "SLS_REP": "ANN",
        "TKT_DT": "2026-01-02 10:15:30",
    }
    totals = {
        **dict.fromkeys(("SUB_TOT", "TAX_AMT", "TOT_HDR_DISC", "TOT_LIN_DISC", "TAX_AMT_SHIPPED", "INITIAL_MIN_DUE"), 0),
        **dict.fromkeys(("TOT_WEIGHT", "LINS", "TAX_OVRD_LINS", "NORM_TAX_AMT", "TOT_CHNG", "TOT_GFC_AMT", "TOT_SVC_AMT"), 0),
        "TOT_EXT_COST": 0,
        "TOT_HDR_DISCNTBL_AMT": 0,
        "HAS_TAX_OVRD": "!",
        "AMT_DUE": 0,
        "TOT_MISC": 0,
        "TOT": Decimal("12.34"),
        "TOT_TND": Decimal("12.34"),
    }
    payment = {
        "DOC_ID": ticket_id,
        "PMT_SEQ_NO": 1,
        "PAY_COD": "CASH",
        "PAY_COD_TYP": "B",
        "STR_ID": "01",
        "STA_ID": "101",
        "TKT_NO": "TILL-2",
        "FINAL_PMT": "N",
        "PMT_LIN_TYP": "T",
        "CURNCY_COD": "HOME",
        "USR_KIND": "DEP",
        "CARD_NO_SHOWN": "****1111",
        "EXP_DAT": "2029-12-01",
        **dict.fromkeys(("AMT", "HOME_CURNCY_AMT", "USR_DEP_AMT"), Decimal("12.34")),
        **dict.fromkeys(("EXCH_LOSS", "ROUND_GAIN_LOSS", "HOME_CURNCY_ROUND_GAIN_LOSS"), 0),
        **dict.fromkeys(("CARD_IS_NEW", "SECURE_ECOMM_TRX", "SWIPED", "DEP_LIN_COPIED_TO_REL_DOC"), "N"),
        "EXCH_RATE_NUMER": 1,
        "EXCH_RATE_DENOM": 1,
        "EDC_AUTH_FLG": "O",
    }
    used = {"DOC_ID": ticket_id, "PMT_SEQ_NO": 1, "APPL_TYP": "D", "AMT": Decimal("12.34"), "HOME_CURNCY_AMT": Decimal("12.34")}
    keyed = (
        ("PS_DOC_HDR", {**header, "DOC_ID": order_id, "DOC_GUID": BY_HAND, "DOC_TYP": "O", "TKT_NO": "TILL-1"}),
        (
            "PS_DOC_HDR",
            {**header, "DOC_ID": ticket_id, "DOC_GUID": TICKET_GUID, "DOC_TYP": "T", "TKT_NO": "TILL-2", "USR_DEP_ORD": order_id},
        ),
        ("PS_DOC_HDR_TOT", {**totals, "DOC_ID": order_id, "TOT_TYP": "O"}),
        ("PS_DOC_HDR_TOT", {**totals, "DOC_ID": ticket_id, "TOT_TYP": "D"}),
        ("PS_DOC_PMT", payment),
        ("PS_DOC_PMT_APPLY", {**used, "EXCH_LOSS": 0}),
    )
    for table, values in keyed:
        shop.copy_row(table, values, {})


def test_a_deposit_ticket_is_written_as_the_site_keys_its_own(deposit_site: SqlServer) -> None:
    shop = Shop(deposit_site, deposit_site.query)
    key_a_deposit(shop)
    with pytest.raises(BadArgument, match=r"what it has in PS_DOC_PMT\.EXP_DAT is never copied, .*config erp column"):
        deposit_site.run(SetDepositModel(number="TILL-2"))
    give_column(deposit_site, "PS_DOC_PMT.EXP_DAT", "2001-02-03")
    deploy_as_to_a_real_one(deposit_site)
    cells = deposit_site.run(SetDepositModel(number="TILL-2"))
    source = {(cell.table_name, cell.column_name): (cell.source, cell.value) for cell in cells if cell.part == "TICKET"}
    assert cells[0].order_tkt_no == "TILL-1"
    assert source["PS_DOC_PMT", "USR_KIND"] == ("MODEL", "DEP")
    assert source["PS_DOC_PMT", "USR_DEP_AMT"] == ("AMOUNT", None)
    assert source["PS_DOC_HDR", "USR_DEP_ORD"] == ("ORDER_ID", None)
    assert source["PS_DOC_PMT", "CARD_NO_SHOWN"] == ("EMPTY", "")
    assert source["PS_DOC_HDR", "SLS_REP"] == ("SLS_REP", "")
    shop.paid_by("CARD")
    shop.setting("WRITE_PAYMENT", "D")
    doc = shop.apply(line(1)).doc_id
    written = shop.one("SELECT * FROM dbo.USER_ORDER_PAYMENT")
    paid = shop.one("SELECT * FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", written["DEPOSIT_DOC_ID"])
    assert (paid["CARD_NO_SHOWN"], f"{paid['EXP_DAT']:%Y-%m-%d}") == ("", "2001-02-03")
    assert [shop.header(each)["SLS_REP"] for each in (doc, written["DEPOSIT_DOC_ID"])] == ["", ""]
    assert (paid["USR_KIND"], paid["USR_DEP_AMT"], paid["AMT"]) == ("DEP", Decimal("19.99"), Decimal("19.99"))
    assert shop.header(written["DEPOSIT_DOC_ID"])["USR_DEP_ORD"] == doc
    assert [row.detail for row in deposit_site.run(AuditOrders())] == []
    shop.cancel(line(1))
    assert shop.query("SELECT * FROM dbo.USER_ORDER_PAYMENT") == []
