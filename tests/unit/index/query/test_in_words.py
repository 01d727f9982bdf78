import pytest

from graven.index.query.in_words import in_words
from graven.index.query.parse import parse


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "every event"),
        ("declined", 'the word "declined"'),
        ('"card declined"', 'the words "card declined", one after another'),
        ("declin*", 'a word that begins with "declin"'),
        ("card-decl*", 'the words "card" and then a word that begins with "decl"'),
        ("*clin*", 'a word has "clin" in it'),
        ("message:declined", 'the word "declined" in message'),
        ("actor:alice", 'actor is "alice"'),
        ("index:5", "index is 5"),
        ("action:order.*", 'action begins with "order."'),
        ("uri:*/x", 'uri ends with "/x"'),
        ("uri:*x*", 'uri has "x" in it'),
        ("uri:a*b", 'uri is of the form "a*b", with any text for each *'),
        ("duration>2s", "duration is above 2s"),
        ("index<=100", "index is at most 100"),
        ("since:2026-11-27", "received is at or after 2026-11-27T00:00:00Z"),
        ("received<2026-11-27T10:15:00.5Z", "received is before 2026-11-27T10:15:00.5Z"),
        ("input.lines[].sku:x", 'input.lines[].sku (of any element) is "x"'),
        ("labels.team:*", "labels.team is there"),
        ("-actor:a", 'not: actor is "a"'),
        ("actor:a OR (env:b -env:c)", 'one of: actor is "a"; (all of: env is "b"; not: env is "c")'),
        ("(env:a OR env:b) env:c", 'all of: (one of: env is "a"; env is "b"); env is "c"'),
        ("-(env:a env:b)", 'not: (all of: env is "a"; env is "b")'),
    ],
)
def test_a_query_is_said_in_words(query, said):
    assert in_words(parse(query, now_ns=0).query) == said


def test_a_long_value_is_cut():
    assert in_words(parse(f"actor:{'a' * 500}", now_ns=0).query) == f'actor is "{"a" * 80}…"'
