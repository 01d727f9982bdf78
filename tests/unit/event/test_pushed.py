"""`graven.entry/1`: one spelling, and a key that nobody can take from another."""

import pytest
from tests.support.verify_logs import graven_entry

from graven.errors import InvalidInput
from graven.event.pushed import Pushed, check_origin, leaf_of, pushed_key, unwrap, wrap
from graven.tlog.hashing import leaf_hash

ORIGIN = "graven.local/0123/default"
ENTRY = graven_entry(7)


def test_what_was_wrapped_comes_out():
    assert unwrap(wrap(ORIGIN, 7, ENTRY)) == Pushed(ORIGIN, 7, ENTRY)


@pytest.mark.parametrize(
    "data",
    [
        wrap(ORIGIN, 7, ENTRY) + b" ",
        b" " + wrap(ORIGIN, 7, ENTRY),
        wrap(ORIGIN, 7, ENTRY).replace(b'"index":7', b'"index":07'),
        wrap(ORIGIN, 7, ENTRY).replace(b'"index":7', b'"index": 7'),
        wrap(ORIGIN, 7, ENTRY).replace(b'"index":7', b'"index":-7'),
        wrap(ORIGIN, 7, ENTRY).replace(b'"index":7', b'"index":7e0'),
        wrap(ORIGIN, 7, ENTRY).replace(b'"origin":"g', b'"origin":"\\u0067'),
        wrap(ORIGIN, 7, ENTRY).replace(b"/0123/", b"/ /"),
        wrap(ORIGIN, 7, ENTRY).replace(b"/0123/", b"/+/"),
        wrap(ORIGIN, 7, ENTRY).replace(b"/0123/", b"/\xff/"),
        wrap(ORIGIN, 10**18, ENTRY),
        wrap(ORIGIN, 7, b"null"),
        b"{}",
        b"",
    ],
)
def test_another_spelling_is_refused(data):
    with pytest.raises(InvalidInput):
        unwrap(data)


def test_the_leaf_is_that_of_a_log():
    assert leaf_of(ENTRY) == leaf_hash(ENTRY)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", 'a"b', "a\\b", "x" * 256])
def test_what_no_log_can_be_called_is_no_origin(origin):
    with pytest.raises(InvalidInput):
        check_origin(origin)


def test_the_key_depends_on_place_and_bytes_and_on_nothing_else():
    leaf, other = leaf_of(ENTRY), leaf_of(graven_entry(8))
    keys = {
        pushed_key(ORIGIN, 7, leaf),
        pushed_key(ORIGIN, 7, other),
        pushed_key(ORIGIN, 8, leaf),
        pushed_key("other.example/log", 7, leaf),
    }
    assert len(keys) == 4
    assert pushed_key(ORIGIN, 7, leaf) in keys
