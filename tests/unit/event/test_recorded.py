"""The way out of all wrappers and blobs."""

import pytest
from tests.support.verify_logs import graven_entry

from graven.event.envelope import decode_entry
from graven.event.pushed import FORMAT, MAX_LEVELS, wrap
from graven.event.recorded import BROKEN, may_lie_in_blob, recorded

ORIGIN = "graven.local/0123/default"
ENTRY = graven_entry(7)
THERE, HERE = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def wrapped(levels: int, entry: bytes = ENTRY) -> bytes:
    for level in range(levels):
        entry = graven_entry(level, data=wrap(ORIGIN, level, entry), form=FORMAT)
    return entry


@pytest.mark.parametrize("levels", range(MAX_LEVELS + 1))
def test_the_recorded_entry_comes_out_of_all_wrappers(levels):
    entry, data = recorded(wrapped(levels), lambda digest: None)
    assert (entry.id, data) == (decode_entry(ENTRY).id, decode_entry(ENTRY).data)


def test_behind_too_many_wrappers_it_is_still_a_wrapper():
    assert recorded(wrapped(MAX_LEVELS + 1), lambda digest: None)[0].format == FORMAT


def test_a_wrapper_and_an_event_may_lie_in_blobs():
    outer = graven_entry(0, blob=(HERE, 9), form=FORMAT)
    contents = {THERE: b'{"a":1}', HERE: wrap(ORIGIN, 0, graven_entry(1, blob=(THERE, 5)))}
    entry, data = recorded(outer, contents.get)
    assert (entry.id, data) == (decode_entry(graven_entry(1)).id, b'{"a":1}')
    assert recorded(outer, lambda digest: None)[1] is None


def test_the_blob_of_a_format_that_nobody_reads_is_not_fetched():
    asked: list[str] = []
    assert recorded(graven_entry(1, blob=(THERE, 5), form="k8s.audit/v1"), asked.append)[1] is None
    assert asked == []


def test_the_cheap_look_sees_a_blob_through_all_wrappers():
    assert may_lie_in_blob(wrapped(MAX_LEVELS, graven_entry(1, blob=(THERE, 5))))
    assert not may_lie_in_blob(wrapped(MAX_LEVELS))


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", graven_entry(0, data=b'{"entry":1}', form=FORMAT)])
def test_what_is_no_entry_is_broken(raw):
    with pytest.raises(BROKEN):
        recorded(raw, lambda digest: None)
