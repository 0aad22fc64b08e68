"""The model of a deposit ticket at a site that has columns of its own, on the embedded engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncctl.db.contract import SeedDemoErp, SetDepositModel
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import BadArgument
from tests.clocks import MovableClock
from tests.orders import line
from tests.shop import Shop


def test_what_is_never_copied_and_takes_no_null_is_nothing_on_each_ticket(empty_embedded: str) -> None:
    """On a SQL Server the deploy knows such columns: `tests/integration/test_site.py`."""
    database = EmbeddedDatabase(Path(empty_embedded.removeprefix("sqlite:///")), clock=MovableClock())
    shop = Shop(database, database.query)
    for table, column, kind in (
        ("PS_DOC_PMT", "CARD_NO_SHOWN", "TEXT NOT NULL DEFAULT ''"),
        ("PS_DOC_HDR", "USR_CONTACT_NAM", "TEXT NOT NULL DEFAULT ''"),
        ("PS_DOC_HDR", "USR_STK_LOC_ID", "INTEGER NOT NULL DEFAULT 0"),
        ("PS_DOC_PMT", "EXP_DAT", "DATETIME_TEXT NOT NULL DEFAULT '2001-01-01 00:00:00'"),
    ):
        shop.query(f"ALTER TABLE dbo.{table} ADD COLUMN {column} {kind}")
    database.run(SeedDemoErp(items="[]", customers="[]", with_deposit=True))
    shop.query("UPDATE dbo.PS_DOC_PMT SET CARD_NO_SHOWN = '****1111', EXP_DAT = '2029-12-01 00:00:00'")
    shop.query("UPDATE dbo.PS_DOC_HDR SET USR_CONTACT_NAM = 'A Person', STK_LOC_ID = NULL")
    with pytest.raises(BadArgument, match=r"what it has in PS_DOC_PMT\.EXP_DAT is never copied, .*`syncctl config erp column"):
        database.run(SetDepositModel(number="TILL-2"))
    shop.query("ALTER TABLE dbo.PS_DOC_PMT DROP COLUMN EXP_DAT")
    found = {
        (cell.table_name, cell.column_name): (cell.source, cell.value)
        for cell in database.run(SetDepositModel(number="TILL-2", dry_run=True))
    }
    assert found["PS_DOC_PMT", "CARD_NO_SHOWN"] == ("EMPTY", "")
    assert found["PS_DOC_HDR", "USR_CONTACT_NAM"] == ("EMPTY", "")
    assert found["PS_DOC_HDR", "SLS_REP"] == ("SLS_REP", None)
    database.run(SetDepositModel(number="TILL-2"))
    shop.paid_by("CARD")
    shop.setting("WRITE_PAYMENT", "D")
    shop.apply(line(1))
    ticket = shop.one("SELECT * FROM dbo.USER_ORDER_PAYMENT")["DEPOSIT_DOC_ID"]
    assert shop.one("SELECT * FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", ticket)["CARD_NO_SHOWN"] == ""
    assert shop.header(ticket)["USR_CONTACT_NAM"] == ""
    database.close()
