"""`pip install graven` without the server: what must work works, what cannot says so."""

import json
import subprocess
import sys

import pytest
from tests.support.cli_run import CommandLine
from tests.support.light_install import NotInstallable, make_light_install
from tests.support.server_process import running_server

pytestmark = [pytest.mark.slow]

SUITE = """
import pytest

@pytest.mark.parametrize("currency", ["eur", "usd"])
def test_total(currency):
    print("x" * 1000)
    assert currency == "eur"

def test_large():
    assert {"line " + str(n): "of the cart " * 150 for n in range(100)} == {}
"""
SECOND = "test_shop.py::test_total[usd]"


class Light(CommandLine):
    """`graven` and `pytest` of the light install in a folder of their own."""

    def at_bin(self, folder):
        self.bin = folder
        return self

    def run(self, *arguments, stdin=b"", **environ):
        return self._start("graven", *arguments, stdin=stdin, environ=environ)

    def pytest(self, *arguments):
        ran = self._start("pytest", "-p", "no:cacheprovider", "--graven", *arguments, stdin=b"", environ={})
        assert ran.code == 1, (ran.text, ran.err)
        return ran

    def _start(self, program, *arguments, stdin, environ):
        done = subprocess.run(
            [self.bin / program, *map(str, arguments)],
            cwd=self.home,
            env={**self.environ, **environ},
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return type(self.full.must("--version"))(done.returncode, done.stdout, done.stderr.decode())

    @property
    def full(self):
        """The same folder with everything installed."""
        return CommandLine(self.home, self.environ)

    def actions(self):
        exported = self.must("export", "--data", ".graven").text.splitlines()
        entries = [json.loads(line)["entry"] for line in exported]
        return [entry["data"]["action"] if "data" in entry else "large" for entry in entries]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the programs of the light install are; made once, it takes the most time here."""
    try:
        return make_light_install(tmp_path_factory.mktemp("light"))
    except NotInstallable as error:
        pytest.skip(f"the packages cannot be had here: {error}")


@pytest.fixture
def light(installed, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)  # it would bring the checkout back in
    (tmp_path / "test_shop.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return Light.at(tmp_path).at_bin(installed)


def test_none_of_the_extra_is_installed(light):
    names = [
        "duckdb",
        "numpy",
        "pyarrow",
        "tantivy",
        "isal",
        "hyperscan",
        "litestar",
        "prometheus_client",
        "uvicorn",
        "uvloop",
        "zstandard",
    ]
    code = f"import importlib.util as u; print([n for n in {names} if u.find_spec(n)])"
    assert subprocess.run([light.bin / "python", "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_a_test_run_is_recorded_shown_proven_and_verified(light):
    said = light.pytest().text
    assert "5 events · log default has 5, root " in said
    (run,) = json.loads(light.must("runs", "--data", ".graven", "--json").text)
    assert run["state"] == "complete"
    assert SECOND in light.must("run", "show", run["run"], "--data", ".graven").text
    assert "failed" in light.must("test", "history", SECOND, "--data", ".graven").text
    assert SECOND in light.must("show", "2", "--data", ".graven").text
    light.must("prove", "2", "-o", "p.tlog-proof", "--data", ".graven")
    (light.home / "p.entry").write_bytes(light.must("show", "2", "--raw", "--data", ".graven").out)
    (light.home / "log.vkey").write_text(light.must("key", "show", "--data", ".graven").text)
    light.must("verify", "p.tlog-proof", "--key", "log.vkey")
    light.must("verify", ".graven")


def test_a_data_directory_is_recorded_to_imported_to_and_exported(light):
    light.pytest("--junitxml=report.xml")
    light.must("record", "--action", "deploy.finish", "--actor", "ci", "--data", ".graven")
    light.must("import", "report.xml", "--data", ".graven")
    assert light.actions()[4:6] == ["test.run.finish", "deploy.finish"]
    assert light.actions().count("test.report.import") == 1
    light.must("export", "--proof", "e.tar.gz", "--data", ".graven")
    light.must("verify", "e.tar.gz")
    light.must("token", "list", "--data", ".graven")
    light.must("log", "list", "--data", ".graven")
    light.must("doctor", "--data", ".graven")


def test_a_kept_folder_and_a_data_directory_are_searched(light):
    light.pytest()
    before = {path: path.stat().st_mtime_ns for path in (light.home / ".graven").rglob("*")}
    found = light.must("search", "test:*", "status:failed", "--data", ".graven", "--json").text.splitlines()
    assert len(found) == 2
    assert "failed" in light.must("search", "--by", "status", "--data", ".graven").text
    assert "▶" in light.must("around", "2", "--data", ".graven").text
    light.must("export", "-q", "status:failed", "--format", "csv", "-o", "f.csv", "--data", ".graven")
    assert {path: path.stat().st_mtime_ns for path in (light.home / ".graven").rglob("*")} == before
    refused = light.run("export", "--format", "parquet", "-o", "f.parquet", "--data", ".graven")
    assert refused.code == 2
    assert "pyarrow is missing" in refused.err
    light.must("record", "--action", "deploy.finish", "--actor", "ci", "--data", ".graven")
    light.must("search", "action:deploy.*", "--count", "--data", ".graven")


def test_both_installs_write_one_directory_in_turns(light):
    light.pytest()
    full = light.full
    full.must("record", "--action", "of.full", "--actor", "ci", "--data", ".graven")
    light.must("record", "--action", "of.light", "--actor", "ci", "--data", ".graven")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--graven", "-p", "graven.pytest_plugin.entry"],
        cwd=light.home,
        env={**light.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    light.pytest()
    assert light.actions().count("test.run.finish") == 3
    assert light.actions()[5:7] == ["of.full", "of.light"]
    light.must("verify", ".graven")
    full.must("verify", ".graven")


def test_events_recorded_by_one_install_are_duplicates_for_the_other(light):
    lines = "".join(f'{{"action":"a.b","actor":{{"id":"x"}},"id":"e{n}"}}\n' for n in range(70_000)).encode()
    (light.home / "many.ndjson").write_bytes(lines)
    light.must("log", "create", "other", "--data", "d")
    light.must("import", "many.ndjson", "--data", "d")
    light.full.must("import", "many.ndjson", "--data", "d")
    listed = json.loads(light.must("log", "list", "--data", "d", "--json").text)
    sizes = {log["name"]: log["size"] for log in listed}
    assert sizes["default"] == 70_000


def test_a_server_is_asked_without_the_extra(light):
    with running_server(light.home / "data") as server:
        light.environ |= {"GRAVEN_SERVER": server.url, "GRAVEN_TOKEN": server.token}
        light.must("record", "--action", "a.b", "--actor", "x", "--wait")
        audit = {"kind": "Event", "auditID": "1", "stage": "Panic", "verb": "get"}
        (light.home / "one.json").write_text(json.dumps(audit))
        light.must("import", "one.json")
        assert '"get"' in light.must("show", "last", "--json").text
        light.must("prove", "last", "-o", "p.tlog-proof")
        light.must("verify", server.url)
        assert " for http://" in light.pytest().text
        assert "complete" in light.must("runs").text


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_what_needs_the_server_says_how_to_get_it(light, command):
    ran = light.run(command)
    assert ran.code == 2
    assert "uvicorn is missing" in ran.err
    assert "pip install '.[server]'" in ran.err
    assert not (light.home / "graven-data").exists()
