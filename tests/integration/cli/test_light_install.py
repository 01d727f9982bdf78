"""`pip install graven` without the server: what must work works, what cannot says so."""

import json

import pytest
from tests.support.cli_run import CommandLine

EXTRAS = ["numpy", "isal", "hyperscan", "litestar", "prometheus_client", "structlog", "uvicorn", "uvloop", "zstandard"]


@pytest.fixture
def light(online, tmp_path):
    """The command line, with every package of the server extra missing."""
    for name in EXTRAS:
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')\n")
    return CommandLine(online.home, {**online.environ, "PYTHONPATH": str(tmp_path)})


def test_record_show_prove_verify_and_export_need_no_extra(light):
    light.must("record", "--action", "a.b", "--actor", "x", "--wait")
    light.must("show", "last")
    light.must("prove", "last", "-o", "p.tlog-proof")
    light.must("verify", "data")
    light.must("verify", light.environ["GRAVEN_SERVER"])
    light.must("export", "-o", "all.ndjson")
    light.must("export", "--proof", "e.tar.gz")
    light.must("verify", "e.tar.gz")
    light.must("token", "list")
    light.must("doctor")


def test_an_audit_event_is_shown_without_the_mapper_s_packages(light):
    (light.home / "one.json").write_text(json.dumps({"kind": "Event", "auditID": "1", "stage": "Panic", "verb": "get"}))
    light.must("import", "one.json")
    assert '"get"' in light.must("show", "last", "--json").text
    light.must("show", "last")


@pytest.mark.parametrize("command", [("serve",), ("demo",), ("show", "0", "--data", "elsewhere")])
def test_what_needs_the_server_says_how_to_get_it(light, command):
    (light.home / "elsewhere" / "logs").mkdir(parents=True, exist_ok=True)
    ran = light.run(*command)
    assert ran.code == 2
    assert "pip install '.[server]'" in ran.err
