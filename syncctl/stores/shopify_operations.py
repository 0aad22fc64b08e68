"""Everything that Shopify is ever asked or told, as GraphQL: one text for each version of its Admin API.

`tests/unit/test_shopify_operations.py` checks each of them against Shopify's own published schema. A query costs at most 1,000
points by what it asks for (an object 1, a list's page its size), and uses up what it really got: hence the lean lists, and the
whole orders only of those that changed, a few at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

NEWEST = "2026-10"
"""The newest version that the tests check every operation against."""
EXACT_SINCE = "2026-07"
"""From this version on, a line has its price after all discounts without taxes; before, it is reckoned from its parts."""
NAMESPACE, KEY = "syncctl", "document"
"""The order's metafield that says which ERP document it became."""

_MONEY = "{ shopMoney { amount } }"
_LISTED = (
    "fragment Listed on Order { id name createdAt updatedAt cancelledAt test confirmed displayFinancialStatus"
    " displayFulfillmentStatus }"
)
_ADDRESS = (
    "fragment Postal on MailingAddress { firstName lastName company address1 address2 city province provinceCode zip"
    " country countryCodeV2 phone }"
)
_PAGE = "pageInfo { hasNextPage endCursor }"
_WHOLE = f"""
fragment Whole on Order {{
  ...Listed
  currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded returnStatus
  note poNumber email phone discountCodes paymentGatewayNames
  customer {{ id }}
  purchasingEntity {{ __typename ... on PurchasingCompany {{ company {{ name }} location {{ name }} }} }}
  billingAddress {{ ...Postal }}
  shippingAddress {{ ...Postal }}
  currentTotalPriceSet {{ shopMoney {{ amount }} presentmentMoney {{ amount }} }}
  currentTotalTaxSet {_MONEY}
  currentTotalDutiesSet {_MONEY}
  currentTotalAdditionalFeesSet {_MONEY}
  totalTipReceivedSet {_MONEY}
  totalRefundedSet {_MONEY}
  refundDiscrepancySet {_MONEY}
  totalCashRoundingAdjustment {{ paymentSet {_MONEY} refundSet {_MONEY} }}
  currentTaxLines {{ title ratePercentage priceSet {_MONEY} }}
  additionalFees {{ name price {_MONEY} taxLines {{ priceSet {_MONEY} }} }}
  shippingLines(first: $shipping, includeRemovals: true) {{
    nodes {{ title isRemoved currentDiscountedPriceSet {_MONEY} discountedPriceSet {_MONEY} taxLines {{ priceSet {_MONEY} }} }}
    {_PAGE}
  }}
  lineItems(first: $lines) {{ nodes {{ ...Line }} {_PAGE} }}
}}"""
_EXACT = f"priceAfterAllDiscountsBeforeTaxesSet {_MONEY}"
_PARTS = f"discountAllocations {{ allocatedAmountSet {_MONEY} }}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One document. Safe to send again where it only reads."""

    name: str
    text: str
    writes: bool = False


def _line(version: str) -> str:
    return (
        "fragment Line on LineItem { id name sku quantity currentQuantity isGiftCard"
        f" originalUnitPriceSet {_MONEY} {_EXACT if version >= EXACT_SINCE else _PARTS}"
        f" taxLines {{ ratePercentage priceSet {_MONEY} }}"
        " variant { id } product { id } lineItemGroup { title } }"
    )


CLOCK = Operation("Clock", "query Clock { shop { id } }")
SHOP = Operation(
    "Shop",
    "query Shop { shop { id name } currentAppInstallation { accessScopes { handle } } publicApiVersions { handle supported } }",
)
LISTED = Operation(
    "ListOrders",
    "query ListOrders($first: Int!, $after: String, $query: String!, $sort: OrderSortKeys!)"
    f" {{ orders(first: $first, after: $after, query: $query, sortKey: $sort) {{ nodes {{ ...Listed }} {_PAGE} }} }} {_LISTED}",
)
IDS = Operation(
    "ListIds",
    "query ListIds($first: Int!, $after: String, $query: String!, $sort: OrderSortKeys!)"
    f" {{ orders(first: $first, after: $after, query: $query, sortKey: $sort) {{ nodes {{ id updatedAt }} {_PAGE} }} }}",
)
"""The same list with nothing in it that can fail."""
LISTED_BY_ID = Operation(
    "ListedOrders", f"query ListedOrders($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Order {{ ...Listed }} }} }} {_LISTED}"
)
STATUSES = Operation(
    "Statuses",
    "query Statuses($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { ...Listed tags"
    f' metafield(namespace: "{NAMESPACE}", key: "{KEY}") {{ value }} }} }} }} {_LISTED}',
)
NOTE = Operation("Note", "query Note($id: ID!) { order(id: $id) { id note } }")
PUT_NOTE = Operation(
    "PutNote",
    "mutation PutNote($input: OrderInput!) { orderUpdate(input: $input) { order { id note } userErrors { field message } } }",
    writes=True,
)
TO_FULFIL = Operation(
    "ToFulfil", "query ToFulfil($id: ID!) { order(id: $id) { id fulfillmentOrders(first: 50) { nodes { id status } } } }"
)
FULFIL = Operation(
    "Fulfil",
    "mutation Fulfil($fulfillment: FulfillmentInput!)"
    " { fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { field message } } }",
    writes=True,
)
_VARIANT = "id sku title price compareAtPrice inventoryQuantity inventoryPolicy product { id title }"
_AVAILABLE = 'inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } }'
PRODUCTS = Operation(
    "Products",
    "query Products($first: Int!, $after: String) { productVariants(first: $first, after: $after, sortKey: ID)"
    f" {{ nodes {{ {_VARIANT} inventoryItem {{ id tracked }} }} {_PAGE} }} }}",
)
STOCKED = Operation(
    "Stocked",
    "query Stocked($first: Int!, $after: String, $location: ID!)"
    " { productVariants(first: $first, after: $after, sortKey: ID)"
    f" {{ nodes {{ {_VARIANT} inventoryItem {{ id tracked {_AVAILABLE} }} }} {_PAGE} }} }}",
)
"""The same, with what one location has of each."""
LOCATIONS = Operation(
    "Locations",
    "query Locations($first: Int!, $after: String)"
    f" {{ locations(first: $first, after: $after, sortKey: ID) {{ nodes {{ id name }} {_PAGE} }} }}",
)
"""Active ones, without those of other apps' fulfilment services."""
LEVELS = Operation(
    "Levels",
    f"query Levels($ids: [ID!]!, $location: ID!) {{ nodes(ids: $ids) {{ ... on InventoryItem {{ id {_AVAILABLE} }} }} }}",
)
SET_STOCK = Operation(
    "SetStock",
    "mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!)"
    " { inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { field message code } } }",
    writes=True,
)
"""Sent again with its key it is done once (shopify.dev, idempotent requests); versions from 2026-04 on want one."""
PRICES_KEPT = Operation("PricesKept", "query PricesKept { shop { id currencyCode taxesIncluded } }")
CUSTOMERS = Operation(
    "Customers",
    "query Customers($first: Int!, $after: String) { customers(first: $first, after: $after, sortKey: ID)"
    " { nodes { id firstName lastName updatedAt defaultEmailAddress { emailAddress } defaultAddress { ...Postal } }"
    f" {_PAGE} }} }} {_ADDRESS}",
)
LISTED_CUSTOMERS = Operation(
    "ListCustomers",
    "query ListCustomers($first: Int!, $query: String!) { customers(first: $first, query: $query, sortKey: ID)"
    " { nodes { id firstName lastName createdAt updatedAt numberOfOrders defaultEmailAddress { emailAddress }"
    f" defaultAddress {{ ...Postal }} }} {_PAGE} }} }} {_ADDRESS}",
)


def whole_orders(version: str) -> Operation:
    """Return what asks for whole orders by their ids, each with the first of its lines."""
    text = "query WholeOrders($ids: [ID!]!, $lines: Int!, $shipping: Int!) { nodes(ids: $ids) { ... on Order { ...Whole } } }"
    return Operation("WholeOrders", f"{text} {_WHOLE} {_line(version)} {_LISTED} {_ADDRESS}")


def more_lines(version: str) -> Operation:
    """Return what asks for one order's further lines, and whether it was changed meanwhile."""
    text = (
        "query MoreLines($id: ID!, $lines: Int!, $after: String)"
        f" {{ order(id: $id) {{ id updatedAt lineItems(first: $lines, after: $after) {{ nodes {{ ...Line }} {_PAGE} }} }} }}"
    )
    return Operation("MoreLines", f"{text} {_line(version)}")


def mark(orders: int) -> Operation:
    """Return what gives so many orders their tag and, last, the metafield that says all was done.

    The variables are `$id0`, `$tags0` and so on. What one of them is refused keeps none of the others from theirs.
    """
    places = range(orders)
    variables = ", ".join(
        f"$id{at}: ID!, $tags{at}: [String!]!, $former{at}: [String!]!, $stale{at}: Boolean!, $fields{at}: [MetafieldsSetInput!]!"
        for at in places
    )
    errors = "{ userErrors { field message } }"
    fields = " ".join(
        f"former{at}: tagsRemove(id: $id{at}, tags: $former{at}) @include(if: $stale{at}) {errors}"
        f" tags{at}: tagsAdd(id: $id{at}, tags: $tags{at}) {errors}"
        f" fields{at}: metafieldsSet(metafields: $fields{at}) {errors}"
        for at in places
    )
    return Operation("Mark", f"mutation Mark({variables}) {{ {fields} }}", writes=True)


def set_prices(products: int) -> Operation:
    """Return what sets prices of variants of so many products; one variant's refusal keeps none of the others from theirs."""
    places = range(products)
    variables = ", ".join(f"$product{at}: ID!, $variants{at}: [ProductVariantsBulkInput!]!" for at in places)
    fields = " ".join(
        f"prices{at}: productVariantsBulkUpdate(productId: $product{at}, variants: $variants{at}, allowPartialUpdates: true)"
        " { productVariants { id price compareAtPrice } userErrors { field message code } }"
        for at in places
    )
    return Operation("SetPrices", f"mutation SetPrices({variables}) {{ {fields} }}", writes=True)


def all_operations(version: str) -> list[Operation]:
    """Return every operation of a version of the API, as it is sent."""
    orders = (CLOCK, SHOP, LISTED, IDS, LISTED_BY_ID, STATUSES, NOTE, PUT_NOTE, TO_FULFIL, FULFIL)
    things = (PRODUCTS, CUSTOMERS, LISTED_CUSTOMERS, STOCKED, LOCATIONS, LEVELS, SET_STOCK, PRICES_KEPT)
    return [*orders, *things, whole_orders(version), more_lines(version), mark(1), mark(3), set_prices(1), set_prices(2)]
