"""A client behind the driver protocol, as a process that the tests talk to."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support import Afas

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "contracts" / "examples"
#: The command of each example client, by its name.
COMMANDS = {
    "python": [sys.executable, str(EXAMPLES / "python" / "driver.py")],
    "template": [sys.executable, str(EXAMPLES / "template" / "driver.py")],
    "node": [shutil.which("node") or "node", str(EXAMPLES / "node" / "driver.mjs")],
}
INTEGRATION = "12345_123456"

Json = dict[str, Any]


class Client:
    """A driver process. Numbers with a point in its answers are Decimal."""

    def __init__(self, command: list[str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT)
        self.seq = 0

    def ask(self, command: Json) -> Json:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the driver ended with {self.process.wait(60)}"
        answer: Json = json.loads(line, parse_float=Decimal)
        return answer

    def start(self, afas: Afas, **changes: str) -> Json:
        told = {
            "base_url": afas.base_url,
            "participant": afas.participant,
            "environment_type": "O",
            "token": afas.token,
        }
        about = {"language": "nl", "integration_id": INTEGRATION}
        return self.ask({"cmd": "start", "protocol": 1, **told, **about, **changes})

    def run(self, operation: str, **arguments: Any) -> Json:
        """The whole answer, without its number."""
        self.seq += 1
        asked = {"cmd": "run", "seq": self.seq, "operation": operation, "arguments": arguments}
        answer = self.ask(asked)
        assert answer.pop("seq") == self.seq
        return answer

    def ok(self, operation: str, **arguments: Any) -> Json:
        answer = self.run(operation, **arguments)
        assert set(answer) == {"ok"}, answer
        result: Json = answer["ok"]
        return result

    def failed(self, operation: str, **arguments: Any) -> Json:
        answer = self.run(operation, **arguments)
        assert set(answer) == {"failed"}, answer
        failure: Json = answer["failed"]
        return failure

    def stop(self) -> int:
        """Tells it to stop, and gives its exit code."""
        assert self.process.stdin
        self.process.stdin.write(b'{"cmd": "stop"}\n')
        self.process.stdin.close()
        code = self.process.wait(60)
        assert self.process.stdout
        self.process.stdout.close()
        return code
