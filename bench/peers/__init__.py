"""Servers that are written for the bench only."""
