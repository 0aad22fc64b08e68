"""Validation of staged orders on the embedded engine."""
