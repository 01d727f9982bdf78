"""What pytest loads in every run: two options, and nothing else unless the user asks to record.

Whatever goes wrong while the recorder is set up is told as a warning: pytest goes on without it.
"""

from collections.abc import Callable

import pytest

LEVELS = ("off", "outcomes", "io", "calls")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag, the level and their ini spellings."""
    group = parser.getgroup("graven", "graven: a record of this run that cannot be rewritten")
    group.addoption("--graven", action="store_true", default=None, help="Record this run (into .graven, or a server).")
    group.addoption(
        "--graven-level",
        choices=LEVELS,
        default=None,
        help="How much to record: nothing; status, errors and durations; values and I/O; that and the calls of the "
        "packages in graven_calls [io].",
    )
    parser.addini("graven", "record every run, as --graven", type="bool", default=False)
    parser.addini("graven_level", "how much to record: off, outcomes, io or calls", default="io")
    parser.addini("graven_calls", "packages whose calls are recorded at level calls", type="args", default=[])


@pytest.fixture(scope="session")
def graven_attach() -> Callable[..., bool]:
    """`graven_attach(name, data_or_path, media_type=None)`: keep a file or bytes with the running test.

    Gives whether it was kept. Does nothing where the run is not recorded.
    """
    from graven.pytest_plugin.attachments import attach

    return attach


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
    if level == "calls" and not config.getini("graven_calls"):
        raise pytest.UsageError(
            "level calls records the calls of the packages in graven_calls, which is not set: "
            "add `graven_calls = mypackage` to the ini file, or pass `-o graven_calls=mypackage`"
        )
    try:
        from graven.pytest_plugin.start import start
    except ImportError as error:
        config.issue_config_time_warning(
            pytest.PytestConfigWarning(f"graven does not record: {error}: pip install graven"), stacklevel=2
        )
        return
    start(config, level)
