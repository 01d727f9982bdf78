"""From a target and options to a verification: which verifier, which key, which memory."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from graven.errors import CouldNotCheck, UsageError
from graven.tlog.note import VerifierKey
from graven.tlog.policy import parse_policy
from graven.verify.remember import Memory, default_memory_path
from graven.verify.report import Report

__all__ = ["anchored_in", "check", "resolve_target"]

GZIP_MAGIC = b"\x1f\x8b"


def resolve_target(target: str, log: str | None) -> str:
    """The place that `target` and `--log` name: a log's folder or its address under a server's."""
    if target.startswith(("http://", "https://")):
        base = target.rstrip("/")
        if "/logs/" in base:
            if log is not None:
                raise UsageError(f"{target} names a log already", hint="leave --log out")
            return base
        return f"{base}/logs/{log or 'default'}"
    path = Path(target)
    if not path.exists():
        raise CouldNotCheck(f"there is no {target}", hint="name a data directory, a log's folder, a URL or a proof")
    if log is not None:
        return str(path / "logs" / log)
    # a data directory of several logs means its default one; the verifier refuses to guess among others
    if (path / "logs" / "default").is_dir():
        return str(path / "logs" / "default")
    return target


def anchored_in(folders: Sequence[Path], checkpoint: bytes) -> list[bytes]:
    """The newest anchored checkpoint of the log of `checkpoint` in each folder that `serve --anchor` filled.

    CouldNotCheck when a folder holds none: silence would look like agreement.
    """
    origin = checkpoint.partition(b"\n")[0]
    found = []
    for folder in folders:
        path = folder / hashlib.sha256(origin).hexdigest() / "latest"
        if not path.is_file():
            raise CouldNotCheck(
                f"{folder} holds no checkpoint of {origin.decode('utf-8', 'replace')}", why=f"there is no {path}"
            )
        found.append(path.read_bytes())
    return found


def check(
    target: str,
    *,
    key: str | None,
    policy: str | None,
    remember: Path | None,
    anchored: Sequence[Path],
    forget: bool,
    entry: Path | None,
    log: str | None,
    token: str | None,
    workers: int | None,
    on_progress: Callable[[int, int], None],
    pushed: bool = False,
) -> Report:
    """Verify, with `pushed` the logs in it, too; raises what the verifier raises. `key` and `policy` are texts."""
    trusted: dict[str, Any] = {
        "key": VerifierKey.parse(key) if key is not None else None,
        "policy": parse_policy(policy) if policy is not None else None,
        "memory": None if forget else Memory(remember if remember is not None else default_memory_path()),
    }
    known = [path.read_bytes() for path in anchored if not path.is_dir()]
    folders = [path for path in anchored if path.is_dir()]
    path = Path(target)
    if path.is_file():
        if pushed:
            raise UsageError("--pushed is for whole logs", hint="name a data directory, a log's folder or a URL")
        if folders:
            raise UsageError("a folder of anchors is for whole logs", hint="name one of its files")
        return _check_file(path, entry=entry, known=known, **trusted)
    if entry is not None:
        raise UsageError("--entry belongs to a proof", hint="graven verify FILE.tlog-proof --entry FILE")
    from graven.verify.engine import verify
    from graven.verify.source import open_source

    place = resolve_target(target, log)
    source = open_source(place, token)
    if folders:
        known += anchored_in(folders, source.fetch_checkpoint() or b"")
    report = verify(source, trusted.pop("key"), known=known, workers=workers, progress=on_progress, **trusted)
    if pushed:
        from graven.verify.pushed import verify_pushed

        verify_pushed(open_source(place, token), report, progress=on_progress)
    return report


def _check_file(path: Path, *, entry: Path | None, known: Sequence[bytes], **trusted: Any) -> Report:
    """A proof or an archive, told apart by what is in it."""
    key = trusted.pop("key")
    with path.open("rb") as stream:
        start = stream.read(2)
    if start == GZIP_MAGIC:
        if entry is not None:
            raise UsageError("--entry belongs to a proof: an archive brings its entries along")
        from graven.verify.archive import verify_archive

        return verify_archive(path, key, known=known, **trusted)
    from graven.verify.proof import verify_proof_file

    return verify_proof_file(path, key, entry=entry, known=known, **trusted)
