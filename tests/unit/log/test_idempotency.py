import hashlib

import pytest

from graven.log.idempotency import KEPT_GENERATIONS, KeyTable
from graven.log.run_format import Known


def key(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()[:16]


def opened(tmp_path, **more) -> KeyTable:
    return KeyTable(tmp_path, run_entries=10, generation_runs=2, **more)


def grown(tmp_path, start: int, stop: int, table: KeyTable | None = None) -> KeyTable:
    if table is None:
        table = opened(tmp_path)
        table.start_at(start)
    for first in range(start, stop, 7):
        numbers = range(first, min(first + 7, stop))
        table.add(first, [key(number) for number in numbers], b"".join(map(key, numbers)))
    return table


def test_keys_are_found_in_the_tail_and_in_runs(tmp_path) -> None:
    table = grown(tmp_path, 0, 25)
    for _ in range(2):
        found = table.find([key(number) for number in range(-3, 30)])
        assert found == {key(number): Known(number, key(number)) for number in range(25)}
        assert table.find([key(3), key(99)]) == {key(3): Known(3, key(3))}
        table.write_sealed(25)
    assert table.durable_below == 20
    assert len(list(tmp_path.glob("*.run"))) == 2


def test_only_what_is_integrated_becomes_a_run(tmp_path) -> None:
    table = grown(tmp_path, 0, 25)
    table.write_sealed(19)
    assert (table.durable_below, table.sealed) == (10, 1)


def test_a_reopened_table_goes_on_where_the_runs_end(tmp_path) -> None:
    grown(tmp_path, 0, 25).write_sealed(25)
    table = opened(tmp_path)
    assert table.durable_below == 20
    table.start_at(0)
    assert table.next_index == 20
    grown(tmp_path, 20, 40, table)
    assert len(table.find([key(number) for number in range(40)])) == 40


def test_old_generations_go_whole_and_the_newest_full_ones_stay(tmp_path) -> None:
    table = grown(tmp_path, 0, 200)
    table.write_sealed(200)
    kept = sorted(tmp_path.glob("*.run"))
    assert len(kept) == 2 * KEPT_GENERATIONS
    assert table.find([key(0)]) == {}
    # two full generations at the least are always there
    assert len(table.find([key(number) for number in range(160, 200)])) == 40


def test_a_dropped_run_that_a_kill_left_behind_goes_at_the_next_start(tmp_path) -> None:
    table = grown(tmp_path, 0, 60)
    table.write_sealed(60)
    old = {path: path.read_bytes() for path in sorted(tmp_path.glob("*.run"))[:2]}
    grown(tmp_path, 60, 90, table).write_sealed(90)
    assert not any(path.exists() for path in old)
    for path, data in old.items():
        path.write_bytes(data)
    assert opened(tmp_path).durable_below == 90
    assert not any(path.exists() for path in old)


def test_a_damaged_run_is_named_and_set_aside_and_the_others_still_work(tmp_path) -> None:
    grown(tmp_path, 0, 30).write_sealed(30)
    middle = sorted(tmp_path.glob("*.run"))[1]
    middle.write_bytes(b"junk")
    told: list[str] = []
    table = opened(tmp_path, on_damage=told.append)
    assert len(told) == 2
    assert middle.name in told[0]
    assert "10 to 19" in told[1]
    assert set(table.find([key(number) for number in range(30)])) == {key(n) for n in (*range(10), *range(20, 30))}


def test_a_key_added_twice_or_out_of_order_is_a_bug(tmp_path) -> None:
    table = grown(tmp_path, 0, 5)
    with pytest.raises(ValueError, match="expected 5"):
        table.add(6, [key(6)], key(6))
    with pytest.raises(ValueError, match="twice"):
        table.add(5, [key(1)], key(1))
