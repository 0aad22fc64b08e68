"""Status changes of ERP documents, the audit and the demo seed on the embedded engine."""
