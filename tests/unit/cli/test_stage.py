import pytest

from graven.cli.demo.stage import Stage


@pytest.fixture
def stage(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    return Stage()


def test_everything_fits_into_eighty_columns(stage, capsys):
    stage.title("Title", "word " * 40)
    stage.section("A section")
    stage.tick("fact " * 40)
    stage.cross("fact " * 40)
    stage.output("key+" * 60 + "\n" + "word " * 60)
    stage.say("word " * 60)
    stage.summary()
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_folding_loses_nothing(stage, capsys):
    text = "k" * 300
    stage.output(text)
    assert "".join(capsys.readouterr().out.split()) == text


def test_a_cross_fails_the_demonstration(stage):
    stage.tick("good")
    assert not stage.failed
    stage.check(False, "good", "bad")
    assert stage.failed


def test_commands_are_shown_as_one_would_type_them(stage, capsys):
    stage.command(["graven", "import", "k8s/*.json", "--message", "it's here"])
    assert capsys.readouterr().out == "\n   $ graven import k8s/*.json --message 'it'\\''s here'\n"


def test_a_quiet_stage_prints_nothing(capsys):
    Stage(quiet=True).tick("good")
    assert capsys.readouterr().out == ""
