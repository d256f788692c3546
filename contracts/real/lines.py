"""The driver protocol for the drivers beside this file: JSON lines on standard input and output.

What a client prints goes to standard error, since standard output belongs to the protocol. An exception that a client
raises is an operation that failed, told as it is.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Json = dict[str, Any]
#: What can be read of them; nothing of the others is judged.
FEATURES = ("currencies",)
#: The filter operator "greater than or equal to".
AT_LEAST = 2


class Refused(Exception):
    """The client told that AFAS refused the call; the text is all that it told."""


class Driven(NamedTuple):
    """A client behind the protocol. ``connected`` makes it for an environment: the keys of the command *start*.

    ``operations`` translate the arguments of an operation into calls of the client, and what it gives into the result.
    They raise Refused for what the client told as a refusal; any other exception is the client's own.
    """

    name: str
    version: str
    connected: Callable[[Json], Any]
    operations: Mapping[str, Callable[[Any, Json], Json]]


def ran(driven: Driven, client: Any, operation: str, arguments: Json) -> Json:
    """The answer to one operation."""
    if operation not in driven.operations:
        return {"skipped": {"reason": f"{driven.name} has nothing for {operation}"}}
    try:
        return {"ok": driven.operations[operation](client, arguments)}
    except Refused as refused:
        return {"failed": {"message": str(refused), "outcome": "rejected"}}
    except Exception as error:  # whatever the client raises is what its caller gets
        traceback.print_exc()
        return {"failed": {"message": f"{type(error).__name__}: {error}", "outcome": "unknown"}}


def serve(driven: Driven) -> None:
    """Answers commands until it is told to stop."""
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    client: Any = None
    for line in sys.stdin.buffer:
        command = json.loads(line)
        if command["cmd"] == "start":
            client = driven.connected(command)
            about = {"name": driven.name, "version": driven.version, "language": "Python"}
            answer: Json = {"ok": about | {"operations": list(driven.operations), "features": list(FEATURES)}}
        elif command["cmd"] == "run":
            answer = {"seq": command["seq"], **ran(driven, client, command["operation"], command["arguments"])}
        else:
            return
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def administrations(rows: list[Json]) -> Json:
    """The result of *connect*, from the rows of Zenvoices_AdministrationDetails."""
    return {"administrations": [{"id": row["AdminId"], "name": row["AdminNm"]} for row in rows]}


def wall_clock(moment: str) -> str:
    """A moment as AFAS takes it in a filter; the text of a filter is the caller's in these clients."""
    return moment.removesuffix("Z")
