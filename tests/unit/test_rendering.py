"""The SQL that is written for one site: its columns, its widths, and the values that it must give."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from syncctl.db.deploy_scripts import Script, scripts
from syncctl.db.rendering import render, render_all, told
from syncctl.db.site_catalogue import Catalogue, Column, demo_catalogue

TRIAL = demo_catalogue("counterpoint")
Change = Callable[[dict[str, dict[str, Column]]], object]

WRITES = """
CREATE OR ALTER PROCEDURE dbo.sp_Test
AS
BEGIN
    /* INSERT INTO dbo.AR_CUST (CITY, NOT_REAL) VALUES ('x'); */
    INSERT INTO dbo.AR_CUST
    (
        CUST_NO, NAM, CITY
    )
    SELECT DISTINCT
        new.CUST_NO,
        -- a comment, with a comma
        COALESCE(new.NAM, N'a, b'),
        CASE WHEN new.CITY IS NULL THEN N'from' ELSE (SELECT TOP (1) x.CITY FROM dbo.X AS x) END
    FROM @NEW AS new;

    UPDATE
        customer
    SET
        customer.CITY = new.CITY,
        NAM = new.NAM
    FROM dbo.AR_CUST AS customer
    INNER JOIN @NEW AS new ON new.CUST_NO = customer.CUST_NO;
END;
"""


def site(change: Change, **given: str) -> Catalogue:
    tables = {name: dict(columns) for name, columns in TRIAL.tables.items()}
    change(tables)
    return Catalogue(tables, {name.replace("__", "."): value for name, value in given.items()}, keys=TRIAL.keys)


def rendered(change: Change, text: str = WRITES, **given: str) -> tuple[str, str]:
    """The text, and the problems told."""
    script, problems = render(Script("erp/counterpoint/sp_Test.sql", "changed", text), site(change, **given), TRIAL)
    return script.text, told(problems)


def test_a_site_like_the_trial_gets_the_files_as_they_are() -> None:
    files = scripts("counterpoint")
    fitted, problems = render_all(files, TRIAL, TRIAL)
    assert problems == []
    assert [old.name for old, new in zip(files, fitted, strict=True) if old.text != new.text] == []


def test_every_statement_that_writes_into_the_erps_tables_is_understood() -> None:
    """Each of their columns, taken from the site one by one, is gone from every statement that writes it."""
    wanted = scripts("counterpoint")
    for table, columns in TRIAL.tables.items():
        # One table's writers are those that name it: no other statement knows its columns.
        writers = [script for script in wanted if re.search(rf"\b{table}\b", script.text)]
        for column in columns:
            lacking = site(lambda tables, table=table, column=column: tables[table].pop(column))  # type: ignore[misc]
            naming = [script for script in writers if re.search(rf"\b{column}\b", script.text)]
            fitted, _ = render_all(naming, lacking, TRIAL)
            for script in fitted:
                for found in re.finditer(rf"INSERT INTO dbo\.{table}\s*\(([^()]*)\)", script.text):
                    assert column not in re.split(r"[\s,]+", found.group(1)) or len(found.group(1).split()) == 1, script.name


def test_a_column_that_the_site_lacks_is_left_out_with_what_goes_into_it() -> None:
    text, problems = rendered(lambda tables: tables["AR_CUST"].pop("CITY"))
    assert problems == ""
    inserted = text[text.index("INSERT INTO dbo.AR_CUST\n") :]
    assert "CITY" not in inserted
    assert "CUST_NO, NAM" in inserted
    assert "COALESCE(new.NAM, N'a, b')" in inserted
    assert "NAM = new.NAM\n    FROM dbo.AR_CUST AS customer" in inserted


def test_a_text_is_cut_to_a_narrower_column_and_never_to_a_wider_one() -> None:
    narrow, _ = rendered(lambda tables: tables["AR_CUST"].update(CITY=Column("CITY", 15)))
    assert "customer.CITY = LEFT(new.CITY, 15)," in narrow
    assert (
        "LEFT(CASE WHEN new.CITY IS NULL THEN N'from' ELSE (SELECT TOP (1) x.CITY FROM dbo.X AS x) END, 15)\n    FROM @NEW"
        in narrow
    )
    wide, _ = rendered(lambda tables: tables["AR_CUST"].update(CITY=Column("CITY", 4000)))
    assert wide == WRITES


def test_a_key_is_never_cut() -> None:
    _, problems = rendered(lambda tables: tables["AR_CUST"].update(CUST_NO=Column("CUST_NO", 5)))
    assert problems == "AR_CUST.CUST_NO takes 5 letters only, fewer than syncctl writes there"


def test_a_column_that_must_be_given_is_a_problem_until_the_site_gives_it_a_value() -> None:
    def must(tables: dict[str, dict[str, Column]]) -> None:
        tables["AR_CUST"]["CUST_TYP"] = Column("CUST_TYP", 1, must_be_given=True)

    _, problems = rendered(must)
    assert problems == "AR_CUST.CUST_TYP takes no NULL, has no default, and nothing fills it"
    text, problems = rendered(must, AR_CUST__CUST_TYP="A")
    assert problems == ""
    assert "CUST_NO, NAM, CITY, CUST_TYP" in text
    assert "END,\n        N'A'\n    FROM @NEW" in text


@pytest.mark.parametrize(
    ("value", "written"),
    [("1", "1"), ("-1.50", "-1.50"), ("O'Neil", "N'O''Neil'"), ("1; DROP TABLE X", "N'1; DROP TABLE X'"), ("", "N''")],
)
def test_a_value_of_the_sites_is_a_number_or_a_text_and_never_sql(value: str, written: str) -> None:
    text, _ = rendered(lambda tables: tables["AR_CUST"].update(X=Column("X", None, must_be_given=True)), AR_CUST__X=value)
    assert f"END,\n        {written}\n    FROM @NEW" in text


CUSTOMER = next(script for script in scripts("counterpoint") if script.name.endswith("/sp_CreateErpCustomer.sql"))


def real_customer(tables: dict[str, dict[str, Column]]) -> None:
    """Columns that a real AR_CUST has beside the trial's."""
    for column in (
        Column("SLS_REP", 10, must_be_given=True, kind="varchar"),
        Column("CR_CARD_NO_1", 20, must_be_given=False, kind="varchar"),
        Column("BAL", None, must_be_given=True, kind="decimal"),
        Column("LOY_PTS_BAL", None, must_be_given=False, kind="decimal"),
        Column("LST_SAL_DAT", None, must_be_given=False, kind="datetime"),
        Column("FULL_NAM_UPR", 40, must_be_given=False, kind="varchar"),
        Column("EMAIL_ADRS_2", 50, must_be_given=False, kind="varchar"),
        Column("USR_WEB LEVEL", 1, must_be_given=False, kind="varchar"),
        Column("ROW_NO", None, must_be_given=False, kind="int", generated=True),
    ):
        tables["AR_CUST"][column.name] = column


def test_a_new_customer_has_from_the_template_whatever_is_no_persons_own() -> None:
    fitted, problems = render(CUSTOMER, replace(site(real_customer), has_template=True), TRIAL)
    assert told(problems) == ""
    copied = fitted.text[fitted.text.index("Not copied:") :]
    columns, values = copied.split("INSERT INTO dbo.AR_CUST")[1].split("SELECT", 1)
    assert "SLS_REP, BAL, [USR_WEB LEVEL]" in columns
    assert re.search(r"template\.SLS_REP,\s+0,\s+template\.\[USR_WEB LEVEL\]\s+FROM", values)
    for own in ("CR_CARD_NO_1", "LOY_PTS_BAL", "LST_SAL_DAT", "FULL_NAM_UPR", "EMAIL_ADRS_2", "ROW_NO"):
        assert own not in columns


def test_without_a_template_what_nothing_fills_stops_the_deploy() -> None:
    _, problems = render(CUSTOMER, site(real_customer), TRIAL)
    assert told(problems) == (
        "AR_CUST.BAL takes no NULL, has no default, and nothing fills it;"
        " AR_CUST.SLS_REP takes no NULL, has no default, and nothing fills it"
    )


def test_a_persons_own_text_that_must_be_given_is_no_templates_to_give() -> None:
    def must(tables: dict[str, dict[str, Column]]) -> None:
        tables["AR_CUST"]["SALUTATION"] = Column("SALUTATION", 10, must_be_given=True, kind="varchar")

    _, problems = render(CUSTOMER, replace(site(must), has_template=True), TRIAL)
    assert told(problems) == "AR_CUST.SALUTATION takes no NULL, has no default, and nothing fills it"
    fitted, problems = render(CUSTOMER, replace(site(must, AR_CUST__SALUTATION="-"), has_template=True), TRIAL)
    assert told(problems) == ""
    assert fitted.text.count("N'-'\n") == 2


HOLDS = """
CREATE OR ALTER FUNCTION dbo.fn_Test () RETURNS TABLE AS RETURN
(
    SELECT
        CITY = CONVERT(varchar(20), LEFT(a.CITY, 20) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.CITY */,
        NAM = CONCAT(CONVERT(varchar(9), 1), CONVERT(varchar(40), a.N COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */)
    FROM dbo.X AS a
);
"""


def test_a_text_is_held_as_the_sites_column_holds_it() -> None:
    def change(tables: dict[str, dict[str, Column]]) -> None:
        tables["AR_CUST"]["CITY"] = Column("CITY", 9, kind="varchar", collation="Polish_CI_AS")
        tables["AR_CUST"]["NAM"] = Column("NAM", 80, kind="nvarchar", collation="Polish_CI_AS")

    text, problems = rendered(change, HOLDS)
    assert problems == ""
    assert "CITY = CONVERT(varchar(9), LEFT(a.CITY, 9) COLLATE Polish_CI_AS) /* as AR_CUST.CITY */," in text
    assert "CONCAT(CONVERT(varchar(9), 1), CONVERT(nvarchar(80), a.N) /* as AR_CUST.NAM */)" in text


def test_a_text_is_cut_only_where_the_sites_column_ends() -> None:
    """Its contact's columns are wider than the trial's; those of customers and ship-to addresses aren't, and get what fits."""

    def wide(tables: dict[str, dict[str, Column]]) -> None:
        tables["PS_DOC_CONTACT"]["ADRS_1"] = Column("ADRS_1", 100, kind="varchar", collation="Polish_CI_AS")
        tables["PS_DOC_LIN"]["DESCR"] = Column("DESCR", 60, kind="varchar", collation="Polish_CI_AS")

    fitted, problems = render_all(scripts("counterpoint"), site(wide), TRIAL)
    assert problems == []
    texts = {script.name.rpartition("/")[2]: script.text for script in fitted}
    assert "CONVERT(varchar(100), dbo.fn_Shorten(address.ADRS_1, 100) COLLATE Polish_CI_AS)" in texts["fn_ErpAddress.sql"]
    assert "100 /* width of PS_DOC_CONTACT.ADRS_1 */" in texts["fn_ErpTexts.sql"]
    assert "60 /* width of PS_DOC_LIN.DESCR */" in texts["fn_ErpTexts.sql"]
    assert "dbo.fn_Shorten(line.DESCR, 60 /* width of PS_DOC_LIN.DESCR */)" in texts["fn_ErpLines.sql"]
    assert texts["sp_CreateErpCustomer.sql"].count("LEFT(NULLIF(address.ADRS_1, N''), 40)") == 2
    assert "LEFT(NULLIF(address.ADRS_1, ''), 40)" in texts["sp_ShipToAddress.sql"]
    assert "LEFT(NULLIF(address.ADRS_1, N''), 40)" not in texts["sp_WriteOrderContacts.sql"]


def test_a_site_that_lacks_what_is_optional_of_a_customer_is_fitted() -> None:
    def fewer(tables: dict[str, dict[str, Column]]) -> None:
        for name in ("ADRS_3", "NAM_UPR", "FST_NAM_UPR", "LST_NAM_UPR"):
            tables["AR_CUST"].pop(name)

    fitted, problems = render_all(scripts("counterpoint"), site(fewer), TRIAL)
    assert problems == []
    texts = {script.name.rpartition("/")[2]: script.text for script in fitted}
    assert "customer.ADRS_2" in texts["fn_ErpCustomerFields.sql"]
    for name in ("fn_ErpCustomerFields.sql", "sp_ChangeErpCustomer.sql"):
        assert "customer.ADRS_3" not in texts[name]
        assert "_UPR" not in texts[name]


def test_a_site_without_the_prices_of_customer_groups_is_fitted() -> None:
    def fewer(tables: dict[str, dict[str, Column]]) -> None:
        for number in range(2, 7):
            tables["IM_PRC"].pop(f"PRC_{number}")
        for name in ("PRC_1", "REG_PRC"):
            tables["IM_ITEM"].pop(name)

    fitted, problems = render_all(scripts("counterpoint"), site(fewer), TRIAL)
    assert problems == []
    texts = {script.name.rpartition("/")[2]: script.text for script in fitted}
    for name in ("fn_ErpPrice.sql", "fn_ErpSettingFault.sql"):
        assert "('PRC_1'" in texts[name].replace("N'", "'")
        assert not re.search("'PRC_[2-6]'", texts[name])
    assert "price.PRC_1" in texts["fn_ErpPrice.sql"] and "item.PRC_1" not in texts["fn_ErpPrice.sql"]


def test_a_site_of_rms_without_its_other_prices_is_fitted() -> None:
    trial = demo_catalogue("rms")
    tables = {name: dict(columns) for name, columns in trial.tables.items()}
    for name in ("PRICEA", "PRICEB", "PRICEC", "SALESTARTDATE", "SALEENDDATE"):
        tables["ITEM"].pop(name)
    fitted, problems = render_all(scripts("rms"), replace(trial, tables=tables), trial)
    assert problems == []
    [text] = [script.text for script in fitted if script.name.endswith("fn_ErpPrice.sql")]
    assert "item.Price)" in text and not re.search(r"item\.(Price[ABC]|Sale(Start|End)Date)", text)


def test_every_width_that_is_written_is_the_trials() -> None:
    marked = [
        (script.name, int(width), TRIAL.tables[table][name].width)
        for script in scripts("counterpoint")
        for width, table, name in re.findall(r"(\d+) /\* width of (\w+)\.(\w+) \*/", script.text)
    ]
    assert len(marked) > 10
    assert [mark for mark in marked if mark[1] != mark[2]] == []


def test_a_text_is_held_as_in_the_file_where_the_site_is_like_the_trial() -> None:
    assert rendered(lambda tables: None, HOLDS) == (HOLDS, "")
    assert rendered(lambda tables: tables["AR_CUST"].pop("CITY"), HOLDS)[0] == HOLDS


def test_every_text_that_is_held_names_a_column_and_its_width() -> None:
    marked = [
        (script.name, int(width), table, column)
        for script in scripts("counterpoint")
        for width, table, column in re.findall(
            r"CONVERT\(varchar\((\d+)\), (?:(?!CONVERT\().)+? COLLATE \w+\) /\* as (\w+)\.(\w+) \*/", script.text
        )
    ]
    assert len(marked) == sum(script.text.count("/* as ") for script in scripts("counterpoint")) > 20
    wrong = [(name, f"{table}.{column}") for name, width, table, column in marked if TRIAL.tables[table][column].width != width]
    assert wrong == []


def test_a_site_that_has_none_of_the_columns_is_told_so() -> None:
    def without(tables: dict[str, dict[str, Column]]) -> None:
        tables["AR_CUST"] = {"CUST_NO": TRIAL.tables["AR_CUST"]["CUST_NO"]}

    _, problems = rendered(without)
    assert problems == "AR_CUST.CITY, AR_CUST.NAM are all missing, and syncctl has to write one of them"


def test_a_column_that_is_read_and_missing_is_a_problem() -> None:
    lacking = site(lambda tables: tables["PS_DOC_PKG_TRK_NO"].pop("PKG_TRK_NO"))
    _, problems = render_all(scripts("counterpoint"), lacking, TRIAL)
    assert told(problems) == "PS_DOC_PKG_TRK_NO.PKG_TRK_NO is missing, and syncctl reads it"


def test_our_own_tables_are_nobodys_site() -> None:
    text = "INSERT INTO dbo.USER_SYNC_LOG\n(\n    A, B\n)\nVALUES\n(\n    1, 2\n);\n"
    assert rendered(lambda tables: tables.clear(), text)[0] == text


def test_a_table_that_the_procedures_look_for_first_may_be_missing() -> None:
    assert TRIAL.optional == {"EC_CTL", "PS_DOC_HDR_ORIG_DOC", "PS_DRW_SESSION", "SY_PAY_COD", "SY_WRKGRP"}
    lacking = site(lambda tables: tables.pop("SY_PAY_COD"))
    fitted, problems = render_all(scripts("counterpoint"), lacking, TRIAL)
    payment = {script.name: script.text for script in fitted}["erp/counterpoint/sp_WriteOrderPayment.sql"]
    assert (problems, "SY_PAY_COD" in payment, "PAY_COD_TYP" in payment) == ([], False, True)


MODEL = "erp/counterpoint/sp_WriteDepositTicket.sql"


def deposit_ticket(change: Change, *modelled: str, **given: str) -> tuple[str, str]:
    """How a deposit ticket is written at a site, and the problems of that."""
    there = replace(site(change, **given), modelled=frozenset(modelled))
    [script] = [script for script in scripts("counterpoint") if script.name == MODEL]
    fitted, problems = render(script, there, TRIAL)
    return fitted.text, told(problems)


def payment_insert(text: str) -> str:
    return text.partition("INSERT INTO dbo.PS_DOC_PMT\n")[2].partition("GROUP BY")[0]


def test_a_deposit_ticket_has_every_column_of_the_site_as_wide_as_there() -> None:
    def change(tables: dict[str, dict[str, Column]]) -> None:
        payment = tables["PS_DOC_PMT"]
        del payment["SWIPED"]
        payment["DESCR"] = replace(payment["DESCR"], width=30, kind="nvarchar")
        payment["AMT"] = replace(payment["AMT"], kind="money", digits=None)
        payment["USR FLG"] = Column("USR FLG", 3, True, "char")
        payment["USR_RATE"] = Column("USR_RATE", None, True, "numeric", digits=(9, 4))
        payment["ROW_VER"] = Column("ROW_VER", None, True, "timestamp", True)
        payment["SIG_IMG"] = Column("SIG_IMG", None, False, "image")

    text, problems = deposit_ticket(change)
    insert = payment_insert(text)
    assert problems == ""
    assert "SWIPED" not in insert and "ROW_VER" not in insert and "SIG_IMG" not in insert
    assert "CONVERT(nvarchar(30), MAX(CASE WHEN cell.COLUMN_NAME = 'DESCR' THEN cell.VALUE END))" in insert
    assert "CONVERT(money, MAX(CASE WHEN cell.COLUMN_NAME = 'AMT' THEN cell.VALUE END))" in insert
    assert "[USR FLG]" in insert
    assert "CONVERT(char(3), MAX(CASE WHEN cell.COLUMN_NAME = 'USR FLG' THEN cell.VALUE END))" in insert
    assert "CONVERT(decimal(9, 4), MAX(CASE WHEN cell.COLUMN_NAME = 'USR_RATE' THEN cell.VALUE END))" in insert
    assert text.replace(insert, "") == deposit_ticket(lambda _: None)[0].replace(
        payment_insert(deposit_ticket(lambda _: None)[0]), ""
    )


def test_a_column_that_came_after_the_model_was_read_keeps_its_default() -> None:
    read = [f"PS_DOC_PMT.{name}" for name in TRIAL.tables["PS_DOC_PMT"]]

    def change(tables: dict[str, dict[str, Column]]) -> None:
        tables["PS_DOC_PMT"]["NEW_FLG"] = Column("NEW_FLG", 1, False, "varchar")

    text, problems = deposit_ticket(change, *read)
    assert ("NEW_FLG" in text, problems) == (False, "")
    assert "NEW_FLG" in deposit_ticket(change)[0]
    _, problems = deposit_ticket(lambda tables: tables["PS_DOC_PMT"].update(NEW_FLG=Column("NEW_FLG", 1, True, "varchar")), *read)
    assert problems == "PS_DOC_PMT.NEW_FLG takes no NULL, has no default, and the model of a deposit ticket has no value for it"


def test_what_no_cell_holds_gets_the_value_that_the_site_gave() -> None:
    def change(tables: dict[str, dict[str, Column]]) -> None:
        tables["PS_DOC_PMT"]["USR_SIG"] = Column("USR_SIG", None, True, "varbinary")

    assert "the model of a deposit ticket has no value for it" in deposit_ticket(change)[1]
    text, problems = deposit_ticket(change, PS_DOC_PMT__USR_SIG="0")
    assert problems == ""
    assert "USR_SIG" in payment_insert(text).partition("SELECT")[0] and payment_insert(text).count("0\n") == 1


def test_what_takes_no_null_here_gets_nothing_where_an_order_has_nothing() -> None:
    def change(tables: dict[str, dict[str, Column]]) -> None:
        tables["AR_CUST"]["CITY"] = replace(tables["AR_CUST"]["CITY"], not_null=True)
        tables["AR_CUST"]["NAM"] = replace(tables["AR_CUST"]["NAM"], not_null=True, width=20)

    text, problems = rendered(change)
    assert problems == ""
    assert "COALESCE(LEFT(-- a comment" in text and "COALESCE(new.NAM, N'a, b'), 20), '')" in text
    assert "CITY = COALESCE(new.CITY, '')" in text
    assert "ELSE (SELECT TOP (1) x.CITY FROM dbo.X AS x) END, '')" in text
    assert "CITY = COALESCE(new.CITY, N'none')" in rendered(change, AR_CUST__CITY="none")[0]


def test_columns_that_take_no_null_here_are_named_for_the_model_of_a_deposit() -> None:
    def change(tables: dict[str, dict[str, Column]]) -> None:
        tables["PS_DOC_HDR"]["SLS_REP"] = replace(tables["PS_DOC_HDR"]["SLS_REP"], not_null=True)
        tables["PS_DOC_PMT"]["EXP_DAT"] = Column("Exp_Dat", None, True, "datetime")
        tables["PS_DOC_PMT"]["CARD_NO"] = Column("CARD_NO", 20, False, "varchar", not_null=True)
        tables["PS_DOC_PMT"]["ROW_VER"] = Column("ROW_VER", None, False, "timestamp", True, not_null=True)

    [script] = [script for script in scripts("counterpoint") if script.name.endswith("fn_CounterPointRequired.sql")]
    listed = render(script, site(change, PS_DOC_PMT__CARD_NO="it's"), TRIAL)[0].text.partition("VALUES")[2]
    assert re.findall(r"\('(\w+)', '(\w+)', (NULL|N'.*')\)", listed) == [
        ("PS_DOC_HDR", "SLS_REP", "N''"),
        ("PS_DOC_PMT", "EXP_DAT", "NULL"),
        ("PS_DOC_PMT", "CARD_NO", "N'it''s'"),
    ]


def test_a_site_without_links_and_sessions_writes_none() -> None:
    fitted, problems = render_all(
        scripts("counterpoint"), site(lambda tables: (tables.pop("PS_DOC_HDR_ORIG_DOC"), tables.pop("PS_DRW_SESSION"))), TRIAL
    )
    texts = {script.name: script.text for script in fitted}
    assert problems == []
    assert "ORIG_DOC" not in texts[MODEL].partition("AS\nBEGIN")[2] and "PS_DRW_SESSION" not in texts[MODEL]
    assert "ORIG_DOC" not in texts["erp/counterpoint/sp_RemoveDepositTicket.sql"]


def test_rms_takes_the_widths_and_the_columns_of_its_site():
    """Names in brackets are read like others: `dbo.[Order]`."""
    trial = demo_catalogue("rms")
    tables = {name: dict(columns) for name, columns in trial.tables.items()}
    tables["ORDER"]["SYNCGUID"] = Column("SyncGuid", None, True, "uniqueidentifier")
    tables["ORDER"]["DBTIMESTAMP"] = Column("DBTimeStamp", None, False, "timestamp", True)
    del tables["ORDERENTRY"]["VOUCHERID"]
    tables["CUSTOMER"]["ADDRESS"] = replace(tables["CUSTOMER"]["ADDRESS"], width=30)
    site = replace(trial, tables=tables)
    _, problems = render_all(scripts("rms"), site, trial)
    assert {problem.column for problem in problems} == {"ORDER.SyncGuid"}
    fitted, problems = render_all(scripts("rms"), replace(site, given={"ORDER.SYNCGUID": "none"}), trial)
    texts = {script.name.rpartition("/")[2]: script.text for script in fitted}
    assert problems == []
    assert "SyncGuid" in texts["sp_CreateErpDocument.sql"] and "N'none'" in texts["sp_CreateErpDocument.sql"]
    assert "VoucherID" not in texts["sp_WriteOrderEntries.sql"].partition("INSERT INTO dbo.OrderEntry")[2]
    assert "fn_Shorten(address.ADRS_1, 30 /* width of CUSTOMER.Address */)" in texts["fn_ErpAddress.sql"]
    assert "whole.ADRS_1, 30 /* width of CUSTOMER.Address */" in texts["fn_ErpTexts.sql"]
