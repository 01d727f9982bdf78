"""Reaching a server: which certificates are believed, and what is said when it cannot be reached.

In our words: those of the HTTP library name the protocol's parts, and no address to try.
"""

import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from graven.errors import GravenError, Unavailable, UsageError

__all__ = ["broken_off", "is_distrust", "of_same_port", "other_address", "trusted", "unreachable"]

_PROBE_S: Final = 3.0
_CERTIFICATE: Final = "SSL_CERT_FILE"
"""What OpenSSL reads, and with it `graven verify`, curl and others."""


def trusted(where: str) -> ssl.SSLContext | bool:
    """Whom a server at an `https` address is believed by: the authorities of `SSL_CERT_FILE`, else those that everybody
    knows. UsageError for a file that cannot be read; for `http` nobody is asked."""
    file = os.environ.get(_CERTIFICATE)
    if not file or not where.startswith("https://"):
        return True
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:  # an SSLError, too
        raise UsageError(
            f"{_CERTIFICATE} names {file}, which holds no certificate that can be read",
            why=_reason(error),
            hint=f"{_CERTIFICATE}=FILE, with certificates as PEM, or unset it for those that everybody knows",
        ) from error


def broken_off(error: Exception) -> str:
    """Why a connection that stood does no longer."""
    match error:
        case httpx.RemoteProtocolError():
            return "the server closed the connection in the middle"
        case httpx.ReadTimeout() | httpx.WriteTimeout():
            return "the server was silent for too long"
        case httpx.DecodingError():
            return "the answer cannot be read"
        case _:
            return f"the connection broke ({_reason(error)})"


def is_distrust(error: Exception) -> bool:
    """Whether a server is there, and its certificate is not believed."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def unreachable(
    where: str, what: str, error: Exception, *, other: Callable[[str], str | None] | None = None
) -> GravenError:
    """The error of the request `what` ("GET /v1/logs") to `where` that got no answer.

    `other` is `other_address`; a test gives another.
    """
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return UsageError(f"{where!r} is no server address", hint="write it as http://127.0.0.1:8470")
    meant = (other or other_address)(where) if _may_be_the_other(where, error) else None
    if meant is not None:
        return _other_scheme(where, meant)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return _no_connection(where, error)
    return Unavailable(
        f"{where} did not answer {what}",
        why=broken_off(error),
        hint="run it again: a repeated request is not recorded twice",
    )


def other_address(where: str) -> str | None:
    """The address with `https` for `http` or the other way round, when that is what is spoken there.

    Asked without a token, and nothing of the answer is used but that it is a good one: many a server of `https` answers
    plain requests, to refuse them.
    """
    address = of_same_port(where)
    parts = urlsplit(address)
    if parts.scheme == "https":
        return address if _speaks_tls(parts) else None
    try:
        answer = httpx.get(f"{address}/healthz", timeout=_PROBE_S, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        return None
    return address if answer.is_success else None


def of_same_port(where: str) -> str:
    """The address with the other scheme; a port that went without saying is said, since it is another one there."""
    parts = urlsplit(where)
    scheme, default = ("https", 80) if parts.scheme == "http" else ("http", 443)
    netloc = parts.netloc if parts.port is not None else f"{parts.netloc}:{default}"
    return parts._replace(scheme=scheme, netloc=netloc).geturl()


def _speaks_tls(parts: SplitResult) -> bool:
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 0), _PROBE_S) as raw,
            ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname),
        ):
            return True
    except ssl.SSLCertVerificationError:  # it has shown one
        return True
    except (OSError, ValueError):
        return False


def _may_be_the_other(where: str, error: Exception) -> bool:
    """Whether the error is one that the wrong scheme gives: no answer at all, or one that is no TLS."""
    if where.startswith("http://"):
        return isinstance(error, httpx.RemoteProtocolError | httpx.ReadError)
    return "[SSL" in str(error) and "CERTIFICATE" not in str(error)


def _other_scheme(where: str, meant: str) -> GravenError:
    scheme, spoken = where.partition("://")[0], meant.partition("://")[0]
    why = f"the address says {scheme}"
    if spoken == "http" and not _is_here(meant):
        why += "; before you believe that: over http everybody on the way can read the token"
    return Unavailable(f"the server at {where} speaks {spoken}, not {scheme}", why=why, hint=f"--server {meant}")


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_connection(where: str, error: Exception) -> GravenError:
    reason = _reason(error)
    if is_distrust(error):
        return Unavailable(
            f"the certificate of {where} is not trusted",
            why=reason,
            hint=f"{_CERTIFICATE}=FILE, with the certificate of the authority that signed it",
        )
    return Unavailable(
        f"no server answers at {where}", why=reason, hint="graven serve --data DIR, or check --server and GRAVEN_SERVER"
    )


def _reason(error: Exception) -> str:
    """What the system or OpenSSL says, without its numbers and places."""
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    text = str(error) or "the connection was refused"
    head, _, tail = text.partition("] ")
    text = tail if head.startswith(("[Errno", "[SSL")) and tail else text
    text = text.partition(" (_ssl.c")[0].partition(": '")[0]  # neither a line of C nor the path once more
    return text[:1].lower() + text[1:]
