"""What is looked at of an order in a list of orders. The rest, which is most of a page, isn't even read.

A plain order fits; one that doesn't, as where a plugin made an object of a text, has its page read whole. So nothing here says
what is right: `woocommerce_orders` reads either the same. Whoever looks at another field of a listed order adds it here; a test
compares.
"""

from __future__ import annotations

from typing import Any, TypedDict

Plain = str | int | bool | None
"""A number with a point is none: it is to be read exactly, as the long way does."""


class _Address(TypedDict, total=False):
    first_name: Plain
    last_name: Plain
    company: Plain
    address_1: Plain
    address_2: Plain
    city: Plain
    state: Plain
    postcode: Plain
    country: Plain
    phone: Plain
    email: Plain


class _Line(TypedDict, total=False):
    id: Plain
    name: Plain
    product_id: Plain
    variation_id: Plain
    quantity: Any
    """Goods are sold by weight, too: 1.5."""
    subtotal: Plain
    total: Plain
    total_tax: Plain
    sku: Plain


class _Charge(TypedDict, total=False):
    id: Plain
    name: Plain
    method_title: Plain
    total: Plain
    total_tax: Plain


class _Tax(TypedDict, total=False):
    rate_code: Plain
    label: Plain
    tax_total: Plain
    shipping_tax_total: Plain


class _Coupon(TypedDict, total=False):
    code: Plain


class _Meta(TypedDict, total=False):
    key: Plain
    value: Plain


class _Refunded(TypedDict, total=False):
    id: Plain
    quantity: Any
    total: Plain
    total_tax: Plain
    meta_data: list[_Meta]


class _Refund(TypedDict, total=False):
    """WooCommerce gives three of these here; what it came to is all in the refunds' own list, unless a plugin adds it."""

    id: Plain
    reason: Plain
    amount: Plain
    total: Plain
    line_items: list[_Refunded]
    shipping_lines: list[_Refunded]
    fee_lines: list[_Refunded]


class ListedOrder(TypedDict, total=False):
    """An order in a list. Without `meta_data`, which is half of it."""

    id: Plain
    number: Plain
    status: Plain
    currency: Plain
    date_created_gmt: Plain
    date_modified_gmt: Plain
    date_paid_gmt: Plain
    date_paid: Plain
    customer_id: Plain
    order_key: Plain
    billing: _Address
    shipping: _Address
    total: Plain
    total_tax: Plain
    line_items: list[_Line]
    shipping_lines: list[_Charge]
    fee_lines: list[_Charge]
    tax_lines: list[_Tax]
    coupon_lines: list[_Coupon]
    refunds: list[_Refund]
    payment_method: Plain
    payment_method_title: Plain
    transaction_id: Plain
    customer_note: Plain


ORDERS = list[ListedOrder]
