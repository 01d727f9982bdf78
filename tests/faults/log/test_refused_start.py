"""Each contradiction on disk refuses the start, says why, and changes nothing."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.log_world import SECOND, Clock, numbered

from graven.errors import Conflict, NotFound, RefusedToStart, UsageError
from graven.log import Incident, Log, LogOptions, LogPaths, create_log, open_log
from graven.log.doctor import accept_clock, adopt_rollback
from graven.tlog.note import Signer
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify

OPTIONS = LogOptions(supervise=False, segment_bytes=40_000)


class Home:
    """A data directory, a state directory and a clock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.state = root / "state"
        self.clock = Clock()
        self.incidents: list[Incident] = []
        for name in ("default", "system"):
            create_log(self.data, name, clock=self.clock)
        self.paths = LogPaths(self.data, "default")

    def open(self, name: str = "default") -> Log:
        return open_log(
            self.data,
            name,
            clock=self.clock,
            options=OPTIONS,
            on_incident=self.incidents.append,
            state_dir=self.state,
        )

    def grow(self, start: int, count: int) -> None:
        log = self.open()
        log.append(numbered(start, count))
        log.close()

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.data, self.root / name))

    def restore(self, copy: Path) -> None:
        shutil.rmtree(self.data)
        shutil.copytree(copy, self.data)

    def refusal(self) -> RefusedToStart:
        before = content(self.paths.root)
        with pytest.raises(RefusedToStart) as caught:
            self.open()
        assert caught.value.why or caught.value.hint
        assert content(self.paths.root) == before
        return caught.value


def content(folder: Path) -> dict[str, bytes]:
    """Everything that is evidence: not the lock, SQLite's own files, or the clean mark."""
    ignored = ("lock", "clean", "requests.sqlite")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ignored and "sqlite" not in path.name
    }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.grow(0, 300)
    return home


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("head", "head_missing"),
        ("checkpoint", "checkpoint_missing"),
        ("journal", "journal_missing"),
        ("key", "key_missing"),
        ("vkey", "vkey_missing"),
    ],
)
def test_a_missing_part_is_never_initialised_over(home: Home, part: str, code: str) -> None:
    path: Path = getattr(home.paths, part)
    remove(path)
    assert home.refusal().code == code
    assert not path.exists()


def test_an_emptied_head_is_refused(home: Home) -> None:
    with sqlite3.connect(home.paths.head) as db:
        db.execute("DELETE FROM head")
    db.close()
    assert home.refusal().code == "head_missing"


def test_an_emptied_journal_is_refused(home: Home) -> None:
    for path in home.paths.journal.iterdir():
        path.unlink()
    assert home.refusal().code == "journal_gap"


def test_an_older_journal_is_refused(home: Home) -> None:
    older = home.copy("older")
    home.grow(300, 700)
    shutil.rmtree(home.paths.journal)
    shutil.copytree(older / "logs/default/journal", home.paths.journal)
    assert home.refusal().code == "journal_gap"


def test_a_segment_missing_in_the_middle_is_refused(home: Home) -> None:
    for start in range(300, 2_000, 300):
        home.grow(start, 300)
    segments = sorted(home.paths.journal.glob("*.gvj"))
    assert len(segments) > 2
    segments[1].unlink()
    assert home.refusal().code == "journal_damaged"


def test_a_journal_that_begins_after_the_head_is_refused(home: Home) -> None:
    older = home.copy("older")
    for start in range(300, 2_000, 300):
        home.grow(start, 300)
    shutil.rmtree(home.state)
    newer = home.copy("newer")
    home.restore(older)
    shutil.rmtree(home.paths.journal)
    shutil.copytree(newer / "logs/default/journal", home.paths.journal)
    for segment in sorted(home.paths.journal.glob("*.gvj"))[:2]:
        segment.unlink()
    assert home.refusal().code == "journal_gap"


def test_a_checkpoint_newer_than_the_head_is_refused(home: Home) -> None:
    older = home.copy("older")
    home.grow(300, 10)
    shutil.rmtree(home.state)
    shutil.copy(older / "logs/default/head.sqlite", home.paths.head)
    assert home.refusal().code == "checkpoint_ahead"


def test_a_checkpoint_older_than_the_head_is_published_again(home: Home) -> None:
    older = home.paths.checkpoint.read_bytes()
    home.grow(300, 10)
    newer = home.paths.checkpoint.read_bytes()
    home.paths.checkpoint.write_bytes(older)
    home.open().close()
    assert home.paths.checkpoint.read_bytes() == newer


def test_witness_cosignatures_on_the_checkpoint_are_kept(home: Home) -> None:
    signed = home.paths.checkpoint.read_bytes()
    witness = Signer("witness.example", bytes(32))
    line = f"\u2014 witness.example {encode(witness.verifier.key_id + bytes(64))}\n".encode()
    home.paths.checkpoint.write_bytes(signed + line)
    home.open().close()
    assert home.paths.checkpoint.read_bytes() == signed + line


def encode(data: bytes) -> str:
    from graven.tlog.encoding import encode_base64

    return encode_base64(data)


def test_another_key_is_refused(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    shutil.copy(other.paths.key, home.paths.key)
    assert home.refusal().code == "wrong_key"


def test_another_key_with_its_own_vkey_is_refused_too(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    shutil.copy(other.paths.key, home.paths.key)
    shutil.copy(other.paths.vkey, home.paths.vkey)
    assert home.refusal().code == "wrong_key"


def test_a_key_that_others_can_read_is_refused(home: Home) -> None:
    home.paths.key.chmod(0o644)
    assert home.refusal().code == "key_exposed"


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: data.replace(b" ", b"  ", 1),
        lambda data: data[:-9] + b"\n",
        lambda data: b"",
    ],
)
def test_a_key_in_any_other_spelling_is_refused(home: Home, edit: Callable[[bytes], bytes]) -> None:
    data = home.paths.key.read_bytes()
    home.paths.key.write_bytes(edit(data))
    refusal = home.refusal()
    assert refusal.code == "key_malformed"
    assert data.split()[2].decode()[:20] not in refusal.message


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "checkpoint"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "deleted"])
def test_a_damaged_right_edge_is_refused(home: Home, path: str, damage: str) -> None:
    file = home.paths.root / path
    data = file.read_bytes()
    if damage == "flipped":
        file.write_bytes(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])
    elif damage == "cut":
        file.write_bytes(data[:-1])
    else:
        file.unlink()
    assert home.refusal().code in {
        "tiles_damaged",
        "tiles_missing",
        "bundle_damaged",
        "checkpoint_damaged",
        "checkpoint_missing",
        "wrong_key",
    }


def test_a_second_writer_is_refused_even_in_this_process(home: Home) -> None:
    log = home.open()
    with pytest.raises(RefusedToStart) as caught:
        home.open()
    assert caught.value.code == "locked"
    assert str(os.getpid()) in caught.value.message
    log.close()
    home.open().close()


def test_a_refused_start_lets_go_of_the_lock(home: Home) -> None:
    home.paths.key.chmod(0o644)
    home.refusal()
    home.paths.key.chmod(0o600)
    home.open().close()


def test_a_clock_far_behind_is_refused_until_it_is_accepted_on_record(home: Home) -> None:
    home.open("system").close()
    home.clock.now_ns -= 3_600 * SECOND
    assert home.refusal().code == "clock_behind"
    # the system log was signed at about the same time: its clock is accepted as well, and recorded first
    incident = accept_clock(home.data, "default", clock=home.clock, state_dir=home.state)
    assert incident.kind == "clock_accepted"
    log = home.open()
    log.append(numbered(300, 2))
    times = [entry[19:49] for entry in log.entries(0, log.size)]
    assert times == sorted(times)
    log.close()
    assert [action(entry) for entry in recorded(home)] == ["incident.clock_accepted"] * 2


def test_a_clock_a_little_behind_is_fine(home: Home) -> None:
    home.clock.now_ns -= 4 * SECOND
    home.open().close()


def test_a_clock_that_is_right_needs_no_acceptance(home: Home) -> None:
    with pytest.raises(UsageError):
        accept_clock(home.data, "default", clock=home.clock, state_dir=home.state)


def test_a_restored_old_copy_is_refused_until_it_is_adopted_on_record(home: Home) -> None:
    old = home.copy("old")
    home.grow(300, 5)
    home.restore(old)
    refusal = home.refusal()
    assert refusal.code == "rollback"
    assert "305" in refusal.message
    assert "300" in refusal.message
    incident = adopt_rollback(home.data, "default", clock=home.clock, state_dir=home.state)
    assert "305" in incident.details["seen"]
    home.grow(400, 1)
    (entry,) = recorded(home)
    assert action(entry) == "incident.rollback_adopted"
    assert any("given-up" in path.name for path in home.state.rglob("*"))


def test_the_way_out_is_recorded_before_it_takes_effect(home: Home) -> None:
    old = home.copy("old")
    home.grow(300, 5)
    home.restore(old)
    LogPaths(home.data, "system").key.chmod(0o644)
    with pytest.raises(RefusedToStart):
        adopt_rollback(home.data, "default", clock=home.clock, state_dir=home.state)
    assert home.refusal().code == "rollback"


def test_a_fork_of_equal_size_is_refused(home: Home) -> None:
    old = home.copy("old")
    home.grow(300, 5)
    (mark,) = (home.state / "highwater").iterdir()
    seen = mark.read_bytes()
    home.restore(old)
    shutil.rmtree(home.state)
    home.grow(900, 5)
    mark.write_bytes(seen)
    assert home.refusal().code == "fork"


def test_a_log_that_outgrew_its_mark_on_another_branch_is_refused(home: Home) -> None:
    old = home.copy("old")
    home.grow(300, 5)
    (mark,) = (home.state / "highwater").iterdir()
    seen = mark.read_bytes()
    home.restore(old)
    shutil.rmtree(home.state)
    home.grow(900, 50)
    mark.write_bytes(seen)
    assert home.refusal().code == "fork"


def test_a_log_in_agreement_has_nothing_to_adopt(home: Home) -> None:
    with pytest.raises(UsageError):
        adopt_rollback(home.data, "default", clock=home.clock, state_dir=home.state)


def test_a_state_folder_that_cannot_be_written_is_reported_and_not_fatal(home: Home) -> None:
    shutil.rmtree(home.state)
    home.state.write_text("in the way")
    with pytest.raises(RefusedToStart):
        home.open()
    home.state.unlink()
    log = home.open()
    shutil.rmtree(home.state, ignore_errors=True)
    home.state.write_text("in the way")
    log.append(numbered(300, 1))
    log.close()
    assert [incident.kind for incident in home.incidents] == ["highwater_unwritable"]
    assert log.stopped is None


def test_a_kill_before_the_key_moved_is_completed(home: Home) -> None:
    home.paths.key.rename(home.paths.new_key)
    home.open().close()
    assert home.paths.key.exists()
    assert not home.paths.new_key.exists()
    assert home.paths.key.stat().st_mode & 0o777 == 0o600


def test_a_kill_during_creation_leaves_nothing_that_stays(home: Home) -> None:
    leftover = home.paths.logs / ".creating-other"
    leftover.mkdir()
    (leftover / "new.key").write_text("half")
    create_log(home.data, "other", clock=home.clock)
    home.open("other").close()
    assert not leftover.exists()


def test_a_log_is_never_created_over_another(home: Home) -> None:
    with pytest.raises(Conflict):
        create_log(home.data, "default", clock=home.clock)


def test_a_log_is_not_created_under_the_key_of_a_lost_one(home: Home) -> None:
    shutil.rmtree(home.paths.root)
    with pytest.raises(RefusedToStart) as caught:
        create_log(home.data, "default", clock=home.clock)
    assert caught.value.code == "log_missing"


def test_an_unknown_log_is_not_found(home: Home) -> None:
    with pytest.raises(NotFound):
        home.open("nothing")


def test_a_damaged_idempotency_run_is_reported_and_set_aside(home: Home) -> None:
    from graven.log.runs import write_run

    path = write_run(home.paths.idempotency, 0, bytes(16), bytes(16))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    home.open().close()
    assert [incident.kind for incident in home.incidents] == ["idempotency_damaged"]
    assert path.with_suffix(".damaged").exists()


def test_what_was_recorded_verifies_for_an_outsider(home: Home) -> None:
    home.grow(300, 1_000)
    report = verify(DirectorySource(home.paths.root), None, workers=0)
    assert [finding.message for finding in report.findings] == []
    assert report.entries == 1_300


def recorded(home: Home) -> list[bytes]:
    log = home.open("system")
    entries = list(log.entries(0, log.size))
    log.close()
    return entries


def action(entry: bytes) -> str:
    import msgspec

    return str(msgspec.json.decode(entry)["data"]["action"])
