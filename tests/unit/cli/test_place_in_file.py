import pytest

from graven.cli.place_in_file import Sent, place_in_file
from graven.cli.problems import problem_text
from graven.errors import Conflict, InvalidEvent, InvalidInput
from graven.event.assemble import Producer
from graven.event.intake import prepare_events
from graven.event.redact import Redactor

JSON, NDJSON = "application/json", "application/x-ndjson"
GOOD = b'{"action":"a","actor":{"id":"x"}}'
BAD = b'{"action":"a","actr":{"id":"x"}}'


def told(body, media_type, name="events", **more):
    """The recorder's real refusal of `body`, as a person reads it."""
    with pytest.raises((InvalidEvent, InvalidInput)) as caught:
        prepare_events(body, media_type, Producer("t", "ip"), Redactor(None, "k", b"k" * 32), now_ns=1)
    return problem_text(place_in_file(caught.value, Sent(name, body, media_type, **more)))


def test_a_bad_event_is_named_once_with_the_line_of_its_file():
    text = told(GOOD + b"\n\n" + BAD + b"\n", NDJSON)
    assert text == (
        'error: events, line 3: unknown field "actr"\n'
        "  why: nothing was recorded: a file with a bad event is refused whole\n"
        '  try: did you mean "actor"?'
    )


def test_lines_are_counted_from_where_the_request_began_and_what_was_recorded_is_said():
    text = told(GOOD + b"\n" + BAD, NDJSON, line=101, before=100)
    assert "events, line 102:" in text
    assert "the 100 events before line 101 were recorded" in text


def test_an_event_of_an_array_is_counted_from_one():
    assert told(b"[" + GOOD + b"," + BAD + b"]", JSON).startswith('error: events, event 2: unknown field "actr"')


def test_an_event_of_flags_has_no_place():
    text = told(b'{"action":"a","actor":{"id":"x"},"outcome":"odd"}', JSON, name="")
    assert text.startswith("error: outcome: ")
    assert "item" not in text
    assert "why: nothing was recorded" in text


def test_several_bad_events_are_listed_with_their_lines():
    text = told(BAD + b"\n" + GOOD + b"\n" + BAD, NDJSON)
    assert text.startswith("error: events: 2 events are not valid")
    assert "events, line 1:" in text
    assert "events, line 3:" in text


@pytest.mark.parametrize(
    ("body", "media_type", "place"),
    [
        (b'{"action":"a",\n "actor":{"id":"x"},\n }', JSON, "line 3, column 2"),
        (b'\n  {"a" 1}', JSON, "line 2, column 8"),
        (GOOD + b"\n\n  {broken\n", NDJSON, "line 3, column 4"),
        (b"[" + GOOD + b",\n {broken]", JSON, "line 2, column 3"),
    ],
)
def test_what_is_not_json_is_named_with_line_and_column(body, media_type, place):
    assert told(body, media_type).startswith(f"error: events, {place}: not JSON: ")


def test_xml_is_sent_to_import():
    assert told(b"<x/>", JSON, name="report.xml").splitlines()[-1] == "  try: graven import report.xml"


def test_other_refusals_are_left_as_they_are():
    error = Conflict("the id is known", details={"index": 4})
    assert place_in_file(error, Sent("events", GOOD, JSON)) is error
