"""Blobs of logs that were written elsewhere are read over HTTP by who may read the log."""

import json
import os
import subprocess
import sys

from tests.support.server_process import running_server
from tests.support.server_requests import append, event, make_token, problem

SUITE = """
def test_large():
    assert {f"line {n}": "of the cart " * 150 for n in range(100)} == {}
"""


def test_a_graven_of_a_test_run_is_served_with_its_large_events_also_without_control_sqlite(tmp_path):
    (tmp_path / "test_large.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    state = str(tmp_path / ".graven-state")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GRAVEN_")}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "graven.pytest_plugin.entry", "--graven"],
        cwd=tmp_path,
        env={**environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "XDG_STATE_HOME": state},
        capture_output=True,
        timeout=120,
        check=False,
    )
    data = tmp_path / ".graven"
    for lost in (False, True):
        if lost:
            for name in ("control.sqlite", "control.sqlite-wal", "control.sqlite-shm"):
                (data / name).unlink(missing_ok=True)
        with running_server(data) as server, server.client() as client:
            raw = client.get("/v1/logs/default/events/1", headers={"Accept": "application/octet-stream"}).content
            blob = json.loads(raw)["blob"]
            with server.client(headers=make_token(client, "reader", logs=["default"])) as reader:
                answer = reader.get(f"/v1/blobs/{blob['digest']}")
            assert answer.status_code == 200, answer.text
            assert answer.json()["qa"]["test"] == "test_large.py::test_large"


def test_another_log_s_blob_stays_hidden_after_control_sqlite_was_lost(tmp_path):
    data = tmp_path / "data"
    with running_server(data) as server, server.client() as client:
        client.post("/v1/logs", json={"name": "other"})
        append(client, event(input="x" * 70_000), log="other")
        raw = client.get("/v1/logs/other/events/0", headers={"Accept": "application/octet-stream"}).content
    for name in ("control.sqlite", "control.sqlite-wal", "control.sqlite-shm"):
        (data / name).unlink(missing_ok=True)
    with running_server(data) as server, server.client() as client:
        digest = json.loads(raw)["blob"]["digest"]
        assert client.get(f"/v1/blobs/{digest}").status_code == 200
        with server.client(headers=make_token(client, "reader", logs=["default"])) as reader:
            hidden = reader.get(f"/v1/blobs/{digest}")
        assert (hidden.status_code, problem(hidden)["code"]) == (404, "blob_not_found")
