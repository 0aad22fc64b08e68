"""Lists in the SQL that a site's own tables and columns make."""

from __future__ import annotations

from dataclasses import replace

from syncctl.db.deploy_scripts import scripts
from syncctl.db.rendering_lists import fill_lists
from syncctl.db.site_catalogue import Catalogue, Column, demo_catalogue

TRIAL = demo_catalogue("counterpoint")
TEXT = """
BEGIN
    /* Where there is EC_CTL: */
    SET @CONTROLS =
    (
        SELECT
            /* For each column of EC_CTL: */
            KEY_ID = control.KEY_ID
            /* End. */
        FROM dbo.EC_CTL AS control
        FOR JSON PATH
    );
    /* End. */
    SELECT
        ITEM_NO = stock.ITEM_NO,
        /* For each column of IM_INV like QTY_%: */
        QTY_ON_HND = stock.QTY_ON_HND
        /* End. */
    FROM dbo.IM_INV AS stock;
    /* For each table like PS_DOC_% with DOC_ID: */
    /* End. */
END;
"""


def site(**tables: dict[str, Column]) -> Catalogue:
    made = {name: {key.upper(): column for key, column in columns.items()} for name, columns in tables.items()}
    return Catalogue({"IM_INV": made.pop("IM_INV")}, others=made, keys={"PS_DOC_ODD": ("DOC_ID", "SEQ NO")})


def columns(*names: str, kind: str = "varchar") -> dict[str, Column]:
    return {name: Column(name, kind=kind) for name in names}


def test_lists_hold_what_the_site_has() -> None:
    text = fill_lists(
        TEXT,
        site(
            EC_CTL=columns("KEY_ID", "Ord_Sta_Id"),
            IM_INV=columns("ITEM_NO", "QTY_COMMIT", "QTY_ON_ORD"),
            PS_DOC_ODD={**columns("DOC_ID", "SEQ NO"), **columns("SIG", kind="image"), **columns("PLACE", kind="geography")},
            PS_DOC_NONE=columns("ITEM_NO"),
            PS_DOCX=columns("DOC_ID"),
        ),
        TRIAL,
    )
    assert "KEY_ID = control.KEY_ID,\n            ORD_STA_ID = control.ORD_STA_ID\n            /* End. */" in text
    assert "QTY_COMMIT = stock.QTY_COMMIT,\n        QTY_ON_ORD = stock.QTY_ON_ORD\n" in text
    assert "QTY_ON_HND" not in text
    assert "FROM dbo.PS_DOC_ODD AS found\n            WHERE found.DOC_ID = @DOC_ID" in text
    assert "[SEQ NO] = found.[SEQ NO]" in text
    assert "found.DOC_ID,\n                found.[SEQ NO]\n            FOR JSON PATH" in text
    assert "[SIG] = CASE WHEN found.[SIG] IS NULL THEN NULL ELSE 'bytes' END" in text
    assert "PLACE" not in text
    assert "PS_DOC_NONE" not in text
    assert "dbo.PS_DOCX" not in text


def test_a_part_that_needs_a_column_goes_where_the_site_lacks_it() -> None:
    text = "    /* Where there is AR_CUST.ADRS_3: */\n    A\n    /* End. */\n    B\n"
    kept, gone = site(IM_INV={}, AR_CUST=columns("ADRS_3")), site(IM_INV={}, AR_CUST=columns("ADRS_2"))
    assert fill_lists(text, kept, TRIAL) == text
    assert fill_lists(text, gone, TRIAL) == "    B\n"
    assert fill_lists(text, site(IM_INV={}), TRIAL) == "    B\n"


def test_filling_twice_changes_nothing() -> None:
    once = fill_lists(TEXT, TRIAL, TRIAL)
    assert fill_lists(once, TRIAL, TRIAL) == once
    assert once.count("UNION ALL") > 5


def test_a_part_goes_where_its_table_is_missing() -> None:
    text = fill_lists(TEXT, site(IM_INV=columns("QTY_COMMIT")), TRIAL)
    assert "EC_CTL" not in text
    assert "SET @CONTROLS" not in text
    assert text.startswith("\nBEGIN\n    SELECT\n        ITEM_NO")


def test_tables_that_a_site_may_lack_are_those_that_scripts_look_for() -> None:
    assert {"EC_CTL", "SY_WRKGRP"} <= TRIAL.optional
    assert "PS_DOC_LIN" not in TRIAL.optional


def test_the_lists_in_the_files_are_the_trials() -> None:
    old = [script.name for script in scripts("counterpoint") if fill_lists(script.text, TRIAL, TRIAL) != script.text]
    assert old == [], "run: python scripts/sql_lists.py"


def test_a_word_of_the_language_stands_in_brackets() -> None:
    text = fill_lists(TEXT, site(EC_CTL=columns("KEY", "CURRENT_USER", "A]B"), IM_INV=columns("QTY_COMMIT")), TRIAL)
    assert "[KEY] = control.[KEY]," in text
    assert "[CURRENT_USER] = control.[CURRENT_USER]," in text
    assert "[A]]B] = control.[A]]B]" in text


def test_an_engines_own_spelling_and_order_change_nothing() -> None:
    there = {
        name: {key: replace(column, name=column.name.lower()) for key, column in reversed(list(table.items()))}
        for name, table in TRIAL.tables.items()
    }
    assert fill_lists(TEXT, Catalogue(there, keys=TRIAL.keys), TRIAL) == fill_lists(TEXT, TRIAL, TRIAL)
