"""What a case asks of a specialist, frozen from the facts that matching keeps of it. Names nobody."""

from dataclasses import dataclass
from datetime import timedelta

from rso_shared.contracts.intake import CaseSubmitted, EligibilityConfirmed
from rso_shared.contracts.program import MatchingPolicy, ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNeeds:
    """`language` is the primary subtag (RFC 5646). `licensed_only` comes from the jurisdiction decision."""

    case_id: str
    program: ProgramRef
    jurisdictions_version: int
    person_id: str
    condition_group: ConditionGroup
    country: str
    state: str
    minor: bool
    language: str
    questions: int
    licensed_only: bool
    treating_facility_ids: tuple[str, ...]
    partner_organisation_id: str | None
    sponsor_id: str | None


def needs_of(
    case: CaseSubmitted, confirmed: EligibilityConfirmed, group: ConditionGroup | None, questions: int | None
) -> CaseNeeds:
    """`group` is a later coding, `questions` a later count of questions; None leaves what was submitted."""
    return CaseNeeds(
        case_id=case.case_id,
        program=case.program,
        jurisdictions_version=confirmed.jurisdictions_version,
        person_id=case.person_id,
        condition_group=group or case.condition_group,
        country=case.country,
        state=case.state,
        minor=case.minor,
        language=primary_subtag(case.language),
        questions=len(case.question_ids) if questions is None else questions,
        licensed_only=confirmed.licensed_only,
        treating_facility_ids=case.treating_facility_ids,
        partner_organisation_id=case.partner_organisation_id,
        sponsor_id=case.sponsor_id,
    )


def primary_subtag(language: str) -> str:
    """`en-US` and `EN` are both `en`."""
    return language.split("-", maxsplit=1)[0].lower()


def offer_window(policy: MatchingPolicy, priority: Priority) -> timedelta:
    return policy.urgent_offer_window if priority is Priority.URGENT else policy.offer_window
