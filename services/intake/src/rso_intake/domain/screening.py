"""The screening rules of a program: pure, so that a table of answers is the whole test."""

from collections.abc import Mapping
from dataclasses import dataclass

from rso_intake.domain.jurisdictions import Edition, folded
from rso_shared.contracts.program import Catchment, Program, RedFlag, Screening
from rso_shared.contracts.vocabulary import ConditionGroup, DeclineReason, JurisdictionDecision
from rso_shared.kit.errors import invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """What the rules look at. The county is the only identifying part, and no event repeats it."""

    country: str
    state: str
    county: str | None
    minor: bool
    represented: bool
    condition_group: ConditionGroup
    sponsor_id: str | None
    red_flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    decision: JurisdictionDecision
    local_provider_required: bool
    licensed_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    reason: DeclineReason
    alternative: str


def raised_flags(flags: tuple[RedFlag, ...], answers: Mapping[str, bool]) -> tuple[str, ...]:
    """The questions answered yes. Every question of the program must be answered, and no other one."""
    missing = [flag.question_id for flag in flags if flag.question_id not in answers]
    if missing:
        detail = (
            "Every red-flag question of the program needs an answer, yes or no; question_ids names those without one."
        )
        pointer = f"/red_flag_answers/{missing[0]}"
        raise invalid("red_flag_unanswered", detail, pointer, question_ids=missing)
    if set(answers) - {flag.question_id for flag in flags}:
        raise invalid("red_flag_unknown", "An answer belongs to no question of the program.", "/red_flag_answers")
    return tuple(flag.question_id for flag in flags if answers[flag.question_id])


def asks_county(screening: Screening, jurisdictions: Edition, country: str, state: str) -> bool:
    """True where some rule of the program or of the law reaches below the state."""
    catchment = any(area.counties for area in screening.home_catchment if _same_state(area, country, state))
    return catchment or jurisdictions.asks_county(country, state)


def require_county(program: Program, jurisdictions: Edition, country: str, state: str, county: str | None) -> None:
    if county is None and asks_county(program.screening, jurisdictions, country, state):
        detail = "A rule for this state depends on the county; say which one the patient is in."
        raise invalid("county_required", detail, "/patient/address/county")


def screen(program: Program, applicant: Applicant, decision: JurisdictionDecision) -> Eligible | Declined:
    """The first rule that declines, in the order that protects the patient: danger first, business last."""
    reason = _reason_to_decline(program, applicant, decision)
    if reason is not None:
        return Declined(reason=reason, alternative=program.screening.decline_texts[reason].alternative)
    with_local = decision is JurisdictionDecision.PERMITTED_WITH_LOCAL_PHYSICIAN
    return Eligible(
        decision=decision,
        local_provider_required=with_local or program.screening.local_provider_required,
        licensed_only=licensed_only(decision),
    )


def licensed_only(decision: JurisdictionDecision) -> bool:
    """A silent place is treated like one that asks for a licence, until a person records a wider decision."""
    return decision in {JurisdictionDecision.LICENSED, JurisdictionDecision.SILENT_POLICY_REVIEW}


def _reason_to_decline(program: Program, applicant: Applicant, decision: JurisdictionDecision) -> DeclineReason | None:
    rules = program.screening
    for flag in rules.red_flags:
        if flag.question_id in applicant.red_flags:
            return flag.decline_reason
    checks = (
        (decision is JurisdictionDecision.PROHIBITED, DeclineReason.JURISDICTION_PROHIBITED),
        (any(_lives_in(area, applicant) for area in rules.home_catchment), DeclineReason.HOME_CATCHMENT),
        (applicant.minor and not rules.minors_accepted, DeclineReason.OUT_OF_SCOPE),
        (applicant.minor and not applicant.represented, DeclineReason.GUARDIAN_REQUIRED),
        (rules.sponsor_required and applicant.sponsor_id is None, DeclineReason.NOT_ELIGIBLE_MEMBER),
        (applicant.condition_group in rules.excluded_condition_groups, DeclineReason.SPECIALTY_NOT_OFFERED),
        (applicant.condition_group not in program.checklists, DeclineReason.CONDITION_NOT_COVERED),
    )
    return next((reason for applies, reason in checks if applies), None)


def _same_state(area: Catchment, country: str, state: str) -> bool:
    return (area.country, area.state) == (country, state)


def _lives_in(area: Catchment, applicant: Applicant) -> bool:
    if not _same_state(area, applicant.country, applicant.state):
        return False
    return not area.counties or folded(applicant.county) in {folded(county) for county in area.counties}
