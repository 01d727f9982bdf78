"""Which log a command means: `--server`, `--data`, the environment, or what is found here.

Order: a flag wins over the environment; `--server` wins over `--data` (which then only lends its
`owner.token`). With neither, `./graven-data` is taken when it exists, else `./.graven`. When a server holds the
directory, that server is asked instead, at the address that it keeps in `server.address`. Which token it is sent,
`sent_token` says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graven.cli.access.ports import Access, ReadAccess
from graven.cli.access.sent_token import SentToken, explain_refusal, sent_token
from graven.cli.signposts import way_to_a_log
from graven.errors import GravenError, RefusedToStart, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = [
    "ADDRESS_FILE",
    "DEFAULT_DATA",
    "DEFAULT_LISTEN",
    "RECORDED_DATA",
    "Place",
    "connect",
    "connect_reader",
    "find_place",
]

DEFAULT_DATA = Path("graven-data")
RECORDED_DATA = Path(".graven")
"""Where `pytest --graven` records."""
DEFAULT_LISTEN = "127.0.0.1:8470"
_HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
ADDRESS_FILE = "server.address"
"""Spelt in `graven.server.address` too; commands that only ask a server import nothing of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the log is and who says so. Exactly one of `server` and `data` is set."""

    server: str | None
    data: Path | None
    token: SentToken
    because: str


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
    is_named = data is not None
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
                f"{server!r} is no server address",
                hint=f"write it as http://{server if _HOST_AND_PORT.fullmatch(server) else DEFAULT_LISTEN}",
                why=f"from {named}",
            )
        return Place(server.rstrip("/"), None, sent_token(token, data, environ, is_named=is_named), named)
    if data is not None:
        if not creating and not is_data_directory(data):
            raise UsageError(
                f"{data} is no data directory",
                why=f"{data_named} names it, but there is no folder {data / 'logs'}",
                hint=f"graven serve --data {data} (or: graven log create default --data {data})",
            )
        variables = {} if is_named else environ  # GRAVEN_TOKEN may be the secret of another server than this one
        return Place(None, data, sent_token(token, data, variables, is_named=is_named), data_named)
    defaults = (RECORDED_DATA, DEFAULT_DATA) if opening else (DEFAULT_DATA, RECORDED_DATA)
    for default in defaults[:1] if creating or receiving else defaults:
        if is_data_directory(here / default):
            sent = sent_token(token, here / default, environ, is_named=False)
            return Place(None, default, sent, f"found ./{default}")
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
    address = _address_of_holder(place.data, place.token)
    if address is not None:
        from graven.cli.access.remote import RemoteAccess

        return RemoteAccess(address, place.token)
    missing = (
        f"no server of this log answers at the address in {place.data / ADDRESS_FILE}"
        if place.token.text is not None
        else f"this user may not read {place.data / 'owner.token'}, and its server is sent no token but that of --token"
    )
    raise RefusedToStart(
        f"a server (process {holder}) holds {place.data}",
        why=f"two writers would sign two histories; {missing}",
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


def _address_of_holder(data: Path, sent: SentToken) -> str | None:
    """Where the server that holds `data` says it listens; it must answer and show the same key for one of the logs.

    The caller has seen the lock held, so the file is that of a running server or of one that was killed just
    before another command took the lock. Unauthenticated when a server is there and does not know the token.
    """
    import httpx

    from graven.cli.access.reaching import is_distrust, trusted, unreachable

    vkeys = sorted((data / "logs").glob("*/log.vkey"))
    if sent.text is None or not vkeys:
        return None
    try:
        address = (data / ADDRESS_FILE).read_text(encoding="ascii").strip()
        if not address.startswith(("http://", "https://")):
            return None
        headers = {"Authorization": f"Bearer {sent.text}"}
        with httpx.Client(headers=headers, timeout=5.0, verify=trusted(address), trust_env=False) as client:
            for vkey in vkeys:
                answer = client.get(f"{address}/logs/{vkey.parent.name}/log.vkey")
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    raise _not_known(answer, sent)
                if answer.is_success:  # a token for certain logs sees no key of the others
                    return address if answer.content == vkey.read_bytes() else None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeDecodeError) as error:
        if is_distrust(error):
            raise unreachable(address, "for the key of the log", error) from error
        return None
    return None


def _not_known(answer: "httpx.Response", sent: SentToken) -> GravenError:
    from graven.cli.access.remote import error_of

    error = error_of(answer.status_code, answer.content)
    explain_refusal(error, sent)
    return error
