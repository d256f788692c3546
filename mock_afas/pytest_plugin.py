"""pytest plugin: a server for the run, a private environment for each test, traffic in the report of a failure.

Nothing is started, and nothing of the server imported, before a test asks for a fixture. With pytest-xdist all workers
share one server: its forks cost about a millisecond and share nothing that can be written. A server of the plugin's
own is a process by itself, so that what a test does to its interpreter (time, sockets, patches) does not reach it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from mock_afas.testing.environments import Afas, AfasServer

_MARKER = (
    "afas(**settings): settings of the test's environment, such as without=['projects'] or profit_version=6; "
    "the keys are those of POST /_mock/environments"
)


class _Run(NamedTuple):
    """What the processes of a run share: a directory, and the process that owns both and the server."""

    directory: Path
    owner: int


_RUN = pytest.StashKey[_Run]()
_AFAS = pytest.StashKey["Afas"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--afas-url`` and ``--afas-control-key``, and both as settings of the configuration file."""
    group = parser.getgroup("mock_afas", "a fake AFAS Profit")
    group.addoption(
        "--afas-url", metavar="URL", help="use the mock_afas server that runs at this address instead of an own one"
    )
    group.addoption("--afas-control-key", metavar="KEY", help="key of its control API [MOCK_AFAS_CONTROL_KEY]")
    parser.addini("afas_url", "use the mock_afas server that runs at this address", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist where the processes of this run meet."""
    run = _run(node.config)
    node.workerinput["mock_afas"] = {"directory": str(run.directory), "owner": run.owner}


def _run(config: pytest.Config) -> _Run:
    """What this process shares with the others of the run; made at the first need."""
    if _RUN not in config.stash:
        told: dict[str, Any] | None = getattr(config, "workerinput", {}).get("mock_afas")
        if told is not None and Path(told["directory"]).is_dir():
            config.stash[_RUN] = _Run(Path(told["directory"]), told["owner"])
        else:  # no worker, or one on another machine
            config.stash[_RUN] = _Run(Path(tempfile.mkdtemp(prefix="mock-afas-")), os.getpid())
    return config.stash[_RUN]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the server, in the process that owns the run."""
    run = config.stash.get(_RUN, None)
    if run is None or run.owner != os.getpid():
        return
    from mock_afas.testing.launch import stop_server_of  # noqa: PLC0415 - nothing is imported before it is used

    stop_server_of(run.directory)
    shutil.rmtree(run.directory, ignore_errors=True)


# ---------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def afas_server(pytestconfig: pytest.Config) -> Iterator[AfasServer]:
    """A mock_afas server for the whole run: one of its own, or the one that ``--afas-url`` names."""
    from mock_afas.errors import ControlError  # noqa: PLC0415
    from mock_afas.testing import environments, launch  # noqa: PLC0415

    url = pytestconfig.getoption("afas_url") or pytestconfig.getini("afas_url")
    key = pytestconfig.getoption("afas_control_key") or os.environ.get("MOCK_AFAS_CONTROL_KEY")
    try:
        if not url:
            run = _run(pytestconfig)
            url, key = launch.server_of(run.directory, run.owner)["control_url"], None
        server = environments.server_at(url, key)
    except ControlError as error:
        raise _unusable(error.message, error.hint) from None
    yield server
    server.delete_made()


@pytest.fixture
def afas(request: pytest.FixtureRequest, afas_server: AfasServer) -> Iterator[Afas]:
    """A private AFAS environment for this test, with the settings of its ``afas`` marker. It goes with the test."""
    from mock_afas.errors import ControlError  # noqa: PLC0415

    try:
        environment = afas_server.environment_with(_settings(request.node))
    except ControlError as error:
        raise _unusable(f"the environment of the test cannot be made: {error.message}", error.hint) from None
    request.node.stash[_AFAS] = environment
    yield environment
    del request.node.stash[_AFAS]
    environment.delete()


def _unusable(message: str, hint: str) -> BaseException:
    """What a fixture raises that cannot be had: a failure without a traceback, which would show our code only."""
    return pytest.fail.Exception(f"mock_afas: {message}\n{hint}".strip(), pytrace=False)


def _settings(item: pytest.Item) -> dict[str, Any]:
    """The settings of all ``afas`` markers of a test; a nearer one goes over one further away."""
    settings: dict[str, Any] = {}
    for marker in item.iter_markers("afas"):
        if marker.args:
            raise _unusable(
                f"the marker afas is given {marker.args!r}", "it takes settings by name: without=['projects']"
            )
        settings = {**marker.kwargs, **settings}
    return {name: sorted(value) if isinstance(value, set | frozenset) else value for name, value in settings.items()}


# ---------------------------------------------------------------- report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the traffic and the findings of the test's environment to the report of a failure."""
    report = yield
    afas = item.stash.get(_AFAS, None)
    if afas is not None and report.failed:
        from mock_afas.testing.report import sections  # noqa: PLC0415

        report.sections.extend(sections(afas))
    return report
