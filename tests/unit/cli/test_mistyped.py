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
        (["search", "--querry", "x"], "graven search 'QUERY'"),
        (["around", "3", "--qery=x"], "graven around 'QUERY'"),
    ],
)
def test_a_query_in_the_way_of_another_command_is_shown_in_this_ones(capsys, arguments, hint):
    assert run(arguments) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"try: {hint}")


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (["--data", "d", "search"], "graven has no option --data: --data stands behind", "graven COMMAND --data …"),
        (["--servr=s", "search"], "graven has no option --servr: --server stands behind", "graven COMMAND --server …"),
        (["token", "--log", "l"], "graven token has no option --log: --log stands", "graven token COMMAND --log …"),
    ],
)
def test_an_option_before_the_command_is_told_where_it_belongs(capsys, arguments, said, hint):
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.rstrip().endswith(f"try: {hint}")


def test_an_option_that_no_command_has_is_not_placed_behind_one(capsys):
    assert run(["--frobnicate", "search"]) == 2
    assert capsys.readouterr().err.startswith("error: graven has no option --frobnicate\n")
