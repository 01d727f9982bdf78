import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.index.query.ast import Wildcard
from graven.index.query.fields import BY_NAME
from graven.index.query.matches import matches
from graven.index.segment.codes import encode, mask_of, pattern_of


def codes(*values):
    return encode(pa.chunked_array([pa.array(values, pa.string())]))


def test_a_row_without_the_field_has_the_code_behind_the_last_value():
    found = codes("a", None, "b", "a")
    assert found.codes.tolist() == [0, found.absent, 1, 0]
    assert found.absent == 2


def test_counts_end_with_the_rows_without_the_field():
    assert codes("a", None, "b", "a", None).counts().tolist() == [2, 1, 2]


def test_counts_of_some_rows_are_of_these_only():
    found = codes("a", None, "b", "a")
    assert found.counts(mask_of(pa.array([True, True, False, False]))).tolist() == [1, 0, 1]


def test_counts_of_a_stretch_are_of_its_rows_and_of_some_of_these():
    found = codes("a", None, "b", "a")
    assert found.counts(slice(1, 4)).tolist() == [1, 1, 1]
    assert found.counts(slice(1, 4), mask_of(pa.array([False, False, True]))).tolist() == [1, 0, 0]


def test_equal_finds_the_whole_value_only():
    assert codes("a", "ab", None).equal("a").tolist() == [True, False, False]


def test_a_value_that_nobody_has_is_in_no_row():
    assert codes("a", None).equal("b") is False


def test_present_is_where_a_value_stands_even_an_empty_one():
    assert codes("", None).present().tolist() == [True, False]


def test_a_column_without_values_has_none_anywhere():
    found = codes(None, None)
    assert found.counts().tolist() == [2]
    assert not found.present().any()


@pytest.mark.parametrize(("count", "width"), [(255, "uint8"), (256, "uint16"), (65_536, "uint32")])
def test_codes_are_as_narrow_as_the_values_and_their_absence_allow(count, width):
    found = codes(*map(str, range(count)), None)
    assert found.codes.dtype == width
    assert found.codes[-1] == count
    assert found.counts()[-1] == 1


def test_chunks_are_one_column():
    found = encode(pa.chunked_array([pa.array(["a"]), pa.array(["b", "a"])]))
    assert found.values.to_pylist() == ["a", "b"]
    assert found.codes.tolist() == [0, 1, 0]


def test_null_is_false_in_a_mask():
    assert mask_of(pa.array([True, None, False])).tolist() == [True, False, False]


texts = st.text(st.sampled_from("ab.*\n日\\[(^$|{+"), max_size=8)


@given(st.lists(texts, min_size=2, max_size=4), st.lists(texts, max_size=5))
def test_a_pattern_matches_what_a_wildcard_means(parts, values):
    found = pc.match_substring_regex(pa.array(values, pa.string()), pattern_of(parts)).to_pylist()
    field = BY_NAME["action"]
    assert found == [matches(Wildcard(field, tuple(parts)), {"event": {"action": value}}) for value in values]
