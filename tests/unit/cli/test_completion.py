import pytest
from click.shell_completion import ShellComplete

from graven.cli.main import graven


def completed(*words):
    """(text, kind) of what a shell is offered for the last of `words`."""
    found = ShellComplete(graven, {}, "graven", "_GRAVEN_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [(item.value, item.type) for item in found]


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "gra"),
        ("verify", "x", "--key", "gra"),
        ("verify", "x", "--policy", "gra"),
        ("serve", "--data", "gra"),
        ("serve", "--anchor", "gra"),
        ("import", "gra"),
    ],
)
def test_a_shell_is_told_to_offer_files_where_a_file_may_stand(words):
    assert completed(*words) == [("gra", "file")]


def test_logs_of_the_data_directory_are_offered(tmp_path):
    for name in ("ci", "default", "copies"):
        (tmp_path / "logs" / name).mkdir(parents=True)
    assert completed("show", "--data", str(tmp_path), "--log", "c") == [("ci", "plain"), ("copies", "plain")]


def test_where_there_is_no_data_directory_no_log_is_offered(tmp_path):
    assert completed("show", "--data", str(tmp_path), "--log", "") == []
