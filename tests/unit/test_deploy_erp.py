"""Which ERP a database that was never deployed to belongs to, when nobody says so."""

from __future__ import annotations

import pytest

from syncctl.db.deploy import erp_of_tables
from syncctl.db.deploy_scripts import erps
from syncctl.db.embedded.erp import ERPS
from syncctl.db.site_catalogue import demo_catalogue


@pytest.mark.parametrize("erp", erps())
def test_its_tables_tell(erp: str) -> None:
    trial = demo_catalogue(erp)
    assert erp_of_tables({*trial.tables} - trial.optional | {"SOMETHING", "ELSE"}) == erp


def test_without_any_it_is_the_first(erp: str = "counterpoint") -> None:
    assert erp_of_tables(set()) == erp
    assert erp_of_tables({name for each in erps() for name in demo_catalogue(each).tables}) == erp


def test_each_erp_has_both_sides_and_is_a_choice() -> None:
    assert sorted(ERPS) == erps()
    assert next(iter(ERPS)) == erps()[0]
