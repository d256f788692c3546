"""The contracts as tests: ``pytest contracts/ --driver "CMD"``, or ``pytest --pyargs mock_afas_contracts``.

The second form is for clients in Python. A fixture ``afas_adapter`` in the ``conftest.py`` of your project gives an
object as ``adapter.ClientAdapter`` describes it; a fixture ``afas_contract_profile`` may give ``"thorough"``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mock_afas_contracts import scenarios
from mock_afas_contracts.adapter import AdapterDriver
from mock_afas_contracts.contract import CONTRACTS
from mock_afas_contracts.driver import Driver
from mock_afas_contracts.events import ContractDepends, ContractFailed, ContractNotTested
from mock_afas_contracts.judging import PROFILES, Judge
from mock_afas_contracts.line_driver import AttachedDriver, process_driver
from mock_afas_contracts.story import Stage
from mock_afas_contracts.target import Server, Target

scenarios.load()


def _fixture(request: pytest.FixtureRequest, name: str, default: object = None) -> object:
    """What a fixture of the project gives, if there is one."""
    try:
        return request.getfixturevalue(name)
    except pytest.FixtureLookupError:
        return default


@pytest.fixture(scope="session")
def contract_driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    adapter = _fixture(request, "afas_adapter")
    command, port = (request.config.getoption(name, None) for name in ("--driver", "--attach"))
    if adapter is not None:
        driver: Driver = AdapterDriver(adapter)
    elif command:
        driver = process_driver(command)
    elif port is not None:
        driver = AttachedDriver(port)
    else:
        pytest.fail("no client: give --driver CMD, --attach PORT or a fixture 'afas_adapter'", pytrace=False)
    yield driver
    driver.stop()


@pytest.fixture(scope="session")
def contract_stage(request: pytest.FixtureRequest, contract_driver: Driver) -> Iterator[Stage]:
    control = request.config.getoption("--control", None)
    if control:
        target = Target(control)
        yield Stage(contract_driver, target)
        target.close()
        return
    with Server() as server:
        target = Target(server.control_url, server.control_key)
        yield Stage(contract_driver, target)
        target.close()


@pytest.fixture(scope="session")
def contract_judge(request: pytest.FixtureRequest) -> Judge:
    profile = request.config.getoption("--contract-profile", None) or _fixture(request, "afas_contract_profile", "fast")
    return Judge(PROFILES[str(profile)], int(request.config.getoption("--contract-seed", None) or 1))


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_contract(name: str, contract_stage: Stage, contract_judge: Judge) -> None:
    found = CONTRACTS[name]
    environment = contract_stage.target.fork()
    client = contract_stage.driver.start(environment.connection)
    environment.delete()
    reason = found.missing(client.operations, client.features)
    if reason is not None:
        pytest.skip(reason)
    *_, event = contract_judge.events(found, contract_stage)
    if isinstance(event, ContractNotTested):
        pytest.skip(event.reason)
    if isinstance(event, ContractDepends):
        pytest.xfail(f"depends on {event.ambiguity}: fails with {event.setting}={event.choice}")
    if isinstance(event, ContractFailed):
        pytest.fail(f"{event.verdict}: {found.sentence}\n{event.case.text()}\n{event.trace}", pytrace=False)
