"""The simulated Shopify of the demonstration, executing whatever it is sent on Shopify's own schema, with its price in points."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_directive_values,
    get_named_type,
    parse,
    validate,
)

from syncctl.demo import shopify_store
from syncctl.demo.shopify_raws import Raw
from syncctl.demo.shopify_replies import error, money, page
from syncctl.demo.shopify_store import MOST_POINTS, TOKEN, Prepared, Refused
from syncctl.stores.shopify_operations import NEWEST
from tests.shopify_cost import requested

__all__ = ["MOST_POINTS", "TOKEN", "Raw", "SimulatedShopify", "schema"]
DATA = Path(__file__).parent / "data" / "shopify"


@cache
def schema(version: str = NEWEST) -> GraphQLSchema:
    return build_schema((DATA / f"admin_{version}.graphql").read_text(encoding="utf-8"), assume_valid=True)


class SimulatedShopify(shopify_store.SimulatedShopify):
    """The shop, with the schema of its version."""

    def prepare(self, name: str, query: str, variables: Raw) -> Prepared:
        kinds, document = schema(self.version), parse(query)
        if wrong := validate(kinds, document):
            raise Refused([error("undefinedField", each.message) for each in wrong])

        def run() -> tuple[Raw | None, list[Raw]]:
            done = execute_sync(kinds, document, self.root(), variable_values=variables, field_resolver=self.resolve)
            return done.data, [dict(each.formatted) for each in done.errors or ()]

        return Prepared(requested(kinds, document, variables), run)

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """Give a field of what the shop holds as its type in the schema wants it."""
        name, kind = info.field_name, str(get_named_type(info.return_type))
        value = source.get(name)
        if info.parent_type.name == "Order":
            code = self.errors.get((int(source["id"].rpartition("/")[2]), name))
            if code:
                raise GraphQLError(f"{name} can't be had", extensions={"code": code})
            if name == "metafield":
                return source["metafields"].get((arguments["namespace"], arguments["key"]))
        if info.parent_type.name == "InventoryItem" and name == "inventoryLevel":
            return self.stock.level(source["id"], arguments["locationId"])
        if name == "inventorySetQuantities":
            given = get_directive_values(info.schema.get_directive("idempotent"), info.field_nodes[0], info.variable_values)
            if given is None:
                raise GraphQLError("The @idempotent directive is required", extensions={"code": "BAD_REQUEST"})
            arguments |= given
        if callable(value):
            try:
                return value(**arguments)
            except shopify_store.ShopifyError as failed:
                raise GraphQLError(str(failed), extensions={"code": failed.code}) from None
        if kind.endswith("Connection"):
            return page(value or [], arguments)
        if kind == "MoneyBag" and value is not None and not isinstance(value, dict):
            return money(value)
        return value
