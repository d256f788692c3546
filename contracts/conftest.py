"""Options of ``pytest contracts/``."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contracts", "contracts of AFAS clients")
    group.addoption("--driver", metavar="CMD", help="start this driver: a command with its arguments")
    group.addoption("--attach", type=int, metavar="PORT", help="wait for a driver that connects to this port")
    group.addoption("--control", metavar="URL", help="use the mock with this control API; else one is started")
    group.addoption("--contract-profile", choices=("fast", "thorough"), default="fast", help="how thoroughly")
    group.addoption("--contract-seed", type=int, default=1, metavar="N", help="the same seed, the same verdicts")
