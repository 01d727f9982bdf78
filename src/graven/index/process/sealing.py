"""Sealing in a process of its own: hot rows go there as an Arrow file, a finished segment comes back by its name.

Nothing here stops a question: the process runs at low priority, and what it makes is taken over by one assignment.
Each seals once: a builder of terms leaves memory behind that only the end of its process gives back. Loading what it
needs takes half a second, so where more is to be sealed the next one is started meanwhile.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

import msgspec
import pyarrow as pa

from graven.errors import StorageFailed
from graven.index.segment.sealed import folder_name, seal

__all__ = ["Sealer", "main"]


class _Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process is told by a line of JSON: a command line is there for everybody to read, and one is secret."""

    rows: str
    first: int
    mapper: int
    leaf: str
    secret: str


class _Started:
    """A process that waits for its job; what it says goes to a file, for nobody reads a pipe while it runs."""

    def __init__(self) -> None:
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
        command = [sys.executable, "-m", "graven.index.process.sealing"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=self.said)

    def run(self, job: _Job) -> tuple[int, str]:
        """Its exit code, and what it said."""
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(msgspec.json.encode(job) + b"\n")
                self.process.stdin.flush()  # and not closed: while it is open, there is somebody to seal for
        code = self.process.wait()
        self.said.seek(0)
        return code, self.said.read().decode("utf-8", "replace").strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self.said.close()


class Sealer:
    """`seal` and `rest` are for one thread, `stop` is for any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._working: _Started | None = None
        self._next: _Started | None = None
        self._stopped = False

    def rest(self) -> None:
        """Nothing has to be sealed for a while."""
        with self._lock:
            spare, self._next = self._next, None
        if spare is not None:
            spare.end()

    def seal(
        self, table: pa.Table, first: int, home: Path, *, mapper: int, leaf: str, secret: str, more: bool = False
    ) -> Path:
        """Make a sealed segment of these rows in another process; gives its folder.

        `mapper` is the version that derived them: the process does not load what derives. `more`: another is going to
        be sealed right after it. StorageFailed when it did not make one, also because of `stop`.
        """
        rows = home / f"rows-{folder_name(first)}.arrow"
        try:
            _write(table, rows)
            with self._lock:
                if self._stopped:
                    raise StorageFailed("the index stops")
                working = self._working = self._next or _Started()
                self._next = None
            try:
                if more:
                    self._prepare()
                code, said = working.run(_Job(str(rows), first, mapper, leaf, secret))
            finally:
                with self._lock:
                    self._working = None
                working.end()
        finally:
            rows.unlink(missing_ok=True)
        if code:
            raise StorageFailed(
                f"sealing entries from {first} ended with {code}: {said[-500:]}", hint="graven index status"
            )
        return home / folder_name(first)

    def _prepare(self) -> None:
        with self._lock:
            if not self._stopped:
                self._next = _Started()

    def stop(self) -> None:
        """End what runs; what it was making is given up."""
        with self._lock:
            self._stopped = True
            if self._working is not None:
                self._working.process.kill()
        self.rest()


def _write(table: pa.Table, rows: Path) -> None:
    try:
        rows.parent.mkdir(parents=True, exist_ok=True)  # somebody may have removed it under a running server
        with pa.OSFile(str(rows), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    except OSError as error:
        raise StorageFailed(f"hot rows could not be written for sealing: {error}") from error


def main() -> None:
    """`python -m graven.index.process.sealing`, with a job on the first line of its input."""
    os.nice(5)
    line = sys.stdin.readline()
    if not line:
        return
    job = msgspec.json.decode(line, type=_Job)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    rows = Path(job.rows)
    with pa.memory_map(str(rows)) as source:
        table = pa.ipc.open_file(source).read_all()
    seal(table, job.first, rows.parent, mapper=job.mapper, leaf=job.leaf, secret=job.secret)


def _end_with_parent() -> None:
    """Whoever is left behind must not write what another makes again."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
