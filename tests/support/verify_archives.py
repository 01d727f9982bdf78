"""A proof archive with everything in it, and ways to pack altered copies."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.support.verify_logs import SmallLog, graven_entry, make_log

from graven.evidence.archive import export_proof
from graven.verify.container import FOLDER, ArchiveWriter, read_members
from graven.verify.directory import DirectorySource

__all__ = ["Files", "export", "full_log", "pack", "run_portable", "unpack", "unpack_to"]

Files = dict[str, bytes]


def full_log(data_dir: Path) -> SmallLog:
    """300 entries; 7 is oversize (its blob holds an event with an attachment), 9 has an attachment."""
    log = make_log(data_dir, 0)
    entries = [graven_entry(number) for number in range(300)]
    picture, trace = log.put_blob(b"a picture"), log.put_blob(b"a trace")
    event = b'{"action":"a","actor":{"id":"b"},"attachments":[{"digest":"%b","size":7}]}' % trace.encode()
    entries[7] = graven_entry(7, blob=(log.put_blob(event), len(event)))
    attached = b'{"action":"a","actor":{"id":"b"},"attachments":[{"digest":"%b","size":9}]}' % picture.encode()
    entries[9] = graven_entry(9, data=attached)
    log.grow(*entries)
    return log


def export(log: SmallLog, target: Path) -> Path:
    export_proof(DirectorySource(log.root), [range(7, 10), 257], target)
    return target


def unpack(path: Path) -> Files:
    with path.open("rb") as stream:
        return {member.name: member.read(1 << 30) for member in read_members(stream)}


def pack(files: Files, path: Path) -> Path:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    for name, content in files.items():
        writer.add(name, content)
    writer.close()
    path.write_bytes(stream.getvalue())
    return path


def unpack_to(archive: Path, folder: Path) -> Path:
    """As people do it: with a tar program. Gives the folder in which verify.py lies."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / FOLDER


def run_portable(folder: Path, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """`python -I -S verify.py`: no site-packages, no environment, the standard library only."""
    command = [python, "-I", "-S", "-W", "error", str(folder / "verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
