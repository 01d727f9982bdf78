"""One message to a mail address: plain text, what fired and where to look, by the stdlib's SMTP client."""

import asyncio
import smtplib
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from graven.detect.address import mailbox_of
from graven.detect.aside import aside
from graven.detect.sent import Attempt, Delivered, Later, Refused
from graven.detect.store import Delivery

__all__ = ["Mail", "MailSettings", "mail_message"]

_TIMEOUT_S: Final = 15.0
_DEADLINE_S: Final = 60.0
_PERMANENT: Final = 500
_MAX_LINE: Final = 500


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: str
    """The mail server that takes our messages."""
    sender: str
    """Address in `From`, and of the envelope."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` refuses to go on in the clear; `tls` from the first byte (port 465); `none` only says so in words."""
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    """PEM file of the authorities that vouch for the server; those of the system otherwise."""


class _Known:
    """Says that it is there before it connects, so that it can be cut off whatever it waits for."""

    def __init__(self, opened: list[Any], *args: Any, **settings: Any) -> None:
        opened.append(self)
        super().__init__(*args, **settings)


class _Smtp(_Known, smtplib.SMTP):
    pass


class _SmtpTls(_Known, smtplib.SMTP_SSL):
    pass


class Mail:
    """`Send` for `mailto` addresses."""

    def __init__(
        self, settings: MailSettings, *, timeout_s: float = _TIMEOUT_S, deadline_s: float = _DEADLINE_S
    ) -> None:
        """`timeout_s` bounds each step of the conversation, `deadline_s` all of it: a server that says a little now
        and then would hold it for ever."""
        self._settings = settings
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s

    async def __call__(self, delivery: Delivery) -> Attempt:
        """See `Send`."""
        opened: list[smtplib.SMTP] = []
        try:
            async with asyncio.timeout(self._deadline_s):
                return await aside(self._send, delivery, opened)
        except TimeoutError:
            return Later(f"the mail server took more than {self._deadline_s:g} s")
        finally:
            for server in opened:
                _cut(server)

    def _send(self, delivery: Delivery, opened: list[smtplib.SMTP]) -> Attempt:
        mailbox = mailbox_of(delivery.address)
        message = mail_message(delivery, self._settings.sender, mailbox)
        try:
            with self._connect(opened) as server:
                if self._settings.username is not None:
                    server.login(self._settings.username, self._settings.password or "")
                server.send_message(message, self._settings.sender, [mailbox])
            return Delivered("taken by the mail server")
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return _refused(max(codes, default=0), "the recipient")
        except smtplib.SMTPSenderRefused as error:
            return _refused(error.smtp_code, "the sender")
        except smtplib.SMTPResponseException as error:  # login included: somebody may mend the password
            return Later(f"the mail server answered {error.smtp_code}")
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Later(type(error).__name__)

    def _connect(self, opened: list[smtplib.SMTP]) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "none":
            return _Smtp(opened, settings.host, settings.port, timeout=self._timeout_s)
        trust = ssl.create_default_context(cafile=settings.ca_file)
        if settings.security == "tls":
            return _SmtpTls(opened, settings.host, settings.port, timeout=self._timeout_s, context=trust)
        server = _Smtp(opened, settings.host, settings.port, timeout=self._timeout_s)
        try:
            server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
        return server


def _cut(server: smtplib.SMTP) -> None:
    """End what its thread waits for; harmless when it is over."""
    connection: socket.socket | None = getattr(server, "sock", None)
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _refused(code: int, whom: str) -> Attempt:
    said = f"the mail server refused {whom}: {code}"
    return Refused(said) if code >= _PERMANENT else Later(said)


def mail_message(delivery: Delivery, sender: str, mailbox: str) -> EmailMessage:
    """The message; the same for every attempt, `Message-ID` included, so that a second copy can be told as one."""
    body = msgspec.json.decode(delivery.body)
    data: dict[str, Any] = body["data"]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mailbox
    message["Subject"] = _line(f"[graven] {data['severity']}: {data['message']}")[:200]
    message["Date"] = format_datetime(datetime.fromtimestamp(delivery.at_ns // 1_000_000_000, UTC))
    message["Message-ID"] = f"<{delivery.fire}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    indexes = ", ".join(map(str, data["indexes"])) or "none"
    lines = [
        data["message"],
        "",
        f"log:      {data['log']}",
        f"alert:    {data['alert']} ({data['severity']})",
        f"at:       {body['timestamp']}",
        f"since:    {data['since']}",
        f"entries:  {indexes}",
        *([f"look:     {data['link']}"] if "link" in data else []),
        f"recorded: {data['id']} in the log system",
    ]
    message.set_content("".join(f"{_line(line)}\n" for line in lines), cte="quoted-printable")
    return message


def _line(text: str) -> str:
    """On one line, whatever somebody was called."""
    return "".join(char if char.isprintable() else " " for char in text)[:_MAX_LINE]
