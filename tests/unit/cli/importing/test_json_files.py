"""Event files that are too large to be read whole are read in pieces, with the same items."""

import json

import pytest

from graven.cli.formats import Item, cut
from graven.cli.importing import json_files
from graven.cli.importing.json_files import parts_of


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(json_files, "WHOLE_BYTES", 10)


EVENTS = [{"action": "a", "actor": {"id": str(n)}} for n in range(5)]
LINES = b"\n".join(json.dumps(event).encode() for event in EVENTS)


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        b"\xef\xbb\xbf" + LINES + b"\n\nnonsense\n[1]\n",
        json.dumps(EVENTS, indent=1).encode(),
        json.dumps({"kind": "EventList", "items": EVENTS}, indent=1).encode(),
    ],
)
def test_pieces_give_the_items_that_the_whole_gives(tmp_path, content, small_limit):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert list(parts_of(path)) == list(cut(content))


def test_what_comes_before_a_cut_in_a_large_array_is_given(tmp_path, small_limit):
    path = tmp_path / "file"
    path.write_bytes(json.dumps(EVENTS).encode()[:-20])
    *items, end = parts_of(path)
    assert [json.loads(item.content) for item in items if isinstance(item, Item)] == EVENTS[:4]
    assert "nothing after it was read" in end.reason
