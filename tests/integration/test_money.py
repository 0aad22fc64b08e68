"""What is written comes to the store's total, to the cent, however the shop rounds; what can't goes to a person."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from syncctl.db.connect import open_database
from syncctl.db.contract import ClaimStagedOrders, Database, FailStagedOrder, ProcessStagedOrder
from syncctl.db.embedded.engine import EmbeddedDatabase
from syncctl.demo.store_amounts import Manner
from syncctl.stores.content import ContentBuilder
from syncctl.stores.content_hash import content_hash
from syncctl.stores.woocommerce_orders import EXACT, read_order
from tests.orders import stage
from tests.shop import Shop
from tests.woo_money import Setup, reckoned

D = Decimal
BUILDER = ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC"))
SETUPS = [
    Setup(decimals=decimals, prices_include_tax=included, at_subtotal=at_subtotal, rate=rate, sums_rounded_lines=rounded)
    for decimals, included, at_subtotal, rate, rounded in itertools.product(
        (0, 2, 3, 4), (False, True), (False, True), (D(0), D("0.055"), D("0.21"), D("0.27")), (False, True)
    )
]
_numbers = itertools.count(1)


def process(database: Database, raw: dict[str, Any], *, shows_whole: bool) -> str:
    """Stage an order as the store shows it and process it; returns what blocks it, or `applied`."""
    stage(database, BUILDER.content(read_order(raw, shows_whole=lambda: shows_whole)))
    [claimed] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=100))
    rows = database.run(
        ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no, price_check="off")
    )
    errors = [str(row.code) for row in rows if row.kind == "violation" and row.severity == "error"]
    if errors:
        database.run(
            FailStagedOrder(
                staging_id=claimed.staging_id,
                worker_id="worker",
                attempt_no=claimed.attempt_no,
                error_class="validation",
                error_code=None,
                message="it is wrong",
            )
        )
    return ",".join(errors) or "applied"


@pytest.fixture(scope="module")
def shop(made_embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path = tmp_path_factory.mktemp("money") / "shop.db"
    path.write_bytes(made_embedded.read_bytes())
    database = open_database(f"sqlite:///{path}")
    assert isinstance(database, EmbeddedDatabase)
    yield Shop(database, database.query)
    database.close()


lines = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.decimals("0.001", "999.999", places=3).map(str) | st.decimals("0.01", "99.99", places=2).map(str),
        st.sampled_from((0, 10, 33)),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    setup=st.sampled_from(SETUPS),
    lines=lines,
    shipping=st.sampled_from((None, "4.13", "5.00", "7.438")),
    fee=st.sampled_from((None, "1.99", "-2.50")),
    exact=st.booleans(),
)
def test_what_is_written_is_the_stores_total_or_a_person_decides(shop, setup, lines, shipping, fee, exact):
    order_id = next(_numbers)
    stored = reckoned(setup, lines, order_id=order_id, shipping=shipping, fee=fee)
    raw = Manner(decimals=setup.decimals).write(stored, EXACT["dp"] if exact else None)
    total = D(stored["total"])
    done = process(shop.database, raw, shows_whole=setup.decimals == 0)
    if total != round(total, 2):
        assert done == "amount"
        return
    assert done == "applied"
    link = shop.one("SELECT * FROM dbo.USER_ORDER_LINK WHERE WOO_ORDER_ID = ?", order_id)
    totals = shop.totals(link["DOC_ID"])
    assert totals["TOT"] == total
    assert totals["TOT"] == totals["SUB_TOT"] - totals["TOT_LIN_DISC"] + totals["TOT_MISC"] + totals["TAX_AMT"]


@given(
    setup=st.sampled_from([setup for setup in SETUPS if setup.decimals == 2]),
    lines=lines,
    shipping=st.sampled_from((None, "4.13")),
)
def test_another_number_of_decimals_edits_no_order(setup, lines, shipping):
    stored = reckoned(setup, lines, shipping=shipping)
    seen = {content_hash(read_order(Manner(decimals=decimals).write(stored, EXACT["dp"]))) for decimals in (0, 2, 3, 4)}
    assert len(seen) == 1
    # Nor does asking for exact amounts make those look edited that were staged before, rounded to cents.
    assert seen == {content_hash(read_order(Manner(decimals=2).write(stored, None)))}
