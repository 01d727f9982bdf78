import os

import numpy as np
import pyarrow as pa
import pytest
from tests.support.index_rows import SECRET, event, rows

from graven.index.derive.deriver import connect
from graven.index.segment.keys import build_keys, load, lookup, save


@pytest.fixture(scope="module")
def numbers():
    table = rows(
        [
            event(id="x", targets=[{"type": "order", "id": "42"}, {"id": "é"}], session_id="s1"),
            event(correlation_id="42", actor={"id": "a", "session": "s1"}),
            event(targets=[{"type": "order", "id": "42"}], trace={"trace_id": "t", "span_id": "42"}),
            event(),
        ]
    )
    connection = connect()
    made = build_keys(table, SECRET, connection)
    connection.close()
    return made


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("target", "42", [0, 2]),
        ("target", "order/42", [0, 2]),
        ("target", "é", [0]),
        ("correlation", "42", [1]),
        ("span", "42", [2]),
        ("session", "s1", [0, 1]),
        ("trace", "nobody", []),
    ],
)
def test_a_value_is_found_in_its_own_field_only(numbers, column, value, expected):
    assert lookup(numbers, SECRET, column, value).tolist() == expected


def test_another_secret_finds_nothing(numbers):
    assert lookup(numbers, "00", "target", "42").size == 0


def test_they_are_sorted(numbers):
    assert (np.diff(numbers.astype(object)) >= 0).all()


def test_they_rest_in_a_file_as_they_are(numbers, tmp_path):
    save(numbers, tmp_path / "keys.bin")
    assert load(tmp_path / "keys.bin").tolist() == numbers.tolist()


def test_no_keys_are_an_empty_file(tmp_path):
    save(np.empty(0, np.uint64), tmp_path / "keys.bin")
    assert load(tmp_path / "keys.bin").size == 0


def test_rows_without_keys_have_none():
    connection = connect()
    table = pa.concat_tables([rows([event()])])
    made = build_keys(
        table.set_column(table.schema.get_field_index("id"), "id", pa.array([None], pa.string())), SECRET, connection
    )
    connection.close()
    assert made.size == 0


def test_keys_that_are_open_hold_no_descriptor_and_cannot_be_changed(numbers, tmp_path):
    save(numbers, tmp_path / "keys.bin")
    before = len(os.listdir("/proc/self/fd"))
    found = load(tmp_path / "keys.bin")
    assert len(os.listdir("/proc/self/fd")) == before
    assert (found.tolist(), found.flags.writeable) == (numbers.tolist(), False)
