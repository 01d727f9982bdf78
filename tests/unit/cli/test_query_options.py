"""A query on the command line: which words are its, and where it is wrong."""

import click
import pytest
from click.shell_completion import ShellComplete

from graven.cli.main import graven, run
from graven.cli.query_options import QueryCommand, query_argument, shown_place, taught
from graven.errors import InvalidInput
from graven.index.process.asked import asked
from graven.index.query.parse import parse


@click.command(cls=QueryCommand, context_settings={"help_option_names": ["-h", "--help"]})
@query_argument
@click.option("-n", "--limit", type=int)
@click.option("--log")
@click.option("--oldest", is_flag=True)
def command(words, limit, log, oldest):
    """A command with a query."""
    return words, limit, log, oldest


def called(*arguments):
    return command.main(list(arguments), standalone_mode=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["actor:alice", "-env:dev"], ("actor:alice", "-env:dev")),
        (["-env:dev"], ("-env:dev",)),
        (["-name:x", "-host:a"], ("-name:x", "-host:a")),
        (["-env:dev actor:bob"], ("-env:dev actor:bob",)),
        (["-(a OR b)"], ("-(a OR b)",)),
        (["-"], ("-",)),
        (["--", "--limit", "-n"], ("--limit", "-n")),
        (["--", "a", "--", "b"], ("a", "--", "b")),
        ([], ()),
    ],
)
def test_words_of_a_query_may_begin_with_a_minus(arguments, words):
    assert called(*arguments) == (words, None, None, False)


@pytest.mark.parametrize("limit", [["-n", "5"], ["-n5"], ["--limit", "5"], ["--limit=5"]])
@pytest.mark.parametrize("before", [True, False])
def test_options_stand_before_and_behind_words(limit, before):
    query = ["a:b", "-c:d"]
    arguments = [*limit, *query] if before else [*query, *limit]
    assert called(*arguments, "--log", "-x-", "--oldest") == (("a:b", "-c:d"), 5, "-x-", True)


@pytest.mark.parametrize("typo", ["--limt", "-x"])
def test_what_looks_like_an_option_and_is_none_is_refused(typo):
    with pytest.raises(click.NoSuchOption):
        called("a", typo)


def problem(query):
    with pytest.raises(InvalidInput) as caught:
        parse(query, now_ns=0)
    return caught.value


def test_the_place_is_marked_below_the_query():
    query = "outcome:failure actr:alice"
    assert shown_place(query, problem(query), width=70) == f"{query}\n{' ' * 16}^^^^ expected: a field"


def test_a_place_behind_the_end_is_marked_there():
    query = "(a"
    assert shown_place(query, problem(query), width=70).splitlines()[1].startswith("  ^")


def test_wide_characters_take_two_cells():
    query = "日本 actr:x"
    assert shown_place(query, problem(query), width=70).splitlines()[1].startswith(" " * 5 + "^^^^")


def test_spaces_before_the_query_do_not_move_the_mark():
    query = "   actr:x"
    assert shown_place(query, problem(query), width=70) == "actr:x\n^^^^ expected: a field"


@pytest.mark.parametrize("at", [0, 400, 790])
def test_a_long_query_is_cut_around_the_place(at):
    query = "a" * at + " actr:x " + "b " * 300
    shown, marks = shown_place(query, problem(query), width=60).splitlines()
    assert len(shown) <= 60
    assert shown[marks.index("^") :].startswith("actr")


def test_nothing_that_acts_on_a_terminal_comes_out():
    query = "\x1b[2J actr:x"
    assert "\x1b" not in shown_place(query, problem(query), width=60)


def test_the_error_of_a_block_is_taught_once_and_others_pass():
    with pytest.raises(InvalidInput) as caught, taught("actr:x"):
        raise problem("actr:x")
    assert caught.value.why.startswith("actr:x\n^^^^")
    with pytest.raises(InvalidInput) as caught, taught("x"):
        raise InvalidInput("other", code="bad_cursor")
    assert caught.value.why == ""


@pytest.mark.parametrize(
    ("given", "hint"),
    [("yesterday", "--since 1d"), ("whenever", '--since 2h, --since 1d or --since "2026-11-27 10:15"')],
)
def test_a_wrong_moment_is_answered_with_the_option_as_it_is_given(given, hint):
    with pytest.raises(InvalidInput) as caught, taught(""):
        asked("shop", {"since": given}, 0)
    assert caught.value.message.startswith(f"--since '{given}': a time such as")
    assert caught.value.hint == hint


def completed(*words):
    shell = ShellComplete(graven, {}, "graven", "_GRAVEN_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_names_of_fields_are_offered():
    assert "outcome:" in completed("search", "out")
    assert completed("tail", "actor:x", "lab") == ["labels."]
    assert completed("export", "--fields", "index,outc") == ["index,outcome"]
    assert completed("search", "--by", "outc") == ["outcome"]


def test_more_last_matches_than_a_call_gives_are_refused_by_the_name_of_the_option(capsys):
    assert run(["tail", "-n", "1001"]) == 2
    said = capsys.readouterr().err
    assert "--last" in said
    assert "1000" in said
