"""Runs, health, counts and site settings on the embedded engine."""
