"""A kill at any step of the very first start leaves what the next start completes or cleans."""

from pathlib import Path

import pytest
from tests.support.log_world import OPTIONS, Clock, numbered

from graven.log import LogPaths, create, create_log, log_names, open_log

STEPS = (
    "make_directories",
    "write_durably",
    "FileJournal",
    "SqliteHead",
    "DirectoryObjects",
    "sync_directory",
    "replace_durably",
    "finish_creation",
)


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def kill_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> list[str]:
    """Die at the step with this number, before or after its work; the list of steps that were begun."""
    begun: list[str] = []

    def deadly(name: str) -> None:
        work = getattr(create, name)

        def step(*args, **kwargs):
            begun.append(name)
            dies = len(begun) == number + 1
            if dies and not after:
                raise Killed
            result = work(*args, **kwargs)
            if dies:
                raise Killed
            return result

        monkeypatch.setattr(create, name, step)

    for name in STEPS:
        deadly(name)
    return begun


def first_start(data: Path) -> None:
    """What the server does at every start."""
    if "default" not in log_names(data):
        create_log(data, "default", clock=Clock())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(14))
def test_the_next_start_works_and_leaves_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool
) -> None:
    with monkeypatch.context() as patched:
        kill_at(patched, number, after=after)
        with pytest.raises(Killed):
            first_start(tmp_path)
    first_start(tmp_path)
    log = open_log(tmp_path, "default", clock=Clock(), options=OPTIONS, state_dir=tmp_path / "state")
    log.append(numbered(0, 3))
    log.close()
    paths = LogPaths(tmp_path, "default")
    assert log.published_size == 3
    assert not paths.new_key.exists()
    assert paths.key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in paths.logs.iterdir() if path.name.startswith(".creating")] == []


def test_creation_has_as_many_steps_as_are_killed_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = kill_at(monkeypatch, 1_000, after=False)
    first_start(tmp_path)
    assert len(begun) == 14
    assert set(begun) == set(STEPS)
