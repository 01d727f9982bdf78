"""One POST to a webhook: signed, bounded in time, never redirected, to a network address that was checked.

The name is looked up here and the connection goes to the address that was checked, with the name in `Host` and in
TLS: between the check and the call a name could be made to mean something else. Proxies of the environment are not
used: behind one the check would be worth nothing. Any 2xx is success; 410 says that nobody listens any more.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from graven import __version__
from graven.detect.address import is_refused
from graven.detect.aside import aside
from graven.detect.sent import Attempt, Delivered, Later, Refused
from graven.detect.signing import secret_of, signed_headers
from graven.detect.store import Delivery
from graven.sdk.backoff import parse_retry_after

if TYPE_CHECKING:  # loaded at the first delivery: a tenth of the start of a server, and few send anything
    import httpx

__all__ = ["TIMEOUT_S", "Webhook"]

TIMEOUT_S: Final = 20.0
"""For the whole attempt, name look-up included."""
CONNECT_TIMEOUT_S: Final = 5.0
MOST_ANSWER_BYTES: Final = 64 * 1024
"""Of an answer no more is read; its content means nothing."""
_GONE: Final = 410


class Webhook:
    """`Send` for `http` and `https` addresses."""

    def __init__(
        self,
        keys: Sequence[bytes],
        *,
        clock: Callable[[], int],
        allow_local: bool = False,
        timeout_s: float = TIMEOUT_S,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        """`keys` are the master keys, the current one first; `clock` gives Unix ns; `allow_local` permits loopback and
        link-local; `verify` is an SSL context for TLS, the system's trust by default."""
        self._keys = keys
        self._clock = clock
        self._allow_local = allow_local
        self._timeout_s = timeout_s
        self._verify = True if verify is None else verify

    async def __call__(self, delivery: Delivery) -> Attempt:
        """See `Send`."""
        import httpx

        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(delivery)
        except TimeoutError:
            return Later(f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            return Later(_without_address(error))

    async def _post(self, delivery: Delivery) -> Attempt:
        import httpx

        parts = urlsplit(delivery.address)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        ip = await self._checked(host, port)
        if ip is None:
            return Refused(
                "the host is a loopback, link-local or otherwise refused network address (alerts.allow_local)"
            )
        url = httpx.URL(delivery.address).copy_with(host=ip)
        secrets = [secret_of(key, delivery.address) for key in self._keys]
        headers = {
            "host": parts.netloc,
            "content-type": "application/json",
            "user-agent": f"graven/{__version__}",
            "accept-encoding": "identity",
            **signed_headers(secrets, delivery.fire, self._clock() // 1_000_000_000, delivery.body),
        }
        timeout = httpx.Timeout(self._timeout_s, connect=CONNECT_TIMEOUT_S)
        client = httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False, verify=self._verify)
        async with client:
            extensions = {"sni_hostname": host}
            call = client.stream("POST", url, content=delivery.body, headers=headers, extensions=extensions)
            async with call as answer:
                await _drain(answer)
                return _judge(answer, self._clock() / 1e9)

    async def _checked(self, host: str, port: int) -> str | None:
        """A network address of the host, None when one of them is refused: then none of them is to be trusted."""
        found = await aside(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        ips = [str(each[4][0]) for each in found]
        if not self._allow_local and any(is_refused(ip) for ip in ips):
            return None
        return min(ips, key=lambda ip: ipaddress.ip_address(ip.partition("%")[0]).version)


async def _drain(answer: "httpx.Response") -> None:
    """Read a short answer to its end, so that the receiver is not cut off in the middle of it."""
    read = 0
    async for piece in answer.aiter_raw():
        read += len(piece)
        if read > MOST_ANSWER_BYTES:
            return


def _judge(answer: "httpx.Response", now_s: float) -> Attempt:
    status = answer.status_code
    if answer.is_success:
        return Delivered(str(status))
    if status == _GONE:
        return Refused("410: the receiver is gone for good")
    after_s = parse_retry_after(answer.headers.get("retry-after"), now_s)
    return Later(f"{status}: a redirect is not followed" if answer.is_redirect else str(status), after_s or 0.0)


def _without_address(error: Exception) -> str:
    """The kind of error only: its text may hold the address."""
    reason: BaseException | None = error
    kinds = []
    while reason is not None:  # the first cause says most: layers above it wrap it
        kinds += [type(reason).__name__] if isinstance(reason, OSError) else []
        reason = reason.__cause__ or reason.__context__
    kind = type(error).__name__
    return f"{kind} ({kinds[-1]})" if kinds and kinds[-1] != kind else kind
