"""Frames of a transaction, and the small rules of change events."""

from pathlib import Path

from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.changes import Frames, Pending, Recording, difference, key_text, statement_parameters


def test_a_key_with_a_comma_differs_from_a_key_of_two_columns():
    assert key_text(["a,b", "c"]) == "a%2Cb,c"
    assert key_text(["a", "b,c"]) == "a,b%2Cc"


def test_a_simple_key_is_its_value():
    assert key_text(["50%,5"]) == "50%,5"


def test_a_difference_keeps_the_key_and_what_differs():
    before, after = {"id": 1, "a": 1, "b": 2}, {"id": 1, "a": 1, "b": 3}
    assert difference(before, after, ["id"]) == ({"id": 1, "b": 2}, {"id": 1, "b": 3})


def test_equal_rows_have_no_difference():
    assert difference({"id": 1}, {"id": 1}, ["id"]) is None


def test_numbered_parameters_of_an_excluded_column_are_left_out():
    recording = Recording(None, ["users.password"])
    given = {"password": "a", "password_1": "b", "name": "c"}
    assert statement_parameters(recording, "users", given) == {"name": "c"}


def test_a_frame_that_ends_without_commit_takes_the_frames_above_it_along(tmp_path: Path):
    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path) as client:
        frames, outer, inner = Frames(), object(), object()
        frames.begin(outer)
        frames.begin(inner)
        frames.add(Pending("entity.create", {}))
        frames.end(outer)
        frames.commit(Recording(client, []))
        assert client.flush(30)
    assert transport.events == []
