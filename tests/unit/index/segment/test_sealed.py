"""A sealed segment answers as the rows that it was made of, also when another takes its name."""

import contextlib
import os
import random

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


def lose_bit(path, offset, bit):
    """In place: cutting a file that is mapped would end the process."""
    with path.open("r+b") as file:
        file.seek(offset)
        lost = file.read(1)[0] ^ bit
        file.seek(offset)
        file.write(bytes([lost]))


NAMES = ["columns.parquet", "codes.arrow", "values.arrow", "keys.bin", "terms/words.txt"]


def test_a_segment_as_it_was_made_has_nothing_wrong(tmp_path):
    one = sealed(events("a"), tmp_path)
    assert (one.check(), one.is_damaged) == ("", False)


@pytest.mark.parametrize("name", NAMES)
def test_one_bit_of_any_file_is_missed(tmp_path, name):
    one = sealed(events("a"), tmp_path)
    lose_bit(one.folder / name, (one.folder / name).stat().st_size // 2, 4)
    assert one.check() == f"{one.folder / name} is not as it was made"
    assert one.is_damaged


def test_a_file_that_is_gone_is_damage(tmp_path):
    one = sealed(events("a"), tmp_path)
    (one.folder / "keys.bin").unlink()
    assert "cannot be read" in one.check()
    assert one.is_damaged


@pytest.mark.parametrize("seed", range(40))
def test_a_bit_lost_anywhere_raises_no_more_than_an_exception(tmp_path, seed):
    """A panic within the engine of the terms would be none, and end the thread that asked."""
    rng = random.Random(seed)
    one = sealed(events("word", 300), tmp_path)
    path = rng.choice([path for path in sorted(one.folder.rglob("*")) if path.is_file() and path.stat().st_size])
    lose_bit(path, rng.randrange(path.stat().st_size), 1 << rng.randrange(8))
    with contextlib.suppress(Exception):
        damaged = type(one)(one.folder, secret="0f")
        for tokens, prefix in ((["word"], False), (["word", "1"], False), (["wo"], True)):
            damaged.worded(tokens, prefix=prefix, infix=False)
        damaged.columns(["message"], None)
