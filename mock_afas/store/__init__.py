"""Keeps the books of environments in SQLite, and the projections that GetConnectors read. Only here SQL runs."""
