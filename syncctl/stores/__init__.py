"""Stores: adapters that turn their orders into one `Order` model."""
