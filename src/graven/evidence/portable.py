#!/usr/bin/env python3
# Copied as verify.py into every archive made by `graven export --proof`. One file, standard library only,
# Python 3.8 or later. It imports nothing of Graven and shares no code with it, so that it can be read in one
# sitting and trusted by itself. Better still, take it from elsewhere than the archive that it is to judge.
"""Verify a Graven proof archive: python3 verify.py [--key VKEY] [FOLDER]

Steps: 1. the key, given or (trusted on first use) the archive's own; 2. its Ed25519 signature on the checkpoint;
3. each entry under the signed root; 4. each blob that an entry refers to; 5. nothing else lies there.
Exit code 0: all of it is proven; 1: something was tampered with; 3: something could not be checked; 2: usage.
"""

# ruff: noqa: T201 - this is a program that prints

from __future__ import annotations

import argparse
import binascii
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["main"]

FINE, TAMPERED, USAGE, UNCHECKED = 0, 1, 2, 3
FORMAT = "graven-proof/1"
MAX_SIZE = 2**63 - 1
MAX_PROOF_HASHES = 63
MAX_SIGNATURES = 100
MAX_LEVELS = 8  # more than entries may have of wrappers
MAX_FINDINGS = 100
MAX_FILE = 1 << 30
FIRST_FILES = ("README.txt", "checkpoint", "log.vkey", "manifest.json", "verify.py")


class Reference(NamedTuple):
    """A blob that an entry refers to: `sha256:<hex>`, its size if stated, whether it holds the event itself."""

    digest: str
    size: int | None
    nested: bool


class Point(NamedTuple):
    """A point of edwards25519 in extended homogeneous coordinates (RFC 8032 section 5.1.4)."""

    x: int
    y: int
    z: int
    t: int


class Tampered(Exception):
    """The evidence contradicts itself, is malformed, or is missing."""


class Unchecked(Exception):
    """A check could not be made."""


# --- Ed25519 verification, RFC 8032 section 5.1 ------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = Point(0, 1, 1, 0)


def add_points(one: Point, other: Point) -> Point:
    """The sum of two points (section 5.1.4; complete, so it also doubles)."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = 2 * t1 * t2 * D % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar: int, point: Point) -> Point:
    """scalar times point; nothing here is secret, so time may depend on it."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        scalar >>= 1
    return result


def decode_point(data: bytes) -> Point | None:
    """The point that 32 bytes spell, or None (section 5.1.3); only the one spelling with y < p is taken."""
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * SQRT_MINUS_1 % P
        if (v * x * x - u) % P:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return Point(x, y, 1, x * y % P)


def encode_point(point: Point) -> bytes:
    """The 32 bytes of a point (section 5.1.2)."""
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    spelled: int = y | (x & 1) << 255
    return spelled.to_bytes(32, "little")


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or IDENTITY


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` is by `public` (32 bytes): [S]B - [k]A is spelled R."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key = decode_point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    x, y, z, t = key
    negated = Point(P - x, y, z, P - t)
    return encode_point(add_points(multiply(scalar, BASE), multiply(k, negated))) == signature[:32]


# --- strict decoding: one value, one spelling ------------------------------------------------------------------


def decode_decimal(text: str) -> int:
    """ASCII digits without leading zero, at most 2^63-1."""
    if not re.match(r"(0|[1-9][0-9]{0,18})\Z", text) or int(text) > MAX_SIZE:
        raise Tampered(f"not a number: {text[:40]!r}")
    return int(text)


def decode_base64(text: str) -> bytes:
    """Standard alphabet, padded."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"))
    except ValueError:
        data = b""
    if binascii.b2a_base64(data, newline=False).decode("ascii") != text:
        raise Tampered(f"not base64: {text[:60]!r}")
    return data


def decode_hash(text: str) -> bytes:
    """A hash of 32 bytes in base64."""
    data = decode_base64(text)
    if len(data) != 32:
        raise Tampered(f"not a hash of 32 bytes: {text[:60]!r}")
    return data


def decode_text(data: bytes, what: str) -> str:
    """UTF-8 without control characters but newline."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Tampered(f"{what} is not UTF-8") from None
    if re.search("[\x00-\x09\x0b-\x1f]", text):
        raise Tampered(f"{what} has control characters")
    return text


class Key:
    """A log's verifier key: `<name>+<hex id>+<base64(0x01 and 32 bytes)>`."""

    def __init__(self, text: str) -> None:
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise Tampered(f"not a verifier key: {text[:60]!r}")
        self.text = text
        self.name, key_id, encoded = parts
        data = decode_base64(encoded)
        if not self.name or any(c.isspace() for c in self.name) or len(data) != 33 or data[0] != 1:
            raise Tampered(f"not an Ed25519 key of a log: {text[:60]!r}")
        self.public = data[1:]
        self.id = hashlib.sha256(self.name.encode("utf-8") + b"\n" + data).digest()[:4]
        if key_id != self.id.hex():
            raise Tampered(f"the key id is {key_id[:20]!r}, expected {self.id.hex()}")


def open_checkpoint(data: bytes, key: Key) -> tuple[int, bytes]:
    """(size, root) of a checkpoint signed by `key` (C2SP signed-note, tlog-checkpoint)."""
    note = decode_text(data, "the checkpoint")
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Tampered("the checkpoint is no signed note")
    lines = text.split("\n")
    if len(lines) != 3:
        raise Tampered("the checkpoint has other lines than origin, size and root")
    size, root = decode_decimal(lines[1]), decode_hash(lines[2])
    if size == 0 and root != hashlib.sha256(b"").digest():
        raise Tampered("the empty tree has another root")
    if lines[0] != key.name:
        raise Tampered(f"the checkpoint is of {lines[0]!r}, the key of {key.name!r}")
    signed = False
    signature_lines = signatures[:-1].split("\n")
    if len(signature_lines) > MAX_SIGNATURES:
        raise Tampered("the checkpoint has too many signatures")
    for line in signature_lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not parts[1] or "+" in parts[1]:
            raise Tampered(f"not a signature line: {line[:60]!r}")
        payload = decode_base64(parts[2])
        if len(payload) < 5:
            raise Tampered("a signature is too short")
        if (parts[1], payload[:4]) != (key.name, key.id):
            continue  # somebody else's, perhaps a witness's: neither checked nor needed here
        if not ed25519_verify(key.public, (text + "\n").encode("utf-8"), payload[4:]):
            raise Tampered(f"the signature of {key.name} does not verify")
        signed = True
    if not signed:
        raise Tampered(f"the checkpoint is not signed by {key.text}")
    return size, root


def parse_proof(data: bytes) -> tuple[int, list[bytes], bytes]:
    """(index, hashes, checkpoint) of a proof file (C2SP tlog-proof)."""
    head, blank, checkpoint = data.partition(b"\n\n")
    lines = decode_text(head, "a proof").split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Tampered("not a proof file")
    if lines and lines[0].startswith("extra ") and not decode_base64(lines.pop(0)[6:]):
        raise Tampered("empty extra data")
    if not lines or not lines[0].startswith("index ") or len(lines) - 1 > MAX_PROOF_HASHES:
        raise Tampered("a proof without index, or with too many hashes")
    return decode_decimal(lines[0][6:]), [decode_hash(line) for line in lines[1:]], checkpoint


def root_of_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        raise Tampered(f"no entry {index} in a tree of size {size}")
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            raise Tampered("the proof is too long")
        if index & 1 or index == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        index >>= 1
        last >>= 1
    if last:
        raise Tampered("the proof is too short")
    return node


# --- the archive -------------------------------------------------------------------------------------------------


class Archive:
    """The unpacked folder; remembers which files were used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.used: set[str] = set()

    def path(self, name: str) -> Path:
        self.used.add(name)
        return self.folder / name

    def plain(self, name: str) -> Path:
        """The path of what must be a plain file: a link, a pipe or a device could lead anywhere, and never end."""
        path = self.path(name)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise Tampered(f"{name} is no plain file")
        return path

    def read(self, name: str) -> bytes:
        try:
            path = self.plain(name)
            if path.stat().st_size > MAX_FILE:
                raise Unchecked(f"{name} has {path.stat().st_size} bytes, too many to be read at once")
            return path.read_bytes()
        except FileNotFoundError:
            raise Tampered(f"{name} is missing") from None
        except OSError as error:
            raise Unchecked(f"{name} cannot be read: {error}") from None

    def sha256(self, name: str) -> tuple[str, int]:
        """(hex digest, size), read in pieces."""
        digest, size = hashlib.sha256(), 0
        try:
            with self.plain(name).open("rb") as stream:
                for chunk in iter(lambda: stream.read(1 << 20), b""):
                    digest.update(chunk)
                    size += len(chunk)
        except FileNotFoundError:
            raise Tampered(f"{name} is missing") from None
        except OSError as error:
            raise Unchecked(f"{name} cannot be read: {error}") from None
        return digest.hexdigest(), size

    def unused(self) -> list[str]:
        """Evidence that nothing asked for; other files in the folder, such as your own notes, are left alone."""
        found = []
        for part in ("entries", "proofs", "blobs"):
            for folder, _, names in os.walk(self.folder / part):
                relative = Path(folder).relative_to(self.folder).as_posix()
                found += [f"{relative}/{name}" for name in names]
        return sorted(set(found) - self.used)


def read_manifest(archive: Archive) -> tuple[list[tuple[int, int]], list[str]]:
    """(list of indexes as ranges, list of blob digests) that the archive is meant to hold."""
    data = archive.read("manifest.json")
    try:
        value = json.loads(data.decode("utf-8"))
        ranges = [(first, last) for first, last in value["indexes"]]
        blobs = list(value["blobs"])
        stated = {"README.txt": value["readme"], "verify.py": value["verifier"]}
        canonical = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Tampered("manifest.json is malformed") from None
    whole = all(type(edge) is int for pair in ranges for edge in pair) and all(type(one) is str for one in blobs)
    if canonical != data or len(value) != 5 or value.get("format") != FORMAT or not whole:
        raise Tampered("manifest.json is not in its one spelling, or of another format")
    for one in blobs:
        if not re.match(r"[0-9a-f]{64}\Z", one):
            raise Tampered("manifest.json names a blob that is none")
    before = -1
    for first, last in ranges:
        if not before < first <= last:
            raise Tampered("manifest.json names indexes out of order")
        before = last
    for name, digest in stated.items():
        if archive.sha256(name)[0] != digest:
            raise Tampered(f"{name} was changed")
    return ranges, blobs


def references(data: bytes) -> list[Reference]:
    """The blobs to which an entry, or what lies in a blob (an event, an entry of another log), refers."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return []
    found: list[tuple[dict[str, Any], bool]] = []
    for _ in range(MAX_LEVELS):  # an entry of another log lies whole in the data of ours
        if not isinstance(value, dict):
            return []
        pushed = value.get("format") == "graven.entry/1"
        if pushed and isinstance(value.get("blob"), dict):
            found.append((value["blob"], True))
        wrapper = value.get("data") if pushed else value
        if not isinstance(wrapper, dict) or "v" in wrapper or "entry" not in wrapper:
            break
        value = wrapper["entry"]
    if not isinstance(value, dict):
        return []
    native = value.get("format") == "event/1"
    if "v" in value and isinstance(value.get("blob"), dict) and value.get("format") != "graven.entry/1":
        found.append((value["blob"], native))
    event = value.get("data") if native else value if "action" in value else None
    if isinstance(event, dict) and isinstance(event.get("attachments"), list):
        found += [(one, False) for one in event["attachments"] if isinstance(one, dict)]
    return [
        Reference(one["digest"], one["size"] if isinstance(one.get("size"), int) else None, nested)
        for one, nested in found
        if isinstance(one.get("digest"), str) and re.match(r"sha256:[0-9a-f]{64}\Z", one["digest"])
    ]


def check_entry(archive: Archive, index: int, size: int, root: bytes, checkpoint: bytes) -> bytes:
    """Prove one entry; gives its bytes."""
    entry = archive.read(f"entries/{index}.json")
    stated, path, proven = parse_proof(archive.read(f"proofs/{index}.tlog-proof"))
    if stated != index or proven != checkpoint:
        raise Tampered(f"the proof of entry {index} is for another entry or checkpoint")
    if root_of_path(index, size, hashlib.sha256(b"\x00" + entry).digest(), path) != root:
        raise Tampered(f"entry {index} is not what the log holds")
    return entry


def check_blobs(archive: Archive, names: list[str], wanted: dict[str, Reference], report: Report) -> None:
    """Check each blob under its digest, and that all are there that entries refer to."""
    sizes: dict[str, int] = {}
    for name in names:
        digest = "sha256:" + name
        found, size = archive.sha256("blobs/" + name)
        if found != name:
            report.tampered(f"blob {digest} was changed")
        elif digest in wanted and wanted[digest].nested:
            for inner in references(archive.read("blobs/" + name)):
                wanted.setdefault(inner.digest, inner)
        sizes[digest] = size
    for digest, size in sizes.items():
        if digest not in wanted:
            report.tampered(f"no entry refers to blob {digest}")
        elif wanted[digest].size not in (None, size):
            report.tampered(f"blob {digest} has {size} bytes, expected {wanted[digest].size}")
    for digest in wanted:
        if digest not in sizes:
            report.unchecked(f"blob {digest} is not in the archive")


def say(text: str) -> None:
    """Print a line in which nothing acts on the terminal: what lies in an archive may be written to fool you."""
    print("".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text))


class Report:
    """What was found, printed as it comes."""

    def __init__(self) -> None:
        self.worst = FINE
        self.count = 0

    def tampered(self, message: str) -> None:
        self.worst = TAMPERED
        self._print(f"tampered: {message}")

    def unchecked(self, message: str) -> None:
        self.worst = self.worst or UNCHECKED
        self._print(f"could not check: {message}")

    def _print(self, line: str) -> None:
        self.count += 1
        if self.count <= MAX_FINDINGS:
            say(line)
        elif self.count == MAX_FINDINGS + 1:
            print("and more")


def load_key(given: str | None, archive: Archive) -> Key:
    """The key to trust, and a word on why."""
    data = archive.read("log.vkey")
    beside = Key(decode_text(data, "log.vkey")[:-1])
    if data != beside.text.encode("utf-8") + b"\n":
        raise Tampered("log.vkey is not one line with a key")
    if given is None:
        say(f"key: {beside.text}\n     trusted on first use: compare it with what the log's operator tells you")
        return beside
    key = Key(given)
    say(f"key: {key.text} (given)")
    if key.text != beside.text:
        raise Tampered(f"log.vkey holds another key: {beside.text}")
    return key


def check(folder: Path, given: str | None, report: Report) -> None:
    """Steps 1 to 5."""
    archive = Archive(folder)
    archive.used.update(FIRST_FILES)
    if not (folder / "manifest.json").is_file():
        raise Unchecked(f"there is no unpacked proof archive in {folder}")
    ranges, blobs = read_manifest(archive)
    # 1., 2.
    key = load_key(given, archive)
    checkpoint = archive.read("checkpoint")
    size, root = open_checkpoint(checkpoint, key)
    say(f"log: {key.name}, size {size}, root {root.hex()}")
    # 3.
    wanted: dict[str, Reference] = {}
    proven = 0
    for first, last in ranges:
        for index in range(first, last + 1):
            try:
                entry = check_entry(archive, index, size, root, checkpoint)
            except Tampered as error:
                report.tampered(f"{error} (entry {index})")
                if report.count > MAX_FINDINGS:
                    return  # a manifest that names endless ranges does not make us loop
                continue
            proven += 1
            for reference in references(entry):
                wanted.setdefault(reference.digest, reference)
    # 4.
    check_blobs(archive, blobs, wanted, report)
    # 5.
    for name in archive.unused():
        report.tampered(f"{name} does not belong here")
    spans = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    total = sum(last - first + 1 for first, last in ranges)
    count = str(proven) if proven == total else f"{proven} of {total}"
    print(f"proven: {count} entries ({spans or 'none'}), {len(blobs)} blobs")


def main(arguments: list[str] | None = None) -> int:
    """The program; gives the exit code."""
    parser = argparse.ArgumentParser(description="Verify a Graven proof archive that was unpacked into FOLDER.")
    parser.add_argument("folder", nargs="?", default=Path(__file__).resolve().parent, type=Path, metavar="FOLDER")
    parser.add_argument("--key", metavar="VKEY", help="the log's verifier key, or a file that holds it")
    options = parser.parse_args(arguments)
    report = Report()
    try:
        if options.key is not None and Path(options.key).is_file():
            options.key = Path(options.key).read_text(encoding="utf-8").strip()
        if options.key is not None:
            Key(options.key)
    except (Tampered, OSError, ValueError) as error:
        parser.error(f"--key: {error}")
    try:
        check(options.folder, options.key, report)
    except Tampered as error:
        report.tampered(str(error))
    except (Unchecked, OSError) as error:
        report.unchecked(str(error))
    print({FINE: "fine", TAMPERED: "TAMPERED", UNCHECKED: "COULD NOT CHECK"}[report.worst])
    return report.worst


if __name__ == "__main__":
    sys.exit(main())
