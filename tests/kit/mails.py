"""A sample service with a post office: asking for mails, and reading what was sent."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from sqlalchemy import select

from kit import sample
from kit.web import SPEC
from rso_shared.kit import notices, tables
from rso_shared.kit.mail import MailLoop
from support.harness import Harness

TEMPLATE = 'subject = "Good news about {thing}"\nbody = """\nSee {link}\n"""\n'


@contextmanager
def office(folder: Path) -> Iterator[Harness]:
    """A service that writes mails: one text, `greeting`, and a folder to send to."""
    texts = folder / "templates"
    texts.mkdir()
    (texts / "greeting.toml").write_text(TEMPLATE)
    made = Harness(
        SPEC, folder, templates_folder=str(texts), mail_from="care@example.org", public_url="https://rso.test"
    )
    yield made
    made.close()


def ask(
    harness: Harness, notice_id: str = "n1", name: str = "Ada Quill", template: str = "greeting",
    values: tuple[tuple[str, str], ...] = (("thing", "your request"),),
) -> bool:  # fmt: skip
    service = harness.service
    with service.db.write() as tx:
        return notices.request(
            service.store, tx, sample.NOTICES, organisation_id="operator", notice_id=notice_id, case_id="k1",
            person_id="p1", address=notices.Address(name, "ada@example.org"), template=template, path="/c/k1",
            meta=sample.META, values=values,
        )  # fmt: skip


def mails(tmp_path: Path) -> dict[str, EmailMessage]:
    found = sorted((tmp_path / "mail").iterdir())
    return {file.name: email.message_from_bytes(file.read_bytes(), policy=default) for file in found}


def sent(harness: Harness) -> dict[str, bool]:
    with harness.service.db.read() as tx:
        return {row.notice_id: row.sent_at is not None for row in tx.conn.execute(select(tables.NOTICES))}


def loop(harness: Harness) -> MailLoop:
    assert harness.service.mail is not None
    return harness.service.mail
