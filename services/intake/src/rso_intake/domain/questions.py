"""The clinical questions: revised until the clinician's summary is signed, then frozen at the version it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rso_intake.domain.person import Question, QuestionTexts
from rso_intake.domain.submission import CaseSubmitted
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@event("intake.questions_revised")
class QuestionsRevised:
    questions_version: int
    question_ids: tuple[str, ...]
    revised_at: datetime
    texts: Sealed[QuestionTexts]


@event("intake.questions_frozen")
class QuestionsFrozen:
    questions_version: int
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Questions:
    """`ids[n - 1]` are the questions of version n; `revisions` holds the texts from version 2 on, unopened."""

    ids: tuple[tuple[str, ...], ...] = ()
    revisions: tuple[Sealed[QuestionTexts], ...] = ()
    frozen_version: int | None = None

    @property
    def version(self) -> int:
        """The version that counts: the frozen one, else the newest."""
        return self.frozen_version or len(self.ids)

    @property
    def question_ids(self) -> tuple[str, ...]:
        return self.ids[self.version - 1] if self.ids else ()

    def revised_texts(self) -> tuple[Question, ...] | None:
        """The texts, or None while those of the submission stand."""
        return self.revisions[self.version - 2].open().questions if self.version > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseQuestions:
    """`based_on` is the version the author saw; None accepts whatever is there. `minted` are the ids of new questions."""

    questions: tuple[Question, ...]
    minted: frozenset[str] = frozenset()
    based_on: int | None = None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeQuestions:
    questions_version: int
    now: datetime


def revise(command: ReviseQuestions, state: Questions, person_id: str) -> Sequence[QuestionsRevised]:
    if state.frozen_version is not None:
        detail = "The summary that answers these questions is signed; a new question is a follow-up."
        raise DomainError("questions_frozen", detail, questions_version=state.version)
    if command.based_on not in {None, state.version}:
        detail = "Somebody revised the questions meanwhile; read them again."
        raise DomainError("questions_changed", detail, pointer="/based_on", questions_version=state.version)
    ids = tuple(question.question_id for question in command.questions)
    if not ids:
        raise invalid("questions_required", "A case needs at least one clinical question.", "/questions")
    if len(set(ids)) != len(ids):
        raise invalid("question_repeated", "A question stands in the list once.", "/questions")
    known = command.minted.union(*state.ids)
    for number, question_id in enumerate(ids):
        if question_id not in known:
            detail = "A question that stays keeps its id; a new one comes without."
            raise invalid("question_unknown", detail, f"/questions/{number}/question_id")
    revised = QuestionsRevised(
        questions_version=state.version + 1,
        question_ids=ids,
        revised_at=command.now,
        texts=Sealed(person_id, QuestionTexts(questions=command.questions)),
    )
    return (revised,)


def freeze(command: FreezeQuestions, state: Questions) -> Sequence[QuestionsFrozen]:
    """A summary may have been signed while somebody revised: what it answers is what counts."""
    if state.frozen_version is not None:
        return ()
    if not 1 <= command.questions_version <= len(state.ids):
        detail = "The summary answers a version of the questions that does not exist."
        raise invalid("questions_version_unknown", detail, questions_version=command.questions_version)
    return (QuestionsFrozen(questions_version=command.questions_version, frozen_at=command.now),)


def evolve(state: Questions, event: object) -> Questions:
    match event:
        case CaseSubmitted(question_ids=ids):
            return replace(state, ids=(ids,))
        case QuestionsRevised(question_ids=ids, texts=texts):
            return replace(state, ids=(*state.ids, ids), revisions=(*state.revisions, texts))
        case QuestionsFrozen(questions_version=version):
            return replace(state, frozen_version=version)
        case _:
            return state
