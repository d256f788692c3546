"""Text of clients and of AFAS, made fit to be shown: no control characters that steer a terminal, no halves of one."""

from __future__ import annotations

import re

_UNSHOWN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit(value: object) -> str:
    """``value`` as text that XML 1.0 and terminals can hold; what they cannot becomes U+FFFD."""
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", str(value))
