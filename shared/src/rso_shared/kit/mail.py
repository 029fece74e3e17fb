"""Mailers and the loop that sends what was asked for. On one machine a mail is a file in a folder; elsewhere it goes by SMTP."""

import asyncio
import contextlib
import smtplib
import tomllib
from concurrent.futures import Executor
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from rso_shared.kit import notices
from rso_shared.kit.clock import Clock
from rso_shared.kit.database import Database
from rso_shared.kit.errors import KeyDestroyed, Transient
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.health import Health
from rso_shared.kit.relay import Wakeup
from rso_shared.kit.store import EventStore

LOOP = "mail"
POLL_SECONDS = 5.0


class Mailer(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Raises Transient if it could not be handed over."""
        ...


class FolderMailer:
    """One .eml file per mail, named by its notice: written aside, then moved, so that a reader never sees half of one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, message: EmailMessage) -> None:
        name = message["Message-ID"].strip("<>").split("@")[0]
        path = self._folder / f"{name}.eml"
        aside = path.with_suffix(".tmp")
        aside.write_bytes(message.as_bytes(policy=SMTP))
        aside.rename(path)


class SmtpMailer:
    """`url`: smtp://host:port or smtps://user:password@host:port."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def send(self, message: EmailMessage) -> None:
        kind = smtplib.SMTP_SSL if self._url.scheme == "smtps" else smtplib.SMTP
        try:
            with kind(self._url.hostname or "localhost", self._url.port or 0, timeout=30) as smtp:
                if self._url.username:
                    smtp.login(self._url.username, self._url.password or "")
                smtp.send_message(message)
        except (OSError, smtplib.SMTPException) as problem:
            raise Transient("mail") from problem


@dataclass(frozen=True, slots=True)
class Templates:
    """Texts of mails: `<name>.toml` with `subject` and `body`; `{link}` and safe variables only, never clinical content."""

    folder: Path
    sender: str
    public_url: str

    def compose(self, requested: notices.NoticeRequested) -> EmailMessage:
        text = tomllib.loads((self.folder / f"{requested.template}.toml").read_text())
        values = {"link": f"{self.public_url}{requested.path}", **dict(requested.values)}
        address = requested.to.open()
        message = EmailMessage()
        message["Message-ID"] = f"<{requested.notice_id}@{self.sender.rpartition('@')[2]}>"
        message["From"], message["To"] = self.sender, _mailbox(address)
        message["Subject"] = text["subject"].format(**values)
        message.set_content(text["body"].format(**values))
        return message


def _mailbox(address: notices.Address) -> Address:
    """Quoted as the standard wants it; a line break in a name must neither add a header nor stop the loop."""
    name, mailbox = (" ".join(text.split()) for text in (address.name, address.email))
    local, _, domain = mailbox.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


class MailLoop:
    def __init__(
        self, spec: notices.NoticeSpec, db: Database, store: EventStore, mailer: Mailer, templates: Templates, *,
        clock: Clock, health: Health, executor: Executor,
    ) -> None:  # fmt: skip
        self._spec, self._db, self._store, self._mailer, self._templates = spec, db, store, mailer, templates
        self._clock, self._health, self._executor = clock, health, executor
        self.wake = Wakeup()
        self._decider = notices.decider(spec)

    async def run(self) -> None:
        self.wake.bind()
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, self.send_pending)
                self._health.beat(LOOP)
            except (Transient, DBAPIError) as away:
                self._health.trouble(LOOP, type(away).__name__)
            await self.wake.wait(POLL_SECONDS)

    def send_pending(self) -> int:
        """Sends, then marks. A crash between the two sends again under the same Message-ID."""
        with self._db.read() as tx:
            waiting = notices.pending(tx)
        for notice_id, stream in waiting:
            self._send(notice_id, stream)
        return len(waiting)

    def _send(self, notice_id: str, stream: str) -> None:
        with self._db.read() as tx:
            requested = self._store.load(tx, stream)[0].event
        with contextlib.suppress(KeyDestroyed):  # the person was erased meanwhile: there is nobody to write to
            self._mailer.send(self._templates.compose(requested))
        actor = Actor(type="service", id=self._store.service.short, role="service", organisation_id="")
        command = notices.MarkSent(notice_id, self._clock.now())
        with self._db.write() as tx:
            self._store.execute(tx, self._decider, stream, command, Meta(actor=actor, correlation_id=notice_id))
