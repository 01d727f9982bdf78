"""Real database servers for tests: PostgreSQL and MariaDB, each with a log of every statement it saw.

A server lives in a temporary directory, listens on a free port of 127.0.0.1 and is stopped at the end. PostgreSQL
refuses to run as root, so as root it runs as `nobody`. Where a server is not installed the test is skipped.
"""

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

__all__ = ["Database", "mariadb", "postgres"]

_PATIENCE_S = 60


@dataclass
class Database:
    """Where the server listens, how to log in, and where it writes what it sees."""

    kind: str
    host: str
    port: int
    user: str
    password: str
    name: str
    log: Path
    _read: int = field(default=0, repr=False)

    def url(self, scheme: str) -> str:
        """For SQLAlchemy, Django and the like."""
        return f"{scheme}://{self.user}:{self.password}@{self.host}:{self.port}/{self.name}"

    def statements(self) -> list[str]:
        """What the server executed since the last time this was asked, in its order; blanks are folded.

        A statement is in the log before its result is sent, so there is nothing to wait for.
        """
        with self.log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        parse = _postgres_statements if self.kind == "postgres" else _mariadb_statements
        return [" ".join(statement.split()) for statement in parse(text.decode("utf-8", "replace"))]


@contextlib.contextmanager
def postgres(tmp: Path) -> Iterator[Database]:
    """A PostgreSQL server whose files are in `tmp`, or as root in a temporary folder of its own."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not homes:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    log, port = tmp / "postgres.log", _free_port()
    with _folder(tmp) as (folder, user), log.open("wb") as output:
        data = folder / "postgres"
        _run(
            [homes[-1] / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            user,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "log_statement": "all",
            "log_line_prefix": "\x1e%p ",
            "max_prepared_transactions": 5,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [homes[-1] / "postgres", "-D", data, *options], stdout=output, stderr=output, user=user, cwd="/"
        )
        with _stopping(server):
            ready = [homes[-1] / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-d", "postgres"]
            _wait_for(lambda: subprocess.run(ready, check=False).returncode == 0, server, log)
            database = Database("postgres", "127.0.0.1", port, "tests", "", "postgres", log)
            database.statements()
            yield database


@contextlib.contextmanager
def mariadb(tmp: Path) -> Iterator[Database]:
    """A MariaDB server, its files as those of `postgres`; user and database are `tests`."""
    program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    share = Path("/usr/share/mysql")
    if not Path(program).exists() or not share.exists():
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server-core")
    output, port = tmp / "mariadb.log", _free_port()
    # what mariadb-install-db does, without its client programs: the system tables, then a user
    names = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
    tables = "".join((share / name).read_text(encoding="utf-8") for name in names)
    with _folder(tmp) as (folder, user), output.open("wb") as said:
        data, start, log = folder / "mariadb", folder / "mariadb-start.sql", folder / "mariadb-general.log"
        data.mkdir(mode=0o700)
        log.touch()
        if user is not None:
            shutil.chown(data, user)
            shutil.chown(log, user)
        common = ["--no-defaults", f"--datadir={data}", "--lc-messages-dir=/usr/share/mysql", *_as_root()]
        bootstrap = [program, *common, "--bootstrap", "--skip-log-bin", "--innodb-log-file-size=8M"]
        subprocess.run(
            bootstrap,
            input=("create database mysql;\nuse mysql;\n" + tables).encode(),
            stdout=said, stderr=said, user=user, check=True, timeout=_PATIENCE_S,
        )  # fmt: skip
        start.write_text(
            "create database tests character set utf8mb4;\n"
            "create user tests@'%' identified by 'geheim';\n"
            "grant all on *.* to tests@'%';\n"
        )
        start.chmod(0o644)
        server = subprocess.Popen(
            [
                program, *common, "--bind-address=127.0.0.1", f"--port={port}", f"--socket={data}/socket",
                f"--pid-file={data}/pid", f"--init-file={start}", "--skip-name-resolve", "--skip-log-bin",
                "--general-log=1", f"--general-log-file={log}", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=8M",
            ],
            stdout=said, stderr=said, user=user, cwd="/",
        )  # fmt: skip
        with _stopping(server):
            _wait_for(lambda: _greets(port), server, output)
            database = Database("mariadb", "127.0.0.1", port, "tests", "geheim", "tests", log)
            database.statements()
            yield database


@contextlib.contextmanager
def _folder(tmp: Path) -> Iterator[tuple[Path, str | None]]:
    """Where the server's files are, and who it runs as.

    Nobody gets through pytest's folders, which are 0700: each pytest that starts makes them so again.
    """
    if os.geteuid() != 0:
        yield tmp, None
        return
    with tempfile.TemporaryDirectory(prefix="graven-database-", dir="/tmp") as name:
        shutil.chown(name, "nobody", pwd.getpwnam("nobody").pw_gid)
        yield Path(name), "nobody"


def _as_root() -> list[str]:
    return ["--user=nobody"] if os.geteuid() == 0 else []


def _run(command: list[object], user: str | None) -> None:
    done = subprocess.run(
        [str(word) for word in command], user=user, cwd="/", capture_output=True, timeout=_PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


@contextlib.contextmanager
def _stopping(server: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        server.send_signal(2)  # PostgreSQL: fast shutdown, without waiting for clients
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(5)
        if server.poll() is None:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(30)
            server.kill()
            server.wait()


def _wait_for(is_ready: object, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not is_ready():  # type: ignore[operator]
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        time.sleep(0.05)


def _greets(port: int) -> bool:
    """MariaDB speaks first, and only after its init file ran."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as client:
        return bool(client.recv(1))
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_statements(text: str) -> Iterator[str]:
    for line in text.split("\x1e"):
        found = re.match(r"\d+ LOG:  (?:statement|execute [^:]*): (.*)\Z", line, re.DOTALL)
        if found:
            yield found[1]


def _mariadb_statements(text: str) -> Iterator[str]:
    for line in re.split(r"\n(?=(?:\d{6} +\d+:\d\d:\d\d)?\t+ *\d+ [A-Z])", text):
        found = re.match(r"(?:\d{6} +\d+:\d\d:\d\d)?\t+ *\d+ Query\t(.*)\Z", line, re.DOTALL)
        if found:
            yield found[1]
