"""https, and the proxy that leads AFAS' own host names to the server; with the clients that people use."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests

from tests.bodies import purchase, supplier
from tests.test_process import COMMAND, TOKEN, command, served
from tests.test_wire import STREAMED

HOST = "12345.rest.afas.online"
REAL = f"https://{HOST}/ProfitRestServices"
READ = "connectors/Zenvoices_Currencies?take=2&orderbyfieldids=CurrencyId"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The ready file of a server with both."""
    folder = tmp_path_factory.mktemp("tls")
    with served(folder, "--tls", "--proxy-port", "0", "--token", TOKEN) as (_, document):
        yield document


def trusting(ready: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ready["ca_file"])


@pytest.fixture
def direct(ready: dict[str, Any]) -> Iterator[httpx.Client]:
    """A client that calls the server itself."""
    with httpx.Client(verify=trusting(ready), headers={"Authorization": ready["authorization"]}, timeout=60) as client:
        yield client


@pytest.fixture
def proxied(ready: dict[str, Any]) -> Iterator[httpx.Client]:
    """A client that has the address of AFAS wired in."""
    with httpx.Client(
        verify=trusting(ready),
        proxy=ready["proxy_url"],
        base_url=REAL,
        headers={"Authorization": ready["authorization"]},
        timeout=60,
    ) as client:
        yield client


# ---------------------------------------------------------------- https


def test_the_server_speaks_https(ready: dict[str, Any], direct: httpx.Client) -> None:
    assert ready["base_url"].startswith("https://127.0.0.1:")
    assert ready["control_url"].startswith("https://127.0.0.1:")
    assert direct.get(f"{ready['base_url']}/profitversion").json() == {"version": "8.0.0.0"}
    assert direct.get(f"{ready['control_url']}/health").json()["status"] == "ready"
    named = ready["base_url"].replace("127.0.0.1", "localhost")
    assert direct.get(f"{named}/profitversion").status_code == 200


def test_a_fork_is_described_with_https(ready: dict[str, Any], direct: httpx.Client) -> None:
    made = direct.post(f"{ready['control_url']}/environments/12345/forks").json()
    assert made["base_url"] == ready["base_url"]
    direct.delete(f"{ready['control_url']}/environments/{made['environment']}")


def test_nobody_trusts_it_by_default(ready: dict[str, Any]) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"{ready['base_url']}/profitversion")


def test_plain_http_gets_no_answer(ready: dict[str, Any]) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(ready["base_url"].replace("https", "http"))


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_1_2_or_newer(ready: dict[str, Any], version: ssl.TLSVersion, *, is_taken: bool) -> None:
    context = trusting(ready)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    address = urlsplit(ready["base_url"])
    with socket.create_connection((address.hostname, address.port), timeout=120) as plain:
        if is_taken:
            with context.wrap_socket(plain, server_hostname=address.hostname) as secure:
                assert secure.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname=address.hostname)


def test_commands_call_it(ready: dict[str, Any]) -> None:
    done = command("environment", "list", "--control", ready["control_url"], SSL_CERT_FILE=ready["ca_file"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "O12345AA" in done.stdout
    untrusting = command("environment", "list", "--control", ready["control_url"])
    assert untrusting.returncode == 2
    assert "SSL_CERT_FILE" in untrusting.stderr


# ---------------------------------------------------------------- through the proxy


def test_the_real_host_name_leads_here(proxied: httpx.Client) -> None:
    for _ in range(3):
        answer = proxied.get(READ)
        assert answer.status_code == 200
        assert len(answer.json()["rows"]) == 2


def test_a_client_of_python_takes_it_from_its_environment(ready: dict[str, Any], tmp_path: Path) -> None:
    code = f"""
        import sys, requests, httpx
        for get in requests.get, httpx.get:
            print(get("{REAL}/profitversion", headers={{"Authorization": sys.argv[1]}}, timeout=60).text)
    """
    environment = {
        **os.environ,
        "HTTPS_PROXY": ready["proxy_url"],
        "SSL_CERT_FILE": ready["ca_file"],
        "REQUESTS_CA_BUNDLE": ready["ca_file"],
    }
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), ready["authorization"]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == ['{"version":"8.0.0.0"}'] * 2, done.stderr


def test_requests_of_every_size(proxied: httpx.Client) -> None:
    made = proxied.post("connectors/KnPurchaseRelationOrg", json=supplier("Via de proxy"))
    assert made.status_code == 201
    spaced = json.dumps(purchase("F-1")).encode() + b" " * 3_000_000
    large = proxied.post("connectors/FiEntries", content=spaced)
    assert large.status_code == 201
    assert len(proxied.get(STREAMED.partition("ProfitRestServices/")[2] or STREAMED).content) > 100_000


def test_many_at_once(ready: dict[str, Any]) -> None:
    statuses: list[int] = []

    def call() -> None:
        session = requests.Session()
        session.proxies = {"https": ready["proxy_url"]}
        session.verify = ready["ca_file"]
        session.trust_env = False
        for _ in range(5):
            answer = session.get(f"{REAL}/{READ}", headers={"Authorization": ready["authorization"]}, timeout=60)
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 40


@pytest.mark.parametrize("kind", ["T", "A"])
def test_hosts_of_test_and_accept_environments(ready: dict[str, Any], direct: httpx.Client, kind: str) -> None:
    made = direct.post(f"{ready['control_url']}/environments", json={"type": kind}).json()
    word = {"T": "test", "A": "accept"}[kind]
    with httpx.Client(verify=trusting(ready), proxy=ready["proxy_url"]) as client:
        urls = [
            f"https://{made['participant']}.rest{one}.afas.online/ProfitRestServices/metainfo" for one in (word, "")
        ]
        statuses = [client.get(url, headers={"Authorization": made["authorization"]}).status_code for url in urls]
    assert statuses == [200, 401]
    direct.delete(f"{ready['control_url']}/environments/{made['environment']}")


def test_the_control_api_is_not_there(proxied: httpx.Client) -> None:
    assert proxied.get(f"https://{HOST}/_mock/environments").status_code == 403


@pytest.mark.parametrize("gzip", ["gzip", "identity"])
@pytest.mark.parametrize("kind", ["drop", "reset", "truncate"])
def test_faults_reach_through(
    ready: dict[str, Any], direct: httpx.Client, proxied: httpx.Client, kind: str, gzip: str
) -> None:
    faults = f"{ready['control_url']}/environments/12345/faults"
    effect = {"kind": "drop", "reset": True} if kind == "reset" else {"kind": kind}
    assert direct.post(faults, json={"effect": effect, "match": {"times": 1}}).status_code == 201
    expected = httpx.RemoteProtocolError if kind != "reset" else httpx.TransportError
    with pytest.raises(expected):
        proxied.get(READ, headers={"Accept-Encoding": gzip})
    assert proxied.get(READ).status_code == 200
    direct.delete(faults)


# ---------------------------------------------------------------- what the proxy refuses


def ask(ready: dict[str, Any], sent: bytes) -> bytes:
    """What the proxy answers to bytes, up to the end of the connection."""
    address = urlsplit(ready["proxy_url"])
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=120) as client:
        client.sendall(sent)
        while part := client.recv(2**16):
            received += part
    return received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT 12345.rest.afas.online:80 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT 12345.rest.afas.online.example.com:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT evil.12345.rest.afas.online:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT 1234.rest.afas.online:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT static.afas.online:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT caf\xe9\x1b[31m:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", 405),
        (b"CONNECT 12345.rest.afas.online HTTP/1.1\r\n\r\n", 405),
        (b"GET http://12345.rest.afas.online/ HTTP/1.1\r\nHost: 12345.rest.afas.online\r\n\r\n", 405),
        (b"\r\n\r\n", 405),
        (b"CONNECT 12345.rest.afas.online:443 HTTP/1.1\r\n\r\n\x16\x03\x01", 400),
        (b"CONNECT 12345.rest.afas.online:443 HTTP/1.1\r\nX: " + b"x" * 16_500, 431),
    ],
)
def test_whatever_else_is_refused(ready: dict[str, Any], sent: bytes, status: int) -> None:
    head, _, body = ask(ready, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert body.startswith(b"mock_afas: ")
    assert b"\x1b" not in body


def test_a_refusal_is_told_to_client_and_reader_of_the_log(tmp_path: Path) -> None:
    with served(tmp_path, "--proxy-port", "0") as (process, ready):
        with pytest.raises(httpx.ProxyError, match="403"):
            httpx.get("https://example.com/", proxy=ready["proxy_url"])
        with pytest.raises(httpx.ConnectError, match="certificate"):
            httpx.get(f"{REAL}/profitversion", proxy=ready["proxy_url"])
        with httpx.Client(verify=trusting(ready), proxy=ready["proxy_url"]) as client:
            assert client.get(f"{REAL}/profitversion").status_code == 401
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    refused, untrusted = err.splitlines()
    assert refused == "the proxy refused to connect to 'example.com', port 443"
    assert re.fullmatch(
        rf"a client of {HOST} broke off TLS \(.+\); does it trust the authority of --ca-file\?", untrusted
    )
    assert f"Proxy          {ready['proxy_url']}" in out
    assert ready["base_url"].startswith("http://")


# ---------------------------------------------------------------- the process


def test_without_either_the_ready_file_is_as_ever(tmp_path: Path) -> None:
    with served(tmp_path) as (_, ready):
        assert not {"ca_file", "proxy_url"} & set(ready)


@pytest.mark.parametrize("named", [True, False])
def test_the_authority_is_written_and_no_key(tmp_path: Path, *, named: bool) -> None:
    wanted = tmp_path / "mine.pem"
    with served(tmp_path, "--tls", *(["--ca-file", str(wanted)] if named else [])) as (process, ready):
        file = Path(ready["ca_file"])
        assert (file == wanted) is named
        text = file.read_text()
        assert text.count("BEGIN CERTIFICATE") == 1
        assert "KEY" not in text
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert f"--cacert {file}" in out
    assert file.exists() is named
    assert file.parent.exists() is named


def test_each_run_has_an_authority_of_its_own(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.pem", "two.pem")]
    for file in files:
        with served(tmp_path, "--tls", "--ca-file", str(file)):
            pass
    assert files[0].read_text() != files[1].read_text()


def test_it_stops_with_tunnels_open(tmp_path: Path) -> None:
    with served(tmp_path, "--proxy-port", "0") as (process, ready):
        address = urlsplit(ready["proxy_url"])
        with (
            httpx.Client(verify=trusting(ready), proxy=ready["proxy_url"]) as client,
            socket.create_connection((address.hostname, address.port), timeout=120) as waiting,
            socket.create_connection((address.hostname, address.port), timeout=120) as halfway,
        ):
            with socket.create_connection((address.hostname, address.port), timeout=120) as gone:
                gone.sendall(b"CONNECT 12345.rest.afas.online:443 HTTP/1.1\r\n\r\n")
                assert gone.recv(100).startswith(b"HTTP/1.1 200 ")
            assert client.get(f"{REAL}/profitversion").status_code == 401
            halfway.sendall(b"CONNECT 12345.rest.afas.online:443 HTTP/1.1\r\n\r\n")
            assert halfway.recv(100).startswith(b"HTTP/1.1 200 ")
            process.send_signal(signal.SIGTERM)
            assert waiting.recv(100) == b""
            assert halfway.recv(100) == b""
            _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    (told,) = err.splitlines()  # and no word of what uvicorn says when it had to wait for its connections in vain
    assert told.startswith(f"a client of {HOST} broke off TLS (")


@pytest.mark.parametrize("option", [["--tls"], ["--proxy-port", "0"]])
def test_what_has_to_be_installed_is_told(tmp_path: Path, option: list[str]) -> None:
    (tmp_path / "trustme.py").write_text("raise ImportError('not here')")
    done = command("serve", "--port", "0", *option, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "mock-afas[tls]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_proxy_port_is_told(ready: dict[str, Any]) -> None:
    done = command("serve", "--port", "0", "--proxy-port", str(urlsplit(ready["proxy_url"]).port))
    assert done.returncode == 2
    assert "--proxy-port" in done.stderr


def test_a_ca_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = command("serve", "--port", "0", "--tls", "--ca-file", str(tmp_path / "nowhere" / "ca.pem"))
    assert done.returncode == 2
    assert "--ca-file" in done.stderr


def test_an_authority_for_nothing_is_told(tmp_path: Path) -> None:
    done = command("serve", "--port", "0", "--ca-file", str(tmp_path / "ca.pem"))
    assert done.returncode == 2
    assert "--tls" in done.stderr


def test_a_server_without_them_loads_neither() -> None:
    code = "import sys, mock_afas.serving; print([name for name in ('trustme', 'cryptography') if name in sys.modules])"
    done = subprocess.run([COMMAND[0], "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
