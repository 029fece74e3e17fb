"""Mail: one file per notice, the same Message-ID when it is sent again, nothing clinical, nobody written to after erasure."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from kit.mails import ask, loop, mails, office, sent
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import Transient
from rso_shared.kit.mail import FolderMailer
from support.harness import Harness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with office(tmp_path) as made:
        yield made


def test_one_file_per_notice_with_link_and_address(harness: Harness, tmp_path: Path) -> None:
    ask(harness, "n1")
    ask(harness, "n2")
    assert loop(harness).send_pending() == 2
    found = mails(tmp_path)
    assert list(found) == ["n1.eml", "n2.eml"]
    mail = found["n1.eml"]
    assert (mail["Message-ID"], mail["From"]) == ("<n1@example.org>", "care@example.org")
    assert mail["To"] == '"Ada Quill" <ada@example.org>' or mail["To"] == "Ada Quill <ada@example.org>"
    assert mail["Subject"] == "Good news about your request"
    assert mail.get_content().strip() == "See https://rso.test/c/k1"
    assert sent(harness) == {"n1": True, "n2": True}
    assert loop(harness).send_pending() == 0


def test_the_folder_is_for_its_owner_alone(harness: Harness, tmp_path: Path) -> None:
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700


def test_asking_again_under_the_same_id_asks_for_nothing(harness: Harness, tmp_path: Path) -> None:
    assert [ask(harness), ask(harness)] == [True, False]
    loop(harness).send_pending()
    assert ask(harness) is False
    assert loop(harness).send_pending() == 0
    assert list(mails(tmp_path)) == ["n1.eml"]


class Unlucky:
    """The real folder behind a line that breaks before the mail is handed over, or right after."""

    def __init__(self, mailer: FolderMailer, problem: Exception, *, after: bool) -> None:
        self._mailer, self._problem, self._after = mailer, problem, after

    def send(self, message: EmailMessage) -> None:
        if self._after:
            self._mailer.send(message)
        raise self._problem


def test_a_crash_between_send_and_mark_sends_the_same_mail_again(harness: Harness, tmp_path: Path) -> None:
    ask(harness)
    mail = loop(harness)
    real = mail._mailer
    mail._mailer = Unlucky(FolderMailer(tmp_path / "mail"), RuntimeError("killed"), after=True)
    with pytest.raises(RuntimeError):
        mail.send_pending()
    assert sent(harness) == {"n1": False}
    first = mails(tmp_path)["n1.eml"]
    mail._mailer = real
    assert mail.send_pending() == 1
    (second,) = mails(tmp_path).values()
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert sent(harness) == {"n1": True}


def test_a_mail_system_that_is_away_leaves_the_notice_waiting(harness: Harness, tmp_path: Path) -> None:
    ask(harness)
    mail = loop(harness)
    mail._mailer = Unlucky(FolderMailer(tmp_path / "mail"), Transient("mail"), after=False)
    with pytest.raises(Transient):
        mail.send_pending()
    assert sent(harness) == {"n1": False}
    assert mails(tmp_path) == {}


def test_nobody_is_written_to_after_erasure(harness: Harness, tmp_path: Path) -> None:
    ask(harness)
    harness.service.keys.destroy("p1")
    loop(harness).send_pending()
    assert mails(tmp_path) == {}
    assert loop(harness).send_pending() == 0


NAMES = ['Ada "Countess" Quill', "Zoë Müller", "Quill, Ada", "Ada\\Quill", "李小龍", "Ada <b@example.org>"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_reaches_its_one_address(harness: Harness, tmp_path: Path, name: str) -> None:
    ask(harness, name=name)
    loop(harness).send_pending()
    (mail,) = mails(tmp_path).values()
    (address,) = mail["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "ada@example.org")


def test_a_name_with_a_line_break_adds_no_header_and_stops_nobody_elses_mail(harness: Harness, tmp_path: Path) -> None:
    ask(harness, "n1", name="Ada\r\nBcc: all@example.org")
    ask(harness, "n2")
    loop(harness).send_pending()
    for mail in mails(tmp_path).values():
        assert mail["Bcc"] is None
    assert "n2.eml" in mails(tmp_path)


def test_the_address_is_sealed_and_the_fact_is_nobodys(harness: Harness, tmp_path: Path) -> None:
    ask(harness)
    for file in tmp_path.glob("*.db*"):
        assert b"ada@example.org" not in file.read_bytes()
    assert harness.facts() == []


def test_a_rebuild_sends_nothing_again(harness: Harness, tmp_path: Path) -> None:
    harness.client(Role.PATIENT).post("/v1/cases", {"name": "Ada Quill"})
    (tmp_path / "templates" / "greeting.toml").write_text('subject = "x"\nbody = "{link}"\n')
    ask(harness)
    loop(harness).send_pending()
    assert harness.rebuild()["notices"] == 2, "of streams of notices"
    assert set(sent(harness).values()) == {True}
    assert loop(harness).send_pending() == 0
