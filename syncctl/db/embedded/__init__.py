"""The embedded engine: the procedure contract over SQLite, for trials, tests and shops without a SQL Server."""

from __future__ import annotations

from syncctl.db.embedded.engine import EmbeddedDatabase

__all__ = ["EmbeddedDatabase"]
