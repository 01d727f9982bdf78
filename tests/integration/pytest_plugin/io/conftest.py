"""Capture switched on for a test, and real database servers that log what they see."""

import pytest
from tests.support.databases import mariadb, postgres

from graven.pytest_plugin import io


@pytest.fixture(scope="module")
def postgres_server(tmp_path_factory):
    with postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def mariadb_server(tmp_path_factory):
    with mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def recorded():
    found = []
    io.set_context(lambda: ("a" * 32, "b" * 16, "run-7"))
    io.install(found.append)
    yield found
    io.uninstall()
    io.set_context(None)
    assert io.failures() == 0
