"""subprocess: argv, directory, exit code, and the output that communicate collected."""

import subprocess
import sys

import pytest

from graven.pytest_plugin import io


def python(code):
    return [sys.executable, "-c", code]


def test_run_is_recorded_once_with_its_output(recorded, tmp_path):
    done = subprocess.run(
        python("import sys; print(sys.stdin.read()); sys.exit(3)"),
        check=False,
        input="in",
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (3, "in\n")
    (event,) = recorded
    assert (event["action"], event["outcome"]) == ("process.run", "failure")
    assert event["input"]["argv"][0] == sys.executable
    assert event["input"]["cwd"] == str(tmp_path)
    assert event["input"]["stdin"]["text"] == "in"
    assert event["output"]["exit_code"] == 3
    assert event["output"]["stdout"]["text"] == "in\n"


def test_a_popen_that_is_waited_for_is_recorded(recorded):
    with subprocess.Popen(python("pass")) as process:
        process.wait()
    assert recorded[0]["output"]["exit_code"] == 0
    assert len(recorded) == 1


def test_a_pipe_that_the_application_reads_is_left_to_it(recorded):
    with subprocess.Popen(python("print('x' * 10)"), stdout=subprocess.PIPE) as process:
        assert process.stdout.read() == b"x" * 10 + b"\n"
    assert "stdout" not in recorded[0]["output"]


def test_a_program_that_does_not_exist_is_an_error(recorded):
    with pytest.raises(FileNotFoundError):
        subprocess.run(["/no/such/program"], check=False)
    assert recorded[0]["error"]["type"] == "builtins.FileNotFoundError"


def test_uninstall_leaves_the_original_methods():
    names = ("__init__", "wait", "poll", "communicate")
    before = [subprocess.Popen.__dict__[name] for name in names]
    io.install(lambda event: None)
    io.uninstall()
    assert all(subprocess.Popen.__dict__[name] is old for name, old in zip(names, before, strict=True))
