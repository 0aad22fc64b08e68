"""The outbox on the embedded engine: what the store must be told."""
