"""Profit's URLs over HTTP: parses requests, translates results and errors into the bytes AFAS sends."""
