"""Measures mock_afas against json-server, datasette and bare Starlette in one run: ``python -m bench``."""
