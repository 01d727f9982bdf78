"""Addresses, and the refusal to expose tokens and events."""

import pytest

from graven.errors import UsageError
from graven.server.listen import bind, check_exposure, parse_listen
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
        Settings(listen="[::1]:1", access=AccessSettings(auth=False, insecure_no_auth=True)),
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
        Settings(listen="127.0.0.1:1", access=AccessSettings(auth=False)),
    ],
)
def test_exposure_without_words_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError) as refused:
        check_exposure(settings)
    assert refused.value.code == "refused_exposure"


def test_a_port_that_is_too_high_is_named_as_the_reason() -> None:
    with pytest.raises(UsageError) as refused:
        parse_listen("127.0.0.1:70000")
    assert "70000" in refused.value.why


def test_a_port_in_use_comes_with_another_to_try() -> None:
    with bind(Settings(listen="127.0.0.1:0")) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            bind(Settings(listen=f"127.0.0.1:{port}"))
    assert refused.value.code == "cannot_listen"
    assert "--listen 127.0.0.1:" in refused.value.hint
    assert f":{port} " not in refused.value.hint
