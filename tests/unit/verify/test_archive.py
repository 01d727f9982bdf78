from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from tests.support.verify_archives import export, full_log, pack, unpack
from tests.support.verify_logs import POLICY, graven_entry, make_log

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.note import Signer
from graven.tlog.policy import parse_policy
from graven.verify.archive import Manifest, decode_manifest, encode_manifest, verify_archive
from graven.verify.remember import Memory
from graven.verify.report import Verdict

DIGIT = "0" * 64


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory):
    return full_log(tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def archive(log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(log, tmp_path_factory.mktemp("archive") / "evidence.tar.gz")


def test_an_archive_is_fine_under_its_key(log, archive: Path):
    report = verify_archive(archive, log.key)
    assert report.verdict is Verdict.FINE, report.text()
    assert (report.entries, report.blobs, report.files) == (4, 3, 5 + 8 + 3)
    assert not report.trusted_on_first_use


def test_without_a_key_it_is_trusted_on_first_use(archive: Path):
    report = verify_archive(archive, None)
    assert report.verdict is Verdict.FINE
    assert report.trusted_on_first_use


def test_a_wrong_key_is_tampering(log, archive: Path):
    assert verify_archive(archive, Signer(log.key.name, bytes(32)).verifier).verdict is Verdict.TAMPERED


def test_an_unsatisfied_policy_is_tampering(archive: Path):
    assert verify_archive(archive, None, policy=parse_policy(POLICY)).verdict is Verdict.TAMPERED


def test_an_archive_of_a_log_that_grew_since_is_fine_and_not_remembered(log, archive: Path, tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    grown = make_log(tmp_path, [*log.entries, graven_entry(300)])
    memory.remember(log.key, grown.checkpoint())
    report = verify_archive(archive, None, memory=memory)
    assert report.verdict is Verdict.FINE
    assert not report.remembered
    assert "a proof alone cannot show" in report.notes[0]


def test_an_archive_of_a_fork_is_tampering(log, archive: Path, tmp_path: Path):
    other = make_log(tmp_path, [*log.entries[:299], graven_entry(999)])
    report = verify_archive(archive, log.key, known=[other.checkpoint()])
    assert [finding.code for finding in report.findings] == ["fork"]


def test_every_flipped_bit_of_any_file_in_it_is_found(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    for name, content in files.items():
        step = max(1, len(content) // 40)
        for position in range(0, len(content), step):
            altered = bytearray(content)
            altered[position] ^= 1 << position % 8
            path = pack({**files, name: bytes(altered)}, tmp_path / "x.tar.gz")
            assert verify_archive(path, log.key).verdict is Verdict.TAMPERED, (name, position)


def test_every_flipped_byte_of_the_archive_is_found(log, archive: Path, tmp_path: Path):
    data = archive.read_bytes()
    path = tmp_path / "x.tar.gz"
    for position in range(0, len(data), 29):
        altered = bytearray(data)
        altered[position] ^= 0xFF
        path.write_bytes(altered)
        assert verify_archive(path, log.key).verdict is Verdict.TAMPERED, position


def test_every_file_that_is_taken_out_is_missed(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    for name in files:
        rest = {other: content for other, content in files.items() if other != name}
        report = verify_archive(pack(rest, tmp_path / "x.tar.gz"), log.key)
        assert report.verdict is Verdict.TAMPERED, name
        assert name in report.findings[0].message


def test_a_file_that_is_put_in_is_found(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    for name in ("zzz", "entries/258.json", "blobs/" + DIGIT):
        path = pack({**files, name: b"x"}, tmp_path / "x.tar.gz")
        assert verify_archive(path, log.key).verdict is Verdict.TAMPERED, name
        path = pack({name: b"x", **files}, tmp_path / "x.tar.gz")
        assert verify_archive(path, log.key).verdict is Verdict.TAMPERED, name


def test_files_in_another_order_are_refused(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    path = pack(dict(reversed(files.items())), tmp_path / "x.tar.gz")
    assert verify_archive(path, log.key).verdict is Verdict.TAMPERED


def test_two_entries_that_changed_places_are_found(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    files["entries/7.json"], files["entries/8.json"] = files["entries/8.json"], files["entries/7.json"]
    report = verify_archive(pack(files, tmp_path / "x.tar.gz"), log.key)
    assert [finding.index for finding in report.findings[:2]] == [7, 8]


def test_a_checkpoint_of_another_log_under_the_same_name_is_found(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    forged = make_log(tmp_path, 300)
    files["checkpoint"] = forged.checkpoint()
    assert verify_archive(pack(files, tmp_path / "x.tar.gz"), log.key).verdict is Verdict.TAMPERED


def with_manifest(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    manifest = msgspec.structs.replace(decode_manifest(files["manifest.json"]), **changes)
    return {**files, "manifest.json": encode_manifest(manifest)}


def test_a_blob_that_an_entry_needs_and_the_archive_lacks_could_not_be_checked(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    blobs = [name for name in files if name.startswith("blobs/")]
    for blob in blobs:
        rest = {name: content for name, content in files.items() if name != blob}
        kept = tuple(sorted(name.removeprefix("blobs/") for name in blobs if name != blob))
        path = pack(with_manifest(rest, blobs=kept), tmp_path / "x.tar.gz")
        report = verify_archive(path, log.key)
        # without the blob that holds the event, nothing refers to the trace any more
        assert report.verdict is not Verdict.FINE
        assert "blob_absent" in {finding.code for finding in report.findings}


def test_a_blob_that_no_entry_needs_is_tampering(log, archive: Path, tmp_path: Path):
    files = unpack(archive)
    extra = sha256(b"extra").hexdigest()
    blobs = {name: content for name, content in files.items() if name.startswith("blobs/")}
    blobs[f"blobs/{extra}"] = b"extra"
    rest = {name: content for name, content in files.items() if not name.startswith("blobs/")}
    files = with_manifest({**rest, **dict(sorted(blobs.items()))}, blobs=tuple(sorted(b[6:] for b in blobs)))
    report = verify_archive(pack(files, tmp_path / "x.tar.gz"), log.key)
    assert [finding.code for finding in report.findings] == ["unexpected_file"]


def test_what_is_no_archive_is_tampering_and_what_is_not_there_could_not_be_checked(tmp_path: Path):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"not an archive")
    assert verify_archive(path, None).verdict is Verdict.TAMPERED
    with pytest.raises(CouldNotCheck):
        verify_archive(tmp_path / "absent", None)


GOOD = Manifest("graven-proof/1", DIGIT, DIGIT, ((0, 0), (2, 9)), (DIGIT,))


def test_a_manifest_has_one_spelling():
    data = encode_manifest(GOOD)
    assert decode_manifest(data) == GOOD
    for other in (data + b" ", data[:-1], data.replace(b":", b": ", 1), data.replace(b"[0,0]", b"[0,0.0]")):
        with pytest.raises(InvalidInput):
            decode_manifest(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "graven-proof/2"},
        {"indexes": ((2, 1),)},
        {"indexes": ((-1, 1),)},
        {"indexes": ((0, 2), (2, 3))},
        {"indexes": ((5, 6), (1, 2))},
        {"blobs": (DIGIT, DIGIT)},
        {"blobs": ("1" * 64, DIGIT)},
        {"blobs": ("../x",)},
    ],
)
def test_a_manifest_out_of_order_is_refused(changes: dict[str, object]):
    with pytest.raises(InvalidInput):
        decode_manifest(encode_manifest(msgspec.structs.replace(GOOD, **changes)))
