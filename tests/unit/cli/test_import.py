import json

import pytest

from graven.cli.access.ports import Answer
from graven.cli.commands.import_ import FileResult, SeenIds, import_file
from graven.cli.main import run
from graven.cli.progress import progress
from graven.errors import InvalidInput


def audit(number, **more):
    return json.dumps({"kind": "Event", "auditID": str(number), "stage": "ResponseComplete", **more}).encode()


class NoRecorder:
    """Nothing may be sent to it."""


class Quarantining:
    """A recorder that was empty, and puts as many items in quarantine as it is told."""

    def __init__(self, quarantined):
        self.quarantined = quarantined

    def append_k8s(self, log, body, *, source):
        return Answer(0, len(body.splitlines()), {}, {}, self.quarantined)


def imported(path, access, forced=None):
    with progress("x", quiet=True) as bar:
        return import_file(access, "default", path, forced=forced, source=None, run=None, bar=bar, seen=SeenIds())


def test_what_is_in_quarantine_is_not_counted_as_recorded():
    result = FileResult("f", "k8s")
    result.add(Answer(0, 5, {}, {}, quarantined=2), bad={1, 3})
    assert (result.recorded, result.quarantined, result.known) == (3, 2, 0)


def test_what_is_in_quarantine_since_before_is_known():
    result = FileResult("f", "k8s")
    result.add(Answer(None, 0, {0: 7, 1: 8, 2: 9}, {}, quarantined=1), bad={1})
    assert (result.recorded, result.quarantined, result.known) == (0, 0, 3)


def test_of_two_events_with_one_id_the_second_is_told_with_the_place_of_the_first(tmp_path):
    path = tmp_path / "audit.log"
    path.write_bytes(b"\n".join([audit(1), audit(2), audit(1, verb="get")]))
    result = imported(path, Quarantining(1))
    assert (result.recorded, result.quarantined) == (2, 1)
    assert result.unreadable == [
        {"line": 3, "reason": f"the id 1/ResponseComplete is that of another event, at {path}:1"}
    ]


def test_the_same_event_again_is_no_clash():
    seen = SeenIds()
    assert [seen.clash(audit(1), "a"), seen.clash(audit(1), "b")] == [None, None]


def test_items_in_quarantine_for_a_reason_that_is_not_in_the_files_are_told_too(tmp_path):
    path = tmp_path / "audit.log"
    path.write_bytes(audit(1))
    (told,) = imported(path, Quarantining(1)).unreadable
    assert "1 item in quarantine with an id" in told["reason"]


@pytest.mark.parametrize("forced", ["k8s", "event"])
def test_a_file_of_which_nothing_is_json_is_refused_and_not_put_in_quarantine(tmp_path, forced):
    path = tmp_path / "report.xml"
    path.write_bytes(b"<testsuite/>")
    with pytest.raises(InvalidInput, match="does not hold"):
        imported(path, NoRecorder(), forced)


def test_malformed_xml_is_named_with_file_line_and_column(tmp_path):
    path = tmp_path / "report.xml"
    path.write_bytes(b"<testsuite>\n<testcase></x>")
    with pytest.raises(InvalidInput) as caught:
        imported(path, NoRecorder())
    assert caught.value.message == f"{path}, line 2, column 12: not XML: mismatched tag"


def test_a_folder_is_answered_with_how_to_name_its_files(tmp_path, capsys):
    assert run(["import", str(tmp_path)]) == 2
    assert f"try: graven import {tmp_path}/*" in capsys.readouterr().err
