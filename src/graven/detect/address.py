"""Where an alert may be sent: `https://…`, `http://…` and `mailto:…`, and which network addresses are refused.

A server that calls whatever address it is given can be made to call its own neighbours (SSRF). So only an operator
sets addresses; redirects are not followed; every network address of the host is checked when it is called, and the
connection goes to the address that was checked; loopback, link-local, multicast and unspecified ones are refused unless
settings allow them, and so are those where clouds keep their metadata. What stands for an IPv4 address is checked as
that. Private networks are allowed: that is where QA lives.
"""

import hashlib
import ipaddress
import re
import socket
from typing import Final
from urllib.parse import unquote, urlsplit

from graven.errors import InvalidInput

__all__ = ["check_address", "host_of", "is_local", "is_refused", "mailbox_of", "shown"]

MAX_CHARS: Final = 2000
_MAILBOX: Final = re.compile(
    r"[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*"
)

_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        (
            "fd00:ec2::254",  # AWS
            "fd20:ce::254",  # Google Cloud
            "168.63.129.16",  # Azure
            "192.0.0.192",  # Oracle Cloud
            "100.100.100.200",  # Alibaba Cloud
            "fd00:42::42",  # Scaleway
        ),
    )
)
"""Where clouds answer whoever asks with credentials; the others use 169.254.169.254, which is link-local."""
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
"""RFC 8215: only its network knows where in it the IPv4 address stands, so none of it is to be trusted."""


def check_address(address: str) -> None:
    """InvalidInput (`invalid_address`) unless something can be sent there. Looks nothing up."""
    if len(address) > MAX_CHARS or not address.isascii() or not address.isprintable() or " " in address:
        raise _invalid(address, f"an address has at most {MAX_CHARS} visible ASCII characters")
    if address.startswith("mailto:"):
        mailbox_of(address)
        return
    if _MAILBOX.fullmatch(address) is not None:
        raise InvalidInput(
            f"address {address!r}: a mail address stands after mailto:",
            hint=f"mailto:{address}",
            code="invalid_address",
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise _invalid(address, str(error)) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _invalid(address, "https://, http:// or mailto: is expected")
    if parts.username is not None or parts.password is not None:
        raise _invalid(address, "an address must not hold a name or password")
    if "#" in address or port == 0 or "\\" in address:
        raise _invalid(address, "no fragment, no port 0 and no backslash")


def mailbox_of(address: str) -> str:
    """`qa@shop.example` of `mailto:qa@shop.example`; InvalidInput for anything more."""
    mailbox = address.removeprefix("mailto:")
    if len(mailbox) > 254 or _MAILBOX.fullmatch(mailbox) is None:
        raise _invalid(address, "one mail address is expected after mailto:, and nothing else")
    return mailbox


def shown(address: str) -> str:
    """The address as records and logs may show it: path and query of a webhook are often its secret."""
    if address.startswith("mailto:"):
        return address
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/…{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def host_of(address: str) -> str:
    """What answers there: host and port of a webhook, `mailto` for every mailbox (one server takes all our mail)."""
    return "mailto" if address.startswith("mailto:") else urlsplit(address).netloc.rpartition("@")[2].lower()


def is_refused(ip: str) -> bool:
    """Whether a network address is one that only settings may allow. A malformed one is refused, too."""
    try:
        found = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv6Address):
        teredo = (found.teredo or (None, None))[1]
        found = found.ipv4_mapped or found.sixtofour or teredo or _nat64(found) or _compatible(found) or found
    if found in _METADATA or found in _LOCAL_NAT64:
        return True
    return found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or _is_this(found)


def is_local(address: str) -> bool:
    """Whether a webhook names a network address that is refused, or `localhost`. Looks no name up: what another name
    stands for is only known when it is called."""
    host = _plain(urlsplit(address).hostname or "")
    if host == "localhost" or host.endswith(".localhost") or not host.isascii():
        return True  # beyond ASCII there are more spellings of digits and dots, and no host needs them
    try:  # by the resolver, which also knows 127.1 and 0x7f000001; a name fails
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return any(is_refused(str(each[4][0])) for each in found)


def _plain(host: str) -> str:
    """Without what other spellings add: percent-encoding, the zone of an IPv6 address, dots of the root at the end."""
    while (decoded := unquote(host)) != host:
        host = decoded
    if ":" in host:
        host = host.partition("%")[0]
    return host.rstrip(".").lower()


def _compatible(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address in the last 32 bits of ::/96, as it was written before ::ffff:0:0/96 (RFC 4291, 2.5.5.1)."""
    return ipaddress.IPv4Address(int(ip)) if int(ip) >> 32 == 0 else None


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address behind the well-known prefix 64:ff9b::/96 (RFC 6052)."""
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if int(ip) >> 32 == 0x0064FF9B << 64 else None


def _is_this(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """0.0.0.0/8 means this host to many systems."""
    return ip.version == 4 and int(ip) >> 24 == 0


def _invalid(address: str, why: str) -> InvalidInput:
    hint = "https://hooks.example/qa, or mailto:qa@shop.example"
    return InvalidInput(f"address {_begin_of(address)}: {why}", hint=hint, code="invalid_address")


def _begin_of(address: str) -> str:
    """Of an address that may be anything, no more than how it begins, and nothing of a password."""
    begin = address[: address.find(":") + 1] if "@" in address and not address.startswith("mailto:") else address[:24]
    return repr(begin) + ("…" if len(address) > len(begin) else "")
