"""The pure modules of the browser UI, tested by node's own runner."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_pure_modules_of_the_browser_ui_do_what_they_say() -> None:
    files = sorted(str(path) for path in (HERE / "js").glob("*.test.js"))
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", *files], capture_output=True, text=True, check=False, timeout=120
    )
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert passed is not None
    assert int(passed[1]) > 50
