"""Lines about the recorder itself: JSON for machines, text for who runs a command."""

import json

import pytest

from graven.server import log_lines
from graven.server.log_lines import for_people, logger


@pytest.fixture(autouse=True)
def _for_machines(monkeypatch):
    monkeypatch.setattr(log_lines, "_logger", log_lines.LineLogger(log_lines._as_json))


def test_a_line_is_one_json_object_with_its_facts(capsys):
    logger().warning("incident", kind="torn", message="two\nlines", where=object)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    line = json.loads(err)
    assert (line["level"], line["event"], line["kind"], line["message"]) == (
        "warning",
        "incident",
        "torn",
        "two\nlines",
    )


def test_an_exception_stands_in_the_line_with_its_trace(capsys):
    try:
        int("odd")
    except ValueError as error:
        logger().exception("failed")
        logger().error("failed", exc_info=error)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["exception"].splitlines()[-1][:19] for line in lines] == ["ValueError: invalid"] * 2
    assert {line["level"] for line in lines} == {"error"}


def test_people_get_text(capsys):
    for_people()
    logger().warning("incident", kind="torn", log="default")
    assert capsys.readouterr().err == "warning: incident kind=torn log=default\n"
