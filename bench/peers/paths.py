"""How the peers are asked for the same pages."""

from __future__ import annotations

from urllib.parse import urlencode

from bench.sample import KEY, NAME, Needle

#: What keeps datasette from counting all matches for each page.
_LEAN = {"_shape": "array", "_nocount": 1}


def json_server_page(needle: Needle, skip: int = 0) -> str:
    return "/rows?" + urlencode({f"{NAME}_like": needle.text, "_sort": NAME, "_start": skip, "_limit": 100})


def datasette_page(needle: Needle) -> str:
    return "/rows/rows.json?" + urlencode({f"{NAME}__contains": needle.text, "_sort": NAME, "_size": 100, **_LEAN})


def datasette_deep_page(needle: Needle, skip: int) -> str:
    """Its own paging only leads on from the page before; SQL reaches any page at once."""
    sql = f'SELECT * FROM rows WHERE "{NAME}" LIKE :text ORDER BY "{NAME}" LIMIT 100 OFFSET {skip}'
    return "/rows.json?" + urlencode({"sql": sql, "text": f"%{needle.text}%", "_shape": "array"})


def datasette_row(key: str) -> str:
    return "/rows/rows.json?" + urlencode({f"{KEY}__exact": key, **_LEAN})


def bare_row(key: str) -> str:
    return f"/connectors15/{key}"
