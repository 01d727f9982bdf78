"""One suite per contract, run on every driver."""

from pathlib import Path

import pytest
from tests.support.storage_drivers import DRIVERS, Place, append, content, contents, make_place

from graven.errors import Conflict, InvalidInput, StorageFailed, TooLarge
from graven.storage.contracts import HeadState


@pytest.fixture(params=DRIVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return make_place(request.param, tmp_path)


class TestJournal:
    def test_a_new_one_is_clean_and_has_no_frame(self, place):
        journal = place.journal()
        assert journal.recovery.clean
        assert journal.recovery.next_index is None
        assert journal.recovery.torn is None
        assert contents(journal) == []
        assert journal.size_bytes() == 0
        journal.close(clean=True)

    def test_frames_come_back_in_order(self, place):
        journal = place.journal()
        append(journal, 5, b"a", b"", b"ccc", note=b"n")
        append(journal, 8, b"d")
        assert contents(journal) == [content(5, [b"a", b"", b"ccc"], b"n"), content(8, [b"d"])]
        journal.close(clean=False)

    @pytest.mark.parametrize("clean", [True, False])
    def test_frames_survive_reopening_and_how_it_was_closed_is_known(self, place, clean):
        journal = place.journal()
        for index in range(20):
            append(journal, index, b"x" * 50)
        journal.close(clean=clean)
        reopened = place.journal()
        assert reopened.recovery.clean is clean
        assert reopened.recovery.next_index == 20
        assert reopened.recovery.torn is None
        assert contents(reopened) == [content(index, [b"x" * 50]) for index in range(20)]
        reopened.close(clean=False)

    def test_a_clean_mark_counts_once(self, place):
        journal = place.journal()
        append(journal, 0, b"a")
        journal.close(clean=True)
        place.journal().close(clean=False)
        journal = place.journal()
        assert not journal.recovery.clean
        journal.close(clean=False)

    def test_frames_chain_across_reopening(self, place):
        journal = place.journal()
        append(journal, 0, b"a")
        journal.close(clean=True)
        journal = place.journal()
        append(journal, 1, b"a")
        digests = [frame.digest for frame in journal.frames()]
        assert len(set(digests)) == 2
        journal.close(clean=False)
        journal = place.journal()
        assert [frame.digest for frame in journal.frames()] == digests
        journal.close(clean=False)

    def test_a_frame_may_carry_only_a_note(self, place):
        journal = place.journal()
        append(journal, 7, b"a")
        for number in range(20):
            append(journal, 8, note=b"%050d" % number)
        append(journal, 8, b"b")
        assert len(contents(journal)) == 22
        journal.close(clean=False)
        journal = place.journal()
        assert journal.recovery.next_index == 9
        assert contents(journal)[20] == content(8, [], b"%050d" % 19)
        journal.close(clean=False)

    def test_dropping_keeps_every_frame_from_the_index_on(self, place):
        journal = place.journal()
        for index in range(20):
            append(journal, index, b"x" * 50)
        size = journal.size_bytes()
        journal.drop_below(13)
        assert journal.size_bytes() < size
        kept = contents(journal)
        assert kept[0][0] <= 13
        assert [frame[0] for frame in kept] == list(range(kept[0][0], 20))
        journal.close(clean=False)
        journal = place.journal()
        assert contents(journal) == kept
        journal.close(clean=False)

    def test_dropping_everything_still_knows_the_next_index(self, place):
        journal = place.journal()
        for index in range(20):
            append(journal, index, b"x" * 50)
        journal.drop_below(20)
        journal.close(clean=True)
        journal = place.journal()
        assert journal.recovery.next_index == 20
        append(journal, 20, b"y")
        journal.close(clean=True)

    @pytest.mark.parametrize("index", [0, 1, 3])
    def test_a_frame_that_does_not_follow_is_refused_and_ends_it(self, place, index):
        journal = place.journal()
        append(journal, 0, b"a", b"b")
        with pytest.raises(StorageFailed, match="must begin at index 2"):
            append(journal, index, b"c")
        with pytest.raises(StorageFailed, match="unusable"):
            append(journal, 2, b"c")

    def test_nothing_works_after_closing(self, place):
        journal = place.journal()
        journal.close(clean=True)
        with pytest.raises(StorageFailed):
            append(journal, 0, b"a")
        with pytest.raises(StorageFailed):
            journal.frames()

    def test_an_iteration_shows_the_frames_of_its_beginning(self, place):
        journal = place.journal()
        append(journal, 0, b"a")
        frames = journal.frames()
        append(journal, 1, b"b")
        assert [frame.first_index for frame in frames] == [0]
        journal.close(clean=False)


class TestHead:
    def test_a_new_one_is_empty(self, place):
        head = place.head()
        assert head.load() is None
        head.close()

    def test_a_swap_is_there_after_reopening(self, place):
        head = place.head()
        head.swap(None, HeadState(b"one", 1))
        head.swap(b"one", HeadState(b"two", 2**62))
        assert head.load() == HeadState(b"two", 2**62)
        head.close()
        head = place.head()
        assert head.load() == HeadState(b"two", 2**62)
        head.close()

    @pytest.mark.parametrize("expected", [None, b"", b"other"])
    def test_a_swap_of_something_else_changes_nothing(self, place, expected):
        head = place.head()
        head.swap(None, HeadState(b"one", 1))
        with pytest.raises(Conflict):
            head.swap(expected, HeadState(b"two", 2))
        assert head.load() == HeadState(b"one", 1)
        head.close()

    def test_the_first_swap_expects_nothing(self, place):
        head = place.head()
        with pytest.raises(Conflict):
            head.swap(b"", HeadState(b"two", 2))
        assert head.load() is None
        head.close()


class TestObjects:
    def test_what_was_put_is_seen_before_and_after_sync_and_reopening(self, place):
        objects = place.objects()
        objects.put("tile/0/x001/000.p/5", b"abc")
        assert objects.get("tile/0/x001/000.p/5") == b"abc"
        objects.sync()
        assert objects.get("tile/0/x001/000.p/5") == b"abc"
        assert place.objects().get("tile/0/x001/000.p/5") == b"abc"

    def test_absent_ones_and_folders_are_none(self, place):
        objects = place.objects()
        objects.put("tile/0/000", b"")
        objects.sync()
        assert objects.get("tile/0/000") == b""
        assert objects.get("tile/0") is None
        assert objects.get("tile/0/001") is None
        assert objects.get("tile/0/000/001") is None

    @pytest.mark.parametrize("synced", [True, False])
    def test_equal_bytes_may_be_put_again_and_others_may_not(self, place, synced):
        objects = place.objects()
        objects.put("a/b", b"1")
        if synced:
            objects.sync()
        objects.put("a/b", b"1")
        with pytest.raises(StorageFailed) as raised:
            objects.put("a/b", b"2")
        assert raised.value.code == "immutable_changed"
        objects.sync()
        assert objects.get("a/b") == b"1"

    def test_a_mutable_one_is_replaced(self, place):
        objects = place.objects()
        objects.replace("checkpoint", b"1")
        objects.replace("checkpoint", b"22")
        objects.replace("deep/er", b"3")
        assert place.objects().get("checkpoint") == b"22"
        assert place.objects().get("deep/er") == b"3"

    @pytest.mark.parametrize("synced", [True, False])
    def test_a_deleted_one_is_gone_and_deleting_again_is_fine(self, place, synced):
        objects = place.objects()
        objects.put("a/b.p/1", b"1")
        objects.put("a/c", b"1")
        if synced:
            objects.sync()
        objects.delete("a/b.p/1")
        objects.delete("a/b.p/1")
        assert objects.get("a/b.p/1") is None
        objects.sync()
        assert sorted(place.objects().list("a")) == ["a/c"]

    def test_it_may_come_back_with_the_same_bytes(self, place):
        objects = place.objects()
        objects.put("a/b.p/1", b"1")
        objects.sync()
        objects.delete("a/b.p/1")
        objects.put("a/b.p/1", b"1")
        objects.sync()
        assert place.objects().get("a/b.p/1") == b"1"

    @pytest.mark.parametrize("synced", [True, False])
    def test_a_list_has_what_lies_below_a_folder(self, place, synced):
        objects = place.objects()
        for path in ("tile/0/000", "tile/0/001.p/3", "tile/entries/000", "tiles", "x"):
            objects.put(path, b"1")
        if synced:
            objects.sync()
        assert sorted(objects.list("tile")) == ["tile/0/000", "tile/0/001.p/3", "tile/entries/000"]
        assert sorted(objects.list("")) == [
            "tile/0/000", "tile/0/001.p/3", "tile/entries/000", "tiles", "x",
        ]  # fmt: skip
        assert list(objects.list("none")) == []

    @pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "../a", "a/./b", "a/../b", ".a", "a\0b"])
    def test_only_plain_relative_paths_are_objects(self, place, path):
        objects = place.objects()
        for call in (lambda: objects.put(path, b""), lambda: objects.get(path), lambda: objects.delete(path)):
            with pytest.raises(InvalidInput):
                call()


HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


class TestBlobs:
    def test_content_is_found_by_its_digest(self, place):
        blobs = place.blobs()
        assert blobs.put(b"hello") == HELLO
        assert blobs.put(b"hello") == HELLO
        again = place.blobs()
        assert again.get(HELLO) == b"hello"
        assert again.size(HELLO) == 5
        assert again.has(HELLO)
        assert again.put(b"hello") == HELLO

    def test_a_stream_is_stored(self, place):
        blobs = place.blobs()
        assert blobs.put_stream(iter([b"he", b"", b"llo"]), limit_bytes=5) == (HELLO, 5)
        with blobs.open(HELLO) as stream:
            assert stream.read(2) == b"he"
            stream.seek(1)
            assert stream.read() == b"ello"
            assert stream.seek(-1, 2) == 4

    def test_a_stream_over_the_limit_leaves_nothing(self, place):
        blobs = place.blobs()
        with pytest.raises(TooLarge):
            blobs.put_stream(iter([b"hel", b"lo"]), limit_bytes=4)
        assert not blobs.has(HELLO)

    def test_an_error_of_the_stream_passes_as_it_is(self, place):
        def broken():
            yield b"he"
            raise ConnectionResetError("peer went away")

        with pytest.raises(ConnectionResetError):
            place.blobs().put_stream(broken(), limit_bytes=100)

    def test_empty_content_is_content(self, place):
        blobs = place.blobs()
        digest = blobs.put(b"")
        assert blobs.get(digest) == b""
        assert blobs.size(digest) == 0

    def test_unknown_ones_are_absent(self, place):
        blobs = place.blobs()
        assert blobs.get(HELLO) is None
        assert blobs.open(HELLO) is None
        assert blobs.size(HELLO) is None
        assert not blobs.has(HELLO)

    @pytest.mark.parametrize(
        "digest", ["", "sha256:", HELLO[7:], HELLO.upper(), HELLO + "\n", "sha256:" + "../" * 21 + "a"]
    )
    def test_only_a_digest_is_a_digest(self, place, digest):
        with pytest.raises(InvalidInput):
            place.blobs().get(digest)
