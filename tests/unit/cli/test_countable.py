import re
from pathlib import Path

import pytest

from graven.cli.countable import countable
from graven.cli.main import run
from graven.errors import UsageError
from graven.index.query.fields import FACETS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["action", "actor.id", " outcome "])
def test_a_field_whose_values_are_enumerated_is_taken(name):
    assert countable(name) == name.strip()


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("actor,action", "takes one field", "--by actor, then the next"),
        (",", "takes one field", "--by action"),
        ("", "names no field", "--by action"),
        ("target", "--by: target cannot be counted by value", "those that can: source, "),
        ("duration", "--by: duration cannot be counted by value", "those that can: source, "),
        ("nope", "--by: unknown field 'nope'", "those that can: source, "),
        ("acton", "--by: unknown field 'acton'", "did you mean --by action?"),
    ],
)
def test_any_other_is_refused_with_those_that_can(name, said, hint):
    with pytest.raises(UsageError) as caught:
        countable(name)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_the_guide_lists_those_that_can():
    guide = (ROOT / "docs" / "guide" / "search.md").read_text()
    said = guide[guide.index("`--by` counts") :].split("\n\n")[0]
    assert re.findall("`([a-z.]+)`", said) == [field.name for field in FACETS]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search", "--fields", ""], "--fields names no field"),
        (["tail", "--fields", " , "], "--fields names no field"),
        (["export", "--fields", ""], "--fields names no field"),
        (["search", "--by", "actor,action"], "--by takes one field"),
        (["search", "--by", ""], "--by names no field"),
        (["search", "--histogram", "--by", "target"], "target cannot be counted"),
        (["search", "-n", "0"], 'give a number above 0, or "all"'),
        (["search", "--by", "action", "--limit", "00"], 'give a number above 0, or "all"'),
    ],
)
def test_what_cannot_be_answered_is_a_usage_error(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)
    assert run(["log", "create", "default", "--data", str(tmp_path / "d")]) == 0
    assert run([*arguments, "--data", str(tmp_path / "d")]) == 2
    assert said in capsys.readouterr().err
