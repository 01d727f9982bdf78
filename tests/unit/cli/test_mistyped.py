import click
import pytest

from graven.cli.main import run
from graven.cli.mistyped import nearest_option, usage_problem

KNOWN = ["--listen", "--token", "--log", "--workers", "-o", "--output"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("--wokers", "--workers"),
        ("--port", "--listen"),
        ("--ouput", "--output"),
        ("--frobnicate", None),
        ("--url", None),
    ],
)
def test_a_mistyped_option_is_likened_to_the_commands_own(given, meant):
    assert nearest_option(given, KNOWN) == meant


def test_dashes_do_not_make_two_options_alike():
    assert nearest_option("--wokers", ["--token"]) is None


def test_another_programs_word_for_an_option_is_understood(capsys):
    assert run(["serve", "--port", "80"]) == 2
    assert "graven serve has no option --port: did you mean --listen?" in capsys.readouterr().err


def test_a_missing_choice_is_told_on_one_line(capsys):
    assert run(["completion"]) == 2
    first = capsys.readouterr().err.splitlines()[0]
    assert "bash, zsh, fish" in first


def test_a_usage_error_without_context_names_the_programs_help():
    problem = usage_problem(click.UsageError("Nonsense."))
    assert (problem.message, problem.hint) == ("nonsense", "graven --help")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["export", "outcome:failure"], "graven export -q outcome:failure"),
        (["export", "outcome:failure", "duration>2s"], "graven export -q 'outcome:failure duration>2s'"),
        (["export", "-q", "outcome:failure", "a"], "graven export -q 'outcome:failure a'"),
        (["search", "-q", "x"], "graven search 'QUERY'"),
        (["tail", "--query", "x"], "graven tail 'QUERY'"),
    ],
)
def test_a_query_in_the_way_of_another_command_is_shown_in_this_ones(capsys, arguments, hint):
    assert run(arguments) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"try: {hint}")
