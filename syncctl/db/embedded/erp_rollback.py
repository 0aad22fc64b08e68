"""Undoing ERP documents on the embedded engine."""
