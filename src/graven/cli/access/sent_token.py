"""Which token goes to a server, and what is said when that server does not know it.

`--token` first. Then `owner.token` of a directory that `--data` names: what was said now beats what the shell was told
once, and `GRAVEN_TOKEN`, which may be another server's secret, is not sent to the address that such a directory holds,
not even where this user may not read its `owner.token`: then `choose` gives no variables. Then `GRAVEN_TOKEN`, and last
`owner.token` of a directory that `GRAVEN_DATA` names or that is found here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from graven.errors import GravenError, Unauthenticated

__all__ = ["NO_TOKEN", "SentToken", "explain_refusal", "owner_token", "sent_token"]

_FLAG: Final = "--token"
_VARIABLE: Final = "GRAVEN_TOKEN"
_FILE: Final = "owner.token"
_OF_TOKENS: Final = ("missing_role", "wrong_log")
"""Codes of what another token may do; what nobody may do is no matter of the token."""


class SentToken(NamedTuple):
    """A token and where it came from: `--token`, `GRAVEN_TOKEN`, the path of an `owner.token`, or nowhere.

    `instead` is the `owner.token` that would be taken if this one were not there.
    """

    text: str | None
    origin: str = ""
    instead: str = ""


NO_TOKEN: Final = SentToken(None)


def owner_token(data: Path) -> str | None:
    """The token that the first start of a server wrote, when this user may read it."""
    try:
        return (data / _FILE).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def sent_token(flag: str | None, data: Path | None, environ: Mapping[str, str], *, is_named: bool) -> SentToken:
    """The token for a server or the directory `data`, which `--data` gave if it `is_named`."""
    lent = None if data is None else owner_token(data)
    path = "" if data is None or lent is None else str(data / _FILE)
    variable = environ.get(_VARIABLE) or None
    if flag:
        return SentToken(flag, _FLAG, path)
    if lent is not None and (is_named or variable is None):
        return SentToken(lent, path)
    return SentToken(variable, _VARIABLE, path) if variable is not None else NO_TOKEN


def explain_refusal(error: GravenError, sent: SentToken) -> None:
    """Say where the token came from that a server refused, and of one that it does not know how another is taken."""
    if sent.text is None or not sent.origin or not (isinstance(error, Unauthenticated) or error.code in _OF_TOKENS):
        return
    told = {_FLAG: "--token gave it", _VARIABLE: "it is that of GRAVEN_TOKEN in the environment"}
    error.why = told.get(sent.origin, f"it is that of {sent.origin}")
    if not isinstance(error, Unauthenticated):
        return
    error.why += "; a server knows only tokens that it has made itself"
    own = "export GRAVEN_TOKEN=$(cat DIR/owner.token), where DIR is the server's data directory"
    match sent.origin:
        case "--token" if sent.instead:
            error.hint = f"leave --token out: {sent.instead} is there"
        case "GRAVEN_TOKEN" if sent.instead:
            error.hint = f"unset GRAVEN_TOKEN: then {sent.instead} is taken; or give --data or --token"
        case "--token":
            error.hint = '--token "$(cat DIR/owner.token)", where DIR is the server\'s data directory'
        case "GRAVEN_TOKEN":
            error.hint = f"{own}; or give --token"
        case _:
            error.hint = "ask an operator for a token, and give it with --token"
