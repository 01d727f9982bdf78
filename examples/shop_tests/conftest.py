"""The real shop, as a process of its own with a database of its own, and a client for it."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

PROGRAM = Path(__file__).parents[1] / "shop" / "app.py"


class Shop(NamedTuple):
    address: str
    database: Path


@pytest.fixture(scope="session")
def running_shop(tmp_path_factory):
    database = tmp_path_factory.mktemp("shop") / "shop.sqlite"
    arguments = [sys.executable, str(PROGRAM), "--port", "0", "--database", str(database)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline()
            assert said.startswith("listening on "), f"the shop said {said!r}"
            yield Shop(said.removeprefix("listening on ").strip(), database)
        finally:
            process.send_signal(signal.SIGTERM)  # it sends what it still has to record, then ends


@pytest.fixture
def shop(running_shop):
    """HTTP to the shop, as the customer alice."""
    with httpx.Client(base_url=running_shop.address, headers={"X-User": "alice"}, trust_env=False) as client:
        yield client


@pytest.fixture
def database(running_shop):
    """The shop's database, beside the shop."""
    opened = sqlite3.connect(running_shop.database)
    yield opened
    opened.close()
