"""Ways out of the house: a folder in demo and tests, SMTP in production."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

SENDER = "noreply@localhost"
TIMEOUT_SECONDS = 20


class Transport(Protocol):
    """Sends one mail or raises OSError (smtplib's errors are OSErrors)."""

    def send(self, mail: EmailMessage) -> None:
        """Hand the mail over."""


class FolderTransport:
    """Writes each mail as a file named by its message id: twice is still one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, mail: EmailMessage) -> None:
        """Write ``<message id>.eml``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = str(mail["Message-ID"]).strip("<>").split("@")[0]
        (self.folder / f"{name}.eml").write_bytes(mail.as_bytes())


class SmtpTransport:
    """``smtp://user:password@host:port`` or ``smtps://…``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.secure = parts.scheme == "smtps"
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or (465 if self.secure else 25)
        self.user, self.password = parts.username, parts.password

    def send(self, mail: EmailMessage) -> None:
        """Send over one connection, closed afterwards."""
        kind = smtplib.SMTP_SSL if self.secure else smtplib.SMTP
        with kind(self.host, self.port, timeout=TIMEOUT_SECONDS) as server:
            if self.user and self.password:
                server.login(self.user, self.password)
            server.send_message(mail)


def compose(to: str, subject: str, body: str, link: str, message_id: str) -> EmailMessage:
    """A plain-text mail; the same message always carries the same Message-ID."""
    mail = EmailMessage()
    mail["From"] = SENDER
    mail["To"] = to
    mail["Subject"] = " ".join(subject.split())
    mail["Message-ID"] = f"<{message_id}@marketplace>"
    mail["Date"] = formatdate()
    mail.set_content(f"{body}\n\n{link}\n")
    return mail
