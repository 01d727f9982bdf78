"""Values that misbehave, secrets, and disks that refuse: the tests pass or fail as without the recorder."""

import json
import os
import re

HOSTILE = """
    import sys, time
    import pytest

    class Raises:
        def __repr__(self): raise ValueError("no repr")
    class Exits:
        def __repr__(self): raise SystemExit(3)
    class Endless:
        def __repr__(self):
            while True: pass
    class Slow:
        def __repr__(self): time.sleep(20)
    class Recursive:
        def __repr__(self): return repr(self)
    class LyingLength(list):
        def __len__(self): raise OverflowError

    KINDS = [Raises, Exits, Endless, Slow, Recursive, LyingLength]

    @pytest.fixture(params=KINDS)
    def value(request):
        return request.param()

    def test_passes(value):
        pass

    def test_fails(value):
        local = value
        raise RuntimeError
"""


def test_no_value_breaks_a_test_or_its_record(project):
    project.write(test_hostile=HOSTILE)
    plain = project.run("--tb=no", "-q", flag="").stdout
    said = project.run("--tb=no", "-q")
    assert "6 failed, 6 passed" in plain
    assert "6 failed, 6 passed" in said.stdout
    assert "could not be recorded" not in said.stdout
    statuses = [event["qa"]["status"] for event in project.events("test.case.finish")]
    assert sorted(statuses) == ["failed"] * 6 + ["passed"] * 6


def test_what_cannot_be_read_says_so_in_its_place(project):
    project.write(test_hostile=HOSTILE)
    project.run("--tb=no", "-q", "-k", "test_passes")
    setups = [e["input"]["fixtures"]["value"]["setup"] for e in project.events("test.case.finish")]
    assert setups[0]["repr"] == "<test_hostile.Raises whose repr raises ValueError>"
    assert setups[1] == {"$unreadable": {"type": "test_hostile.Exits", "error": "SystemExit"}}
    assert setups[2] == {"$unreadable": {"type": "test_hostile.Endless", "error": "took longer than 0.5 s"}}
    assert setups[3] == {"$unreadable": {"type": "test_hostile.Slow", "error": "took longer than 0.5 s"}}


def test_a_huge_value_keeps_its_size_and_digest_and_not_its_bytes(project):
    project.write(
        test_huge="""
        import hashlib
        def test_huge():
            huge = "ä" * 50_000_000
            assert huge == ""
        """
    )
    project.run("--tb=no", "-q")
    huge = project.cases()["test_huge"]["error"]["stack"][0]["locals"]["huge"]["$cut"]
    assert huge["size"] == 100_000_000
    assert len(huge["head"]) == 1024
    assert len(project.every_byte()) < 2_000_000


def test_a_value_that_contains_itself_is_cut(project):
    project.write(test_cycle="def test_cycle():\n    a = []\n    a.append(a)\n    b = {'b': a}\n    assert b is None\n")
    project.run("--tb=no", "-q")
    assert project.cases()["test_cycle"]["error"]["stack"][0]["locals"]["b"] == {"b": [{"$cycle": "list"}]}


def test_a_test_that_fails_by_recursion_is_recorded(project):
    project.write(test_deep="def f(n):\n    return f(n + 1)\ndef test_deep():\n    f(0)\n")
    project.run("--tb=no", "-q")
    error = project.cases()["test_deep"]["error"]
    assert error["type"] == "RecursionError"
    assert len(error["stack"]) == 20


SECRETS = {
    "environment": "env-Zq81secretXw",
    "local": "loc-Zq82secretXw",
    "fixture": "fix-Zq83secretXw",
    "parameter": "par-Zq84secretXw",
}


def test_planted_secrets_are_nowhere_under_the_data_directory(project):
    project.write(
        test_secrets=f"""
        import os, logging
        import pytest

        @pytest.fixture(scope="session")
        def settings():
            return {{"password": "{SECRETS["fixture"]}"}}

        @pytest.mark.parametrize("api_key", ["{SECRETS["parameter"]}"], ids=["key"])
        def test_first(settings, api_key):
            password = "{SECRETS["local"]}"
            print("env", os.environ["SHOP_PASSWORD"], "local", password)
            logging.getLogger().warning("with %s", api_key)
            assert settings == {{"password": password}}

        def test_second():
            print("later", "{SECRETS["fixture"]}")
            raise RuntimeError("refused " + os.environ["SHOP_PASSWORD"])
        """
    )
    project.run("--tb=no", "-q", SHOP_PASSWORD=SECRETS["environment"])
    assert len(project.cases()) == 2
    found = project.every_byte()
    assert b"test_secrets.py" in found
    for where, secret in SECRETS.items():
        assert secret.encode() not in found, where


def test_a_directory_that_cannot_be_written_is_a_warning_and_the_tests_run(project):
    project.write(test_shop="def test_good(): pass\n")
    project.data.write_text("a file stands in the way")
    said = project.run()
    assert said.returncode == 0
    assert "graven does not record" in said.stdout


def test_a_disk_that_fills_up_is_told_at_the_end_and_fails_no_test(project):
    project.write(
        conftest="""
        import pytest
        from graven.pytest_plugin.spool import Spool
        def full(self, event): raise OSError(28, "No space left on device")
        def pytest_collection_finish(session): Spool.append = full
        """,
        test_shop="def test_good(): pass\n",
    )
    said = project.run()
    assert said.returncode == 0
    assert "2 things could not be recorded; the first: OSError: [Errno 28] No space left on device" in said.stdout


def test_without_the_server_extra_the_events_wait_in_the_spool_for_a_session_that_has_it(project):
    project.write(test_shop="def test_good(): pass\n")
    hidden = project.folder / "hidden"
    hidden.mkdir()
    (hidden / "cryptography.py").write_text("raise ImportError('No module named cryptography', name='cryptography')\n")
    path = f"{hidden}{os.pathsep}{project.environ()['PYTHONPATH']}"
    said = project.run("test_shop.py", PYTHONPATH=path)
    assert said.returncode == 0
    assert "3 events kept in .graven/spool: " in said.stdout
    assert "6 events" not in project.run("test_shop.py").stdout
    assert len(project.events("test.run.finish")) == 2


def test_a_secret_parameter_is_named_by_its_place_and_the_test_keeps_one_name(project):
    project.write(
        test_login=f"""
        import pytest, sqlite3
        @pytest.mark.parametrize("shop", ["north", "south"])
        @pytest.mark.parametrize("api_key", ["{SECRETS["parameter"]}", "none"])
        def test_login(api_key, shop):
            sqlite3.connect(":memory:").execute("SELECT 1")
        """
    )
    project.run("--tb=no", "-q")
    names = sorted(project.cases())
    assert names[2:] == ["test_login[none-north]", "test_login[none-south]"]
    assert all(re.fullmatch(r"test_login\[api_key\d-shop\d\]", name) for name in names[:2])
    assert {event["qa"]["test"].rpartition("::")[2] for event in project.events("sql")} == set(project.cases())
    assert SECRETS["parameter"].encode() not in b"".join(
        json.dumps(event).encode() for event in project.events("test.case") + project.events("sql")
    )


def test_a_session_inside_of_a_test_leaves_the_capture_to_the_outer_one(project):
    inner = project.folder / "inner"
    inner.mkdir()
    (inner / "test_inner.py").write_text(
        "import sqlite3\ndef test_x(): sqlite3.connect(':memory:').execute('SELECT 2')\n"
    )
    (inner / "pytest.ini").write_text("[pytest]\n")
    project.write(
        test_outer=f"""
        import sqlite3, pytest
        def test_outer():
            sqlite3.connect(":memory:").execute("SELECT 1")
            assert pytest.main(["--graven", "-p", "graven.pytest_plugin.entry", "{inner}"]) == 0
            sqlite3.connect(":memory:").execute("SELECT 3")
            assert pytest.main(["--no-such-option", "--graven", "-p", "graven.pytest_plugin.entry"]) == 4
            sqlite3.connect(":memory:").execute("SELECT 4")
        def test_next():
            sqlite3.connect(":memory:").execute("SELECT 5")
        """
    )
    project.run("test_outer.py", "-q")
    assert [event["method"]["statement"] for event in project.events("sql")] == [f"SELECT {n}" for n in (1, 3, 4, 5)]
    assert project.events("process.run") == []
    assert project.statuses() == {"test_outer": "passed", "test_next": "passed"}
