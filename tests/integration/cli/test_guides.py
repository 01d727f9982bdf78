"""The guides and the README tell the truth: their commands are run, page by page, in a fresh folder.

Blocks: ```server is started in the background, ```setup and ```sh are one shell script that must succeed,
```python is run after it. ```text is for reading only.
"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server_process import running_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
GUIDES = ROOT / "docs" / "guide"
OTHERS = {"ci.md"}  # workflows, run by test_ci_guide.py
PAGES = {path.name: path for path in [ROOT / "README.md", *sorted(GUIDES.glob("*.md"))] if path.name not in OTHERS}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_there_are_guides():
    assert {"getting-started.md", "recording.md", "importing.md", "verifying.md", "operating.md", "search.md"} <= set(
        PAGES
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_works(page, tmp_path):
    port = free_port()
    text = PAGES[page].read_text().replace("127.0.0.1:8470", f"127.0.0.1:{port}")
    blocks = BLOCK.findall(text)
    assert {kind for kind, _ in blocks} <= {"server", "setup", "sh", "python", "text"}
    (serve,) = [body.split() for kind, body in blocks if kind == "server"]
    assert serve[:4] == ["graven", "serve", "--data", "./graven-data"]
    script = "\n".join(body for kind, body in blocks if kind in {"setup", "sh"})
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GRAVEN_")}
    environ |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "NO_COLOR": "1",
    }
    flags = [str(tmp_path / flag) if flag.startswith("./") else flag for flag in serve[4:]]
    with running_server(tmp_path / "graven-data", "--listen", f"127.0.0.1:{port}", *flags, index=True) as server:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for program in (body for kind, body in blocks if kind == "python"):
            told = {**environ, "GRAVEN_SERVER": server.url, "GRAVEN_TOKEN": server.token}
            subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=told, timeout=60, check=True)
