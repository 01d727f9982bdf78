from types import SimpleNamespace

import pytest

from graven.cli.commands.verify import _text_of
from graven.cli.entry_index import index_named, teach_last
from graven.errors import NotFound, UsageError


def test_an_index_beyond_the_end_is_answered_with_the_last_one():
    access = SimpleNamespace(size=lambda log: 80)
    with pytest.raises(NotFound) as caught, teach_last(access, "ci"):
        raise NotFound("the log has no entry 99999")
    assert caught.value.hint == "the last is 79: graven show last --log ci"


def test_the_last_one_is_named_for_the_command_that_asked():
    with pytest.raises(NotFound) as caught, teach_last(SimpleNamespace(size=lambda log: 80), "default", "around"):
        raise NotFound("the log has no entry 99999")
    assert caught.value.hint == "the last is 79: graven around last"


class Ids:
    """What looks ids up; `asked` is what it was asked for."""

    def __init__(self, index=None):
        self.index = index
        self.asked = []

    def index_of(self, log, id, *, tell):  # noqa: A002 - the name of the real one
        self.asked.append((log, id))
        if self.index is None:
            raise NotFound(f"no event has the id {id!r}", code="entry_not_found")
        return self.index


def access_of(ids, size=80):
    return SimpleNamespace(size=lambda log: size, searcher=lambda: ids)


@pytest.mark.parametrize(("event", "index"), [("0", 0), ("57", 57), ("last", 79)])
def test_a_number_and_the_last_are_indexes_and_no_ids(event, index):
    assert index_named(access_of(ids := Ids()), "ci", event) == index
    assert ids.asked == []


@pytest.mark.parametrize("event", ["0192f0c1-7b1e", "9" * 19, "٣", "-1"])
def test_anything_else_is_an_id_that_is_looked_up(event):
    assert index_named(access_of(ids := Ids(7)), "ci", event) == 7
    assert ids.asked == [("ci", event)]


def test_an_id_that_no_event_has_comes_with_the_search_for_its_beginning():
    with pytest.raises(NotFound) as caught:
        index_named(access_of(Ids()), "ci", "0192f0c1-7b1e-7cc3'$(x)")
    assert "graven search --log ci id:'0192f0c1*' finds ids that begin so" in caught.value.hint


def test_an_empty_log_has_no_last_entry():
    with pytest.raises(NotFound, match='the log "ci" is empty'):
        index_named(access_of(Ids(), size=0), "ci", "last")


def test_where_there_is_no_such_log_the_first_error_stays():
    def size(log):
        raise NotFound("this token is for no log", hint="graven log list")

    with pytest.raises(NotFound, match="there is no log") as caught, teach_last(SimpleNamespace(size=size), "x"):
        raise NotFound("there is no log", hint="did you mean y?")
    assert caught.value.hint == "did you mean y?"


@pytest.mark.parametrize("option", ["--key", "--policy"])
def test_a_file_that_is_not_there_is_named(option):
    with pytest.raises(UsageError, match=r"there is no file no\.file, and it is no"):
        _text_of(option, "no.file")
