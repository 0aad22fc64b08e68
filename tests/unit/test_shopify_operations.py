"""Every operation against Shopify's own published schema, of each version that may be set; deprecated fields fail, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from syncctl.settings import BY_NAME
from syncctl.stores.shopify_operations import NEWEST, Operation, all_operations
from syncctl.stores.shopify_whole import FIRST_LINES, FIRST_SHIPPING, MORE_LINES, MOST_SHIPPING
from tests.shopify_cost import requested

DATA = Path(__file__).resolve().parents[1] / "data" / "shopify"
VERSIONS = sorted(path.stem.removeprefix("admin_") for path in DATA.glob("admin_*.graphql"))
SCHEMAS: dict[str, GraphQLSchema] = {}
ID = "gid://shopify/Order/1"
SIZES: dict[str, list[dict[str, Any]]] = {
    "WholeOrders": [
        {"ids": [ID] * 4, "lines": FIRST_LINES, "shipping": FIRST_SHIPPING},
        {"ids": [ID], "lines": FIRST_LINES, "shipping": MOST_SHIPPING},
    ],
    "MoreLines": [{"lines": MORE_LINES}],
    "Products": [{"first": 100}],
    "Stocked": [{"first": 100}],
    "Levels": [{"ids": [ID] * 100}],
    "Customers": [{"first": 100}],
}
"""What an operation asks for, where it isn't 250 rows."""


def schema(version: str) -> GraphQLSchema:
    if version not in SCHEMAS:
        SCHEMAS[version] = build_schema((DATA / f"admin_{version}.graphql").read_text(encoding="utf-8"), assume_valid=True)
    return SCHEMAS[version]


def faults(version: str, operation: Operation) -> list[str]:
    found = validate(schema(version), parse(operation.text), [*specified_rules, NoDeprecatedCustomRule])
    return [f"{operation.name}: {error.message}" for error in found]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_operation_is_one_that_the_version_takes_and_names_nothing_that_goes_out_of_use(version: str):
    assert [fault for operation in all_operations(version) for fault in faults(version, operation)] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_no_operation_asks_for_more_points_than_a_query_may(version: str):
    points = {
        operation.name: requested(schema(version), parse(operation.text), size)
        for operation in all_operations(version)
        if not operation.writes
        for size in SIZES.get(operation.name, [{"first": 250, "ids": [ID] * 250}])
    }
    assert all(cost <= 1000 for name, cost in points.items()), points


def test_the_schemas_are_of_the_newest_three_versions_and_the_default_is_the_newest():
    assert len(VERSIONS) == 3
    assert NEWEST == VERSIONS[-1] == BY_NAME["shopify_api_version"].default


def test_a_field_that_is_unknown_or_deprecated_is_found():
    assert (
        "Cannot query field 'totel'" in faults(NEWEST, Operation("Bad", "query Bad { orders(first: 1) { nodes { totel } } }"))[0]
    )
    [fault] = faults(NEWEST, Operation("Old", "query Old { orders(first: 1) { nodes { totalPrice } } }"))
    assert "totalPrice is deprecated" in fault


def test_a_version_takes_none_of_the_texts_of_a_newer_one_that_it_does_not_know():
    oldest, newest = VERSIONS[0], VERSIONS[-1]
    unknown = [fault for operation in all_operations(newest) for fault in faults(oldest, operation)]
    assert any("priceAfterAllDiscountsBeforeTaxesSet" in fault for fault in unknown)
