from tests.support.index_rows import entry, event, nothing

from graven.cli.access.sampled import KnownOfNewest
from graven.cli.access.scanning import Entries
from graven.index.query.fields import BY_NAME


def folder(*events):
    """The entries of a folder, and the ranges of them that were read."""
    lines = [entry(one, at=at) for at, one in enumerate(events)]
    read = []

    def entries(start, stop):
        read.append((start, stop))
        return iter(lines[start:stop])

    return Entries(len(lines), entries, nothing), read


def test_values_labels_and_documents_are_those_of_the_entries():
    entries, read = folder(
        event(actor={"id": "alice"}, labels={"team": "qa"}, input={"n": 1}), event(actor={"id": "alice"}, input=[2])
    )
    known = KnownOfNewest(entries)
    assert known.values(BY_NAME["actor"], "x") == ["alice"]
    assert known.labels() == {"team": ["qa"]}
    assert known.documents(BY_NAME["input"]) == [[2], {"n": 1}]
    assert read == [(0, 2)]


def test_of_a_long_folder_only_the_newest_entries_are_read():
    entries, read = folder(*[event()] * 1_200)
    known = KnownOfNewest(entries)
    known.labels()
    assert read == [(200, 1_200)]
    assert not known.whole


def test_a_folder_that_was_read_whole_is_known_whole():
    assert KnownOfNewest(folder(event())[0]).whole
