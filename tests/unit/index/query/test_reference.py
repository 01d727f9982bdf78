"""The reference page tells of queries that can be asked, and of every field."""

import re
from pathlib import Path

import pytest

from graven.index.query.fields import FIELDS
from graven.index.query.names import PSEUDO
from graven.index.query.parse import parse

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "query.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```query\n(.*?)\n```", PAGE, re.DOTALL)
CELLS = [cell for row in re.findall(r"^\| (`.*?) \| [a-z]", PAGE, re.MULTILINE) for cell in re.findall(r"`(.+?)`", row)]
EXAMPLES = [*BLOCKS, *(cell for cell in CELLS if not re.fullmatch(r"[a-z_.]+", cell))]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_page_can_be_asked(text):
    parse(text, now_ns=0)


def test_the_page_has_examples():
    assert len(EXAMPLES) > 20


def test_every_field_is_on_the_page():
    assert [name for name in [field.name for field in FIELDS] + [*PSEUDO] if f"| `{name}`" not in PAGE] == []
