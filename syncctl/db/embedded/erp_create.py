"""Creating ERP documents on the embedded engine."""
