"""One use of each plugin.

>>> 1 + 1
2
"""

import asyncio
import sqlite3
import subprocess
import sys
import time
import unittest
import warnings

import pytest
from pytest_bdd import given, scenarios, then, when

pytest_plugins = ["pytester"]
scenarios("shop.feature")


@given("a database", target_fixture="database")
def a_database():
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


@when("the sales are counted", target_fixture="sales")
def the_sales_are_counted(database):
    return database.execute("SELECT 1").fetchone()[0]


@then("there is 1")
def there_is_one(sales):
    assert sales == 1


class TestIsolated(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.connection = sqlite3.connect(":memory:")
        self.addCleanup(self.connection.close)

    async def test_statement(self):
        await asyncio.sleep(0)
        assert self.connection.execute("SELECT 2").fetchall() == [(2,)]

    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                assert number < 3


@pytest.mark.asyncio
async def test_asyncio():
    def ask():
        connection = sqlite3.connect(":memory:")
        found = connection.execute("SELECT 3").fetchall()
        connection.close()
        return found

    assert await asyncio.to_thread(ask) == [(3,)]


def test_mock_of_what_is_captured(mocker):
    connect, popen = mocker.patch("sqlite3.connect"), mocker.patch("subprocess.Popen")
    sqlite3.connect("shop.sqlite")
    subprocess.Popen(["true"])
    connect.assert_called_once_with("shop.sqlite")
    popen.assert_called_once_with(["true"])


def test_spy_on_what_is_captured(mocker):
    spy = mocker.spy(subprocess, "run")
    assert subprocess.run([sys.executable, "-c", "print(7)"], capture_output=True, check=True).stdout == b"7\n"
    assert spy.call_count == 1


def test_subtests(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number < 3


@pytest.mark.timeout(0.2, method="signal")
@pytest.mark.xfail(strict=True)
def test_timeout():
    time.sleep(30)


def test_warning():
    warnings.warn("of the test", UserWarning, stacklevel=1)


def test_pytest_in_pytest(pytester):
    pytester.makepyfile("def test_it():\n    import sqlite3\n    sqlite3.connect(':memory:').execute('SELECT 4')\n")
    pytester.runpytest_inprocess("-p", "no:django", "-p", "no:randomly").assert_outcomes(passed=1)
