"""Parquet: typed columns, row groups that are flushed as they fill."""

import datetime as dt
import io
import json

import pyarrow.parquet as pq
from tests.support.views import MARKER, row, rows, view

from graven.index.export.parquet import parquet_file, parquet_schema
from graven.index.query.fields import FIELDS


def read(batches, **options):
    return pq.ParquetFile(io.BytesIO(b"".join(parquet_file(batches, **options))))


def columns(*events):
    table = read([rows(*events)]).read()
    return table.drop_columns(["received", "backdated"]).to_pydict()  # no datetime has nanoseconds


def test_every_field_but_text_is_a_column():
    names = set(parquet_schema().names)
    assert names == {field.column for field in FIELDS} - {"text"}


def test_values_have_their_types():
    table = read([rows({"time": "2026-11-22T20:01:02.123456789Z", "duration_ns": 5, "labels": {"a": "b"}})]).read()
    assert str(table.schema.field("received").type) == "timestamp[ns, tz=UTC]"
    assert table["received"].cast("int64").to_pylist() == [1_795_387_062_704_654_157]
    assert table["time"].cast("int64").to_pylist() == [1_795_377_662_123_456_789]
    assert table["duration"].to_pylist() == [5]
    assert table["labels"].to_pylist() == [[("a", "b")]]
    assert table["backdated"].to_pylist() == [1_795_387_062_704_654_157 - 1_795_377_662_123_456_789]


def test_fields_with_several_values_are_lists_and_json_is_text():
    got = columns({"targets": [{"type": "order", "id": "1"}, {"id": "2"}], "input": [1, {"a": 2**70}]}, {})
    assert got["target"] == [["order/1", "2"], None]
    assert json.loads(got["input"][0]) == [1, {"a": 2**70}]
    assert got["input"][1] is None


def test_a_time_that_does_not_fit_is_null_and_nothing_fails():
    got = columns({"time": "9999-12-31T23:59:59Z"}, {"time": MARKER}, {"severity": MARKER, "message": MARKER})
    assert got["time"] == [None, None, None]
    assert got["severity"][2] is None
    assert got["message"][2].startswith('{"$redacted"')


def row_groups(pieces):
    file = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    return [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]


def test_row_groups_are_flushed_as_they_fill():
    batches = [[row(view(n))] * 10 for n in range(10)]
    pieces = list(parquet_file(batches, group_rows=30))
    assert row_groups(pieces) == [30, 30, 30, 10]
    assert [bool(piece) for piece in pieces] == [False, False, True] * 3 + [False, True, True]


def test_a_row_group_ends_with_the_batch_that_fills_it():
    assert row_groups(parquet_file([[row(view())] * 20] * 3, group_rows=30)) == [40, 20]


def test_a_row_group_is_bounded_in_bytes_too():
    batches = [[row(view(message="x" * 1000))]] * 20
    groups = row_groups(parquet_file(batches, group_bytes=5000))
    assert sum(groups) == 20
    assert max(groups) <= 5


def test_a_row_whose_event_lies_in_a_blob_counts_as_the_event():
    short = b'{"blob":{"digest":"sha256:0"}}'
    batches = [[(view(n, output={"text": "x" * 10_000}), short)] for n in range(8)]
    assert max(row_groups(parquet_file(batches, group_bytes=25_000))) <= 3


def test_each_piece_asks_for_one_batch():
    asked = []

    def batches():
        for n in range(5):
            asked.append(n)
            yield [row(view(n))] * 10

    pieces = parquet_file(batches())
    assert [next(pieces), next(pieces)] == [b"", b""]
    assert asked == [0, 1]


def test_no_rows_make_a_file_without_rows():
    assert read([[], []]).metadata.num_rows == 0
    file = read([])
    assert file.metadata.num_rows == 0
    assert file.schema_arrow.names == parquet_schema().names


def test_a_claimed_time_is_read_by_others_as_a_time():
    got = columns({"time": "2026-11-22T20:01:02Z"})["time"][0]
    assert got == dt.datetime(2026, 11, 22, 20, 1, 2, tzinfo=dt.UTC)
