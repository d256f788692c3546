"""A driver that gets into the trouble named on its command line, at the operation ``connect``."""

import json
import os
import sys
import time
from collections.abc import Callable

TROUBLE = sys.argv[1]
OPERATIONS = ["connect", "features"]
DONE: dict[str, list[object]] = {"administrations": []}


def say(message: object) -> None:
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def shout(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def leak() -> None:
    for _ in range(100):
        shout("x" * 2**20)
    shout("the last words\n")


def right(seq: int) -> dict[str, object]:
    return {"seq": seq, "ok": DONE}


#: What it says instead of one right answer to the command numbered ``seq``.
SAID: dict[str, Callable[[int], list[object]]] = {
    "garbage": lambda _: ["hello, I am working"],
    "blank": lambda _: [""],
    "number": lambda _: [42],
    "twice": lambda seq: [right(seq), right(seq)],
    "other seq": lambda seq: [right(seq + 1000)],
    "old seq": lambda seq: [right(seq - 1)],
    "no outcome": lambda seq: [{"seq": seq}],
    "two outcomes": lambda seq: [{**right(seq), "skipped": {"reason": "both"}}],
    "unknown outcome": lambda seq: [{"seq": seq, "failed": {"message": "no", "outcome": "maybe"}}],
    "wrong result": lambda seq: [{"seq": seq, "ok": {"administrations": "none"}}],
    "skip": lambda seq: [{"seq": seq, "skipped": {"reason": "not today"}}],
}
#: What it writes on stderr, how long it waits, and how it ends, before it says something.
SHOUTED = {"garbage": "about to print\n", "exit": "Traceback: the client broke\n"}
WAITED = {"garbage": 0.2, "hang": 60}
ENDED = {"exit": 3, "leak and exit": 1}


def answer(seq: int) -> None:
    shout(SHOUTED.get(TROUBLE, ""))
    time.sleep(WAITED.get(TROUBLE, 0))
    if TROUBLE.startswith("leak"):
        leak()
    if TROUBLE in ENDED:
        sys.exit(ENDED[TROUBLE])
    if TROUBLE == "killed":
        os.kill(os.getpid(), 9)
    messages = SAID[TROUBLE](seq) if TROUBLE in SAID else [right(seq)]
    for message in messages:
        say(message)


for line in sys.stdin:
    command = json.loads(line)
    if command["cmd"] == "start":
        if TROUBLE == "no start":
            sys.exit("cannot find my settings")
        if TROUBLE == "wrong start":
            say({"ok": {"name": "troubled"}})
            continue
        about = {"name": "troubled", "version": "1", "language": "Python"}
        say({"ok": {**about, "operations": OPERATIONS, "features": []}})
    elif command["cmd"] == "run":
        answer(command["seq"])
    elif TROUBLE == "after the end":
        say({"seq": 1, "ok": {}})
        break
    else:
        break
