"""``python -m mock_afas.testing.served READY_FILE OWNER``: a server that ends when the process OWNER does.

A test run that is killed cannot stop its server. So the server looks for itself whether the run is still there.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from mock_afas import serving
from mock_afas.errors import ControlError

LOOKING_EVERY = 1.0


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end_with(owner: int) -> None:
    """Asks this process to stop once ``owner`` is gone."""
    while _is_there(owner):
        time.sleep(LOOKING_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)


def main(ready_file: str, owner: str) -> None:
    """Serves the demo environment on a free port until it is asked to stop, or its owner is gone."""
    threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()
    try:
        serving.serve(
            serving.Served(ready_file=Path(ready_file)),
            data=None,
            settings={},
            token_data="",
            progress=lambda _done, _total: None,
            tell=lambda _text: None,
        )
    except ControlError as error:
        sys.exit(f"mock_afas: {error.message}\n  {error.hint}")


if __name__ == "__main__":
    main(*sys.argv[1:])
