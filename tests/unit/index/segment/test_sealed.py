"""A sealed segment answers as the rows that it was made of, also when another takes its name."""

import os

import numpy as np
import pytest
from tests.support.index_rows import event, hot, sealed

from graven.index.derive.columns import COLUMNS, NUMBERS
from graven.index.query.fields import FACETS


def events(mark, count=5):
    return [
        event(message=f"{mark} {n}", outcome="success" if n % 2 else "failure", input={"n": n}) for n in range(count)
    ]


def test_every_column_is_as_in_memory(tmp_path):
    one, other = sealed(events("a"), tmp_path), hot(events("a"))
    names = [*COLUMNS, "text"]
    assert one.columns(names, None).to_pylist() == other.columns(names, None).to_pylist()
    assert one.columns(names, np.array([1, 3])).to_pylist() == other.columns(names, np.array([1, 3])).to_pylist()
    for name in NUMBERS:
        assert one.numbers(name).tolist() == other.numbers(name).tolist()
    for field in FACETS:
        assert one.codes(field.column).codes.tolist() == other.codes(field.column).codes.tolist()
        assert one.counts(field.column).tolist() == other.codes(field.column).counts().tolist()


def test_a_segment_whose_name_was_taken_goes_on_answering(tmp_path):
    old = sealed(events("old"), tmp_path)
    assert old.columns(["message"], None)["message"].to_pylist()[0] == "old 0"
    new = sealed(events("something much longer", 5), tmp_path)
    assert old.folder == new.folder
    assert old.columns(["message"], None)["message"].to_pylist() == [f"old {n}" for n in range(5)]
    assert new.columns(["message"], np.array([4]))["message"].to_pylist() == ["something much longer 4"]
    assert old.worded(["ol"], prefix=True, infix=False).all()


@pytest.mark.parametrize(
    "name", ["columns.parquet", "codes.arrow", "values.arrow", "keys.bin", "terms/words.txt", "manifest.json"]
)
def test_a_folder_without_one_of_its_files_is_no_segment(tmp_path, name):
    folder = sealed(events("a"), tmp_path).folder
    (folder / name).unlink()
    with pytest.raises(ValueError, match="is no whole segment"):
        type(sealed(events("b"), tmp_path / "other"))(folder, secret="0f")


def test_a_file_of_another_size_is_no_segment(tmp_path):
    one = sealed(events("a"), tmp_path)
    with (one.folder / "keys.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match="bytes, expected"):
        type(one)(one.folder, secret="0f")


def test_an_open_segment_holds_one_descriptor_that_of_its_words(tmp_path):
    one = sealed(events("a"), tmp_path)
    assert one.keyed("id", "nobody").size == 0
    assert one.columns(["message"], np.array([1]))["message"].to_pylist() == ["a 1"]
    links = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    held = [link for link in links if link.startswith(str(one.folder.resolve()))]
    assert held == [str(one.folder.resolve() / "terms" / "words.txt")]
