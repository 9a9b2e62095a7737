"""Ways out of the house: a folder in demo and tests, SMTP in production."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from flask import current_app, render_template

from marketplace.foundation.languages import in_language, page_language

from .models import Message

TIMEOUT_SECONDS = 20
Send = Callable[[EmailMessage], None]


class Refused(Exception):
    """The receiving side will never take this mail; trying again is no use."""


class Transport(Protocol):
    """Opens a way out for a batch of mails."""

    def open(self) -> AbstractContextManager[Send]:
        """What sends one mail, or raises OSError (smtplib's errors are OSErrors) or Refused."""


class FolderTransport:
    """Writes each mail as a file named by its message id: twice is still one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Write ``<message id>.eml``, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        yield self._write

    def _write(self, mail: EmailMessage) -> None:
        name = str(mail["Message-ID"]).strip("<>").split("@")[0]
        unfinished = self.folder / f".{name}.part"
        unfinished.write_bytes(mail.as_bytes())
        unfinished.replace(self.folder / f"{name}.eml")


class SmtpTransport:
    """``smtp://user:password@host:port``, ``smtp+starttls://…`` or ``smtps://…``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25)
        self.user = unquote(parts.username or "")
        self.password = unquote(parts.password or "")

    @contextmanager
    def open(self) -> Iterator[Send]:
        """One connection for a whole batch; a lost one is made again for the next mail."""
        connection = _Connection(self)
        try:
            yield connection.send
        finally:
            connection.close()

    def connect(self) -> smtplib.SMTP:
        """A connection, greeted and signed in."""
        if self.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


class _Connection:
    """An SMTP connection that says at once when nobody answers, instead of once for each mail."""

    def __init__(self, transport: SmtpTransport) -> None:
        self.transport = transport
        self.server: smtplib.SMTP | None = None
        self.unreachable: OSError | None = None

    def send(self, mail: EmailMessage) -> None:
        """Hand one mail over; a refusal of this mail leaves the connection to the next."""
        if self.unreachable is not None:
            raise self.unreachable
        if self.server is None:
            try:
                self.server = self.transport.connect()
            except OSError as error:
                self.unreachable = error
                raise
        try:
            self.server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            self._reset()
            codes = {code for code, _text in error.recipients.values()}
            if all(code >= 500 for code in codes):
                raise Refused(f"{sorted(codes)}") from error
            raise
        except smtplib.SMTPResponseException as error:
            self._reset()
            if error.smtp_code >= 500:
                raise Refused(f"{error.smtp_code}") from error
            raise
        except OSError:
            self.close()
            raise

    def _reset(self) -> None:
        try:
            assert self.server is not None
            self.server.rset()
        except OSError:
            self.close()

    def close(self) -> None:
        """Say goodbye, as far as the other side still listens."""
        if self.server is None:
            return
        try:
            self.server.quit()
        except OSError:
            self.server.close()
        self.server = None


@dataclass(frozen=True)
class Opened:
    """A letter's text, deciphered for its sending."""

    public_id: str
    subject: str
    body: str
    link: str
    created_at: datetime
    language: str | None = None


def compose(message: Message | Opened, to: str) -> EmailMessage:
    """A mail as text and as simple HTML; the same message always carries the same Message-ID.

    Raises Refused for what is no address.
    """
    if "@" not in to or any(character.isspace() for character in to):
        raise Refused("not a mail address")
    settings = current_app.config["SETTINGS"]
    facts = {
        "subject": message.subject,
        "lines": [line for line in message.body.split("\n") if line.strip()],
        "url": settings.site_url + message.link if message.link.startswith("/") else None,
    }
    sender = settings.mail_from
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = " ".join(message.subject.split())
    mail["Message-ID"] = f"<{message.public_id}@{sender.split('@')[-1] or 'marketplace'}>"
    mail["Date"] = format_datetime(message.created_at)
    mail["Auto-Submitted"] = "auto-generated"
    with in_language(getattr(message, "language", None)):
        facts["tag"] = page_language()
        mail.set_content(render_template("mail/message.txt", **facts))
        mail.add_alternative(render_template("mail/message.html", **facts), subtype="html")
    return mail
