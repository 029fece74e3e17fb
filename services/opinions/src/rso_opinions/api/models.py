"""What opinions takes and answers. Commands answer ids, versions, states and instants; content is only ever read."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rso_opinions.api.content import ReportContent
from rso_opinions.domain.opinion_commands import Verdict
from rso_opinions.domain.opinion_events import CancelReason, Findings
from rso_opinions.domain.opinion_state import Opinion, ReviewState
from rso_shared.contracts.vocabulary import Role

Id = Annotated[str, Field(min_length=1, max_length=64)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Submission(Body):
    """`opinion_version`: the draft that is meant; left out, the newest."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"opinion_version": 1}]})

    opinion_version: int | None = None


class FindingPart(Body):
    """`pointer` is a JSON pointer (RFC 6901) into the report, where the finding is about one place."""

    text: Annotated[str, Field(min_length=1, max_length=5_000)]
    pointer: Annotated[str, Field(max_length=200)] = ""


class QualityVerdict(Body):
    """`opinion_version`: the version that was read; 409 if another one waits by now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"verdict": "approved", "opinion_version": 1}]})

    verdict: Verdict
    findings: Annotated[tuple[FindingPart, ...], Field(max_length=50)] = ()
    opinion_version: int | None = None


class Signature(Body):
    """`typed_name` is sealed; `statement_version` names the text that is signed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"typed_name": "Ada Sample", "statement_version": "2026-01"}]}
    )

    typed_name: Annotated[str, Field(min_length=2, max_length=200, pattern=r"\S")]
    statement_version: Annotated[str, Field(max_length=40)]


class ReviewStart(Body):
    assignment_id: Id
    specialist_id: Id
    due_at: AwareDatetime


class QualityReviewStart(Body):
    opinion_version: int | None = None


class ReleaseBody(Body):
    """`recipients`: who is meant by this call; left out, whoever the program's policy names next."""

    recipients: Annotated[tuple[Role, ...], Field(min_length=1, max_length=5)] | None = None


class CancellationBody(Body):
    reason: CancelReason = CancelReason.CASE_WITHDRAWN
    assignment_id: Id | None = None


class OpinionState(BaseModel):
    """`version` counts the stream; `opinion_version` is the newest draft's, `submitted_version` the one under review."""

    case_id: str
    version: int
    state: ReviewState
    assignment_id: str | None
    specialist_id: str | None
    due_at: datetime | None
    opinion_version: int
    submitted_version: int | None
    revisions: int
    content_sha256: str | None
    signed_at: datetime | None
    recipients: tuple[Role, ...]
    released_at: datetime | None
    delivered_to: tuple[Role, ...]
    viewed_by: tuple[Role, ...]

    @classmethod
    def of(cls, case_id: str, opinion: Opinion, version: int) -> "OpinionState":
        return cls(
            case_id=case_id,
            version=version,
            state=opinion.state,
            assignment_id=opinion.assignment_id or None,
            specialist_id=opinion.specialist_id or None,
            due_at=opinion.due_at,
            opinion_version=opinion.draft.number if opinion.draft else 0,
            submitted_version=opinion.submitted.number if opinion.submitted else None,
            revisions=opinion.revisions,
            content_sha256=opinion.signed.content_sha256 if opinion.signed else None,
            signed_at=opinion.signed.signed_at if opinion.signed else None,
            recipients=opinion.released_to,
            released_at=opinion.released_at,
            delivered_to=opinion.delivered_to,
            viewed_by=opinion.viewed_by,
        )


class Statement(BaseModel):
    """What the specialist declares by signing."""

    version: str
    text: str


class OpinionView(BaseModel):
    """The opinion as its writer or a reviewer sees it. `report` is the version named by `report_version`."""

    opinion: OpinionState
    as_of: datetime
    question_ids: tuple[str, ...]
    report_version: int | None
    report: ReportContent | None
    findings: tuple[FindingPart, ...]
    statement: Statement


class ReviewRow(BaseModel):
    case_id: str
    state: ReviewState
    assignment_id: str
    specialist_id: str
    due_at: datetime
    opinion_version: int
    revisions: int
    changed_at: datetime


class Reviews(BaseModel):
    """`next_cursor` is null on the last page. Ask again with it, and with the same filters."""

    reviews: list[ReviewRow]
    next_cursor: str | None


class ReportLinks(BaseModel):
    patient_pdf: str
    physician_pdf: str


class ReleasedReport(BaseModel):
    """The released opinion. `content_sha256` is SHA-256 over the canonical JSON of `report` and the person's id."""

    case_id: str
    client_reference: str | None
    opinion_version: int
    specialist_id: str
    signed_at: datetime
    statement_version: str
    content_sha256: str
    released_at: datetime
    recipients: tuple[Role, ...]
    synthetic: bool
    report: ReportContent
    links: ReportLinks


def findings_of(findings: Findings | None) -> tuple[FindingPart, ...]:
    if findings is None:
        return ()
    return tuple(FindingPart(text=item.text, pointer=item.pointer) for item in findings.items)
