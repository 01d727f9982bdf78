"""The lines that an empty log offers to copy record what they say, on a real server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server_process import running_server
from tests.support.server_requests import size

SNIPPETS = Path(__file__).parents[3] / "src" / "graven" / "web" / "pages" / "start" / "snippets.js"
LOG = "first-steps"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def snippets(server: str, token: str) -> dict[str, list[str]]:
    """Source → its snippets, as the page makes them."""
    place = json.dumps({"server": server, "log": LOG, "token": token})
    script = (
        f"import({json.dumps(SNIPPETS.as_uri())}).then(({{SOURCES}}) => console.log(JSON.stringify("
        f"Object.fromEntries(SOURCES.map((one) => [one.name, one.snippets({place}).map(({{text}}) => text)])))))"
    )
    ran = subprocess.run(
        ["node", "--no-warnings", "-e", script], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


def test_what_can_be_copied_records(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as client:
        client.post("/v1/logs", json={"name": LOG}).raise_for_status()
        made = client.post("/v1/tokens", json={"name": "x", "roles": ["recorder"], "logs": [LOG]}).json()
        found = snippets(server.url, made["token"])
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GRAVEN_")}
        environ |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}", "HOME": str(tmp_path)}

        def run(script: str) -> None:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stdout + ran.stderr

        if shutil.which("curl") is not None:
            (curl,) = found["curl"]
            run(curl)
            run(curl)  # the same key and body: nothing twice
            assert size(client, LOG) == 1
        exports, program = found["sdk"]
        before = size(client, LOG)
        run(f"{exports}\npython - <<'PROGRAM'\n{program}\nPROGRAM")
        assert size(client, LOG) == before + 1
        (tmp_path / "test_it.py").write_text("def test_it():\n    assert True\n")
        (pytest_lines,) = found["pytest"]
        before = size(client, LOG)
        run(pytest_lines.replace("pytest --graven", "pytest -q -p no:cacheprovider --graven"))
        assert size(client, LOG) >= before + 3


def test_the_address_for_kubernetes_takes_audit_events(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as client:
        client.post("/v1/logs", json={"name": LOG}).raise_for_status()
        kubeconfig = snippets(server.url, "grv_x")["k8s"][0]
        address = next(line.partition("server: ")[2] for line in kubeconfig.splitlines() if "server: " in line)
        audit = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "1"}
        body = {
            "kind": "EventList",
            "apiVersion": "audit.k8s.io/v1",
            "items": [{**audit, "stage": "ResponseComplete", "verb": "get", "user": {"username": "alice"}}],
        }
        # client-go drops a query from the address and adds one of its own
        answer = client.post(f"{address}?timeout=30s", json=body)
        assert answer.status_code == 200, answer.text
        assert size(client, LOG) == 1
