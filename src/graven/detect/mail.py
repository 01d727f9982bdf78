"""One message to a mail address: plain text, what fired and where to look, by the stdlib's SMTP client."""

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from graven.detect.address import mailbox_of
from graven.detect.sent import Attempt, Delivered, Later, Refused
from graven.detect.store import Delivery

__all__ = ["Mail", "MailSettings", "mail_message"]

_TIMEOUT_S: Final = 15.0
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


class Mail:
    """`Send` for `mailto` addresses."""

    def __init__(self, settings: MailSettings, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    async def __call__(self, delivery: Delivery) -> Attempt:
        """See `Send`. `timeout_s` bounds each step of the conversation."""
        return await asyncio.to_thread(self._send, delivery)

    def _send(self, delivery: Delivery) -> Attempt:
        mailbox = mailbox_of(delivery.address)
        message = mail_message(delivery, self._settings.sender, mailbox)
        try:
            with self._connect() as server:
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

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "none":
            return smtplib.SMTP(settings.host, settings.port, timeout=self._timeout_s)
        trust = ssl.create_default_context(cafile=settings.ca_file)
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=self._timeout_s, context=trust)
        server = smtplib.SMTP(settings.host, settings.port, timeout=self._timeout_s)
        try:
            server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
        return server


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
