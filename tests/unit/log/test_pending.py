import pytest

from graven.errors import InvalidInput
from graven.log.pending import Pending, group_from_frame, group_from_tails
from graven.tlog.bundle import encode_bundle
from graven.tlog.merkle import leaf_hashes

ENTRIES = [b"head" + b"x" * size for size in (1, 300, 0, 7)]
TAILS = [entry[4:] for entry in ENTRIES]


def test_a_group_splices_head_and_tails_into_bundle_encoding() -> None:
    group = group_from_tails(5, b"head", TAILS)
    assert group.data == encode_bundle(ENTRIES)
    assert [group.entry(position) for position in range(4)] == ENTRIES
    assert bytes(group.records(1, 3)) == encode_bundle(ENTRIES[1:3])
    assert group.next_index == 9


def test_leaf_hashes_are_the_same_from_tails_and_from_a_frame() -> None:
    spliced = group_from_tails(5, b"head", TAILS)
    framed = group_from_frame(5, 4, spliced.data)
    assert spliced.take_leaf_hashes() == framed.take_leaf_hashes() == leaf_hashes(ENTRIES)
    assert spliced.take_leaf_hashes() == leaf_hashes(ENTRIES)


def test_a_frame_can_be_taken_from_its_middle() -> None:
    group = group_from_frame(5, 4, encode_bundle(ENTRIES), skip=2)
    assert (group.first, group.count) == (7, 2)
    assert [group.entry(0), group.entry(1)] == ENTRIES[2:]
    assert group.take_leaf_hashes() == leaf_hashes(ENTRIES[2:])


def test_a_frame_that_is_no_bundle_is_refused() -> None:
    with pytest.raises(InvalidInput):
        group_from_frame(0, 5, encode_bundle(ENTRIES))


def pending() -> Pending:
    made = Pending(10)
    made.add(group_from_tails(10, b"head", TAILS))
    made.add(group_from_tails(14, b"head", TAILS))
    return made


def test_entries_are_found_until_they_are_dropped() -> None:
    waiting = pending()
    assert waiting.next_index == 18
    assert [waiting.entry(index) for index in (9, 10, 13, 14, 17, 18)] == [
        None,
        ENTRIES[0],
        ENTRIES[3],
        ENTRIES[0],
        ENTRIES[3],
        None,
    ]
    size = waiting.size_bytes
    waiting.drop_below(17)
    assert waiting.entry(13) is None
    assert waiting.entry(14) == ENTRIES[0]
    assert waiting.size_bytes == size // 2
    waiting.drop_below(18)
    assert (waiting.size_bytes, waiting.next_index) == (0, 18)


def test_records_cross_groups_and_refuse_what_is_not_there() -> None:
    waiting = pending()
    assert b"".join(waiting.records(12, 16)) == encode_bundle(ENTRIES[2:] + ENTRIES[:2])
    for start, stop in ((9, 11), (17, 19), (18, 19)):
        with pytest.raises(KeyError):
            list(waiting.records(start, stop))


def test_integration_gets_the_groups_that_begin_at_or_after_an_index() -> None:
    waiting = pending()
    firsts = {index: [group.first for group in waiting.since(index)] for index in (10, 11, 14, 15, 18)}
    assert firsts == {10: [10, 14], 11: [14], 14: [14], 15: [], 18: []}


def test_a_gap_is_a_bug() -> None:
    with pytest.raises(ValueError, match="expected 18"):
        pending().add(group_from_tails(19, b"head", TAILS))
