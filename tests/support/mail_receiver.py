"""A mail server on loopback that takes alerts, and remembers what came over the wire."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.receivers import server_context

__all__ = ["MailServer", "mail_server"]


class MailServer:
    """`refuse` maps the first four letters of a command to the answer it gets."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.port = 0
        self.refuse: dict[str, str] = {}
        self.messages: list[tuple[str, list[str], bytes]] = []
        self.commands: list[str] = []


class _Conversation:
    """SMTP (RFC 5321) with one client."""

    def __init__(self, mail: MailServer, connection: socket.socket, *, at_once: bool) -> None:
        self.mail = mail
        self.connection = connection
        self.lines: Any = None
        self.offers_tls = mail.context is not None and not at_once
        self.secure(mail.context if at_once else None)
        self.sender = ""
        self.recipients: list[str] = []

    def run(self) -> None:
        self.say("220 mail.example ESMTP")
        while line := self.lines.readline():
            text = line.decode().rstrip("\r\n")
            command = text[:4].upper()
            self.mail.commands.append(text)
            if command in self.mail.refuse:
                self.say(self.mail.refuse[command])
            else:
                getattr(self, f"do_{command.lower()}", self.do_other)(text)
            if command == "QUIT":
                break
        self.lines.close()
        self.connection.close()

    def secure(self, context: ssl.SSLContext | None) -> None:
        if context is not None:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        if self.lines is not None:
            self.lines.close()
        self.lines = self.connection.makefile("rb")

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def do_other(self, text: str) -> None:
        self.say("250 ok")

    def do_ehlo(self, text: str) -> None:
        tls = ["250-STARTTLS"] if self.offers_tls else []
        self.say("\r\n".join(["250-mail.example", *tls, "250 AUTH PLAIN"]))

    def do_star(self, text: str) -> None:
        self.say("220 go on")
        self.secure(self.mail.context)

    def do_auth(self, text: str) -> None:
        self.say("235 ok")

    def do_mail(self, text: str) -> None:
        self.sender, self.recipients = text.partition("<")[2].partition(">")[0], []
        self.say("250 ok")

    def do_rcpt(self, text: str) -> None:
        self.recipients.append(text.partition("<")[2].partition(">")[0])
        self.say("250 ok")

    def do_data(self, text: str) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.lines.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        self.mail.messages.append((self.sender, self.recipients, b"".join(lines)))
        self.say("250 taken")

    def do_quit(self, text: str) -> None:
        self.say("221 bye")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: Any, address: Any) -> None:
        """A client that did not trust the certificate."""

    def shutdown_request(self, request: Any) -> None:
        request.close()


@contextmanager
def mail_server(tls: tuple[Path, Path] | None = None, *, at_once: bool = False) -> Iterator[MailServer]:
    """With a certificate it offers STARTTLS, or speaks TLS from the first byte (`at_once`)."""
    mail = MailServer(None if tls is None else server_context(tls))

    def handle(request: socket.socket, *_: Any) -> None:
        _Conversation(mail, request, at_once=at_once).run()

    server = _Server(("127.0.0.1", 0), handle)  # type: ignore[arg-type]
    mail.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mail
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
