"""Carriers: one small interface, a module for each carrier, and a declarative one for the rest."""
