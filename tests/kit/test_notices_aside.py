"""A mail that cannot be written or is refused: set aside by itself, seen in readiness, tried again later and later."""

import asyncio
import smtplib
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest

from kit.desks import until
from kit.mails import ask, loop, mails, office, sent
from kit.test_health import Time
from rso_shared.kit.errors import Transient
from rso_shared.kit.mail import SmtpMailer, UnsendableError
from rso_shared.kit.set_aside import FIRST_SECONDS, LONGEST_SECONDS, SetAside
from rso_shared.kit.web.health import readiness
from support.harness import Harness

GOOD = (("thing", "x"),)

BAD_TEXTS = {
    "no such text": (None, "template_missing: bad"),
    "no TOML": ("subject = ", "template_unusable: bad"),
    "no body": ('subject = "x"', "template_unusable: bad"),
    "a variable that was not given": ('subject = "x"\nbody = "{name}"', "template_unusable: bad"),
    "a brace too many": ('subject = "x"\nbody = "{"', "template_unusable: bad"),
    "a variable's member": ('subject = "x"\nbody = "{thing.name}"', "template_unusable: bad"),
    "a body that is a number": ('subject = "x"\nbody = 1', "template_unusable: bad"),
    "a subject of two lines": ('subject = "x\\ny"\nbody = "z"', "address_or_text_unusable: bad"),
}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with office(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("text", "code"), BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_a_bad_text_holds_up_nobody_and_is_seen(harness: Harness, tmp_path: Path, text: str | None, code: str) -> None:
    if text is not None:
        (tmp_path / "templates" / "bad.toml").write_text(text)
    ask(harness, "n1", template="bad", values=GOOD)
    ask(harness, "n2", values=GOOD)
    assert loop(harness).send_pending() == 1
    assert list(mails(tmp_path)) == ["n2.eml"]
    assert sent(harness) == {"n1": False, "n2": True}
    state = readiness(harness.service)
    assert state.set_aside == {"n1": code}
    assert "mail" not in state.problems, "the others go on"


def test_more_bad_ones_than_one_look_takes_hold_up_nobody(harness: Harness, tmp_path: Path) -> None:
    for number in range(60):
        ask(harness, f"bad{number:02}", template="none")
    ask(harness, "good")
    assert [loop(harness).send_pending(), loop(harness).send_pending()] == [0, 1]
    assert list(mails(tmp_path)) == ["good.eml"]


def test_it_is_tried_again_later_and_goes_once_the_text_is_there(harness: Harness, tmp_path: Path) -> None:
    time, mail = Time(), loop(harness)
    mail._aside = SetAside(harness.service.health, time)
    ask(harness, "n1", template="late", values=GOOD)
    assert mail.send_pending() == 0
    (tmp_path / "templates" / "late.toml").write_text('subject = "x"\nbody = "{thing}"')
    assert mail.send_pending() == 0, "not at once"
    time.seconds += FIRST_SECONDS
    assert mail.send_pending() == 1
    assert list(mails(tmp_path)) == ["n1.eml"]
    assert readiness(harness.service).set_aside == {}


def test_each_rest_is_twice_as_long_up_to_an_hour(harness: Harness) -> None:
    time = Time()
    aside = SetAside(harness.service.health, time)
    rests = []
    for _ in range(9):
        aside.put("n1", "why")
        started = time.seconds
        while aside.resting():
            time.seconds += FIRST_SECONDS
        rests.append(time.seconds - started)
    assert rests[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert rests[-1] == LONGEST_SECONDS


class Refusing:
    def __init__(self, problem: Exception) -> None:
        self._problem = problem

    def __call__(self, *_: Any, **__: Any) -> "Refusing":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def send_message(self, _message: EmailMessage) -> None:
        raise self._problem


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        (smtplib.SMTPRecipientsRefused({}), UnsendableError),
        (smtplib.SMTPDataError(554, b"no"), UnsendableError),
        (smtplib.SMTPServerDisconnected(), Transient),
        (ConnectionRefusedError(), Transient),
    ],
)
def test_one_refused_recipient_is_not_a_mail_system_that_is_away(
    monkeypatch: pytest.MonkeyPatch, problem: Exception, outcome: type[Exception]
) -> None:
    monkeypatch.setattr(smtplib, "SMTP", Refusing(problem))
    with pytest.raises(outcome):
        SmtpMailer("smtp://localhost:25").send(EmailMessage())


def test_a_folder_that_cannot_be_written_is_waited_for(harness: Harness, tmp_path: Path) -> None:
    ask(harness)
    folder = tmp_path / "mail"
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(Transient):
        loop(harness).send_pending()
    (tmp_path / "elsewhere").rename(folder)
    assert loop(harness).send_pending() == 1


@pytest.mark.asyncio
async def test_the_loop_outlives_a_bad_text(harness: Harness, tmp_path: Path) -> None:
    ask(harness, "n1", template="none")
    running = asyncio.ensure_future(harness.service.loops["mail"]())
    await until(lambda: running.done() or "n1" in harness.service.health.aside)
    ask(harness, "n2")
    await until(lambda: running.done() or "n2.eml" in mails(tmp_path))
    assert not running.done()
    assert "mail" not in harness.service.health.problems()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
