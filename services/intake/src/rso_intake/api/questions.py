"""The clinical questions. Their texts are identified data: every read of them is logged."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from rso_intake.api.models import Prose, Request
from rso_intake.casework import folded, on_case, purpose_of
from rso_intake.domain.person import Question
from rso_intake.domain.questions import ReviseQuestions
from rso_shared.kit.database import Tx
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, Call, Purpose, permitted

router = APIRouter(tags=["questions"])


class QuestionView(BaseModel):
    question_id: str
    text: str


class QuestionList(BaseModel):
    """The version that counts: the frozen one once the summary is signed, else the newest."""

    case_id: str
    version: int
    questions_version: int
    frozen: bool
    questions: list[QuestionView]


class RevisedQuestion(Request):
    """A question that stays, possibly in other words, keeps its id; a new one comes without."""

    question_id: str | None = Field(default=None, max_length=64)
    text: Prose


class Revision(Request):
    """The whole list as it shall be. `based_on` guards against overwriting what somebody else wrote meanwhile."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"questions": [{"text": "Is a re-excision needed?"}], "based_on": 1}]},
    )

    questions: list[RevisedQuestion] = Field(max_length=20)
    based_on: int | None = None


class QuestionsRevisedView(BaseModel):
    case_id: str
    version: int
    questions_version: int
    question_ids: list[str]


@router.get(
    "/v1/cases/{case_id}/questions",
    response_model=QuestionList,
    summary="The clinical questions (logged)",
    **PUBLIC,
)
def read(
    case_id: str,
    call: Annotated[Call, Depends(permitted("case.questions.read"))],
    as_of: AsOf,
    purpose: Purpose | None = None,
) -> QuestionList:
    with call.read() as tx:
        found = folded(call, tx, case_id, as_of)
    person_id = found.case.submitted.person_id
    call.reveal(case_id=case_id, person_id=person_id, what="questions", purpose=purpose or purpose_of(call))
    texts = found.case.question_texts()
    return QuestionList(
        case_id=case_id,
        version=found.version,
        questions_version=found.case.questions.version,
        frozen=found.case.questions.frozen_version is not None,
        questions=[QuestionView(question_id=each.question_id, text=each.text) for each in texts],
    )


@router.post(
    "/v1/cases/{case_id}/questions",
    status_code=201,
    response_model=QuestionsRevisedView,
    summary="Revise the clinical questions",
    **PUBLIC,
)
def revise(
    case_id: str, body: Revision, call: Annotated[Call, Depends(permitted("case.questions.revise"))]
) -> Response:
    """Possible until the summary that answers them is signed."""
    new = [call.new_id() for each in body.questions if each.question_id is None]
    ids = iter(new)
    questions = tuple(Question(question_id=each.question_id or next(ids), text=each.text) for each in body.questions)
    command = ReviseQuestions(questions=questions, minted=frozenset(new), based_on=body.based_on, now=call.now)

    def work(tx: Tx) -> QuestionsRevisedView:
        done = on_case(call, tx, case_id, command)
        return QuestionsRevisedView(
            case_id=case_id,
            version=done.version,
            questions_version=done.case.questions.version,
            question_ids=list(done.case.questions.question_ids),
        )

    return call.command(work)
