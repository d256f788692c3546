"""Who may use the control API: loopback callers on loopback, holders of the key elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mock_afas.control.guard import is_loopback
from mock_afas.registry import Registry
from mock_afas.serving import Serving, bind, needs_control_key
from tests.support import Afas


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback_names(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert needs_control_key(host) is not loopback


def health(afas: Afas, **headers: str) -> int:
    return afas.http.get(f"{afas.control_url}/health", headers=headers).status_code


@pytest.mark.parametrize("host", ["localhost", "localhost:9", "127.0.0.1:80", "[::1]:8080"])
def test_a_loopback_host_is_let_in(demo: Afas, host: str) -> None:
    assert health(demo, Host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::", "", "a@127.0.0.2.example"]
)
def test_a_rebound_name_is_not(demo: Afas, host: str) -> None:
    assert health(demo, Host=host) == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://localhost@evil.example", 403),
    ],
)
def test_a_page_of_another_site_is_not(demo: Afas, origin: str, status: int) -> None:
    assert health(demo, Origin=origin) == status


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    serving = Serving(Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key="open sesame")
    serving.run_in_thread()
    yield serving.origin
    serving.stop()


@pytest.mark.parametrize(
    ("sent", "status"),
    [("Bearer open sesame", 200), ("Bearer wrong", 401), ("open sesame", 401), ("Basic open sesame", 401), ("", 401)],
)
def test_a_key_is_asked_for(keyed: str, sent: str, status: int) -> None:
    answer = httpx.get(f"{keyed}/_mock/health", headers={"Authorization": sent} if sent else {})
    assert answer.status_code == status
    assert "open sesame" not in answer.text


def test_the_key_opens_nothing_of_profit(keyed: str) -> None:
    answer = httpx.get(f"{keyed}/ProfitRestServices/metainfo", headers={"Authorization": "Bearer open sesame"})
    assert answer.status_code == 401
