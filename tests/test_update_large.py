"""Large bodies: just under 75 MB passes and comes back whole, in little memory; more is refused before it is read."""

from __future__ import annotations

import base64
import http.client
import json
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import bodies
from tests.support import Afas
from tests.test_process import client, served

MEGABYTE = 2**20
MOST = 75 * MEGABYTE
#: How much more memory than when idle the server may take at its peak.
MOST_MORE = 400 * MEGABYTE
AT_ONCE = 4

measured = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[int, Afas]]:
    """The number of a process that serves, and a client of it."""
    with served(tmp_path) as (process, ready):
        afas = client(ready)
        afas.configure(dialect={"parallel_calls": "unlimited"})
        yield process.pid, afas


def memory(process: int, name: str) -> int:
    """A number of bytes from the status of a process: VmRSS is now, VmHWM the most so far."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


class Peak:
    """How far the memory of a process rises above what it is now."""

    def __init__(self, process: int) -> None:
        self._process = process
        Path(f"/proc/{process}/clear_refs").write_text("5")
        self._idle = memory(process, "VmRSS")

    def __call__(self) -> int:
        return memory(self._process, "VmHWM") - self._idle


def item(file: bytes) -> bytes:
    """A dossier item with a file."""
    return written(base64.b64encode(file))


def written(text: bytes) -> bytes:
    """A dossier item whose file stands in it as this text."""
    before, after = json.dumps(bodies.dossier_item("@")).encode().split(b"@")
    return before + text + after


@pytest.fixture(scope="module")
def largest() -> tuple[bytes, bytes]:
    """A file, and the dossier item with it, which is just under the largest body."""
    file = random.Random(75).randbytes((MOST - 4_096) // 4 * 3)
    body = item(file)
    assert MOST - 4_096 < len(body) <= MOST
    return file, body


def send(afas: Afas, body: bytes, path: str = "KnSubject") -> tuple[int, bytes]:
    parts = urlsplit(afas.base_url)
    line = http.client.HTTPConnection(parts.netloc, timeout=120)
    try:
        line.request("POST", f"{parts.path}/connectors/{path}", body, {"Authorization": afas.authorization})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def file_of(afas: Afas, subject: str) -> bytes:
    rows = afas.rows("Profit_Subject_Attachments", filterfieldids="subject_id", filtervalues=subject, operatortypes="1")
    answer = afas.get(f"subjectconnector/{subject}/{rows[0]['file_id']}", Accept_Encoding="identity")
    assert answer.status_code == 200
    return base64.b64decode(answer.json()["filedata"])


def of_elements(part: bytes) -> bytes:
    """A body just under 75 MB of an entry whose lines are ``part``, again and again."""
    before, after = b'{"FiEntryPar":{"Element":{"Objects":{"FiEntries":{"Element":[', b"]}}}}}"
    count = (MOST - len(before) - len(after)) // (len(part) + 1)
    return before + b",".join([part] * count) + after


@measured
@pytest.mark.parametrize("part", [b'{"Fields":{}}', b"[]", b'"a"'])
def test_millions_of_tiny_elements_are_refused_before_they_are_made(process: tuple[int, Afas], part: bytes) -> None:
    number, afas = process
    body = of_elements(part)
    peak = Peak(number)
    status, answer = send(afas, body, "FiEntries")
    assert peak() < MOST_MORE
    assert (status, json.loads(answer)["externalMessage"]) == (500, "Het bericht bevat te veel regels.")
    assert afas.logged(json.loads(answer)["profitLogReference"])["reason"]["rule"].startswith("A body has at most")


def test_an_entry_may_have_thousands_of_lines(afas: Afas) -> None:
    cost = bodies.line("1", "4510", debit="1", Ds="een, twee {drie}")
    lines = [*([cost] * 20_000), bodies.line("1", "1901", credit="20000")]
    status, answer = send(afas, json.dumps(bodies.entry(*lines, journal="80")).encode(), "FiEntries")
    assert status == 201, answer


@measured
def test_the_largest_attachment(process: tuple[int, Afas], largest: tuple[bytes, bytes]) -> None:
    number, afas = process
    assert send(afas, item(b"x"))[0] == 201
    file, body = largest
    peak = Peak(number)
    status, answer = send(afas, body)
    assert status == 201, answer
    assert peak() < MOST_MORE
    subject = json.loads(answer)["results"]["KnSubject"]["SbId"]
    peak = Peak(number)
    assert file_of(afas, subject) == file
    assert peak() < MOST_MORE


@measured
def test_the_largest_attachments_at_once(process: tuple[int, Afas], largest: tuple[bytes, bytes]) -> None:
    """They are kept in memory, and the peak counts them."""
    number, afas = process
    assert send(afas, item(b"x"))[0] == 201
    _, body = largest
    peak = Peak(number)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: send(afas, body), range(AT_ONCE)))
    assert [status for status, _ in answers] == [201] * AT_ONCE
    assert len({answer for _, answer in answers}) == AT_ONCE
    assert peak() < MOST_MORE


# ---------------------------------------------------------------- how a file is written

FILE = random.Random(1).randbytes(MEGABYTE)
TEXT = base64.b64encode(FILE)


def in_lines(text: bytes, end: bytes) -> bytes:
    return end.join(text[at : at + 76] for at in range(0, len(text), 76))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(TEXT.replace(b"/", b"\\/"), id="slashes escaped"),
        pytest.param(in_lines(TEXT, b"\\r\\n"), id="in lines"),
        pytest.param(in_lines(TEXT, b" "), id="in words"),
        pytest.param(in_lines(TEXT, b"\\t"), id="with tabs"),
        pytest.param(b"\\u%04x" % TEXT[0] + TEXT[1:], id="a character escaped"),
    ],
)
def test_a_large_file_comes_back_however_it_is_written(afas: Afas, text: bytes) -> None:
    status, answer = send(afas, written(text))
    assert status == 201, answer
    assert file_of(afas, json.loads(answer)["results"]["KnSubject"]["SbId"]) == FILE


def test_several_large_files_keep_their_places(afas: Afas) -> None:
    files = {f"{number}.bin": random.Random(number).randbytes(MEGABYTE // (1 + number % 3 * 40)) for number in range(6)}
    body = bodies.dossier_item()
    body["KnSubject"]["Element"]["Objects"]["KnSubjectAttachment"]["Element"] = [
        {"Fields": {"FileName": name, "FileStream": base64.b64encode(file).decode()}} for name, file in files.items()
    ]
    status, answer = send(afas, json.dumps(body).encode())
    assert status == 201, answer
    subject = json.loads(answer)["results"]["KnSubject"]["SbId"]
    rows = afas.rows("Profit_Subject_Attachments", filterfieldids="subject_id", filtervalues=subject, operatortypes="1")
    found = {
        row["file_name"]: afas.get(f"subjectconnector/{subject}/{row['file_id']}").json()["filedata"] for row in rows
    }
    assert {name: base64.b64decode(text) for name, text in found.items()} == files


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(TEXT + b"!", 500, id="no base64"),
        pytest.param(TEXT[:-1], 500, id="cut off"),
        pytest.param(TEXT + "é".encode(), 500, id="no ASCII"),
        pytest.param(TEXT + b"\\u0000", 500, id="NUL"),
        pytest.param(b"\\u00000" + TEXT, 500, id="NUL and a number"),
        pytest.param(TEXT + b"\\q", 400, id="an escape that JSON does not have"),
        pytest.param(TEXT + b"\n", 400, id="a line break that is not escaped"),
        pytest.param(TEXT + b"\xff", 400, id="no UTF-8"),
        pytest.param(TEXT + b"\\", 400, id="no end"),
        pytest.param(TEXT + b'" "', 400, id="two ends"),
    ],
)
def test_a_large_file_that_is_none(afas: Afas, text: bytes, status: int) -> None:
    before = afas.control("GET", "/books").content
    refused, answer = send(afas, written(text))
    assert (refused, b"-2147180999" in answer) == (status, False)
    assert afas.control("GET", "/books").content == before


def test_nobody_gets_the_file_of_another_field(afas: Afas) -> None:
    """A body that says NUL and a number itself is not given a file that stood elsewhere in it."""
    body = bodies.dossier_item(TEXT.decode())
    element = body["KnSubject"]["Element"]
    element["Objects"]["KnSubjectAttachment"]["Element"] = [
        element["Objects"]["KnSubjectAttachment"]["Element"],
        {"Fields": {"FileName": "b.bin", "FileStream": "\0" + "0"}},
    ]
    status, answer = send(afas, json.dumps(body).encode())
    assert (status, b"-2147180996" in answer) == (500, True)


@pytest.mark.parametrize("field", ["StId", "Ds", "Nonsense"])
def test_a_large_file_in_another_field(afas: Afas, field: str) -> None:
    fields = json.dumps({"StId": 4, "Ds": "x", field: "@"}).encode().replace(b"@", b'\\"FileStream\\": \\"' + TEXT)
    status, answer = send(afas, b'{"KnSubject": {"Element": {"Fields": %b}}}' % fields)
    assert (status, b"-2147180996" in answer) == (500, True)


@pytest.mark.parametrize("place", ["Element", "Objects", "Fields"])
def test_a_large_file_where_objects_belong(afas: Afas, place: str) -> None:
    element = {"Fields": {"StId": 4, "Ds": "x"}, "Objects": {}}
    stream = {"FileStream": TEXT.decode()}
    body = {"KnSubject": {"Element": stream if place == "Element" else {**element, place: stream}}}
    status, answer = send(afas, json.dumps(body).encode())
    assert (status, b"-2147180999" in answer) == (500, False)


# ---------------------------------------------------------------- too large


def answered(afas: Afas, headers: dict[str, str], begin: bytes) -> bytes:
    """What the server says to headers and the beginning of a body whose rest never comes."""
    parts = urlsplit(afas.base_url)
    lines = {"Host": parts.netloc, "Authorization": afas.authorization, **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=120) as line:
        line.sendall(f"POST {parts.path}/connectors/KnSubject HTTP/1.1\r\n{head}\r\n".encode() + begin)
        return line.recv(65_536)


@pytest.mark.parametrize("size", [MOST + 1, 76 * MEGABYTE, 10**15])
def test_more_is_refused_before_it_is_read(afas: Afas, size: int) -> None:
    said = answered(afas, {"Content-Length": str(size)}, b'{"KnSubject": ')
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"content-length: 0\r\n" in said.lower()


def test_more_in_chunks_is_refused_at_once(afas: Afas) -> None:
    """A body of unknown length is refused as soon as it is over 75 MB, though more was to come."""
    parts = urlsplit(afas.base_url)
    line = http.client.HTTPConnection(parts.netloc, timeout=60)
    line.putrequest("POST", f"{parts.path}/connectors/KnSubject")
    line.putheader("Authorization", afas.authorization)
    line.putheader("Transfer-Encoding", "chunked")
    line.endheaders()
    chunk = b"100000\r\n" + bytes(MEGABYTE) + b"\r\n"
    try:
        for _ in range(76):
            line.send(chunk)
    except OSError:
        pass  # refused while this was under way
    assert line.getresponse().status == 413
    line.close()


def test_nothing_of_a_body_that_breaks_off(afas: Afas) -> None:
    before = afas.control("GET", "/books").content
    parts = urlsplit(afas.base_url)
    body = item(bytes(3 * MEGABYTE))
    head = f"POST {parts.path}/connectors/KnSubject HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    head += f"Authorization: {afas.authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
    for part in (0, 10, len(body) // 2, len(body) - 1):
        with socket.create_connection((parts.hostname, parts.port or 80), timeout=120) as line:
            line.sendall(head.encode() + body[:part])
    assert send(afas, item(bytes(2 * MEGABYTE)))[0] == 201
    after = afas.control("GET", "/books").json()
    assert len(after["subjects"]) == len(json.loads(before)["subjects"]) + 1


def test_many_large_bodies_wait_for_each_other(afas: Afas) -> None:
    afas.configure(dialect={"parallel_calls": "unlimited"})
    body = item(bytes(2 * MEGABYTE))

    def write(_: int) -> Any:
        status, answer = send(afas, body)
        assert status == 201
        return json.loads(answer)["results"]["KnSubject"]["SbId"]

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(write, range(24)))) == 24
