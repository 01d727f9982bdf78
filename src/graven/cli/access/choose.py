"""Which log a command means: `--server`, `--data`, the environment, or what is found here.

Order: a flag wins over the environment; `--server` wins over `--data` (which then only lends its
`owner.token`). With neither, `./graven-data` is taken when it exists, else `./.graven`. When a server holds the
directory, that server is asked instead, at the address that it keeps in `server.address`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graven.cli.access.ports import Access, ReadAccess
from graven.cli.signposts import way_to_a_log
from graven.errors import RefusedToStart, UsageError

__all__ = [
    "ADDRESS_FILE",
    "DEFAULT_DATA",
    "DEFAULT_LISTEN",
    "RECORDED_DATA",
    "Place",
    "connect",
    "connect_reader",
    "find_place",
    "owner_token",
]

DEFAULT_DATA = Path("graven-data")
RECORDED_DATA = Path(".graven")
"""Where `pytest --graven` records."""
DEFAULT_LISTEN = "127.0.0.1:8470"
ADDRESS_FILE = "server.address"
"""Spelt in `graven.server.address` too; commands that only ask a server import nothing of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the log is and who says so. Exactly one of `server` and `data` is set."""

    server: str | None
    data: Path | None
    token: str | None
    because: str


def owner_token(data: Path) -> str | None:
    """The token that the first start of a server wrote, when this user may read it."""
    try:
        return (data / "owner.token").read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def is_data_directory(path: Path) -> bool:
    """True for a folder that a server or `graven log create` has filled."""
    return (path / "logs").is_dir()


def find_place(
    *,
    server: str | None,
    data: Path | None,
    token: str | None,
    environ: Mapping[str, str],
    here: Path,
    creating: bool = False,
    opening: bool = False,
    receiving: bool = False,
) -> Place:
    """Decide, without opening anything; `UsageError` when nothing was named and nothing is found.

    With `creating`, a data directory need not exist yet. With `opening`, what pytest recorded here comes
    before `./graven-data`; with `receiving`, never: it is what is to be sent.
    """
    token = token or environ.get("GRAVEN_TOKEN") or None
    if server is None and data is None:
        server = environ.get("GRAVEN_SERVER") or None
        named = "GRAVEN_SERVER"
    else:
        named = "--server"
    if data is None and environ.get("GRAVEN_DATA"):
        data, data_named = Path(environ["GRAVEN_DATA"]), "GRAVEN_DATA"
    else:
        data_named = "--data"
    if server is not None:
        if not server.startswith(("http://", "https://")):
            raise UsageError(
                f"{server!r} is no server address", hint=f"write it as http://{DEFAULT_LISTEN}", why=f"from {named}"
            )
        if token is None and data is not None:
            token = owner_token(data)
        return Place(server.rstrip("/"), None, token, named)
    if data is not None:
        if not creating and not is_data_directory(data):
            raise UsageError(
                f"{data} is no data directory",
                why=f"{data_named} names it, but there is no folder {data / 'logs'}",
                hint=f"graven serve --data {data} (or: graven log create default --data {data})",
            )
        return Place(None, data, token, data_named)
    defaults = (RECORDED_DATA, DEFAULT_DATA) if opening else (DEFAULT_DATA, RECORDED_DATA)
    for default in defaults[:1] if creating or receiving else defaults:
        if is_data_directory(here / default):
            return Place(None, default, token or owner_token(here / default), f"found ./{default}")
    if opening:
        raise _nothing_recorded(here)
    raise UsageError(
        "no log to work on",
        why="neither --server nor --data was given, GRAVEN_SERVER and GRAVEN_DATA are not set, "
        f"and there is neither ./{DEFAULT_DATA} nor ./{RECORDED_DATA} here",
        hint=way_to_a_log(here),
    )


def _nothing_recorded(here: Path) -> UsageError:
    if any((here / RECORDED_DATA / "spool").glob("*.ndjson")):
        return UsageError(
            f"what was recorded here waits in {RECORDED_DATA / 'spool'}: no log was made of it yet",
            why="the session that recorded it still runs or was killed, or it ran where no log is written (Windows)",
            hint="pytest --graven, on Linux or macOS, adds it to the log at its end",
        )
    return UsageError(
        "nothing is recorded here",
        why=f"there is neither ./{RECORDED_DATA} nor ./{DEFAULT_DATA}, and neither --server, --data, GRAVEN_SERVER nor "
        "GRAVEN_DATA names a place",
        hint="pytest --graven records a test run into ./.graven",
    )


def connect(place: Place) -> Access:
    """Open the place. A directory that a running server holds is reached through that server."""
    if place.server is not None:
        from graven.cli.access.remote import RemoteAccess

        return RemoteAccess(place.server, place.token)
    if place.data is None:
        raise AssertionError("a place has a server or a folder")
    from graven.cli.access.holder import held_by

    holder = held_by(place.data)
    if holder is None:
        return _open_local(place.data)
    token = place.token or owner_token(place.data)
    address = _address_of_holder(place.data, token)
    if address is not None:
        from graven.cli.access.remote import RemoteAccess

        return RemoteAccess(address, token)
    raise RefusedToStart(
        f"a server (process {holder}) holds {place.data}",
        why="two writers would sign two histories; no server of this log answers at the address in "
        f"{place.data / ADDRESS_FILE}, or this user may not read owner.token",
        hint=f"give its address and a token: --server http://{DEFAULT_LISTEN} --token …",
        code="locked",
    )


def connect_reader(place: Place) -> ReadAccess:
    """Open the place to read. What pytest recorded is read as it is; see `kept`."""
    if place.data is not None:
        from graven.cli.access.kept import KeptAccess, is_kept

        if is_kept(place.data):
            return KeptAccess(place.data)
    return connect(place)


def _open_local(data: Path) -> Access:
    try:
        from graven.cli.access.local import LocalAccess
    except ImportError as error:
        raise UsageError(
            f"a data directory cannot be opened here: {error.name or error} is missing",
            why="a log is written on Linux and macOS only",
            hint="name a server with --server",
        ) from error
    return LocalAccess(data)


def _address_of_holder(data: Path, token: str | None) -> str | None:
    """Where the server that holds `data` says it listens; it must answer and show the same key.

    The caller has seen the lock held, so the file is that of a running server or of one that was killed just
    before another command took the lock.
    """
    import httpx

    vkeys = sorted((data / "logs").glob("*/log.vkey"))
    if token is None or not vkeys:
        return None
    try:
        address = (data / ADDRESS_FILE).read_text(encoding="ascii").strip()
        if not address.startswith(("http://", "https://")):
            return None
        url = f"{address}/logs/{vkeys[0].parent.name}/log.vkey"
        headers = {"Authorization": f"Bearer {token}"}
        shown = httpx.get(url, headers=headers, timeout=5.0, trust_env=False).content
        return address if shown == vkeys[0].read_bytes() else None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeDecodeError):
        return None
