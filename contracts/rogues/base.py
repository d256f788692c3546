"""What rogues are made of: the careful client, and the table that they enter themselves in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from careful import CarefulClient


class Rogue(NamedTuple):
    """A wrong client: its name, its mistake in a sentence, the id of the contract that has to catch it."""

    name: str
    sentence: str
    caught_by: str
    client: type[CarefulClient]


ROGUES: dict[str, Rogue] = {}


def rogue(sentence: str, *, caught_by: str) -> Callable[[type[CarefulClient]], type[CarefulClient]]:
    """Enters a client in ``ROGUES``, under the name of its class in lower case with hyphens."""

    def enter(client: type[CarefulClient]) -> type[CarefulClient]:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", client.__name__).lower()
        ROGUES[name] = Rogue(name, sentence, caught_by, client)
        return client

    return enter
