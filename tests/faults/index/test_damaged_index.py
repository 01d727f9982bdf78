"""Whatever happens to the files of an index, its answers stay those of the log."""

import json
import shutil
import threading

import pytest
from tests.support.indexed_log import ROWS, append, events, followed, found, opened, reference, seal_all

from graven.index.derive import view as mapper
from graven.index.process import following as following_module
from graven.index.process.followed import MOST_HOT
from graven.index.process.following import Following
from graven.index.process.sealing import Sealer
from graven.index.segment.sealed import folder_name

QUERIES = ["", "actor:u-3", "action:thing.br*", '"number 70 of"', "num*", "outcome:failure -actor:u-0", "input.n>=150"]
COUNT = 3 * ROWS + 20


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A data directory with a log of three sealed segments and a bit."""
    data = tmp_path_factory.mktemp("grown") / "data"
    with opened(data) as log:
        append(log, events(0, COUNT))
    index = followed(data, COUNT)
    seal_all(index)
    index.close()
    return data


@pytest.fixture
def data(grown, tmp_path):
    shutil.copytree(grown, tmp_path / "data")
    return tmp_path / "data"


def check(log):
    for query in QUERIES:
        assert found(log, query) == reference(log, query), query


def home(data):
    return data / "index" / "shop"


def test_an_index_goes_on_where_it_was_sealed(data):
    log = followed(data, COUNT)
    assert (len(log.index.sealed()), log.index.hot_rows(), log.index.dropped) == (3, 20, [])
    check(log)


def test_an_index_that_is_gone_is_made_again(data):
    shutil.rmtree(home(data))
    log = followed(data, COUNT)
    assert log.index.size == COUNT
    check(log)


@pytest.mark.parametrize(
    "name", ["manifest.json", "columns.parquet", "codes.arrow", "values.arrow", "keys.bin", "terms/meta.json"]
)
def test_a_segment_without_one_of_its_files_is_derived_again_with_all_behind_it(data, name):
    (home(data) / folder_name(ROWS) / name).unlink()
    log = followed(data, COUNT)
    assert len(log.index.sealed()) == 1
    check(log)


@pytest.mark.parametrize("name", ["columns.parquet", "codes.arrow", "keys.bin"])
def test_a_segment_with_a_cut_file_is_derived_again(data, name):
    path = home(data) / folder_name(0) / name
    path.write_bytes(path.read_bytes()[:-1])
    log = followed(data, COUNT)
    assert len(log.index.sealed()) == 0
    check(log)


def test_a_segment_that_was_never_finished_is_forgotten(data):
    (home(data) / f"new-{folder_name(3 * ROWS)}").mkdir()
    log = followed(data, COUNT)
    assert not (home(data) / f"new-{folder_name(3 * ROWS)}").exists()
    check(log)


def test_an_index_of_another_log_of_that_name_is_not_believed(data):
    shutil.rmtree(data / "logs" / "shop")
    shutil.rmtree(data / "state")
    (data / "keys" / "shop.key").unlink()
    with opened(data) as log:
        append(log, events(5, ROWS))
    index = followed(data, ROWS)
    assert (len(index.index.sealed()), len(index.index.dropped)) == (0, 2)
    check(index)


def test_an_index_ahead_of_a_log_that_was_cut_is_not_believed(data, tmp_path):
    other = tmp_path / "other"
    with opened(other) as log:
        append(log, events(0, ROWS))
    shutil.copytree(home(data), other / "index" / "shop", dirs_exist_ok=True)
    index = followed(other, ROWS)
    assert index.index.size == ROWS
    check(index)


def test_an_older_mapper_s_segments_answer_until_they_are_derived_again(data, monkeypatch):
    manifest = home(data) / folder_name(ROWS) / "manifest.json"
    said = json.loads(manifest.read_bytes())
    manifest.write_bytes(json.dumps({**said, "mapper": mapper.VERSION - 1}, separators=(",", ":")).encode())
    log = followed(data, COUNT)
    old = log.index.outdated()
    assert (old.first, log.state().outdated) == (ROWS, 1)
    table = log.derive(old.first, old.count)
    given = {"mapper": mapper.VERSION, "leaf": old.manifest.leaf, "secret": log.index.secret}
    folder = Sealer().seal(table, old.first, log.index.home, **given)
    assert log.index.take_sealed(folder, log.index.generation)
    assert log.index.outdated() is None
    check(log)


class Alone:
    """The one log, as the index process has all of them."""

    def __init__(self, log):
        self._log = log

    def open_new(self):
        return []

    def all(self):
        return [self._log]


@pytest.mark.parametrize("name", ["columns.parquet", "codes.arrow", "values.arrow", "keys.bin", "terms/words.txt"])
def test_a_bit_that_the_disk_lost_is_found_and_the_segment_derived_again(data, name, monkeypatch):
    path = home(data) / folder_name(ROWS) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)
    log = followed(data, COUNT)
    damaged = log.index.sealed()[1]
    said, derived = [], threading.Event()
    monkeypatch.setattr(following_module, "_PAUSE_S", 0.01)
    following = Following(
        Alone(log),
        progress=lambda log: derived.set() if log.index.sealed()[1] is not damaged else None,
        warn=said.append,
        broken=lambda: said.append("broken"),
    )
    following.start()
    assert derived.wait(60)
    following.stop()
    assert said == [f"{path} is not as it was made; this part of the index of shop is derived again"]
    check(log)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]", b""])
def test_an_index_that_does_not_know_whose_it_is_begins_anew(data, content):
    (home(data) / "log.json").write_bytes(content)
    log = followed(data, COUNT)
    assert log.index.size == COUNT
    check(log)


def test_an_index_whose_folder_was_removed_is_rebuilt_and_sealed(data):
    log = followed(data, COUNT)
    shutil.rmtree(home(data))
    log.rebuild()
    while log.follow():
        pass
    seal_all(log)
    assert len(log.index.sealed()) == 3
    log.close()
    log = followed(data, COUNT)
    assert (len(log.index.sealed()), log.index.dropped) == (3, [])
    check(log)


def test_rebuilding_gives_what_following_gave(data):
    log = followed(data, COUNT)
    before = [found(log, query) for query in QUERIES]
    log.rebuild()
    assert log.index.size == 0
    while log.follow():
        pass
    seal_all(log)
    assert [found(log, query) for query in QUERIES] == before


def test_a_log_is_followed_from_its_journal_before_anything_is_published(tmp_path):
    with opened(tmp_path / "data") as log:
        append(log, events(0, 30))
        index = followed(tmp_path / "data", log.size)
        assert found(index, "actor:u-3") == [3, 10, 17, 24]
        append(log, events(30, 30))
        index.grew(log.size)
        while index.follow():
            pass
        assert found(index, "actor:u-3") == reference(index, "actor:u-3")
        assert index.state().state == "following"


def test_what_is_not_committed_is_not_indexed(tmp_path):
    with opened(tmp_path / "data") as log:
        append(log, events(0, 10))
        append(log, events(10, 10))
        index = followed(tmp_path / "data", 10)
        assert index.index.size == 10


def test_hot_rows_stay_bounded_when_nothing_is_sealed(data):
    shutil.rmtree(home(data))
    with opened(data) as log:
        append(log, events(COUNT, 3 * ROWS))
    index = followed(data, COUNT + 3 * ROWS)
    assert index.index.hot_rows() == MOST_HOT * ROWS
