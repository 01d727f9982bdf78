from types import SimpleNamespace

import pytest

from graven.cli.commands.verify import _text_of
from graven.cli.entry_index import teach_last
from graven.errors import NotFound, UsageError


def test_an_index_beyond_the_end_is_answered_with_the_last_one():
    access = SimpleNamespace(size=lambda log: 80)
    with pytest.raises(NotFound) as caught, teach_last(access, "ci"):
        raise NotFound("the log has no entry 99999")
    assert caught.value.hint == "the last is 79: graven show last --log ci"


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
