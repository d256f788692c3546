"""Wrong clients: each is the careful Python client with one mistake, and names the contract that has to catch it.

A rogue runs as a driver from the root of a checkout: ``python -m contracts.rogues no-order``.
"""

import sys
from pathlib import Path

# The example stands by itself, to be copied: it is no package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples" / "python"))
