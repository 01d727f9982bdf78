"""Mail against a real SMTP server on loopback."""

import asyncio
import email
import email.policy
import json
import socket
import threading
from types import SimpleNamespace

import pytest
from tests.support.alert_world import START_NS
from tests.support.mail_receiver import mail_server
from tests.support.receivers import certificate

from graven.detect.mail import Mail, MailSettings
from graven.detect.sent import Delivered, Later, Refused
from graven.detect.store import Delivery


def delivery(message="shop/burst: 10 matches of one actor within 1m"):
    data = {
        "id": "alert-1", "alert": "burst", "log": "shop", "severity": "error", "message": message,
        "since": "2026-11-22T20:01:02.000000000Z", "count": 2, "indexes": [7, 9],
        "link": "https://graven.example/ui/shop/event/9",
    }  # fmt: skip
    body = json.dumps({"type": "alert.fire", "timestamp": "2026-11-22T20:01:03.000000000Z", "data": data})
    return Delivery("alert-1", "mailto:qa@shop.example", "shop", "burst", body.encode(), START_NS, 0)


def send(server, what=None, deadline_s=30.0, **settings):
    chosen = MailSettings("localhost", "graven@shop.example", port=server.port, **{"security": "none", **settings})
    return asyncio.run(Mail(chosen, timeout_s=10, deadline_s=deadline_s)(what or delivery()))


def test_a_message_says_what_fired_and_where_to_look():
    with mail_server() as server:
        assert send(server) == Delivered("taken by the mail server")
    ((sender, recipients, raw),) = server.messages
    assert (sender, recipients) == ("graven@shop.example", ["qa@shop.example"])
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == "[graven] error: shop/burst: 10 matches of one actor within 1m"
    assert message["To"] == "qa@shop.example"
    assert message["Message-ID"] == "<alert-1@shop.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "entries:  7, 9" in text
    assert "https://graven.example/ui/shop/event/9" in text


def test_what_somebody_is_called_adds_no_header_and_no_line():
    evil = "burst of actor eve\r\nBcc: all@shop.example\n.\nRSET \x1b[2J é"
    with mail_server() as server:
        assert isinstance(send(server, delivery(evil)), Delivered)
    ((_, recipients, raw),) = server.messages
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert recipients == ["qa@shop.example"]
    assert message["Bcc"] is None
    assert "é" in message["Subject"]
    assert "\x1b" not in message.get_content()
    assert [command[:4] for command in server.commands].count("RSET") == 0


def test_starttls_is_used_and_the_certificate_is_checked(tmp_path):
    files = certificate(tmp_path)
    with mail_server(files) as server:
        assert isinstance(send(server, security="starttls", ca_file=str(files[0])), Delivered)
        assert isinstance(send(server, security="starttls"), Later), "an unknown authority"
    assert len(server.messages) == 1


def test_without_starttls_nothing_goes_out_in_the_clear():
    with mail_server() as server:
        assert isinstance(send(server, security="starttls"), Later)
    assert server.messages == []


def test_tls_from_the_first_byte(tmp_path):
    files = certificate(tmp_path)
    with mail_server(files, at_once=True) as server:
        assert isinstance(send(server, security="tls", ca_file=str(files[0])), Delivered)


def test_a_password_is_sent_and_never_shown():
    with mail_server() as server:
        assert isinstance(send(server, username="graven", password="hunter2"), Delivered)
        assert any(command.startswith("AUTH PLAIN") for command in server.commands)
        server.refuse["AUTH"] = "535 bad password hunter2"
        attempt = send(server, username="graven", password="hunter2")
    assert attempt == Later("the mail server answered 535")


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("RCPT", "550 no such user", Refused("the mail server refused the recipient: 550")),
        ("RCPT", "450 later", Later("the mail server refused the recipient: 450")),
        ("MAIL", "553 not you", Refused("the mail server refused the sender: 553")),
        ("DATA", "451 later", Later("the mail server answered 451")),
        ("EHLO", "421 busy", Later("the mail server answered 421")),
    ],
)
def test_what_the_server_refuses_decides_what_comes_next(command, answer, expected):
    with mail_server() as server:
        server.refuse = {command: answer, **({"HELO": answer} if command == "EHLO" else {})}
        assert send(server) == expected
    assert server.messages == []


def test_nobody_there_is_tried_later():
    with mail_server() as server:
        pass
    assert send(server) == Later("ConnectionRefusedError")


def test_a_server_that_never_speaks_ends_at_the_deadline_and_leaves_no_thread():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = SimpleNamespace(port=listening.getsockname()[1])
        assert send(server, deadline_s=0.2) == Later("the mail server took more than 0.2 s")
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join(5)
            assert not thread.is_alive(), "its connection was cut"
