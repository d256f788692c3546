"""Lets the contract suite drive the careful client: JSON lines on stdin and stdout, and nothing else on stdout."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

from careful import NAMES, PURCHASE, SALES, CarefulClient, Failed

OPERATIONS: dict[str, Callable[[CarefulClient, dict[str, Any]], dict[str, Any]]] = {
    "connect": lambda client, _: client.connect(),
    "features": lambda client, _: client.features(),
    "read": lambda client, given: client.read(**given),
    "create_supplier": lambda client, given: client.create(PURCHASE, given),
    "create_customer": lambda client, given: client.create(SALES, given),
    "update_supplier": lambda client, given: client.update_supplier(**given),
    "book_purchase_invoice": lambda client, given: client.book(PURCHASE, given),
    "book_sales_invoice": lambda client, given: client.book(SALES, given),
    "release_invoice": lambda client, given: client.release_invoice(**given),
    "attach_document": lambda client, given: client.attach(PURCHASE, given, given),
}


def ran(client: CarefulClient, operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """The answer to one operation."""
    if operation not in OPERATIONS:
        return {"skipped": {"reason": f"this client knows no {operation}"}}
    client.begin()
    try:
        return {"ok": OPERATIONS[operation](client, given)}
    except Failed as error:
        said = {"message": str(error), "log_reference": error.reference, "outcome": error.outcome}
        return {"failed": {name: value for name, value in said.items() if value}}


def written(answer: dict[str, Any]) -> bytes:
    """JSON in which a Decimal is a number of the same digits."""
    text = json.dumps(answer, default=lambda value: f"\0{value}")
    return re.sub(r'"\\u0000([^"]+)"', r"\1", text).encode() + b"\n"


def serve(make: Callable[..., CarefulClient] = CarefulClient, name: str = "careful") -> None:
    """Answers commands until it is told to stop. ``make`` makes the client of an environment."""
    told = ("base_url", "token", "language", "integration_id")
    for line in sys.stdin.buffer:
        command = json.loads(line)
        if command["cmd"] == "start":
            client = make(**{each: command[each] for each in told})
            about = {"name": name, "version": "1.0", "language": "Python"}
            answer = {"ok": about | {"operations": list(OPERATIONS), "features": list(NAMES["features"])}}
        elif command["cmd"] == "run":
            answer = {"seq": command["seq"], **ran(client, command["operation"], command["arguments"])}
        else:
            return
        sys.stdout.buffer.write(written(answer))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
