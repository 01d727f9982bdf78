from pathlib import Path

import pytest
from tests.support.cli_run import CommandLine
from tests.support.server_process import running_server


@pytest.fixture
def offline(tmp_path):
    """The command line in a folder where `graven-data` has an empty log."""
    line = CommandLine.at(tmp_path)
    line.must("log", "create", "extra", "--data", "graven-data")
    return line


@pytest.fixture(scope="module")
def online(tmp_path_factory):
    """The command line with a running server in its environment; shared by the tests of a module."""
    home: Path = tmp_path_factory.mktemp("online")
    with running_server(home / "data") as server:
        yield CommandLine.at(home, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
