import pytest

from graven.cli.commands.serve import settings_from
from graven.cli.main import run
from graven.cli.setting_flags import describe, flag_of
from graven.server.settings import setting_names


def test_every_setting_is_described():
    infos = describe()
    assert [info.name for info in infos] == setting_names()
    assert [info.name for info in infos if not info.description] == []


def test_every_setting_but_lists_of_tables_has_a_flag_in_the_help(capsys):
    assert run(["serve", "--help"]) == 0
    text = capsys.readouterr().out
    without = [name for name in setting_names() if flag_of(name) is None]
    assert without == ["redaction.rules"]
    assert [name for name in setting_names() if (flag_of(name) or "") not in text] == []


def test_flags_reach_the_settings(monkeypatch):
    loaded = settings_from(
        None,
        {
            "setting_data": "d",
            "setting_limits_body_bytes": 5,
            "setting_access_public_logs": ("a", "b"),
            "setting_anchor": (),
            "setting_redaction_defaults": False,
        },
    )
    settings = loaded.settings
    assert (settings.data, settings.limits.body_bytes, settings.access.public_logs) == ("d", 5, ["a", "b"])
    assert (settings.anchor, settings.redaction.defaults) == ([], False)
    assert loaded.origins["limits.body_bytes"] == "flag"
    assert loaded.origins["anchor"] == "default"


@pytest.mark.parametrize("arguments", [["--limits-body-bytes", "x"], ["--limits-bdy-bytes", "1"]])
def test_a_wrong_flag_is_a_usage_error(arguments, capsys):
    assert run(["serve", *arguments]) == 2
    assert "error:" in capsys.readouterr().err
