"""Fixtures: one server a session, one private environment a test; Hypothesis profiles."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import Afas, fork, start

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def demo() -> Iterator[Afas]:
    """The demo environment of a server that runs as long as the session. Tests only read from it."""
    serving, client = start()
    yield client
    client.http.close()
    serving.stop()


@pytest.fixture
def afas(demo: Afas) -> Iterator[Afas]:
    """A private copy of the demo environment for one test."""
    private = fork(demo)
    yield private
    private.control("DELETE")
