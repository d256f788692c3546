"""Keeps the documentation true: makes its generated pages, and runs the examples in it."""
