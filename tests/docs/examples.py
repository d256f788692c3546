"""The examples in the documentation: finds them in a page, runs them in order, compares what they print.

A fenced block of ``sh``, ``python``, ``js`` or ``java`` runs. If a block of ``json`` or ``text`` follows it, that is
what it must print. ``…`` in there stands for anything: as a whole value, within a text, as the last element of a list
for those left out, and as a key for the keys left out. Python with tests in it runs under pytest. A block below
``<!-- not run: why -->`` does not run.

All blocks of a page run in one shell, so that they share its variables, in an empty directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

#: The address that the pages show.
SHOWN_ORIGIN = "http://127.0.0.1:8080"
ANYTHING = "…"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: [^\n]+ -->\s*\Z")
_RUNNERS = {"python": ("py", "python3"), "js": ("mjs", "node"), "java": ("java", "java")}
_TIMEOUT = 300


class Example(NamedTuple):
    """A block that runs, where it begins, and the block that shows what it prints, if any."""

    line: int
    language: str
    code: str
    shown: str | None
    shown_as: str


def examples(page: str) -> list[Example]:
    """The examples of a page that can run on this machine."""
    fences = list(_FENCE.finditer(page))
    found = []
    for at, fence in enumerate(fences):
        language = fence[1]
        runs = language == "sh" or (language in _RUNNERS and shutil.which(_RUNNERS[language][1]))
        if not runs or _NOT_RUN.search(page[: fence.start()]):
            continue
        line = page.count("\n", 0, fence.start()) + 1
        after = fences[at + 1] if at + 1 < len(fences) else None
        follows = after is not None and after[1] in ("json", "text") and "\n#" not in page[fence.end() : after.start()]
        shown = after if follows else None
        found.append(Example(line, language, fence[2], shown[2] if shown else None, shown[1] if shown else ""))
    return found


def _script(found: list[Example], origin: str, folder: Path) -> Iterator[str]:
    yield "set -euo pipefail"
    for number, example in enumerate(found):
        code = example.code.replace(SHOWN_ORIGIN, origin)
        if example.language != "sh":
            ending, command = _RUNNERS[example.language]
            file = folder / f"example_{number}.{ending}"
            file.write_text(code, encoding="utf-8")
            pytest = " -m pytest -q -p no:cacheprovider" if "def test_" in code else ""
            code = f"{command}{pytest} {file}\n"
        yield f"echo {number} >{folder}/at"
        yield f"{{\n{code}}} >{folder}/{number}.out"


def run(page: str, *, origin: str, variables: Mapping[str, str], folder: Path) -> list[str]:
    """Runs the examples of ``page`` against the server at ``origin``; gives what went wrong, in sentences."""
    found = examples(page)
    own, work = folder / "own", folder / "work"
    own.mkdir()
    work.mkdir()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "mock_afas.pytest_plugin"}
    environment = {**os.environ, **variables, **plugins, "PATH": path}
    script = own / "script"
    script.write_text("\n".join(_script(found, origin, own)), encoding="utf-8")
    process = subprocess.Popen(
        ["bash", str(script)],
        cwd=work,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, complaints = process.communicate(timeout=_TIMEOUT)
    finally:
        _end(process)
    if process.returncode:
        at = int((own / "at").read_text())
        printed = (own / f"{at}.out").read_text(encoding="utf-8")
        return [f"the example in line {found[at].line} failed ({process.returncode}): {complaints}\n{printed}"]
    return [
        f"the example in line {example.line} {problem}"
        for number, example in enumerate(found)
        if (problem := compared(example, (own / f"{number}.out").read_text(encoding="utf-8"), origin))
    ]


def _end(process: subprocess.Popen[str]) -> None:
    """Ends what the examples left running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def compared(example: Example, printed: str, origin: str) -> str:
    """What is wrong with what an example printed; empty when it is what the page shows."""
    if example.shown is None:
        return ""
    shown, printed = example.shown.strip(), printed.replace(origin, SHOWN_ORIGIN).strip()
    if example.shown_as == "json":
        try:
            same = _fits(json.loads(shown), json.loads(printed))
        except json.JSONDecodeError as error:
            return f"shows or prints no JSON: {error}\n{printed}"
    else:
        same = _text_fits(shown, printed)
    return "" if same else f"printed something else than the page shows:\n{printed}"


def _text_fits(shown: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in shown.split(ANYTHING))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def _fits(shown: Any, printed: Any) -> bool:
    if shown == ANYTHING:
        return True
    if isinstance(shown, str) and isinstance(printed, str):
        return _text_fits(shown, printed)
    if isinstance(shown, list) and isinstance(printed, list):
        return _list_fits(shown, printed)
    if isinstance(shown, dict) and isinstance(printed, dict):
        named = {key: value for key, value in shown.items() if key != ANYTHING}
        complete = ANYTHING in shown or list(named) == list(printed)
        return complete and all(key in printed and _fits(value, printed[key]) for key, value in named.items())
    return type(shown) is type(printed) and shown == printed


def _list_fits(shown: list[Any], printed: list[Any]) -> bool:
    if shown and shown[-1] == ANYTHING:
        shown = shown[:-1]
        printed = printed[: len(shown)]
    return len(shown) == len(printed) and all(map(_fits, shown, printed))
