import json

from tests.support.index_rows import entry, event, nothing

from graven.index.answers.shown import TEXT_CHARS, row_of, viewed
from graven.index.derive.view import LARGE_BYTES, view_of


def view(**members):
    return view_of(3, entry(event(**members)), nothing)


def test_absent_members_are_left_out():
    row = row_of(view())
    assert set(row) == {"index", "received", "id", "source", "format", "token", "action", "actor"}
    assert row["actor"] == {"id": "alice"}


def test_false_and_nought_are_there():
    assert row_of(view(duration_ns=0, qa={"attempt": 0}))["duration_ns"] == 0
    assert row_of(view(qa={"attempt": 0}))["qa"] == {"attempt": 0}


def test_texts_are_cut_with_a_mark():
    assert row_of(view(message="x" * TEXT_CHARS))["message"] == "x" * TEXT_CHARS
    assert row_of(view(message="x" * (TEXT_CHARS + 1)))["message"] == "x" * TEXT_CHARS + "…"


def test_a_redacted_value_is_its_json_text():
    assert row_of(view(message={"$redacted": {"by": "server"}}))["message"] == '{"$redacted":{"by":"server"}}'


def test_what_has_another_type_than_it_should_have_is_no_error():
    row = row_of(
        {**view(), "event": {"action": 5, "actor": "a", "targets": {"x": 1}, "labels": [], "qa": None, "error": "e"}}
    )
    assert row["action"] == 5
    assert "targets" not in row


def test_lists_are_cut():
    assert len(row_of(view(targets=[{"id": f"t{n}"} for n in range(30)]))["targets"]) == 20
    assert len(row_of(view(labels={f"l{n}": "x" for n in range(30)}))["labels"]) == 20


def test_the_session_is_that_of_the_event_or_of_its_actor():
    assert row_of(view(session_id="s"))["session"] == "s"
    assert row_of(view(actor={"id": "a", "session": "t"}))["session"] == "t"


def test_a_view_names_its_large_members_and_leaves_them_out():
    text = "x" * LARGE_BYTES
    shown = json.loads(viewed({**view(), "event": {"action": "a", "output": text, "input": text[:-2]}}))
    assert set(shown["event"]) == {"action", "input"}
    assert shown["large"] == [{"path": "/output", "size": LARGE_BYTES + 2}]
    assert shown["received"].endswith("Z")
