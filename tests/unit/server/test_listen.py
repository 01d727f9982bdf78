"""Addresses, and the refusal to expose tokens and events."""

import pytest

from graven.errors import UsageError
from graven.server.listen import check_exposure, parse_listen
from graven.server.settings import AccessSettings, Settings, TlsSettings

TLS = TlsSettings("cert", "key")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:0", ("::1", 0)), ("localhost:1", ("localhost", 1))],
)
def test_an_address_is_host_and_port(text: str, parsed: tuple[str, int]) -> None:
    assert parse_listen(text) == parsed


@pytest.mark.parametrize("text", ["", "80", ":80", "host:", "host:x", "host:65536", "host:+1", "host:١"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_listen(text)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(listen="127.0.0.1:1"),
        Settings(listen="localhost:1"),
        Settings(listen="[::1]:1", access=AccessSettings(auth=False)),
        Settings(listen="0.0.0.0:1", tls=TLS),
        Settings(listen="0.0.0.0:1", access=AccessSettings(insecure_no_tls=True)),
        Settings(listen="0.0.0.0:1", tls=TLS, access=AccessSettings(auth=False, insecure_no_auth=True)),
    ],
)
def test_loopback_tls_or_words_are_enough(settings: Settings) -> None:
    check_exposure(settings)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(listen="0.0.0.0:1"),
        Settings(listen="[::]:1"),
        Settings(listen="example.com:1"),
        Settings(listen="0.0.0.0:1", tls=TLS, access=AccessSettings(auth=False)),
        Settings(listen="0.0.0.0:1", access=AccessSettings(insecure_no_auth=True)),
    ],
)
def test_exposure_without_words_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError) as refused:
        check_exposure(settings)
    assert refused.value.code == "refused_exposure"
