"""The browser's own verifier against the same vectors, by node's test runner."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1] / "browser" / "js" / "proof"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_verifier_of_the_pages_agrees_with_the_vectors() -> None:
    files = sorted(str(path) for path in TESTS.glob("*.test.js"))
    command = ["node", "--no-warnings", "--test", "--test-reporter=tap", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) > 200
