"""NDJSON: the entry with its index in front, one a line."""

import json

import pytest
from tests.support.views import row, rows, view

from graven.errors import InvalidInput
from graven.event.envelope import entry_head, entry_tail
from graven.index.export import FORMATS, export
from graven.index.export.columns import parse_columns
from graven.index.export.ndjson import ndjson

DIGEST = "sha256:" + "ab" * 32


def oversize(index=3):
    one = view(index)
    tail = entry_tail(token="t", ip="", id="i", source="s", format="event/1", data=None, blob=(DIGEST, 9))
    return one, entry_head(one["received"]) + tail


def test_a_line_is_the_entry_with_its_index_in_front():
    (one,) = rows({"message": "é"})
    assert b"".join(ndjson([[one]])) == b'{"index":0,' + one[1][1:] + b"\n"


def test_line_breaks_between_tokens_become_spaces():
    pretty = b'{\r\n  "action": "a",\n  "actor": {"id": "a\\nb"}\n}'
    lines = b"".join(ndjson([[row(view(1), pretty)]])).splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["data"] == json.loads(pretty)


def test_oversize_data_is_put_back_in_its_place():
    asked = []

    def open_blob(digest):
        asked.append(digest)
        return [b'{"a":\n', b'"x"}']

    (line,) = b"".join(ndjson([[oversize()]], open_blob)).splitlines()
    assert asked == [DIGEST]
    assert json.loads(line)["data"] == {"a": "x"}
    assert json.loads(line)["blob"] == {"digest": DIGEST, "size": 9}


@pytest.mark.parametrize("open_blob", [None, lambda digest: None])
def test_a_blob_that_is_not_to_be_had_stays_a_blob(open_blob):
    (line,) = b"".join(ndjson([[oversize()]], open_blob)).splitlines()
    assert json.loads(line) == {"index": 3, **json.loads(oversize()[1])}


def test_data_that_looks_like_a_blob_is_data():
    data = b'{"x":1,"blob":{"digest":"%b","size":9}}' % DIGEST.encode()
    (line,) = b"".join(ndjson([[row(view(), data)]], lambda digest: pytest.fail("asked"))).splitlines()
    assert json.loads(line)["data"] == json.loads(data)


def test_a_blob_of_any_size_goes_through_in_pieces():
    pieces = ndjson([[oversize()]], lambda digest: iter([b'"', *[b"x" * 50_000] * 100, b'"']))
    assert max(len(piece) for piece in pieces) < 120_000


def test_every_format_can_be_asked_for():
    for name in FORMATS:
        assert b"".join(export(name, [rows({})], log="shop"))


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match="unknown format") as refused:
        export("xml", [], log="shop")
    assert "ndjson, csv, parquet, ocsf" in refused.value.hint


def test_fields_are_for_csv_only():
    with pytest.raises(InvalidInput, match="no choice of fields"):
        export("ocsf", [], log="shop", columns=parse_columns(["index"]))
