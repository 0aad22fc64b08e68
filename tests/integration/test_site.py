"""`db deploy` at a site whose ERP differs from the trial one, on a running T-SQL engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.db.contract import GetErpDocument, ImportErpSettings
from syncctl.db.deploy import deploy, give_column, journal
from syncctl.db.deploy_check import check
from syncctl.db.deploy_scripts import demo_schema
from syncctl.db.sqlserver import SqlServer
from syncctl.errors import ConfigError, NotFound, UsageError
from syncctl.services.database import check_database
from tests.sqlserver_database import Scratch

pytestmark = pytest.mark.sqlserver

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
        "erp/counterpoint/sp_CreateErpDocument.sql"
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
    read = printed["erp/counterpoint/sp_GetErpDocument.sql"]
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
