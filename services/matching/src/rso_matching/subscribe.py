"""The facts of others that matching keeps, and what it reads out of them. It answers none with a command of its own."""

from dataclasses import dataclass

from rso_matching.domain.needs import CaseNeeds, needs_of
from rso_shared.contracts.intake import (
    CaseClosed,
    CaseDeclined,
    CaseExpired,
    CaseSubmitted,
    CaseWithdrawn,
    ConditionCoded,
    EligibilityConfirmed,
    PriorityChanged,
    ProgramPublished,
    QuestionsRevised,
)
from rso_shared.contracts.program import MatchingPolicy, ProgramRef
from rso_shared.contracts.vocabulary import Priority
from rso_shared.kit import facts
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, NotYet
from rso_shared.kit.reactions import Subscription
from rso_shared.kit.store import stream_id

_ENDS = (CaseDeclined, CaseWithdrawn, CaseExpired, CaseClosed)

SUBSCRIPTION = Subscription(
    keeps=frozenset(
        {
            CaseSubmitted,
            EligibilityConfirmed,
            ConditionCoded,
            QuestionsRevised,
            PriorityChanged,
            ProgramPublished,
            *_ENDS,
        }
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """What matching knows of a case at this instant."""

    needs: CaseNeeds
    policy: MatchingPolicy
    priority: Priority


def stream_of_case(tx: Tx, case_id: str) -> str:
    return stream_id(facts.require(tx, CaseSubmitted, case_id).organisation_id, "matching", case_id)


def known_case(tx: Tx, case_id: str) -> KnownCase:
    """Raises NotYet while a fact it rests on is missing: a program version is never guessed."""
    case = facts.require(tx, CaseSubmitted, case_id)
    priority = facts.latest(tx, PriorityChanged, case_id)
    return KnownCase(
        needs=known_needs(tx, case_id),
        policy=_policy(tx, case.program),
        priority=priority.priority if priority else case.priority,
    )


def known_needs(tx: Tx, case_id: str) -> CaseNeeds:
    coded = facts.latest(tx, ConditionCoded, case_id)
    revised = facts.latest(tx, QuestionsRevised, case_id)
    return needs_of(
        facts.require(tx, CaseSubmitted, case_id),
        facts.require(tx, EligibilityConfirmed, case_id),
        coded.condition_group if coded else None,
        len(revised.question_ids) if revised else None,
    )


def require_open(tx: Tx, case_id: str) -> None:
    """A case that has ended takes no offer and no acceptance, whoever hears of its end first."""
    if facts.all_of(tx, case_id, *_ENDS):
        raise DomainError("case_not_open", "The case has ended; nothing more is offered or accepted.")


def _policy(tx: Tx, ref: ProgramRef) -> MatchingPolicy:
    for published in reversed(facts.every(tx, ProgramPublished, ref.program_id)):
        if published.program.version == ref.version:
            return published.program.matching
    raise NotYet(f"{ref.program_id}@{ref.version}")
