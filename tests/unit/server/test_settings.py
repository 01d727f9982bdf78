"""Settings: precedence, origins, refusals."""

import re
from pathlib import Path

import pytest

from graven.errors import UsageError
from graven.server import settings as settings_module
from graven.server.settings import Settings, load_settings, setting_names, unknown_variables


def file_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "graven.toml"
    path.write_text(text)
    return path


def test_defaults_hold_when_nothing_is_said() -> None:
    loaded = load_settings({}, {})
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}


def test_flag_wins_over_environment_over_file_over_default(tmp_path: Path) -> None:
    file = file_with(tmp_path, 'data = "f"\nlisten = "f:1"\norigin = "f"\n')
    environ = {"GRAVEN_DATA": "e", "GRAVEN_LISTEN": "e:1"}
    loaded = load_settings({"data": "flag", "listen": None}, environ, file)
    assert (loaded.settings.data, loaded.settings.listen, loaded.settings.origin) == ("flag", "e:1", "f")
    assert loaded.origins["data"] == "flag"
    assert loaded.origins["listen"] == "environment GRAVEN_LISTEN"
    assert loaded.origins["origin"] == f"file {file}"
    assert loaded.origins["anchor"] == "default"


def test_every_setting_has_an_origin() -> None:
    assert list(load_settings({}, {}).origins) == setting_names()


def test_environment_text_becomes_the_type_of_the_setting() -> None:
    environ = {
        "GRAVEN_LIMITS_BODY_BYTES": "1024",
        "GRAVEN_ACCESS_AUTH": "false",
        "GRAVEN_ACCESS_PUBLIC_LOGS": "a, b",
        "GRAVEN_VERIFICATION_INTERVAL_S": "0.5",
    }
    settings = load_settings({}, environ).settings
    assert settings.limits.body_bytes == 1024
    assert settings.access.auth is False
    assert settings.access.public_logs == ["a", "b"]
    assert settings.verification.interval_s == 0.5


def test_variables_of_the_clients_are_not_ours_to_judge() -> None:
    assert load_settings({}, {"GRAVEN_TOKEN": "grv_x", "GRAVEN_SERVER": "http://x"}).settings == Settings()


@pytest.mark.parametrize(
    ("flags", "environ", "text", "hint"),
    [
        ({"lisen": "x"}, {}, "", "listen"),
        ({}, {"GRAVEN_LIMITS_BODY_BYTE": "1"}, "", "GRAVEN_LIMITS_BODY_BYTES"),
        ({}, {}, "[limits]\nbody_byte = 1\n", "limits.body_bytes"),
        ({}, {}, "[limit]\nbody_bytes = 1\n", ""),
    ],
)
def test_an_unknown_name_is_refused_with_a_suggestion(
    tmp_path: Path, flags: dict[str, str], environ: dict[str, str], text: str, hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        load_settings(flags, environ, file_with(tmp_path, text))
    assert refused.value.code == "unknown_setting"
    assert hint in refused.value.hint


@pytest.mark.parametrize("text", ["[limits]\nbody_bytes = 0\n", 'listen = 7\n[limits]\nbody_bytes = "x"\n', "not toml"])
def test_a_wrong_value_or_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        load_settings({}, {}, file_with(tmp_path, text))


def test_a_wrong_value_is_named_with_its_origin() -> None:
    with pytest.raises(UsageError, match=r"limits\.body_bytes \(environment GRAVEN_LIMITS_BODY_BYTES\)"):
        load_settings({}, {"GRAVEN_LIMITS_BODY_BYTES": "many"})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings({}, {}, tmp_path / "absent.toml")


def test_a_variable_that_nobody_reads_is_told_with_the_one_that_was_meant() -> None:
    environ = {
        "GRAVEN_LISTN": "x",
        "GRAVEN_TOKEN": "t",
        "GRAVEN_LISTEN": "127.0.0.1:1",
        "HOME": "/",
    }
    assert unknown_variables(environ) == [
        "the variable GRAVEN_LISTN is not known (did you mean GRAVEN_LISTEN?)",
    ]


def test_every_variable_that_the_code_names_is_known() -> None:
    source = Path(settings_module.__file__).parents[1]
    named = {
        match[0]
        for path in source.rglob("*.py")
        for match in re.finditer(r"(?<![_A-Z])GRAVEN_[A-Z][A-Z_]*[A-Z]\b", path.read_text("utf-8"))
    }
    assert len(named) > 5
    assert unknown_variables(dict.fromkeys(named, "")) == []
