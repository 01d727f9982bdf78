import os
import subprocess
import sys

import pytest

from graven.cli import main as program
from graven.cli.lazy import COMMANDS
from graven.cli.main import graven, run
from graven.errors import CouldNotCheck, GravenError, Tampered

HEAVY = ["rich", "httpx", "msgspec", "cryptography", "numpy", "litestar", "json.tool", "asyncio", "graven.tlog"]


def test_help_loads_no_heavy_module():
    script = (
        "import sys; from graven.cli.main import run; code = run(['--help']); "
        f"found = [m for m in {HEAVY!r} if m in sys.modules]; "
        "print('loaded:', found, [m for m in sys.modules if m.startswith('graven.cli.commands.')]); sys.exit(code)"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "loaded: [] []"


def test_help_lists_every_command(capsys):
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_the_command_says(name):
    command = graven.get_command(graven.make_context("graven", [name, "--help"], resilient_parsing=True), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name]


def _help_pages(command=graven, path=()):
    yield path, command
    context = graven.make_context("graven", [], resilient_parsing=True)
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    for name in names:
        yield from _help_pages(command.get_command(context, name), (*path, name))


PAGES = {" ".join(path): list(path) for path, _ in _help_pages()}


@pytest.mark.parametrize("page", PAGES)
def test_every_help_page_has_an_example_of_itself(page, capsys):
    assert run([*PAGES[page], "--help"]) == 0
    text = capsys.readouterr().out
    examples = text.partition("Examples:\n")[2]
    assert f"graven {page}".strip() in examples


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if page not in {"", "log", "token", "key", "run", "spool", "test", "snapshot", "alert", "index"}
    ],
)
def test_every_command_takes_json(page, capsys):
    assert run([*PAGES[page], "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_a_mistyped_command_gets_a_suggestion_and_exit_code_2(capsys):
    assert run(["recrod"]) == 2
    assert capsys.readouterr().err == (
        'error: there is no command "recrod": did you mean "record"?\n  try: graven --help\n'
    )


def test_a_mistyped_subcommand_gets_a_suggestion(capsys):
    assert run(["token", "crate"]) == 2
    assert 'did you mean "create"?' in capsys.readouterr().err


@pytest.mark.parametrize(("word", "meant"), [("create", "set"), ("add", "set"), ("remove", "delete"), ("lst", "list")])
def test_another_word_for_a_subcommand_gets_the_one_that_does_it(word, meant, capsys):
    assert run(["alert", word, "x"]) == 2
    assert f'did you mean "{meant}"?' in capsys.readouterr().err


def test_a_mistyped_option_is_a_usage_error(capsys):
    assert run(["show", "1", "--rwa"]) == 2
    assert "try: graven show --help" in capsys.readouterr().err


def test_without_arguments_the_help_is_shown_and_the_code_is_2(capsys):
    assert run([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_the_version_is_told(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("graven ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Tampered("t"), 1),
        (CouldNotCheck("c"), 3),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
        (PermissionError(13, "Permission denied", "x"), 2),
        (FileNotFoundError(2, "No such file or directory", "x"), 2),
        (OSError(28, "No space left on device"), 8),
        (GravenError("something else"), 9),
        (ZeroDivisionError("a bug"), 70),
    ],
)
def test_each_exception_has_its_exit_code(monkeypatch, error, code):
    def fail(arguments):
        raise error

    monkeypatch.setattr(program, "_invoke", fail)
    monkeypatch.setattr(program, "_discard_output", lambda: None)
    monkeypatch.delenv("GRAVEN_DEBUG", raising=False)
    assert run(["demo"]) == code


def test_with_json_an_error_is_one_json_object(capsys):
    assert run(["search", "--limit", "x", "--json"]) == 2
    assert capsys.readouterr().err.startswith('{"error": {"code": "usage"')


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m graven record --help | true; echo ${{PIPESTATUS[0]}}"
    finished = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, env=os.environ)
    assert (finished.stdout, finished.stderr) == ("0\n", "")
