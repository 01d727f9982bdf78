"""Test reports written by the real tools, for the tests of the importers."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["run_pytest"]

SUITE = """
import allure
import pytest

@allure.severity(allure.severity_level.CRITICAL)
@allure.label("owner", "ann")
@allure.tag("smoke")
@allure.link("https://bugs.example/1", name="bug")
@pytest.mark.parametrize(("currency", "count"), [("eur", 3), ("usd", 4)])
def test_total(currency, count):
    with allure.step("add"):
        with allure.step("inner"):
            allure.attach("hello", "note", allure.attachment_type.TEXT)
    print("said")
    assert count == 3

def test_skipped():
    pytest.skip("not today")

@pytest.mark.xfail
def test_expected():
    assert False

@pytest.fixture
def broken():
    raise RuntimeError("boom")

def test_broken(broken):
    pass

class TestClass:
    def test_method(self):
        pass
"""

VERDICTS = {
    "test_total[eur-3]": "passed",
    "test_total[usd-4]": "failed",
    "test_skipped": "skipped",
    "test_expected": "xfailed",
    "test_broken": "error",
    "test_method": "passed",
}
"""Status by the end of a test's name."""


def run_pytest(folder: Path, *flags: str, suite: str = SUITE) -> Path:
    """Run the suite as `test_shop.py` in `folder`, with `flags` that make it write reports; gives the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "test_shop.py").write_text(suite)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GRAVEN_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *flags, "test_shop.py"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return folder
