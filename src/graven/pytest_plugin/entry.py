"""What pytest loads in every run: two options, and nothing else unless the user asks to record.

Whatever goes wrong while the recorder is set up is told as a warning: pytest goes on without it.
"""

import pytest

LEVELS = ("off", "outcomes", "io")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag, the level and their ini spellings."""
    group = parser.getgroup("graven", "graven: a record of this run that cannot be rewritten")
    group.addoption("--graven", action="store_true", default=None, help="Record this run (into .graven, or a server).")
    group.addoption("--graven-level", choices=LEVELS, default=None, help="How much to record [io].")
    parser.addini("graven", "record every run, as --graven", type="bool", default=False)
    parser.addini("graven_level", "how much to record: off, outcomes or io", default="io")


def pytest_configure(config: pytest.Config) -> None:
    """Start recording when asked to."""
    asked = config.getoption("--graven")
    if not (config.getini("graven") if asked is None else asked):
        return
    level = config.getoption("--graven-level") or config.getini("graven_level")
    if level == "off" or config.getoption("--help", False):
        return
    if level not in LEVELS:
        raise pytest.UsageError(f"graven_level is {level!r}, and not one of {', '.join(LEVELS)}")
    try:
        from graven.pytest_plugin.start import start
    except ImportError as error:
        config.issue_config_time_warning(
            pytest.PytestConfigWarning(f"graven does not record: {error}: pip install graven"), stacklevel=2
        )
        return
    start(config, level)
