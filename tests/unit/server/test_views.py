"""What may be saved as a view: what a search would take."""

import re
from pathlib import Path

import pytest

from graven.errors import InvalidInput
from graven.index.export.columns import parse_columns
from graven.server import views
from graven.server.views import SavedView, check_name, check_view

WEB = Path(views.__file__).parents[1] / "web"


def test_what_a_search_takes_may_be_saved():
    check_view("l", SavedView(), now_ns=1)
    whole = SavedView(
        query="outcome:denied", clock="claimed", since="2h", until="2026-11-27", order="oldest", by="actor",
        columns=["source", "labels.team"],
    )  # fmt: skip
    check_view("l", whole, now_ns=10**18)


@pytest.mark.parametrize(
    "members",
    [
        {"order": "sideways"},
        {"clock": "wall"},
        {"clock": ""},
        {"since": "yesterday-ish"},
        {"until": "x"},
        {"by": "mesage"},
        {"by": "actor,source"},
        {"columns": ["source", "no.such"]},
        {"columns": ["source", "source"]},
    ],
)
def test_what_a_search_would_refuse_is_refused_and_named(members):
    with pytest.raises(InvalidInput, match=f"^{next(iter(members))}"):
        check_view("l", SavedView(**members), now_ns=10**18)


@pytest.mark.parametrize("name", ["denied orders", "…", "...", ".hidden", "über 5 €", "拒否", "n" * 80])
def test_a_name_that_can_be_seen_is_taken(name):
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "n" * 81,
        "a\x00",
        "a\n",
        "a\x7f",
        "a\x85",
        "a\u202eb",
        "\u200b",
        "a\u2028b",
        "\u00a0",
        "   ",
        " a",
        "a ",
    ],
)
def test_a_name_that_leads_elsewhere_or_hides_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        check_name(name)
    assert refused.value.code == "bad_view"


def test_a_bad_query_is_refused():
    with pytest.raises(InvalidInput) as refused:
        check_view("l", SavedView(query="actr:x"), now_ns=1)
    assert refused.value.code == "bad_query"


def test_every_column_of_the_pages_may_be_saved():
    text = (WEB / "pages" / "events" / "columns.js").read_text().partition("COLUMNS = {")[2].partition("\n};")[0]
    names = re.findall(r'^  "?([a-z.]+)"?: \{', text, re.MULTILINE)
    assert len(names) > 15
    parse_columns(names)
