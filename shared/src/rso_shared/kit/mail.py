"""Mailers and the loop that sends what was asked for. On one machine a mail is a file in a folder; elsewhere it goes by SMTP.

A notice that cannot be written or is refused is set aside, seen in readiness and tried again later; the others go on.
"""

import asyncio
import smtplib
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from rso_shared.kit import crash, logs, metrics, notices, telemetry
from rso_shared.kit.clock import Clock
from rso_shared.kit.database import Database
from rso_shared.kit.draining import whole
from rso_shared.kit.errors import KeyDestroyed, Transient
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.health import Health
from rso_shared.kit.keys import TamperedError
from rso_shared.kit.leadership import Leadership
from rso_shared.kit.relay import Wakeup
from rso_shared.kit.set_aside import SetAside
from rso_shared.kit.store import EventStore

LOOP = "mail"
POLL_SECONDS = 5.0


class UnsendableError(Exception):
    """Only this mail cannot be sent as things stand. `code` says why and names nobody."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Mailer(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Raises Transient while nothing can be handed over, UnsendableError where only this mail cannot."""
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
        try:
            aside.write_bytes(message.as_bytes(policy=SMTP))
            aside.rename(path)
        except OSError as problem:
            raise Transient("mail") from problem


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
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refusal:
            raise UnsendableError("mail_refused") from refusal
        except (OSError, smtplib.SMTPException) as problem:
            raise Transient("mail") from problem


@dataclass(frozen=True, slots=True)
class Templates:
    """Texts of mails: `<name>.toml` with `subject` and `body`; `{link}` and safe variables only, never clinical content.

    Read anew for each mail: a text that was mended is used without a restart.
    """

    folder: Path
    sender: str
    public_url: str

    def compose(self, requested: notices.NoticeRequested) -> EmailMessage:
        """Raises UnsendableError, and KeyDestroyed where there is nobody to write to any more."""
        subject, body = self._texts(requested)
        message = EmailMessage()
        message["Message-ID"] = f"<{requested.notice_id}@{self._home}>"
        try:
            message["From"], message["To"] = self.sender, _mailbox(requested.to.open(), self._home)
            message["Subject"] = subject
            message.set_content(body)
        except (ValueError, LookupError) as problem:
            raise UnsendableError("address_or_text_unusable") from problem
        except TamperedError as problem:
            raise UnsendableError("address_unreadable") from problem
        return message

    @property
    def _home(self) -> str:
        return self.sender.rpartition("@")[2]

    def _texts(self, requested: notices.NoticeRequested) -> tuple[str, str]:
        values = {"link": f"{self.public_url}{requested.path}", **dict(requested.values)}
        try:
            text = tomllib.loads((self.folder / f"{requested.template}.toml").read_text())
            return text["subject"].format(**values), text["body"].format(**values)
        except FileNotFoundError as problem:
            raise UnsendableError("template_missing") from problem
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
            raise UnsendableError("template_unusable") from problem


def _mailbox(address: notices.Address, home: str) -> Address:
    """Quoted as the standard wants it; a line break in a name must neither add a header nor stop the loop.

    An address without a domain is a desk's of our own, such as `medical_director`: it is at the domain that mail comes from.
    """
    name, mailbox = (" ".join(text.split()) for text in (address.name, address.email))
    local, at, domain = mailbox.rpartition("@")
    if not at:
        local, domain = domain, home
    return Address(display_name=name, username=local, domain=domain)


class MailLoop:
    def __init__(
        self, spec: notices.NoticeSpec, db: Database, store: EventStore, mailer: Mailer, templates: Templates, *,
        clock: Clock, health: Health, executor: Executor, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._spec, self._db, self._store, self._mailer, self._templates = spec, db, store, mailer, templates
        self._clock, self._health, self._executor = clock, health, executor
        self.wake = Wakeup()
        self._decider = notices.decider(spec)
        self._aside = SetAside(health, monotonic)
        self._leadership = Leadership(db, LOOP)

    async def run(self) -> None:
        """Endless. Of several processes one sends: a mail that two send at a time is two mails."""
        self.wake.bind()
        try:
            await self._send_for_ever()
        finally:
            self._leadership.release()

    async def _send_for_ever(self) -> None:
        while True:
            try:
                await whole(self._turn())
                self._health.beat(LOOP)
            except (Transient, DBAPIError) as away:
                self._health.trouble(LOOP, type(away).__name__)
            await self.wake.wait(POLL_SECONDS)

    async def _turn(self) -> None:
        def work() -> None:
            if self._leadership.held():
                self.send_pending()

        await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def send_pending(self) -> int:
        """Sends, then marks; returns how many went. A crash between the two sends again under the same Message-ID."""
        with self._db.read() as tx:
            waiting = notices.pending(tx, besides=self._aside.resting())
        return sum([self._sent(notice_id, stream) for notice_id, stream in waiting])

    def _sent(self, notice_id: str, stream: str) -> bool:
        with self._db.read() as tx:
            asked = self._store.load(tx, stream)[0]
        requested: notices.NoticeRequested = asked.event
        told = {"rso.service": self._store.service.short, "rso.template": requested.template}
        with logs.about(requested.case_id), telemetry.consumer_span("mail", asked.meta.traceparent, told):
            return self._handed_over(notice_id, stream, requested)

    def _handed_over(self, notice_id: str, stream: str, requested: notices.NoticeRequested) -> bool:
        try:
            self._mailer.send(self._templates.compose(requested))
            crash.point("after-effect-before-completion")
        except KeyDestroyed:
            pass  # the person was erased meanwhile: there is nobody to write to
        except UnsendableError as problem:
            self._aside.put(notice_id, f"{problem.code}: {requested.template}")
            return False
        self._aside.take_up(notice_id)
        self._mark(notice_id, stream)
        metrics.mail_sent(self._store.service.short, requested.template)
        return True

    def _mark(self, notice_id: str, stream: str) -> None:
        actor = Actor(type="service", id=self._store.service.short, role="service", organisation_id="")
        command = notices.MarkSent(notice_id, self._clock.now())
        meta = Meta(actor=actor, correlation_id=notice_id, traceparent=telemetry.traceparent())
        with self._db.write() as tx:
            self._store.execute(tx, self._decider, stream, command, meta)
