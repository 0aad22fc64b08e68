"""Updating and cancelling ERP documents on the embedded engine."""
