import pytest

from graven.pytest_plugin.lines import batches
from graven.pytest_plugin.spool import Spool, finished_spools


def test_a_spool_is_finished_only_when_its_writer_let_go(tmp_path):
    spool = Spool(tmp_path, "main")
    spool.append(b'{"id":"1"}')
    assert list(finished_spools(tmp_path)) == []
    spool.close()
    assert list(finished_spools(tmp_path)) == [spool.path]


def test_only_its_owner_may_read_a_spool(tmp_path):
    spool = Spool(tmp_path, "main")
    spool.close()
    assert spool.path.stat().st_mode & 0o777 == 0o600


def test_a_line_without_its_end_and_a_line_that_is_no_event_are_left_out(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"id":"1"}\nhalf\n{"id":2}\n{"id":"3"}\n{"id":"4"}')
    assert list(batches(path, most_events=10, most_bytes=1000)) == [[b'{"id":"1"}', b'{"id":"3"}']]


@pytest.mark.parametrize(("most_events", "most_bytes"), [(2, 1000), (100, 25)])
def test_a_batch_keeps_its_bounds_and_the_order(tmp_path, most_events, most_bytes):
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"".join(b'{"id":"%d"}\n' % number for number in range(5)))
    cut = list(batches(path, most_events=most_events, most_bytes=most_bytes))
    assert [len(batch) for batch in cut] == [2, 2, 1]
    assert b"".join(line + b"\n" for batch in cut for line in batch) == path.read_bytes()
