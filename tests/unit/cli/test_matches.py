"""How matches are printed, and what is said on stderr beside them."""

import json

import pytest
from tests.support.views import row, view

from graven.cli.access.questions import Away, Caught, Newest, Page, Question, Tailed
from graven.cli.empty_result import why_nothing
from graven.cli.following import follow
from graven.cli.matches import printer_of
from graven.cli.searching import Searching
from graven.cli.zone import Zone
from graven.errors import UsageError
from graven.index.answers.shown import row_of
from graven.index.query.times import time_ns

UTC = Zone(0, "Z")
NOW = time_ns("2026-11-27T10:15:00Z")


def entry_line(index):
    _, entry = row(view(index, outcome="failure"))
    return b'{"index":%d,%b' % (index, entry[1:])


def row_line(index):
    return json.dumps(row_of(view(index, outcome="failure"))).encode()


def printer(**options):
    given = {"fields": None, "template": None, "as_json": False, "relative": False, "claimed": False, **options}
    return printer_of(**given, zone=UTC, load=lambda digest: None)


def test_people_get_one_heading_for_all_pages(capsys):
    made = printer()
    made.show([row_line(1)])
    made.show([row_line(2)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["INDEX", "1", "2"]


@pytest.mark.parametrize("options", [{}, {"fields": "index,actor"}])
def test_nothing_has_no_heading(capsys, options):
    printer(**options).show([])
    assert capsys.readouterr().out == ""


def test_json_is_the_entry_as_it_came(capsys):
    printer(as_json=True).show([entry_line(1)])
    assert capsys.readouterr().out.encode() == entry_line(1) + b"\n"


def test_fields_are_a_table_or_json(capsys):
    printer(fields="index,outcome").show([entry_line(1)])
    printer(fields="index,outcome", as_json=True).show([entry_line(1)])
    assert capsys.readouterr().out.splitlines() == [
        "INDEX  OUTCOME",
        "1      failure",
        '{"index":1,"outcome":"failure"}',
    ]


@pytest.mark.parametrize(("columns", "end"), [("60", ":43"), ("120", ".704654157Z")])
def test_a_narrow_table_of_fields_has_times_to_the_second(capsys, monkeypatch, columns, end):
    monkeypatch.setenv("COLUMNS", columns)
    printer(fields="index,received").show([entry_line(1)])
    assert capsys.readouterr().out.rstrip().endswith(end)


def test_a_template_makes_its_own_lines(capsys):
    printer(template="{index} {actor}").show([entry_line(1)])
    assert capsys.readouterr().out == "1 alice\n"
    with pytest.raises(UsageError):
        printer(template="{index}", as_json=True)


class Fake:
    """A search over rows 0 … size - 1, of which the first `indexed` are indexed; as its own access."""

    def __init__(self, size, indexed=None, *, newest=None, tail=()):
        self.count, self.indexed = size, size if indexed is None else indexed
        self.row, self.items, self.asked, self.hints = newest, tail, [], []

    def searcher(self):
        return self

    def page(self, log, question, *, limit, cursor=None, order="newest", view="row", explain=False, tell=None):
        self.asked.append(limit)
        start = int(cursor or 0)
        stop = min(self.indexed, start + limit)
        numbers = range(start, stop) if order == "oldest" else [self.indexed - 1 - at for at in range(start, stop)]
        make = entry_line if view == "entry" else row_line
        following = str(stop) if stop < self.indexed else None
        return Page([make(at) for at in numbers], following, self.indexed, self.count)

    def newest(self, log, question, *, tell=None):
        return Newest(self.row, self.hints)

    def require_tail(self):
        pass

    def tail(self, log, question, *, after, view):
        self.asked.append(after)
        yield from self.items


def shown(fake, capsys, *, limit, as_json=False, **options):
    searching = Searching(fake, "default", Question("q"), UTC, as_json=as_json)
    given = {"oldest": False, "fields": None, "template": "{index}", "relative": False, **options}
    searching.print_matches(limit=limit, **given)
    out, err = capsys.readouterr()
    return [int(line) for line in out.split()], err


def test_pages_go_on_until_the_limit(capsys):
    fake = Fake(2_500)
    numbers, err = shown(fake, capsys, limit=2_100)
    assert numbers == list(range(2_499, 399, -1))
    assert fake.asked == [1_000, 1_000, 100]
    assert "2,100 shown, and more match" in err


def test_everything_has_no_limit_and_nothing_to_say(capsys):
    numbers, err = shown(Fake(2_500), capsys, limit=0, oldest=True)
    assert (numbers, err) == (list(range(2_500)), "")


def test_an_index_that_is_behind_is_said_once(capsys):
    _, err = shown(Fake(3_000, 2_500), capsys, limit=0)
    assert err.count("500 entries behind") == 1


def lines_for_nothing(fake, **question):
    page = fake.page("l", Question(), limit=1)
    return "\n".join(why_nothing(fake, "default", Question(**question), page, UTC, now_ns=NOW))


def test_an_empty_log_says_how_to_record():
    said = lines_for_nothing(Fake(0), query="x")
    assert "is empty" in said
    assert "record --action" in said


def test_an_empty_result_says_where_the_newest_match_is():
    newest = row_of(view(7, received=NOW - 7_200 * 10**9, outcome="failure"))
    said = lines_for_nothing(Fake(9, newest=newest), query="outcome:failure", since="1h")
    assert "nothing matches outcome:failure since 1h" in said
    assert "entry 7, 2 h ago" in said
    assert "alice order.create failure" in said


def test_where_nothing_ever_matched_that_is_said():
    assert "none of 9 entries matches, whatever its time" in lines_for_nothing(Fake(9), query="x")


def test_what_was_probably_meant_is_said_where_nothing_ever_matched():
    fake = Fake(9)
    fake.hints = ["did you mean outcome:failure?", "a\nb\x1b"]
    said = lines_for_nothing(fake, query="outcome:falure")
    assert "  try: did you mean outcome:failure?\n       a\\nb\\u001b\n" in said
    assert "search --by outcome shows what there is" in said


@pytest.mark.parametrize(
    ("question", "tried"),
    [
        ({"query": "ago", "since": "2h"}, "search --since 2h: a span is ago by itself"),
        ({"query": "actor:x ago", "until": "1d"}, "search actor:x --until 1d: a span"),
        ({"query": "ago", "since": "2026-11-27"}, "fewer conditions;"),
        ({"query": "long ago"}, "fewer conditions;"),
    ],
)
def test_ago_behind_a_span_is_no_word_to_search_for(question, tried):
    (line,) = [one for one in lines_for_nothing(Fake(9), **question).splitlines() if one.startswith("  try: ")]
    assert tried in line


def test_the_search_that_was_meant_is_one_of_the_same_log():
    fake = Fake(9)
    page = fake.page("l", Question(), limit=1)
    said = why_nothing(fake, "shop", Question(query="ago", since="2h"), page, UTC, now_ns=NOW)
    assert any(line.startswith("  try: ") and "search --log shop --since 2h: a span" in line for line in said)


def test_everything_has_a_name():
    assert lines_for_nothing(Fake(9), since="1h", until="now").startswith("no entries since 1h until now\n")


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-27", "2026-11-26", "ends before it begins: --until 2026-11-26 lies before --since 2026-11-27"),
        ("1h", "2h", "ends before it begins"),
        ("2026-11-27", "2026-11-27", "ends where it begins"),
    ],
)
def test_a_range_that_can_hold_nothing_is_said(since, until, said):
    lines = lines_for_nothing(Fake(9), since=since, until=until)
    assert said in lines
    assert "whatever its time" not in lines


def test_a_reversed_range_is_shown_the_right_way_round():
    assert lines_for_nothing(Fake(9), since="1h", until="2h").endswith("  try: --since 2h --until 1h")


def test_by_the_claimed_clock_the_newest_match_is_told_by_its_claimed_time():
    newest = {**row_of(view(7, received=NOW, outcome="failure")), "time": "2018-10-26T10:00:00Z"}
    said = lines_for_nothing(Fake(9, newest=newest), query="outcome:failure", since="1d", clock="claimed")
    assert "2018-10-26 10:00:00" in said


def test_a_match_without_a_claimed_time_is_told_as_that():
    newest = {**row_of(view(7, received=NOW, outcome="failure")), "time": None}
    said = lines_for_nothing(Fake(9, newest=newest), query="outcome:failure clock:claimed", since="1d")
    assert "entry 7, has no claimed time" in said
    assert "--clock received" in said


def test_programs_get_nothing_beside_an_empty_answer(capsys):
    searching = Searching(Fake(0), "default", Question("q"), UTC, as_json=True)
    searching.print_matches(limit=5, oldest=False, fields=None, template=None, relative=False)
    assert capsys.readouterr() == ("", "")


def test_a_tail_begins_with_the_last_and_goes_on_right_behind_what_was_looked_at(capsys):
    fake = Fake(100, tail=[Tailed(100, entry_line(100))])
    follow(fake, "l", Question(), printer(template="{index}"), since=None, last=3)
    assert fake.asked == [3, 99]
    assert capsys.readouterr().out.split() == ["97", "98", "99", "100"]


def test_a_tail_since_a_moment_shows_all_of_it_first(capsys):
    fake = Fake(2_050, tail=[Tailed(2_050, entry_line(2_050))])
    follow(fake, "l", Question(), printer(template="{index}"), since="1h", last=10)
    assert [int(one) for one in capsys.readouterr().out.split()] == list(range(2_051))
    assert fake.asked[-1] == 2_049


def test_a_tail_of_the_future_shows_nothing_first(capsys):
    fake = Fake(100, tail=[])
    follow(fake, "l", Question(), printer(template="{index}"), since=None, last=0)
    assert capsys.readouterr().out == ""
    assert fake.asked[-1] == 99


def test_what_was_missed_is_said_on_stderr(capsys):
    items = [Away("gone", 1.0), Away("still gone", 2.0), Caught(5, 5, 0), Caught(9, 9, 1_204)]
    follow(Fake(1, tail=items), "l", Question(), printer(as_json=True), since=None, last=0)
    err = capsys.readouterr().err
    assert err.count("trying again") == 1
    assert err.count("back after") == 1
    assert "1,204 more matched and are not shown" in err


@pytest.mark.parametrize(
    "where", [{"since": None, "last": 10}, {"since": "1h", "last": 10}, {"since": None, "last": 0}]
)
def test_a_tail_with_nothing_to_show_says_that_it_follows(capsys, where):
    size = 3 if where["last"] == 0 else 0
    follow(Fake(size), "shop", Question(), printer(), **where, tells_empty=True)
    follow(Fake(size), "shop", Question(), printer(), **where)
    assert capsys.readouterr() == ("", "following shop; Ctrl-C ends\n")


def test_a_tail_that_shows_something_says_no_more(capsys):
    follow(Fake(3), "shop", Question(), printer(template="{index}"), since=None, last=10, tells_empty=True)
    assert capsys.readouterr().err == ""
