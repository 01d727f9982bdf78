import os
import shutil
import subprocess
from hashlib import sha256, sha512
from pathlib import Path

import msgspec
import pytest
from tests.support.verify_archives import Files, export, full_log, pack, run_portable, unpack, unpack_to
from tests.support.verify_logs import VECTOR, VECTOR_KEY, make_log

from graven.evidence import portable
from graven.evidence.archive import verifier_text
from graven.tlog.note import Signer
from graven.tlog.proof import parse_proof
from graven.verify.archive import decode_manifest, encode_manifest

# RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc)
RFC8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
            "be24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb430"
            "2aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716e"
            "d28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        sha512(b"abc").digest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138a"
            "c17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC8032)
def test_the_signatures_of_rfc_8032_verify_and_their_neighbours_do_not(public: str, message: bytes, signature: str):
    key, sig = bytes.fromhex(public), bytes.fromhex(signature)
    assert portable.ed25519_verify(key, message, sig)
    assert not portable.ed25519_verify(key, message + b"\0", sig)
    for position in (0, 31, 32, 63):
        altered = bytearray(sig)
        altered[position] ^= 1
        assert not portable.ed25519_verify(key, message, bytes(altered))


def test_a_signature_has_one_spelling():
    public, message, signature = RFC8032[1]
    key, sig = bytes.fromhex(public), bytes.fromhex(signature)
    scalar = int.from_bytes(sig[32:], "little") + portable.ORDER
    assert not portable.ed25519_verify(key, message, sig[:32] + scalar.to_bytes(32, "little"))


def test_a_point_has_one_spelling():
    assert portable.decode_point((1).to_bytes(32, "little")) == portable.IDENTITY
    assert portable.decode_point((1 | 1 << 255).to_bytes(32, "little")) is None  # x = 0 has no sign
    assert portable.decode_point((portable.P + 1).to_bytes(32, "little")) is None
    assert portable.decode_point((2).to_bytes(32, "little")) is None  # not on the curve


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_and_signatures_of_other_sizes_do_not_verify(size: int):
    assert not portable.ed25519_verify(bytes(size), b"", bytes(64))
    assert not portable.ed25519_verify(bytes(32), b"", bytes(2 * size))


def test_the_vector_checkpoint_and_proof_are_accepted():
    key = portable.Key(VECTOR_KEY.text)
    size, root = portable.open_checkpoint((VECTOR / "checkpoint").read_bytes(), key)
    index, path, checkpoint = portable.parse_proof((VECTOR / "entry257.tlog-proof").read_bytes())
    assert (size, index) == (300, 257)
    assert checkpoint == parse_proof((VECTOR / "entry257.tlog-proof").read_bytes()).checkpoint
    assert portable.root_of_path(index, size, sha256(b"\0entry-257").digest(), path) == root


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory):
    return full_log(tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def files(log, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return unpack(export(log, tmp_path_factory.mktemp("archive") / "evidence.tar.gz"))


def lay_out(files: Files, folder: Path) -> Path:
    return unpack_to(pack(files, folder / "x.tar.gz"), folder / "unpacked")


def verdict(files: Files, folder: Path, key: str | None = None) -> int:
    """The exit code of the same program, in this process: a hundred interpreters would take a minute."""
    place = lay_out(files, folder)
    try:
        return portable.main([str(place), *(["--key", key] if key else [])])
    finally:
        shutil.rmtree(folder / "unpacked")


def test_it_runs_with_the_standard_library_alone(log, files: Files, tmp_path: Path):
    place = lay_out(files, tmp_path)
    done = run_portable(place)
    assert (done.returncode, done.stderr) == (0, "")
    assert "trusted on first use" in done.stdout
    assert "proven: 4 entries (7-9, 257), 3 blobs" in done.stdout
    done = run_portable(place, "--key", log.key.text)
    assert done.returncode == 0
    assert "(given)" in done.stdout


def _old_python() -> str | None:
    for candidate in [*sorted(Path.home().glob(".pyenv/versions/3.8*/bin/python")), Path("/usr/bin/python3.8")]:
        if candidate.exists():
            return str(candidate)
    return shutil.which("python3.8")


def test_it_runs_with_python_3_8(files: Files, tmp_path: Path):
    python = _old_python()
    if python is None or subprocess.run([python, "-V"], capture_output=True, check=False).returncode:
        pytest.skip("there is no Python 3.8 on this machine")
    done = run_portable(lay_out(files, tmp_path), python=python)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_key_may_be_given_in_a_file(log, files: Files, tmp_path: Path):
    key = tmp_path / "key"
    key.write_text(log.key.text + "\n")
    assert verdict(files, tmp_path, str(key)) == 0


def test_a_wrong_key_is_tampering(log, files: Files, tmp_path: Path):
    assert verdict(files, tmp_path, Signer(log.key.name, bytes(32)).verifier.text) == 1


def test_a_key_that_is_none_is_a_usage_error(files: Files, tmp_path: Path):
    assert run_portable(lay_out(files, tmp_path), "--key", "junk").returncode == 2


def test_no_archive_could_not_be_checked(tmp_path: Path):
    assert portable.main([str(tmp_path)]) == 3


def test_every_flipped_bit_of_any_file_is_found(files: Files, tmp_path: Path):
    for name, content in files.items():
        for position in range(0, len(content), max(1, len(content) // 12)):
            altered = bytearray(content)
            altered[position] ^= 1 << position % 8
            assert verdict({**files, name: bytes(altered)}, tmp_path) == 1, (name, position)


def test_every_file_that_is_taken_out_is_missed(files: Files, tmp_path: Path):
    for name in files:
        rest = {other: content for other, content in files.items() if other != name}
        assert verdict(rest, tmp_path) == (3 if name == "manifest.json" else 1), name


@pytest.mark.parametrize("name", ["entries/258.json", "proofs/258.tlog-proof", "blobs/x", "entries/a/b"])
def test_evidence_that_nothing_asked_for_is_tampering(files: Files, tmp_path: Path, name: str):
    assert verdict({**files, name: b"x"}, tmp_path) == 1


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("part", ["entries", "proofs", "blobs"])
def test_a_link_or_a_pipe_in_place_of_evidence_is_tampering(files: Files, tmp_path: Path, part: str, make):
    folder = lay_out(files, tmp_path)
    path = next((folder / part).iterdir())
    path.unlink()
    make(path)
    finished = run_portable(folder)
    assert finished.returncode == 1
    assert "is no plain file" in finished.stdout


def test_the_name_of_a_file_does_nothing_to_the_terminal(files: Files, tmp_path: Path):
    folder = lay_out(files, tmp_path)
    (folder / "entries/\x1b[2J\x9b1mfine").touch()
    finished = run_portable(folder)
    assert finished.returncode == 1
    assert "tampered: entries/\\x1b[2J\\x9b1mfine does not belong here" in finished.stdout


def test_a_note_of_ones_own_beside_the_evidence_is_no_tampering(files: Files, tmp_path: Path):
    assert verdict({**files, "my-notes.txt": b"x"}, tmp_path) == 0


def test_entries_that_changed_places_are_found(files: Files, tmp_path: Path):
    swapped = {**files, "entries/7.json": files["entries/8.json"], "entries/8.json": files["entries/7.json"]}
    assert verdict(swapped, tmp_path) == 1


def test_how_many_of_the_entries_are_proven_is_said(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert verdict({**files, "entries/8.json": files["entries/8.json"] + b" "}, tmp_path) == 1
    assert "proven: 3 of 4 entries" in capsys.readouterr().out


def test_another_checkpoint_of_the_same_log_is_tampering(log, files: Files, tmp_path: Path):
    assert verdict({**files, "checkpoint": log.checkpoint(299)}, tmp_path) == 1


def test_another_log_signed_with_another_key_fools_nobody_who_has_the_key(log, files: Files, tmp_path: Path):
    forged = full_log(tmp_path / "forged")
    forged.signer = Signer(log.key.name, bytes(range(32)))
    forged.write()
    theirs = unpack(export(forged, tmp_path / "forged.tar.gz"))
    assert verdict(theirs, tmp_path) == 0
    assert verdict(theirs, tmp_path, log.key.text) == 1


def test_a_blob_that_is_not_in_the_archive_could_not_be_checked(files: Files, tmp_path: Path):
    picture = sha256(b"a picture").hexdigest()
    rest = {name: content for name, content in files.items() if name != f"blobs/{picture}"}
    manifest = decode_manifest(files["manifest.json"])
    blobs = tuple(one for one in manifest.blobs if one != picture)
    rest["manifest.json"] = encode_manifest(msgspec.structs.replace(manifest, blobs=blobs))
    assert verdict(rest, tmp_path) == 3


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: text.replace("[7,9]", "[7, 9]"),
        lambda text: text.replace("[7,9]", "[7,9.0]"),
        lambda text: text.replace("[7,9]", "[9,7]"),
        lambda text: text.replace("[7,9]", "[7,true]"),
        lambda text: text.replace("[7,9]", "[0,9223372036854775807]"),
        lambda text: text.replace('"format"', '"format":"x","format"'),
        lambda text: text.replace("graven-proof/1", "graven-proof/2"),
        lambda text: text + "\n",
        lambda text: "[]\n",
        lambda text: "[" * 100_000,
        lambda text: "",
    ],
)
def test_another_manifest_is_tampering(files: Files, tmp_path: Path, spelling):
    text = files["manifest.json"].decode()
    assert spelling(text) != text
    assert verdict({**files, "manifest.json": spelling(text).encode()}, tmp_path) == 1


def test_what_goes_into_an_archive_is_this_very_program():
    assert verifier_text() == Path(portable.__file__).read_bytes()


def test_it_imports_nothing_but_the_standard_library():
    allowed = {"__future__", "argparse", "binascii", "hashlib", "json", "os", "pathlib", "re", "sys", "typing"}
    imports = {
        line.split()[1].split(".")[0]
        for line in verifier_text().decode().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imports == allowed


def test_an_empty_log_has_nothing_to_prove(tmp_path: Path):
    log = make_log(tmp_path, 0)
    key = portable.Key(log.key.text)
    assert portable.open_checkpoint(log.checkpoint(), key)[0] == 0
