"""Level `calls`: the functions of an application in the record of the tests that called them."""

SHOP = """
    import sqlite3

    def total(cart):
        return sum(price(item) for item in cart)

    def price(item):
        with sqlite3.connect(":memory:") as connection:
            return connection.execute("select ?", [item]).fetchone()[0]

    def refuse(reason):
        raise ValueError(reason)
"""

TESTS = """
    import pytest, shop

    def test_total():
        assert shop.total([1, 2]) == 3

    def test_refused():
        with pytest.raises(ValueError):
            shop.refuse("no stock")
"""


def by_name(events):
    return {event["method"]["operation"]: event for event in events}


def test_without_packages_the_level_is_an_error_that_says_what_to_set(project):
    project.write(test_shop=TESTS, shop=SHOP)
    said = project.run("--graven-level", "calls")
    assert said.returncode == 4
    assert "add `graven_calls = mypackage` to the ini file" in said.stderr
    assert not project.data.exists()


def test_help_names_the_level_and_the_packages(project):
    said = project.run("--help").stdout
    assert "{off,outcomes,io,calls}" in said
    assert "graven_calls (args)" in said


def test_calls_join_the_test_that_made_them_and_io_the_call(project):
    project.write(test_shop=TESTS, shop=SHOP)
    (project.folder / "pytest.ini").write_text("[pytest]\ngraven_level = calls\ngraven_calls = shop\n")
    assert project.run().returncode == 0
    found = project.events("function.call")
    assert [event["method"]["operation"] for event in found] == [
        "shop.price",
        "shop.price",
        "shop.total",
        "shop.refuse",
    ]
    case = project.cases()["test_total"]
    total = by_name(found)["shop.total"]
    assert total["input"] == {"arguments": {"cart": [1, 2]}}
    assert total["output"] == {"result": 3}
    assert total["qa"]["test"] == "test_shop.py::test_total"
    assert total["qa"]["phase"] == "call"
    assert total["trace"]["parent_span_id"] == case["trace"]["span_id"]
    prices = [event for event in found if event["method"]["operation"] == "shop.price"]
    assert {event["trace"]["parent_span_id"] for event in prices} == {total["trace"]["span_id"]}
    statements = [e for e in project.events("sql.statement") if e["method"]["statement"] == "select ?"]
    assert [e["trace"]["parent_span_id"] for e in statements] == [e["trace"]["span_id"] for e in prices]
    assert by_name(found)["shop.refuse"]["error"] == {"type": "builtins.ValueError", "message": "no stock"}


def test_secrets_in_arguments_are_redacted(project):
    project.write(
        test_login="import shop\ndef test_login(): shop.login('me', password='hunter2-Zq81')\n",
        shop="def login(user, password): return {'token': password}\n",
    )
    project.run("--graven-level", "calls", "-o", "graven_calls=shop")
    assert len(project.events("function.call")) == 1
    assert b"hunter2-Zq81" not in project.every_byte()


def test_workers_of_xdist_record_calls_too(project):
    project.write(test_shop=TESTS, shop=SHOP)
    said = project.run("--graven-level", "calls", "-o", "graven_calls=shop", "-n2", plugins=("xdist.plugin",))
    assert said.returncode == 0
    assert len(project.events("function.call")) == 4


def test_a_breakpoint_in_a_test_works(project):
    project.write(
        test_stop="""
        import pdb, shop

        class Silent(pdb.Pdb):
            def interaction(self, frame, traceback): self.set_continue()

        def test_stop():
            Silent(nosigint=True).set_trace()
            assert shop.price(1) == 1

        def test_after():
            assert shop.price(2) == 2
        """,
        shop=SHOP,
    )
    said = project.run("--graven-level", "calls", "-o", "graven_calls=shop")
    assert said.returncode == 0
    assert "test_stop.py::test_after" in {event["qa"]["test"] for event in project.events("function.call")}


def test_undeclared_io_of_a_test_is_in_its_record(project):
    project.write(
        test_io="""
        import socket

        def test_io(tmp_path):
            (tmp_path / "scratch").write_text("x")
            open("report.txt", "w").close()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"x", ("127.0.0.1", 8125))
        """
    )
    project.run()
    assert [(e["method"]["operation"], e["output"]["count"]) for e in project.events("io.undeclared")] == [
        ("file.write", 1),
        ("socket.sendto", 1),
    ]
    assert {e["qa"]["test"] for e in project.events("io.undeclared")} == {"test_io.py::test_io"}


def test_a_suite_that_does_no_io_has_no_undeclared_io(project):
    project.write(
        conftest="import logging, json, decimal\n",
        test_plain="""
        import importlib, tempfile, warnings

        def test_plain(tmp_path, capsys, caplog, monkeypatch):
            importlib.import_module("helper")
            with tempfile.NamedTemporaryFile() as file:
                file.write(b"x")
            print("said")
            monkeypatch.chdir(tmp_path)
            warnings.warn("told")
        """,
        helper="import csv\n",
    )
    assert project.run().returncode == 0
    assert project.events("io.undeclared") == []
