"""What a client needs to know of an environment: the contents of the ready file, and the answer to create and fork."""

from __future__ import annotations

import base64
import os
from typing import Any

from mock_afas.access import token_xml
from mock_afas.profiles import BASE_PATH
from mock_afas.registry import Opened

CONTROL_PATH = "/_mock"


def authorization(token_data: str) -> str:
    """The whole value of the ``Authorization`` header for a token's 64 hex digits."""
    return f"AfasToken {base64.b64encode(token_xml(token_data).encode()).decode()}"


def describe(opened: Opened, origin: str, control_key: str | None) -> dict[str, Any]:
    """Addresses and, for the last time, the token of an environment. ``origin`` is such as ``http://127.0.0.1:8080``.

    ``token`` and ``authorization`` are None when the environment has no token yet.
    """
    data = opened.token_data
    return {
        "base_url": f"{origin}{BASE_PATH}",
        "participant": opened.environment.profile.participant,
        "environment": opened.environment.id,
        "token": token_xml(data) if data else None,
        "authorization": authorization(data) if data else None,
        "control_url": f"{origin}{CONTROL_PATH}",
        "control_key": control_key,
        "pid": os.getpid(),
    }
