"""Sealing in a process of its own: hot rows go there as an Arrow file, a finished segment comes back by its name.

Nothing here stops a question: the process runs at low priority, and what it makes is taken over by one assignment.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from graven.errors import StorageFailed
from graven.index.segment.sealed import folder_name, seal

__all__ = ["main", "seal_apart"]


def seal_apart(
    table: pa.Table,
    first: int,
    home: Path,
    *,
    mapper: int,
    leaf: str,
    secret: str,
    wait: Callable[[subprocess.Popen[bytes]], None],
) -> Path:
    """Make a sealed segment of these rows in another process; `wait` returns when that ended.

    `mapper` is the version that derived them: the process does not load what derives.

    StorageFailed when it did not make one.
    """
    rows = home / f"rows-{folder_name(first)}.arrow"
    try:
        try:
            home.mkdir(parents=True, exist_ok=True)  # somebody may have removed it under a running server
            with pa.OSFile(str(rows), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
        except OSError as error:
            raise StorageFailed(f"hot rows could not be written for sealing: {error}") from error
        command = [sys.executable, "-m", "graven.index.process.sealing", str(rows), str(first), str(mapper), leaf]
        # what it says goes to a file: nobody reads a pipe while it runs, and a full one would stop it
        with (
            tempfile.TemporaryFile() as told,
            subprocess.Popen(command, stdin=subprocess.PIPE, stderr=told) as process,
        ):
            if process.stdin is not None:  # the secret: a command line is there for everybody to read
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(secret.encode() + b"\n")
                    process.stdin.flush()  # and not closed: while it is open, there is somebody to seal for
            wait(process)
            told.seek(0)
            said = told.read().decode("utf-8", "replace")
        if process.returncode:
            raise StorageFailed(
                f"sealing entries from {first} ended with {process.returncode}: {said.strip()[-500:]}",
                hint="graven index status",
            )
        return home / folder_name(first)
    finally:
        rows.unlink(missing_ok=True)


def main() -> None:
    """`python -m graven.index.process.sealing ROWS FIRST MAPPER LEAF`."""
    rows, first, mapper, leaf = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    secret = sys.stdin.readline().strip()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(5)
    with pa.memory_map(str(rows)) as source:
        table = pa.ipc.open_file(source).read_all()
    seal(table, first, rows.parent, mapper=mapper, leaf=leaf, secret=secret)


def _end_with_parent() -> None:
    """Whoever is left behind must not write what another makes again."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
