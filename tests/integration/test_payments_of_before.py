"""Payments of a version that kept no record of them: which of them a deploy takes for ours, and which stay a person's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.db.deploy_scripts import scripts
from syncctl.db.sqlserver import SqlServer
from tests.orders import line
from tests.shop import Shop

pytestmark = pytest.mark.sqlserver


@pytest.fixture
def shop(empty_sqlserver: str) -> Iterator[Shop]:
    owner = SqlServer(empty_sqlserver)
    yield Shop(owner, owner.query)
    owner.close()


def paid_before(shop: Shop, *, days: int = 0) -> int:
    """A document from before USER_ORDER_PAYMENT was made, with a payment of its total as the version of then wrote it."""
    shop.query("DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT = 'schema/040_USER_ORDER_PAYMENT.sql'")
    doc_id = shop.apply(line(1)).doc_id
    assert doc_id is not None
    shop.pay(doc_id, "19.99")
    shop.query(
        "UPDATE payment SET PMT_SEQ_NO = 1, PAY_DAT = document.TKT_DT FROM dbo.PS_DOC_PMT AS payment"
        " INNER JOIN dbo.PS_DOC_HDR AS document ON document.DOC_ID = payment.DOC_ID"
    )
    shop.query(
        "INSERT INTO dbo.USER_SCHEMA_JOURNAL (SCRIPT, SHA256, KIND, APPLIED_DT, APPLIED_BY, DURATION_MS)"
        " SELECT 'schema/040_USER_ORDER_PAYMENT.sql', '', 'once', DATEADD(DAY, ?, linked.CREATED_DT), N'tests', 1"
        " FROM dbo.USER_ORDER_LINK AS linked",
        (days,),
    )
    shop.setting("WRITE_PAYMENT", "Y")
    return doc_id


def deployed_again(shop: Shop) -> list[int]:
    """Run the settings' script; return the documents whose payment is ours by then."""
    [script] = [script for script in scripts("counterpoint") if script.name.endswith("/settings.sql")]
    for batch in script.batches:
        shop.query(batch.text)
    return [row["DOC_ID"] for row in shop.query("SELECT DOC_ID FROM dbo.USER_ORDER_PAYMENT")]


def test_what_the_version_before_wrote_is_ours(shop: Shop) -> None:
    doc_id = paid_before(shop, days=1)
    assert deployed_again(shop) == [doc_id]


def test_a_payment_on_a_document_of_this_version_is_a_persons(shop: Shop) -> None:
    paid_before(shop, days=-1)
    assert deployed_again(shop) == []


def test_a_payment_of_another_moment_is_a_persons(shop: Shop) -> None:
    paid_before(shop, days=1)
    shop.query("UPDATE dbo.PS_DOC_PMT SET PAY_DAT = CONVERT(date, PAY_DAT)")
    assert deployed_again(shop) == []
