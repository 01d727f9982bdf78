"""What `graven search` refuses before anything is asked."""

import pytest

from graven.cli.main import run


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--histogram", "-n", "5"], "--histogram counts every match, and --limit would change nothing"),
        (["--count", "-n", "5"], "--count counts every match, and --limit would change nothing"),
        (["--by", "actor", "--oldest"], "--by counts every match, and --oldest would change nothing"),
        (["--count", "--fields", "actor"], "--count counts every match, and --fields would change nothing"),
    ],
)
def test_what_would_change_nothing_beside_a_count_is_refused(tmp_path, capsys, options, said):
    assert run(["search", "--data", str(tmp_path), *options]) == 2
    assert said in capsys.readouterr().err


def test_a_limit_of_the_values_that_are_counted_is_none_of_them(tmp_path, capsys):
    run(["search", "--data", str(tmp_path / "absent"), "--by", "actor", "-n", "5"])
    assert "would change nothing" not in capsys.readouterr().err
