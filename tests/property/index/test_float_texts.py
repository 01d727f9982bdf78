"""The words of a number are the same by the engine of the index and by a scan."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.index_rows import entry, event, nothing, rows

from graven.index.derive.view import view_of
from graven.index.query.fields import BY_NAME
from graven.index.query.tokens import tokens
from graven.index.query.view import text_of


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
@settings(deadline=None)
def test_every_float_has_the_words_that_the_engine_gives_it(numbers):
    made = event(input={"n": numbers})
    by_engine = rows([made])["text"][0].as_py()
    assert tokens(text_of(BY_NAME["text"], view_of(0, entry(made), nothing)) or "") == tokens(by_engine)
