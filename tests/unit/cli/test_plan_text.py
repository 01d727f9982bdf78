from graven.cli.plan_text import plan_lines

FAST = {"condition": "actor:alice", "means": 'actor is "alice"', "answered_by": "codes", "leaves": 66}
SLOW = {"condition": "uri:*x*", "means": 'uri has "x" in it', "answered_by": "raw values", "reads_at_most": 1_204}
SEGMENTS = {"sealed": 3, "hot": 1, "looked_at": 2, "passed_over": 2}


def text(plan, found=2):
    return "\n".join(plan_lines(plan, found))


def test_each_condition_has_its_meaning_what_answers_it_and_how_much_is_left():
    said = text({"conditions": [FAST, SLOW], "clock": "received"})
    assert said.startswith("finds the events that meet all of these:\nsince and until go by the time received, the")
    assert '1. actor:alice\n   actor is "alice"\n   codes → leaves 66 rows\n' in said
    assert "   raw values → reads at most 1,204 rows\n" in said


def test_the_cost_is_told_in_segments_rows_and_time():
    said = text({"conditions": [FAST], "segments": SEGMENTS, "entries": 5_000, "took_ms": 1.25})
    assert "5,000 entries in 4 segments (3 sealed, 1 hot): 2 with rows to look at, 2 passed over\n" in said
    assert said.endswith("1.2 ms to find 2 matches")


def test_a_folder_says_how_many_entries_are_read():
    said = text({"conditions": [FAST], "entries": 9, "scanned": {"first": 2, "end": 9}})
    assert said.endswith("9 entries, 7 of them read: there is no index here")


def test_a_query_of_nothing_finds_every_event():
    assert text({"conditions": [{"condition": "", "means": "every event"}]}).startswith("finds every event\n")


def test_a_plan_of_an_older_server_is_shown_as_far_as_it_goes():
    old = {
        "conditions": [{"condition": "a", "answered_by": "terms"}],
        "segments": {"sealed": 0, "hot": 1},
        "entries": 3,
    }
    assert text(old).endswith("1. a\n   terms\n3 entries in 1 segment (0 sealed, 1 hot)")


def test_what_a_server_says_does_nothing_to_a_terminal():
    assert "\x1b" not in text({"conditions": [{"condition": "a\x1b[2J", "means": "b\x1b", "answered_by": "c\n"}]})
