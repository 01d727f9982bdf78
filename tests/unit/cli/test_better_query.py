import pytest

from graven.cli.better_query import better_query


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("outcome:falure", "did you mean outcome:failure? outcome is success, failure, denied, error or unknown"),
        ("outcome:Failure", "did you mean outcome:failure? outcome is success, failure, denied, error or unknown"),
        ("outcome:5xx", "outcome is success, failure, denied, error or unknown"),
        ("-env:dev outcome:fail|denied", "did you mean outcome:(failure OR denied)?"),
        ("actor:alice|bob", "did you mean actor:(alice OR bob)?"),
        ("actor.type:usr", "did you mean actor.type:user? actor.type is user, service,"),
        ("target:order:42", "did you mean target:order/42?"),
        ("target.id:order:42", "did you mean target:order/42?"),
        ("actor:user:alice", "did you mean actor:alice?"),
        ('actor:"user:a b"', 'did you mean actor:"a b"?'),
        ("actor:alice or actor:bob", "OR, AND and NOT are upper case; or is a word to search for"),
        ("not outcome:failure", "OR, AND and NOT are upper case; not is a word"),
        ("(not outcome:failure)", "OR, AND and NOT are upper case; not is a word"),
    ],
)
def test_what_was_probably_meant_is_said(query, hint):
    (said,) = better_query(query).hints
    assert said.startswith(hint)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "outcome:failure",
        '"this or that"',
        "actor:svc:billing",
        "target:a/b:c",
        "index:5",
        "uri:http://x",
        "actor:|",
        "(",
    ],
)
def test_what_may_have_been_meant_as_it_stands_is_left_alone(query):
    assert better_query(query).hints == []


@pytest.mark.parametrize(
    ("query", "by"),
    [("outcome:falure", "outcome"), ("target:x actor:y", "actor"), ("declined", "action"), ("target:x", "action")],
)
def test_the_field_to_look_at_is_the_first_that_is_asked_and_can_be_counted(query, by):
    assert better_query(query).by == by
