"""syncctl: orders from an online store into an ERP on SQL Server, and back."""

__version__ = "0.1.0"
