import shutil
from pathlib import Path

import pytest
from tests.support.verify_logs import POLICY, VECTOR, VECTOR_KEY, copy_vector, graven_entry, make_log, rest_compressed

from graven.errors import CouldNotCheck
from graven.tlog.bundle import encode_bundle
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.note import Signer
from graven.tlog.policy import parse_policy
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.remember import Memory
from graven.verify.report import Kind, Report, Trust, Verdict

W1 = parse_policy(POLICY)


def check(folder: Path, **options: object) -> Report:
    options.setdefault("key", VECTOR_KEY)
    return verify(DirectorySource(folder), options.pop("key"), workers=0, **options)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def required_files() -> list[str]:
    return [
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
        "checkpoint",
    ]


def all_files() -> list[str]:
    return [*required_files(), "tile/0/000.p/200", "tile/entries/000.p/200"]


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << position % 8
    path.write_bytes(data)


def test_the_vector_log_is_fine_and_its_obsolete_partials_are_checked():
    report = check(VECTOR, policy=W1)
    assert report.verdict is Verdict.FINE
    assert (report.entries, report.obsolete_partials, report.files) == (300, 2, 7)
    assert report.cosigned_by == ["w1"]
    assert report.trust is Trust.GIVEN


def test_without_any_key_the_tree_is_checked_and_the_verdict_is_could_not_check():
    report = check(VECTOR, key=None)
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert codes(report) == {"no_key"}
    assert report.entries == 300


@pytest.mark.parametrize("name", all_files())
def test_a_flipped_bit_in_any_file_is_found(tmp_path: Path, name: str):
    folder = copy_vector(tmp_path / "log")
    size = (folder / name).stat().st_size
    for position in sorted({*range(0, size, 97), 1, size // 2, size - 1}):
        flip(folder / name, position % size)
        report = check(folder, policy=W1)
        assert report.verdict is Verdict.TAMPERED, (name, position)
        flip(folder / name, position % size)
    assert check(folder, policy=W1).verdict is Verdict.FINE


@pytest.mark.soak
@pytest.mark.parametrize("name", all_files())
def test_a_flipped_bit_in_any_byte_of_any_file_is_found(tmp_path: Path, name: str):
    folder = copy_vector(tmp_path / "log")
    for position in range((folder / name).stat().st_size):
        flip(folder / name, position)
        assert check(folder, policy=W1).verdict is Verdict.TAMPERED, (name, position)
        flip(folder / name, position)


@pytest.mark.parametrize("name", required_files())
def test_a_missing_file_is_tampering_and_is_named(tmp_path: Path, name: str):
    folder = copy_vector(tmp_path / "log")
    (folder / name).unlink()
    report = check(folder)
    assert report.verdict is Verdict.TAMPERED
    assert name in {finding.path for finding in report.findings}


@pytest.mark.parametrize("name", ["tile/0/000.p/200", "tile/entries/000.p/200"])
def test_an_obsolete_partial_may_be_removed(tmp_path: Path, name: str):
    folder = copy_vector(tmp_path / "log")
    (folder / name).unlink()
    assert check(folder).verdict is Verdict.FINE


@pytest.mark.parametrize("name", all_files())
@pytest.mark.parametrize("change", [lambda data: data + b"\0", lambda data: data[:-1], lambda data: b""])
def test_a_longer_or_shorter_file_is_tampering(tmp_path: Path, name: str, change):
    folder = copy_vector(tmp_path / "log")
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    assert check(folder).verdict is Verdict.TAMPERED


@pytest.mark.parametrize(
    "name",
    [
        "tile/0/000.bak",
        "tile/0/1",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/044",
        "tile/00/000",
        "tile/64/000",
        "tile/data/000",
        "tile/entries/000.gz",
        "tile/.000.tmp",
        "tile/README",
        "tile/0/000.p/x/1",
    ],
)
def test_an_unknown_file_below_tile_is_tampering(tmp_path: Path, name: str):
    folder = copy_vector(tmp_path / "log")
    path = folder / name
    if path.exists():
        pytest.fail(f"{name} is part of the log")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((VECTOR / "tile/0/001.p/44").read_bytes())
    report = check(folder)
    assert codes(report) == {"unexpected_file"}
    assert report.findings[0].path == name


def test_a_symbolic_link_in_place_of_a_tile_is_tampering(tmp_path: Path):
    folder = copy_vector(tmp_path / "log")
    real = (folder / "tile/0/000").rename(tmp_path / "elsewhere")
    (folder / "tile/0/000").symlink_to(real)
    assert {"unexpected_file", "missing"} <= codes(check(folder))


@pytest.mark.parametrize("name", ["tile/0/001", "tile/0/001.p/45", "tile/entries/002.p/1", "tile/2/000.p/1"])
def test_what_lies_beyond_the_checkpoint_is_counted_and_left_alone(tmp_path: Path, name: str):
    folder = copy_vector(tmp_path / "log")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not yet signed")
    report = check(folder)
    assert report.verdict is Verdict.FINE
    assert report.beyond_checkpoint == 1


def test_an_older_checkpoint_is_proven_by_tiles_that_have_grown_beyond_it(tmp_path: Path):
    folder = copy_vector(tmp_path / "log")
    shutil.copyfile(VECTOR / "checkpoint.200", folder / "checkpoint")
    for name in ("tile/0/000.p/200", "tile/entries/000.p/200"):
        (folder / name).unlink()
    report = check(folder)
    assert report.verdict is Verdict.FINE, report.text()
    assert report.entries == 200


def test_the_first_changed_entry_is_named_with_both_hashes(tmp_path: Path):
    log = make_log(tmp_path, 600)
    bundle = log.root / "tile/entries/001"
    altered = list(log.entries)
    altered[300] = graven_entry(9999)
    altered[301] = graven_entry(9998)
    bundle.write_bytes(rest_compressed(encode_bundle(altered[256:512])))
    report = check(log.root, key=log.key)
    (finding,) = report.findings
    assert (finding.code, finding.index, finding.path) == ("entry_mismatch", 300, "tile/entries/001")
    assert "entry 300" in finding.message
    assert finding.expected != finding.found


def test_one_altered_tile_gives_one_finding_and_not_one_a_level(tmp_path: Path):
    log = make_log(tmp_path, 600)
    flip(log.root / "tile/0/001", 100)
    assert [finding.code for finding in check(log.root, key=log.key).findings] == ["entry_mismatch"]


def test_an_altered_upper_tile_is_named(tmp_path: Path):
    log = make_log(tmp_path, 600)
    flip(log.root / "tile/1/000.p/2", 40)
    (finding,) = check(log.root, key=log.key).findings
    assert (finding.code, finding.path, finding.index) == ("node_mismatch", "tile/1/000.p/2", 256)


def test_an_entry_removed_and_everything_signed_again_is_convicted_only_by_an_earlier_checkpoint(tmp_path: Path):
    log = make_log(tmp_path / "one", 300)
    anchored = log.checkpoint()
    forged = make_log(tmp_path / "two", [*log.entries[:57], *log.entries[58:], graven_entry(300)])
    assert check(forged.root, key=log.key).verdict is Verdict.FINE
    report = check(forged.root, key=log.key, known=[anchored])
    (finding,) = report.findings
    assert finding.code == "fork"
    assert finding.evidence == (anchored.decode(), forged.checkpoint().decode())


def test_a_rebuilt_log_of_another_size_fails_the_consistency_proof(tmp_path: Path):
    log = make_log(tmp_path / "one", 300)
    forged = make_log(tmp_path / "two", [*log.entries[:57], *log.entries[58:], *map(graven_entry, range(300, 400))])
    (finding,) = check(forged.root, key=log.key, known=[log.checkpoint()]).findings
    assert finding.code == "fork"
    assert "size 300" in finding.message


def test_the_vector_fork_is_found_against_memory(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    assert check(VECTOR, memory=memory).remembered
    folder = copy_vector(tmp_path / "log")
    shutil.copyfile(VECTOR / "fork300", folder / "checkpoint")
    report = check(folder, memory=memory)
    assert report.verdict is Verdict.TAMPERED
    assert "fork" in codes(report)
    assert not report.remembered


def test_a_rollback_is_found_against_memory_and_both_checkpoints_are_shown(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    check(VECTOR, memory=memory)
    folder = copy_vector(tmp_path / "log")
    shutil.copyfile(VECTOR / "checkpoint.200", folder / "checkpoint")
    (finding,) = check(folder, memory=memory).findings
    assert finding.code == "rollback"
    assert [note.split("\n")[1] for note in finding.evidence] == ["300", "200"]


def test_growth_is_consistent_with_memory_and_is_remembered(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    log = make_log(tmp_path, 10)
    assert check(log.root, key=log.key, memory=memory).previous is None
    log.grow(*map(graven_entry, range(10, 700)))
    report = check(log.root, key=log.key, memory=memory)
    assert report.verdict is Verdict.FINE
    assert report.previous is not None
    assert report.previous.size == 10
    known = memory.recall(log.key.name)
    assert known is not None
    assert known.open().size == 700


def test_a_log_that_is_not_fine_is_not_remembered(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    folder = copy_vector(tmp_path / "log")
    flip(folder / "tile/0/000", 7)
    assert not check(folder, memory=memory).remembered
    assert memory.recall(VECTOR_KEY.name) is None


def test_the_same_origin_with_another_key_is_an_alarm(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    log = make_log(tmp_path / "one", 5)
    check(log.root, key=None, memory=memory)
    other = make_log(tmp_path / "two", 5)
    other.signer = Signer(other.signer.name, bytes(range(32)))
    other.write()
    for key in (None, other.key):
        report = check(other.root, key=key, memory=memory)
        assert report.verdict is Verdict.TAMPERED
        assert "other_key" in codes(report)
    known = memory.recall(log.key.name)
    assert known is not None
    assert known.vkey == log.key.text


def test_a_wrong_key_is_tampering(tmp_path: Path):
    log = make_log(tmp_path, 5)
    wrong = Signer(log.key.name, bytes(32)).verifier
    assert check(log.root, key=wrong).verdict is Verdict.TAMPERED


def test_a_key_of_another_log_is_tampering():
    report = check(VECTOR, key=Signer("other.example/log", bytes(32)).verifier)
    assert report.verdict is Verdict.TAMPERED
    assert not report.complete


def test_the_key_beside_the_log_is_trusted_on_first_use_and_then_remembered(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    log = make_log(tmp_path, 5)
    first = check(log.root, key=None, memory=memory)
    assert first.verdict is Verdict.FINE
    assert first.trusted_on_first_use
    second = check(log.root, key=None, memory=memory)
    assert second.trust is Trust.REMEMBERED


@pytest.mark.parametrize("content", [b"", b"junk\n", b"\xff\n"])
def test_a_malformed_key_file_is_tampering(tmp_path: Path, content: bytes):
    log = make_log(tmp_path, 5)
    (log.root / "log.vkey").write_bytes(content)
    for key in (None, log.key):
        assert "key_file_malformed" in codes(check(log.root, key=key))


def test_every_flip_in_the_key_file_is_found(tmp_path: Path):
    log = make_log(tmp_path, 5)
    path = log.root / "log.vkey"
    for position in range(path.stat().st_size):
        flip(path, position)
        assert check(log.root, key=None).verdict is Verdict.TAMPERED, position
        flip(path, position)


def test_a_policy_that_is_not_satisfied_is_tampering(tmp_path: Path):
    log = make_log(tmp_path, 5)
    assert codes(check(log.root, key=log.key, policy=W1)) == {"policy"}


def test_a_policy_can_name_the_key_of_the_log():
    policy = parse_policy(f"log {VECTOR_KEY.text}\nquorum none\n")
    report = check(VECTOR, key=None, policy=policy)
    assert report.verdict is Verdict.FINE
    assert report.trust is Trust.GIVEN


def test_an_empty_log_is_fine(tmp_path: Path):
    log = make_log(tmp_path, 0)
    report = check(log.root, key=None)
    assert report.verdict is Verdict.FINE
    assert report.entries == 0


def test_where_no_log_is_nothing_could_be_checked(tmp_path: Path):
    (tmp_path / "log.vkey").write_text(VECTOR_KEY.text + "\n")
    (finding,) = check(tmp_path).findings
    assert (finding.kind, finding.code) == (Kind.COULD_NOT_CHECK, "no_log")
    assert "only a key" in finding.why


def test_a_remembered_or_anchored_log_of_which_nothing_is_left_is_tampered(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    check(VECTOR, memory=memory)
    gone = tmp_path / "gone"
    gone.mkdir()
    (gone / "log.vkey").write_text(VECTOR_KEY.text + "\n")
    assert check(gone, memory=memory).verdict is Verdict.TAMPERED
    assert check(gone, known=[(VECTOR / "checkpoint").read_bytes()]).verdict is Verdict.TAMPERED


@pytest.mark.parametrize("left", ["tile", "journal", "head.sqlite"])
def test_whatever_is_left_of_a_log_without_its_checkpoint_is_tampered(tmp_path: Path, left: str):
    (tmp_path / left).mkdir()
    (finding,) = check(tmp_path).findings
    assert (finding.kind, finding.code) == (Kind.TAMPERED, "missing")
    assert left in finding.why


def test_a_directory_without_a_checkpoint_is_tampered(tmp_path: Path):
    folder = copy_vector(tmp_path / "log")
    (folder / "checkpoint").unlink()
    assert check(folder).verdict is Verdict.TAMPERED


@pytest.mark.parametrize(
    "spell",
    [
        lambda note: note.replace(b"\n300\n", b"\n+300\n"),
        lambda note: note.replace(b"\n300\n", b"\n0300\n"),
        lambda note: note.replace(b"\n300\n", b"\n300\nextension\n"),
        lambda note: note + b"\n",
        lambda note: note[:-1],
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: b"\n" + note,
        lambda note: note.replace("—".encode(), b"-"),
    ],
)
def test_another_spelling_of_the_checkpoint_is_tampering(tmp_path: Path, spell):
    folder = copy_vector(tmp_path / "log")
    path = folder / "checkpoint"
    path.write_bytes(spell(path.read_bytes()))
    assert check(folder).verdict is Verdict.TAMPERED


def test_a_signed_root_that_the_tree_does_not_have_is_tampering(tmp_path: Path):
    log = make_log(tmp_path, 5)
    note = sign_checkpoint(Checkpoint(log.key.name, 5, bytes(32)), log.signer)
    (log.root / "checkpoint").write_bytes(note)
    assert codes(check(log.root, key=log.key)) == {"root_mismatch"}


def test_an_absent_blob_could_not_be_checked_and_the_log_is_still_remembered(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    log = make_log(tmp_path, 3)
    digest = log.put_blob(b'{"action":"a","actor":{"id":"b"}}')
    log.grow(graven_entry(3, blob=(digest, 33)))
    assert check(log.root, key=log.key).blobs == 1
    log.blob_path(digest).unlink()
    report = check(log.root, key=log.key, memory=memory)
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert [(finding.code, finding.index) for finding in report.findings] == [("blob_absent", 3)]
    assert report.remembered


def test_an_altered_blob_is_tampering(tmp_path: Path):
    log = make_log(tmp_path, 3)
    digest = log.put_blob(b"screenshot")
    attached = b'{"action":"a","actor":{"id":"b"},"attachments":[{"digest":"%b","size":10}]}' % digest.encode()
    log.grow(graven_entry(3, data=attached))
    assert check(log.root, key=log.key).verdict is Verdict.FINE
    log.blob_path(digest).write_bytes(b"Screenshot")
    assert codes(check(log.root, key=log.key)) == {"blob_altered"}


def test_progress_counts_up_to_the_size_and_may_give_up(tmp_path: Path):
    log = make_log(tmp_path, 3000)
    seen: list[tuple[int, int]] = []
    check(log.root, key=log.key, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3000, 3000)
    assert seen == sorted(seen)

    class GivenUpError(Exception):
        pass

    def give_up(done: int, total: int) -> None:
        raise GivenUpError

    with pytest.raises(GivenUpError):
        check(log.root, key=log.key, progress=give_up)


def test_a_memory_that_cannot_be_understood_stops_the_verification(tmp_path: Path):
    memory = tmp_path / "memory.json"
    memory.write_text("not json")
    with pytest.raises(CouldNotCheck, match=r"memory\.json"):
        check(VECTOR, memory=Memory(memory))
    assert memory.read_text() == "not json"


def test_worker_processes_find_the_same_as_one(tmp_path: Path):
    log = make_log(tmp_path, 600)
    flip(log.root / "tile/0/001", 100)
    flip(log.root / "tile/1/000.p/2", 3)
    alone = verify(DirectorySource(log.root), log.key, workers=0)
    together = verify(DirectorySource(log.root), log.key, workers=2)
    assert alone == together
    assert len(alone.findings) == 2


def test_a_checkpoint_over_entries_that_nobody_has_does_not_keep_us_for_ever(tmp_path: Path):
    log = make_log(tmp_path, 5)
    note = sign_checkpoint(Checkpoint(log.key.name, 2**63 - 1, bytes(32)), log.signer)
    (log.root / "checkpoint").write_bytes(note)
    report = check(log.root, key=log.key)
    assert report.verdict is Verdict.TAMPERED
    assert not report.complete
    assert "given up" in report.notes[0]
