import json

import pytest
from tests.support.views import MARKER, RECEIVED_NS, row, view

from graven.cli.picked import pick_fields, view_of_line
from graven.cli.zone import Zone
from graven.errors import NotFound, UsageError
from graven.event.envelope import format_time

UTC = Zone(0, "Z")
EVENT = view(
    4,
    outcome="failure",
    targets=[{"type": "order", "id": "42"}, {"id": "7"}],
    labels={"team": "qa"},
    duration_ns=1_500_000_000,
    input={"lines": [{"sku": "A"}, {"sku": "B"}]},
    message="one\ntwo",
)


def test_fields_are_those_of_queries():
    names = ["index", "actor", "target", "target.id", "labels.team", "duration", "input.lines[].sku", "message", "run"]
    picker = pick_fields(names, UTC)
    assert picker.names == names
    assert picker.texts(EVENT) == ["4", "alice", "order/42, 7", "42, 7", "qa", "1.5s", "A, B", "one\\ntwo", ""]


@pytest.mark.parametrize(("ns", "shown"), [(512_190, "512.2µs"), (999, "999ns"), (1_000_000, "1ms"), (0, "0ns")])
def test_a_duration_has_the_unit_that_reads_best(ns, shown):
    assert pick_fields(["duration"], UTC).texts(view(duration_ns=ns)) == [shown]


def test_as_json_values_keep_their_kind():
    picker = pick_fields(["index", "received", "duration", "target.id", "run"], UTC)
    assert picker.values(EVENT) == {
        "index": 4,
        "received": format_time(RECEIVED_NS + 4_000_000_000),
        "duration": 1_500_000_000,
        "target.id": ["42", "7"],
        "run": None,
    }


def test_times_are_in_the_zone_of_the_answer():
    (text,) = pick_fields(["received"], Zone(3_600, "+01:00")).texts(EVENT)
    assert text.endswith("+01:00")


def test_an_unknown_field_is_refused_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        pick_fields(["actr"], UTC)
    assert "did you mean actor?" in caught.value.hint


def test_a_redacted_value_is_its_marker():
    (text,) = pick_fields(["actor"], UTC).texts(view(actor={"id": MARKER}))
    assert json.loads(text) == MARKER


def line_of(entry):
    return b'{"index":3,' + entry[1:]


def test_a_line_of_the_call_is_an_entry_again():
    _, entry = row(EVENT)
    assert view_of_line(line_of(entry), lambda digest: None)["event"] == EVENT["event"]


def test_an_entry_whose_blob_is_out_of_reach_is_shown_without_it():
    entry = b'{"v":1,"received":"2026-11-27T10:15:00.000000000Z","by":{"token":"t","ip":"i"},"id":"a","source":"s",'
    entry += b'"format":"event/1","blob":{"digest":"sha256:%b","size":9}}' % (b"0" * 64)

    def load(digest):
        raise NotFound("gone")

    found = view_of_line(line_of(entry), load)
    assert (found["index"], found["event"]["action"]) == (3, "entry.absent")
