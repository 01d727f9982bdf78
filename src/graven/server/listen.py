"""Where to listen, and the refusal of addresses that would expose tokens or events."""

import errno
import ipaddress
import resource
import socket
import ssl
from pathlib import Path

from graven.errors import UsageError
from graven.server.settings import Settings

__all__ = ["bind", "check_exposure", "check_tls", "is_loopback", "parse_listen", "raise_file_limit"]


_MAX_PORT = 65_535


def parse_listen(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPv6]:PORT`; UsageError otherwise."""
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not (port.isascii() and port.isdigit()):
        raise UsageError(f"cannot listen on {text!r}", hint="HOST:PORT, for example 127.0.0.1:8470")
    if len(port) > 5 or int(port) > _MAX_PORT:
        raise UsageError(
            f"cannot listen on {text!r}",
            why=f"the port is {port}, {_MAX_PORT} is the highest",
            hint="127.0.0.1:8470; port 0 takes a free one",
        )
    return host, int(port)


def check_exposure(settings: Settings) -> None:
    """UsageError for authentication off, or an address beyond loopback without TLS, unless asked for in words."""
    host, _ = parse_listen(settings.listen)
    if not is_loopback(host) and settings.tls.cert is None and not settings.access.insecure_no_tls:
        raise UsageError(
            f"refusing to listen on {host} without TLS",
            why="tokens and events would cross the network readable",
            hint="--tls-cert and --tls-key, or --insecure-no-tls when something in front does TLS",
            code="refused_exposure",
        )
    if not settings.access.auth and not settings.access.insecure_no_auth:
        raise UsageError(
            f"refusing to listen on {host} with authentication off",
            why="whoever reaches the port, every user of this machine at least, could record and read everything",
            hint="leave out --no-auth; or add --insecure-no-auth, if that is what you want",
            code="refused_exposure",
        )


def check_tls(settings: Settings) -> None:
    """UsageError unless certificate and key are both absent, or load and fit."""
    cert, key = settings.tls.cert, settings.tls.key
    if cert is None and key is None:
        return
    if cert is None or key is None:
        raise UsageError("TLS needs both a certificate and a key", hint="--tls-cert FILE --tls-key FILE")
    for path in (cert, key):
        if not Path(path).is_file():
            raise UsageError(f"there is no file {path}", hint="a PEM file is needed")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except ssl.SSLError as error:
        raise UsageError(f"the certificate {cert} and the key {key} do not work together: {error.reason}") from error


def bind(settings: Settings) -> socket.socket:
    """A listening socket; UsageError when the address is taken or not ours."""
    host, port = parse_listen(settings.listen)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise UsageError(f"cannot listen on {settings.listen}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _not_bound(settings.listen, host, port, error) from error
    return listener


def _not_bound(listen: str, host: str, port: int, error: OSError) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.EADDRINUSE:
        shown = f"[{host}]" if ":" in host else host
        other = port + 1 if port < _MAX_PORT else port - 1
        hint = f"another server has this port; choose another: --listen {shown}:{other} (port 0 takes a free one)"
    elif error.errno == errno.EACCES:
        hint = "ports below 1024 need a privilege: --listen 127.0.0.1:8470"
    else:
        hint = "the host must be an address of this machine: --listen 127.0.0.1:8470"
    return UsageError(f"cannot listen on {listen}: {reason}", hint=hint, code="cannot_listen")


def raise_file_limit(wanted: int = 65_536) -> None:
    """Lift the soft limit of open files to `wanted`, or as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
