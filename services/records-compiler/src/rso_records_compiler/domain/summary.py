"""CaseSummary: the clinician's synopsis. Every statement cites documents of the case; signing pins the questions' version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Citation:
    """`locator` says where in the document: a page, a section, a resource. None: the document as a whole."""

    document_id: str
    locator: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Content:
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Signer:
    """As typed by the one who signs."""

    name: str


@event("records.case_summary_drafted")
class CaseSummaryDrafted:
    """`cited` are the documents the statements rest on, sorted."""

    case_id: str
    summary_version: int
    drafted_by: str
    cited: tuple[str, ...]
    content: Sealed[Content]


@event("records.case_summary_signed")
class CaseSummarySigned:
    case_id: str
    summary_version: int
    questions_version: int
    signed_by: str
    signed_at: datetime
    signed_on: date
    signer: Sealed[Signer]


class SummaryState(StrEnum):
    NONE = "none"
    DRAFTED = "drafted"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class CaseSummary:
    case_id: str = ""
    state: SummaryState = SummaryState.NONE
    version: int = 0
    cited: tuple[str, ...] = ()
    content: Sealed[Content] | None = None
    drafted_by: str | None = None
    questions_version: int | None = None
    signed_by: str | None = None
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DraftSummary:
    """`citable`: documents of the case that were not rejected."""

    case_id: str
    content: Sealed[Content]
    citable: frozenset[str]
    by: str


@dataclass(frozen=True, slots=True)
class SignSummary:
    """`accepted`: documents accepted into the record set, None while the set is not accepted. `current_questions`: the version
    of the questions as known here.
    """

    summary_version: int
    questions_version: int
    current_questions: int
    accepted: frozenset[str] | None
    by: str
    signer: Sealed[Signer]
    now: datetime


Command = DraftSummary | SignSummary


def decide(command: Command, summary: CaseSummary) -> Sequence[Any]:
    if summary.state is SummaryState.SIGNED:
        raise DomainError("summary_already_signed", "The summary was signed; the questions are frozen with it.")
    return _draft(command, summary) if isinstance(command, DraftSummary) else _sign(command, summary)


def _draft(command: DraftSummary, summary: CaseSummary) -> Sequence[Any]:
    statements = command.content.open().statements
    if not statements:
        raise invalid("summary_empty", "A summary has at least one statement.", "/statements")
    for number, statement in enumerate(statements):
        _check_citations(number, statement, command.citable)
    return [
        CaseSummaryDrafted(
            case_id=command.case_id, summary_version=summary.version + 1, drafted_by=command.by,
            cited=tuple(sorted({cite.document_id for statement in statements for cite in statement.cites})),
            content=command.content,
        )
    ]  # fmt: skip


def _check_citations(number: int, statement: Statement, citable: frozenset[str]) -> None:
    if not statement.cites:
        raise invalid("statement_uncited", "Every statement cites a document.", f"/statements/{number}/cites")
    for place, cite in enumerate(statement.cites):
        if cite.document_id not in citable:
            raise invalid(
                "citation_dangling",
                "A statement cites a document that this case does not have, or that was rejected.",
                f"/statements/{number}/cites/{place}/document_id",
            )


def _sign(command: SignSummary, summary: CaseSummary) -> Sequence[Any]:
    if summary.state is SummaryState.NONE:
        raise DomainError("summary_missing", "There is no draft to sign.")
    if command.accepted is None:
        raise DomainError("record_set_not_accepted", "The summary is signed once the record set is accepted.")
    if command.summary_version != summary.version:
        raise DomainError("summary_version_stale", "A newer draft exists; read it first.", latest=summary.version)
    if command.questions_version != command.current_questions:
        raise DomainError(
            "questions_version_stale", "The questions have changed; read them first.", latest=command.current_questions
        )
    dangling = sorted(set(summary.cited) - command.accepted)
    if dangling:
        raise DomainError(
            "citation_dangling", "The draft cites documents that were not accepted.", document_ids=dangling
        )
    return [
        CaseSummarySigned(
            case_id=summary.case_id, summary_version=summary.version, questions_version=command.questions_version,
            signed_by=command.by, signed_at=command.now, signed_on=command.now.date(), signer=command.signer,
        )
    ]  # fmt: skip


def evolve(summary: CaseSummary, happened: Any) -> CaseSummary:
    match happened:
        case CaseSummaryDrafted():
            return replace(
                summary, case_id=happened.case_id, state=SummaryState.DRAFTED, version=happened.summary_version,
                cited=happened.cited, content=happened.content, drafted_by=happened.drafted_by,
            )  # fmt: skip
        case CaseSummarySigned():
            return replace(
                summary, state=SummaryState.SIGNED, questions_version=happened.questions_version,
                signed_by=happened.signed_by, signed_at=happened.signed_at,
            )  # fmt: skip
    return summary


SUMMARY: Decider[CaseSummary, Command, Any] = Decider(CaseSummary, decide, evolve)
