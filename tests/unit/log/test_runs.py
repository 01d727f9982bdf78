import hashlib

import pytest

from graven.errors import StorageFailed
from graven.log.run_format import Known
from graven.log.runs import KeyFilter, Run, split_keys, write_run


def key(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()[:16]


def digest(number: int) -> bytes:
    return hashlib.sha256(b"d%d" % number).digest()[:16]


def made(tmp_path, count: int = 500) -> Run:
    numbers = range(count)
    return Run(write_run(tmp_path, 1_000, b"".join(map(key, numbers)), b"".join(map(digest, numbers))))


def test_a_run_finds_exactly_its_keys(tmp_path) -> None:
    run = made(tmp_path)
    found = run.find([key(number) for number in range(-5, 505)])
    assert found == {key(number): Known(1_000 + number, digest(number)) for number in range(500)}
    assert run.next_index == 1_500


def test_keys_that_share_their_first_half_are_told_apart(tmp_path) -> None:
    keys = [b"same half"[:8] + bytes([number]) * 8 for number in (3, 1, 2)]
    run = Run(write_run(tmp_path, 0, b"".join(keys), b"".join(map(digest, range(3)))))
    assert {k: known.index for k, known in run.find([*keys, keys[0][:8] + bytes(8)]).items()} == {
        keys[0]: 0,
        keys[1]: 1,
        keys[2]: 2,
    }


def test_writing_a_run_again_after_a_crash_is_fine_but_never_with_other_content(tmp_path) -> None:
    first = made(tmp_path)
    assert made(tmp_path).path == first.path
    with pytest.raises(StorageFailed) as caught:
        write_run(tmp_path, 1_000, key(1), digest(1))
    assert caught.value.code == "immutable_changed"


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d[:10], lambda d: b"", lambda d: d[:99] + bytes([d[99] ^ 1]) + d[100:]]
)
def test_a_damaged_run_is_refused(tmp_path, change) -> None:
    path = made(tmp_path).path
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(StorageFailed) as caught:
        Run(path)
    assert caught.value.code == "run_damaged"


def test_the_filter_knows_every_key_it_was_given_and_suspects_few_others() -> None:
    filter_ = KeyFilter(5_000)
    filter_.add(*split_keys(b"".join(key(number) for number in range(5_000))))
    assert len(filter_.may_hold(*split_keys(b"".join(key(number) for number in range(5_000))))) == 5_000
    others = [key(number) for number in range(5_000, 25_000)]
    suspected = {others[int(at)] for at in filter_.may_hold(*split_keys(b"".join(others)))}
    assert len(suspected) < 20
    one_by_one = {k for k in others if filter_.may_hold_one(int.from_bytes(k[:8], "big"), int.from_bytes(k[8:], "big"))}
    assert one_by_one == suspected
