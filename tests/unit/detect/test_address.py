"""Where something may be sent."""

import pytest

from graven.detect.address import check_address, is_local, is_refused, mailbox_of, shown
from graven.errors import InvalidInput


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.example/a?b=c",
        "http://10.0.0.5:8080/x",
        "https://[2001:db8::1]/",
        "mailto:qa+alerts@shop.example",
    ],
)
def test_these_are_addresses(address):
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "hooks.example", "ftp://a.example/", "file:///etc/passwd", "https://", "https:///path", "https://u:p@a.example/",
        "https://u@a.example/", "https://a.example/#x", "https://a.example/#", "https://a.example:0/",
        "https://a.example:99999/", "https://a.example\\@b.example/", "https://a.example/ x",
        "https://a.example/\r\nX: y",
        "https://ä.example/", "https://a.example/" + "x" * 2000, "https://[::1/", "mailto:", "mailto:a",
        "mailto:a@b.example,c@d.example", "mailto:a@b.example?bcc=x@y.example", "mailto:a@b.example\n",
        "mailto:a b@c.example",
        "mailto:<a@b.example>", "MAILTO:a@b.example",
    ],
)  # fmt: skip
def test_these_are_refused(address):
    with pytest.raises(InvalidInput) as refused:
        check_address(address)
    assert refused.value.code == "invalid_address"


def test_what_is_no_address_is_told_what_one_looks_like():
    with pytest.raises(InvalidInput) as refused:
        check_address("notaurl")
    assert refused.value.hint == "https://hooks.example/qa, or mailto:qa@shop.example"


def test_a_bare_mail_address_is_told_what_it_lacks():
    with pytest.raises(InvalidInput) as refused:
        check_address("qa@shop.example")
    assert refused.value.hint == "mailto:qa@shop.example"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9",
        "[::1]",
        "localhost",
        "a.localhost.",
        "127.1",
        "2130706433",
        "0x7f.1",
        "169.254.169.254",
        "0.0.0.0",
        "127.0.0.1.",
        "127.1.",
        "LOCALHOST.",
        "localhost%2e",
        "localhos%74",
        "127%2e0.0.1",
        "127.0.0.1%252e",
        "127%E3%80%820%E3%80%820%E3%80%821",
        "[::127.0.0.1]",
        "[::169.254.169.254]",
        "[fe80::1%25eth0]",
    ],
)
def test_what_names_a_refused_address_itself_is_known_beforehand(host):
    assert is_local(f"http://{host}/x")


@pytest.mark.parametrize(
    "host", ["hooks.example", "hooks.example.", "10.0.0.5:8080", "[2001:db8::1]", "[::8.8.8.8]", "8.8.8.8."]
)
def test_any_other_is_only_known_when_it_is_called(host):
    assert not is_local(f"https://{host}/x")


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "fe80::1", "fe80::1%eth0",
        "224.0.0.1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1",
        "::127.0.0.1", "::7f00:1", "nonsense",
    ],
)  # fmt: skip
def test_a_server_does_not_call_itself_or_its_link(ip):
    assert is_refused(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254", "fd00:ec2::254", "FD00:0EC2:0:0::254", "fd20:ce::254", "fd00:42::42", "168.63.129.16",
        "192.0.0.192", "100.100.100.200",
        "::ffff:100.100.100.200", "::ffff:192.0.0.192",
        "64:ff9b::100.100.100.200", "64:ff9b::169.254.169.254", "64:ff9b::192.0.0.192",
        "64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1::808:808",
        "2002:6464:64c8::1", "2002:a9fe:a9fe::",
    ],
)  # fmt: skip
def test_a_server_does_not_ask_for_the_credentials_of_its_cloud(ip):
    assert is_refused(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "10.0.0.1",
        "192.168.1.1",
        "93.184.216.34",
        "2001:db8::1",
        "fd00::1",
        "64:ff9b::808:808",
        "100.100.100.201",
        "fd00:ec2::253",
    ],
)
def test_private_and_public_networks_are_called(ip):
    assert not is_refused(ip)


def test_a_mail_address_is_one_mailbox():
    assert mailbox_of("mailto:qa@shop.example") == "qa@shop.example"


def test_what_is_shown_tells_addresses_apart_and_keeps_their_secrets():
    one, other = shown("https://hooks.example:8443/T0/abc"), shown("https://hooks.example:8443/T0/abd")
    assert one != other
    assert one.startswith("https://hooks.example:8443/…")
    assert "abc" not in one
