from collections.abc import Iterable

import pytest

from intake.builders import NOW, events_of, submit
from rso_intake.domain.case import CASE
from rso_intake.domain.person import Question
from rso_intake.domain.questions import FreezeQuestions, ReviseQuestions
from support.deciding import given

OPEN = events_of(submit())


def revise(*ids: str, minted: Iterable[str] = (), based_on: int | None = None) -> ReviseQuestions:
    questions = tuple(Question(question_id=each, text=f"Text of {each}") for each in ids)
    return ReviseQuestions(questions=questions, minted=frozenset(minted), based_on=based_on, now=NOW)


def freeze(version):
    return FreezeQuestions(questions_version=version, now=NOW)


def test_a_revision_keeps_ids_and_adds_new_ones():
    (revised,) = given(CASE, *OPEN).when(revise("q-1", "q-2", minted={"q-2"})).events()
    assert (revised.questions_version, revised.question_ids) == (2, ("q-1", "q-2"))
    state = given(CASE, *OPEN, revised).state()
    assert [each.text for each in state.question_texts()] == ["Text of q-1", "Text of q-2"]


def test_the_texts_of_the_submission_stand_until_revised():
    assert given(CASE, *OPEN).state().question_texts()[0].text == "Is chemotherapy needed?"


def test_a_question_that_was_dropped_may_come_back():
    events = events_of(submit(), revise("q-2", minted={"q-2"}))
    assert given(CASE, *events).when(revise("q-1", "q-2")).events()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (revise(), "questions_required"),
        (revise("q-1", "q-1"), "question_repeated"),
        (revise("q-9"), "question_unknown"),
        (revise("q-1", based_on=7), "questions_changed"),
    ],
)
def test_what_is_refused(command, code):
    given(CASE, *OPEN).when(command).refused(code)


def test_a_revision_based_on_what_stands_is_accepted():
    assert given(CASE, *OPEN).when(revise("q-1", based_on=1)).events()


def test_the_signed_summary_freezes_them():
    events = events_of(submit(), revise("q-1", "q-2", minted={"q-2"}), freeze(2))
    given(CASE, *events).when(revise("q-1")).refused("questions_frozen")
    given(CASE, *events).when(freeze(2)).then()


def test_a_revision_that_came_too_late_for_the_summary_does_not_count():
    events = events_of(submit(), revise("q-2", minted={"q-2"}), freeze(1))
    state = given(CASE, *events).state()
    assert (state.questions.version, state.questions.question_ids) == (1, ("q-1",))
    assert state.question_texts()[0].text == "Is chemotherapy needed?"


@pytest.mark.parametrize("version", [0, 2])
def test_a_version_that_never_was_cannot_be_frozen(version):
    given(CASE, *OPEN).when(freeze(version)).refused("questions_version_unknown")
