"""`sync-status` at the command line: what it says of changes that the store is not told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from syncctl.db.embedded import EmbeddedDatabase
from tests.acceptance.program import Program
from tests.orders import line
from tests.shop import Shop


@pytest.fixture
def shop(syncctl: Program) -> Iterator[Shop]:
    """A shop with one order in the ERP, shipped there; no store is configured."""
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        made = Shop(database, lambda sql, parameters=(): database.query(sql, tuple(parameters)))
        made.ship(made.apply(line(1)).doc_id)
        yield made


def test_a_state_without_a_mapping_is_told_with_what_to_type(syncctl: Program, shop: Shop) -> None:
    shop.query("DELETE FROM dbo.USER_STATUS_MAP WHERE ERP_STATUS = 'shipped'", ())
    for options in ((), ("--dry-run",)):
        ended = syncctl("sync-status", *options)
        assert ended.code == 1
        said = " ".join(ended.out.split())
        assert "1 document is shipped in the ERP, and the status map has no row for that: the store is not told." in said
        assert "1 unmapped" in said
    told = syncctl("sync-status", "--json").json
    assert (told["counts"]["unmapped"], [change["erp_status"] for change in told["unmapped"]]) == (1, ["shipped"])
    command = told["errors"][0]["message"].partition("`syncctl ")[2].partition("`")[0]
    assert syncctl(*command.split()).code == 0
    assert syncctl("sync-status", "--json").json["counts"]["queued"] == 1


def test_what_the_map_leaves_empty_is_no_issue(syncctl: Program, shop: Shop) -> None:
    shop.query("UPDATE dbo.USER_STATUS_MAP SET WOO_STATUS = NULL WHERE ERP_STATUS = 'shipped'", ())
    told = syncctl("sync-status", "--json").json
    assert (told["exit_code"], told["counts"]["changes"], told["items"]) == (0, 0, [])
