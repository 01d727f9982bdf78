"""What a test attaches is a blob of `.graven` that its event names."""

import hashlib
import json
import subprocess
import sys


def run(project, body, *arguments, plugins=(), flag="--graven"):
    project.write(test_shop=body)
    return project.run(*arguments, plugins=plugins, flag=flag)


def blob(project, attached):
    name = attached["digest"].removeprefix("sha256:")
    content = (project.data / "blobs" / "sha256" / name[:2] / name[2:4] / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == name
    assert len(content) == attached["size"]
    return content


def test_bytes_text_and_files_are_kept_with_the_attempt(project):
    ran = run(
        project,
        """
        def test_a(graven_attach, tmp_path):
            (tmp_path / "trace.json").write_text('{"step": 1}')
            assert graven_attach("shot.png", b"\\x89PNG")
            assert graven_attach("note", "line")
            assert graven_attach("trace", tmp_path / "trace.json")
            assert graven_attach("page", b"<p>", "text/html")
        """,
    )
    assert "could not be recorded" not in ran.stdout
    attached = project.cases()["test_a"]["attachments"]
    assert [(one["name"], one["media_type"], blob(project, one)) for one in attached] == [
        ("shot.png", "image/png", b"\x89PNG"),
        ("note", "text/plain", b"line"),
        ("trace", "application/json", b'{"step": 1}'),
        ("page", "text/html", b"<p>"),
    ]
    checked = subprocess.run(
        [sys.executable, "-m", "graven", "verify", ".graven"],
        cwd=project.folder, env=project.environ(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert checked.returncode == 0
    assert b"4 blobs" in checked.stdout + checked.stderr


def test_it_does_nothing_where_the_run_is_not_recorded(project):
    ran = run(project, "def test_a(graven_attach):\n    assert graven_attach('a', b'b') is False\n", flag="")
    assert ran.returncode == 0, ran.stdout
    assert not project.data.exists()


def test_what_cannot_be_kept_is_named_on_the_event_and_counted_and_fails_nothing(project):
    ran = run(
        project,
        """
        import os
        class Odd:
            def __str__(self): raise RuntimeError("no name")
        def test_a(graven_attach, tmp_path):
            os.mkfifo(tmp_path / "pipe")
            assert not graven_attach("large", b"\\xff" * (32 * 2**20 + 1))
            assert not graven_attach("missing", tmp_path / "missing")
            assert not graven_attach("folder", tmp_path)
            assert not graven_attach("pipe", tmp_path / "pipe")
            assert not graven_attach("object", object())
        """,
    )
    assert ran.returncode == 0, ran.stdout
    assert "5 things could not be recorded; the first: attachment 'large': it is larger than 32 MiB" in ran.stdout
    case = project.cases()["test_a"]
    assert "attachments" not in case
    left_out = case["attributes"]["attachments_left_out"]
    assert [one["name"] for one in left_out] == ["large", "missing", "folder", "pipe", "object"]
    assert all(one["reason"] for one in left_out)


def test_a_name_that_raises_breaks_no_test(project):
    ran = run(
        project,
        """
        class Odd:
            def __str__(self): raise RuntimeError("no name")
            __repr__ = __str__
        def test_a(graven_attach):
            assert not graven_attach(Odd(), b"x")
        """,
    )
    assert ran.returncode == 0, ran.stdout


def test_secrets_in_text_are_taken_before_it_is_written(project):
    run(
        project,
        """
        import json, pytest
        @pytest.fixture
        def password(): return "correct-horse-battery"
        def test_a(graven_attach, password):
            graven_attach("log.txt", "first\\nlogged in with " + password + "\\nlast")
            graven_attach("body.json", json.dumps({"user": "ann", "password": "another-secret-9"}))
            graven_attach("head.txt", "Authorization: Bearer abcdef0123456789abcdef")
        """,
    )
    log, body, _ = project.cases()["test_a"]["attachments"]
    assert blob(project, log) == b"first\n[redacted by graven]\nlast"
    assert json.loads(blob(project, body))["user"] == "ann"
    everything = project.every_byte()
    for secret in (b"correct-horse-battery", b"another-secret-9", b"abcdef0123456789"):
        assert secret not in everything


def test_a_fixture_may_attach_while_it_ends_and_each_attempt_has_its_own(project):
    run(
        project,
        """
        import pytest
        tries = []
        @pytest.fixture
        def page(graven_attach):
            yield
            graven_attach(f"shot-{len(tries)}.png", bytes([len(tries)]))
        def test_a(page):
            tries.append(1)
            assert len(tries) == 2
        """,
        "--reruns=1",
        plugins=("pytest_rerunfailures",),
    )
    names = [[one["name"] for one in event["attachments"]] for event in project.events("test.case.finish")]
    assert names == [["shot-1.png"], ["shot-2.png"]]


def test_a_suite_s_own_fixture_of_that_name_stays_what_it_is(project):
    project.write(conftest="import pytest\n@pytest.fixture\ndef graven_attach(): return 'mine'\n")
    ran = run(project, "def test_a(graven_attach):\n    assert graven_attach == 'mine'\n")
    assert ran.returncode == 0, ran.stdout


def test_the_function_attaches_from_where_no_fixture_is(project):
    run(
        project,
        """
        from graven.pytest_plugin import attach
        assert not attach("too early", b"x")
        def helper(): assert attach("a.bin", b"x")
        def test_a(): helper()
        """,
    )
    assert [one["name"] for one in project.cases()["test_a"]["attachments"]] == ["a.bin"]


def test_what_is_attached_for_allure_is_attached(project):
    ran = run(
        project,
        """
        import allure
        def test_a(tmp_path):
            (tmp_path / "a.json").write_text("{}")
            allure.attach("hello", name="greeting", attachment_type=allure.attachment_type.TEXT)
            allure.attach.file(str(tmp_path / "a.json"), attachment_type=allure.attachment_type.JSON)
        """,
        plugins=("allure_pytest.plugin",),
    )
    assert ran.returncode == 0, ran.stdout
    attached = project.cases()["test_a"]["attachments"]
    assert [(one["name"], one["media_type"]) for one in attached] == [
        ("greeting.txt", "text/plain"),
        ("a.json", "application/json"),
    ]


def test_workers_attach_the_same_and_different_content(project):
    ran = run(
        project,
        """
        import pytest
        @pytest.mark.parametrize("n", range(6))
        def test_a(graven_attach, n):
            assert graven_attach("same.bin", b"same" * 1000)
            assert graven_attach("own.bin", bytes([n]))
        """,
        "-n2",
        plugins=("xdist.plugin",),
    )
    assert "could not be recorded" not in ran.stdout
    for n in range(6):
        same, own = project.cases()[f"test_a[{n}]"]["attachments"]
        assert (blob(project, same), blob(project, own)) == (b"same" * 1000, bytes([n]))
