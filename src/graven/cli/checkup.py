"""What `graven doctor` looks at, each a named check with an outcome and what to do."""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from graven.cli import terminal
from graven.cli.access.sent_token import SentToken
from graven.errors import GravenError

if TYPE_CHECKING:
    from graven.log.messages import Incident

__all__ = ["Check", "check_directory", "check_machine", "check_server"]

State = Literal["ok", "warning", "unchecked", "problem"]

LITTLE_SPACE = 1_000_000_000
"""Bytes of free disk below which a warning is due."""


class Check(NamedTuple):
    """One thing that was looked at."""

    state: State
    what: str
    hint: str = ""


def check_machine() -> Iterator[Check]:
    """Python and the packages that the server needs."""
    major, minor = sys.version_info[:2]
    yield Check(
        "ok" if (major, minor) >= (3, 11) else "problem", f"Python {major}.{minor}", "graven needs 3.11 or newer"
    )
    missing = []
    for name in ("litestar", "uvicorn", "numpy", "isal"):
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Check(
            "warning",
            f"the server is not installed ({', '.join(missing)} missing)",
            "pip install '.[server]' in a clone of graven",
        )
    else:
        yield Check("ok", "the server is installed")


def check_directory(data: Path) -> Iterator[Check]:
    """A data directory, from outside and, when no server holds it, by opening each log."""
    if not data.exists():
        yield Check("warning", f"{data} does not exist yet", f"graven serve --data {data} creates it")
        return
    if not (data / "logs").is_dir():
        yield Check("problem", f"{data} is no data directory: there is no folder logs", "name another with --data")
        return
    yield from _check_modes(data)
    free = shutil.disk_usage(data).free
    text = f"{free / 1e9:.1f} GB free on its disk"
    yield Check("ok" if free >= LITTLE_SPACE else "warning", text, "a full disk stops the recorder (storage_full)")
    from graven.cli.access.holder import held_by

    holder = held_by(data)
    if holder is not None:
        yield Check("ok", f"a server (process {holder}) holds it, so its logs were checked when it started")
        return
    for folder in sorted((data / "logs").iterdir()):
        if not folder.name.startswith("."):
            yield from _check_log(data, folder.name)


def _check_modes(data: Path) -> Iterator[Check]:
    if os.name != "posix":
        return
    private = [data / "owner.token", *sorted((data / "keys").glob("*"))]
    exposed = [path for path in private if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in exposed:
        yield Check("problem", f"{path} can be read by others", f"chmod 600 {path}")
    if not exposed:
        yield Check("ok", "keys and owner.token are readable by their owner only")


def _check_log(data: Path, name: str) -> Iterator[Check]:
    try:
        from graven.log.record import record_incident
        from graven.log.start import open_log
    except ImportError:
        yield Check(
            "warning",
            f"log {name}: not opened, the server is not installed",
            "pip install '.[server]' in a clone of graven",
        )
        return
    incidents: list[Incident] = []
    try:
        log = open_log(data, name, on_incident=incidents.append)
        log.close()
        state: State = "warning" if incidents else "ok"
        size = terminal.plural(log.size, "entry")
        yield Check(state, f"log {name}: {size}, opens {'after a repair' if incidents else 'cleanly'}")
        # opening may have set a torn tail aside, like a server that starts: that has to stand in `system`
        for incident in incidents:
            record_incident(data, incident)
            yield Check("warning", f"log {name}: {incident.message}", "graven show --log system tells when")
    except GravenError as error:
        yield Check("problem", f"log {name}: {error.message}" + (f" ({error.why})" if error.why else ""), error.hint)


def check_server(address: str, sent: SentToken, get: Callable[[str, Mapping[str, str]], int]) -> Iterator[Check]:
    """A running server: alive, ready, and whether it takes the token. `get` gives the status of a path."""
    try:
        ready = get("/readyz", {})
    except GravenError as error:
        yield Check("problem", f"{error.message} ({error.why})" if error.why else error.message, error.hint)
        return
    yield Check("ok" if ready == 200 else "problem", f"{address} answers {ready} at /readyz", "see the server's log")
    if sent.text is None:
        yield Check(
            "unchecked",
            "no token was given, so it was not checked whether the server takes it",
            "export GRAVEN_TOKEN=$(cat DIR/owner.token), or --token",
        )
        return
    status = get("/v1/logs", {"Authorization": f"Bearer {sent.text}"})
    match status:
        case 401:
            what = f"the server does not know this token (from {sent.origin})"
            yield Check("problem", what, "graven token create NAME --role …")
        case 200 | 403:
            yield Check("ok", "the server takes this token")
        case _:
            yield Check("warning", f"the server answered {status} to the token", "see the server's log")
