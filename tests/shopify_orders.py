"""Orders in Shopify's own shapes, as the simulated shop has them."""

from syncctl.demo.shopify_raws import ADDRESS, cents, line, order, shipping

__all__ = ["ADDRESS", "cents", "line", "order", "shipping"]
