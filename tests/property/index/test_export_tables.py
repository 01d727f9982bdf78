"""Tables give back what they were given, whatever it is and however it is cut into batches."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.views import events, row, view

from graven.index.export import FORMATS, export
from graven.index.export.columns import parse_columns
from graven.index.export.csv_ import csv_table


@settings(deadline=None)  # a loaded machine is no fault
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), max_size=5))
def test_one_apostrophe_less_gives_the_text_again_and_no_cell_is_a_formula(texts):
    made = [[row(view(index, message=text)) for index, text in enumerate(texts)]]
    body = b"".join(csv_table(made, parse_columns(["message", "index"]))).decode()
    cells = [cells[0] for cells in list(csv.reader(io.StringIO(body, newline="")))[1:]]
    assert [cell.removeprefix("'") for cell in cells] == texts
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)


@settings(max_examples=40, deadline=None)
@given(st.lists(events(), max_size=4), st.integers(0, 4))
def test_any_batches_give_the_same_bytes(made, cut):
    rows = [row(view(index, **event)) for index, event in enumerate(made)]
    for name in FORMATS:
        whole = b"".join(export(name, [rows], log="shop"))
        assert b"".join(export(name, [rows[:cut], [], rows[cut:]], log="shop")) == whole
