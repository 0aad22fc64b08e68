"""Errors as WooCommerce words them, recorded from version 11.0."""

from __future__ import annotations

from typing import Any

STATUSES = ("auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft")
"""The statuses that an order can be given."""


class StoreError(Exception):
    """An answer that isn't 200: the HTTP status and the body's fields."""

    def __init__(self, status: int, code: str, message: str, *, data: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status} if data is None else data}


def bad_parameter(name: str, message: str, code: str) -> StoreError:
    """400 for one parameter out of its range."""
    data = {
        "status": 400,
        "params": {name: message},
        "details": {name: {"code": code, "message": message, "data": None}},
    }
    return StoreError(400, "rest_invalid_param", f"Invalid parameter(s): {name}", data=data)


def bad_status(name: str, accepted: tuple[str, ...]) -> StoreError:
    """400 for a status that doesn't exist, with the list of those that do."""
    listed = ", ".join(accepted[:-1]) + f", and {accepted[-1]}"
    return bad_parameter("status", f"{name} is not one of {listed}.", "rest_not_in_enum")


def no_such_order(*, writing: bool = False) -> StoreError:
    """404 to a reader, but 400 to a writer."""
    status, message = (400, "ID is invalid.") if writing else (404, "Invalid ID.")
    return StoreError(status, "woocommerce_rest_shop_order_invalid_id", message)


def no_parent_order() -> StoreError:
    """404 for the notes or refunds of an order that doesn't exist."""
    return StoreError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")


def no_route() -> StoreError:
    """404 for an address that isn't part of the API."""
    return StoreError(404, "rest_no_route", "No route was found matching the URL and request method.")


def already_gone() -> StoreError:
    """410 for an order that is in the trash already."""
    return StoreError(410, "woocommerce_rest_already_trashed", "The order has already been deleted.")


def unauthenticated(message: str) -> StoreError:
    """401 for keys or signatures that are wrong."""
    return StoreError(401, "woocommerce_rest_authentication_error", message)


def cannot_view() -> StoreError:
    """401 for a request without (known) keys."""
    return StoreError(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")


def too_many() -> StoreError:
    """413 for a batch of more than 100."""
    return StoreError(413, "woocommerce_rest_request_entity_too_large", "Unable to accept more than 100 items for this request.")


def refund_too_much() -> StoreError:
    """500 for a refund of more than is left; its `data` is a number."""
    return StoreError(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", data=500)


def critical(message: str) -> StoreError:
    """500 for an error inside the shop's PHP."""
    text = "<p>There has been a critical error on this website.</p>"
    return StoreError(500, "internal_server_error", text, data={"status": 500, "error": {"type": 1, "message": message}})
