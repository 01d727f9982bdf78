import pytest
from tests.support.log_world import open_files, request

from graven.errors import Busy, Conflict, StorageFailed
from graven.log.messages import Appended, encode_answer
from graven.log.notes import KeptRequest
from graven.log.requests import RequestTable

ANSWER = Appended(3, 1, {}, {0: "made"})


def opened(tmp_path, cap: int = 3) -> RequestTable:
    return RequestTable(tmp_path / "requests.sqlite", cap=cap, keep_ns=100)


def kept(key: str, time_ns: int = 0) -> KeptRequest:
    return KeptRequest(key, request(key, "body").body_digest, time_ns, encode_answer(ANSWER))


@pytest.mark.parametrize("stored", [False, True])
def test_the_same_request_gets_the_first_answer_before_and_after_it_is_stored(tmp_path, stored: bool) -> None:
    table = opened(tmp_path)
    assert table.find(request("a", "body"), 0) is None
    table.remember([kept("a")])
    if stored:
        table.store(1)
        table.close()
        table = opened(tmp_path)
    answer = table.find(request("a", "body"), 50)
    assert answer is not None
    assert (answer.first, answer.ids, answer.replayed) == (3, {0: "made"}, True)
    with pytest.raises(Conflict):
        table.find(request("a", "other body"), 50)
    table.close()


def test_a_full_table_is_busy_for_new_keys_only(tmp_path) -> None:
    table = opened(tmp_path)
    table.remember(kept(name) for name in "ab")
    table.store(1)
    table.remember([kept("c")])
    with pytest.raises(Busy):
        table.find(request("d"), 1)
    assert table.find(request("a", "body"), 1) is not None
    table.close()


def test_requests_are_forgotten_after_their_time_and_make_room(tmp_path) -> None:
    table = opened(tmp_path)
    table.remember(kept(name) for name in "abc")
    table.store(1)
    assert len(table) == 3
    assert table.find(request("d", "body"), 150) is None
    table.remember([kept("d", 150)])
    table.store(150)
    assert len(table) == 1
    assert table.find(request("a", "body"), 150) is None
    assert table.find(request("d", "body"), 150) is not None
    table.close()


def test_a_full_table_makes_room_only_for_what_is_too_old(tmp_path) -> None:
    table = opened(tmp_path)
    table.remember([kept("a", 0), kept("b", 50), kept("c", 60)])
    table.store(60)
    with pytest.raises(Busy):
        table.find(request("d"), 99)
    assert table.find(request("d"), 100) is None
    assert len(table) == 2
    assert table.find(request("b", "body"), 100) is not None
    table.close()


def test_a_key_used_again_after_its_time_is_kept_with_its_new_answer(tmp_path) -> None:
    table = opened(tmp_path)
    table.remember([kept("a", 0)])
    table.store(0)
    assert table.find(request("a", "other"), 120) is None
    other = KeptRequest("a", request("a", "other").body_digest, 120, encode_answer(ANSWER))
    table.remember([other])
    table.store(90)  # the head's time, which lags behind the writer's clock
    assert table.find(request("a", "other"), 130) is not None
    table.close()


def test_replaying_a_stored_request_counts_it_once(tmp_path) -> None:
    table = opened(tmp_path)
    for _ in range(2):
        table.remember([kept("a")])
        table.store(1)
    assert len(table) == 1
    table.close()


def test_a_table_that_cannot_be_read_is_closed_again(tmp_path) -> None:
    (tmp_path / "requests.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageFailed) as caught:
        opened(tmp_path)
    assert caught.value.__traceback__ is not None  # it keeps the table alive here
    assert not open_files(tmp_path, "requests.sqlite")
