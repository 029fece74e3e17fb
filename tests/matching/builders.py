"""Small makers of specialists, needs and streams for the tests of matching."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rso_matching.domain.decision import Considered, MatchInputs, match
from rso_matching.domain.eligibility import Load
from rso_matching.domain.licence import Licence
from rso_matching.domain.matching_events import (
    CaseOffered,
    ConflictAttested,
    MatchDecisionRecorded,
    MatchingStarted,
    OfferAccepted,
)
from rso_matching.domain.needs import CaseNeeds
from rso_matching.domain.ranking import CURRENT
from rso_matching.domain.specialist import Specialist
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WINDOW = timedelta(hours=12)
EXPIRES = NOW + WINDOW
CASE, PERSON = "case-1", "person-1"


def a_specialist(specialist_id: str = "s1", **changes: Any) -> Specialist:
    licence = Licence("l1", "US", "MA", date(2020, 1, 1), date(2030, 12, 31))
    plain = Specialist(
        specialist_id=specialist_id,
        organisation_id="operator",
        version=3,
        taxonomy=("207RX0202X",),
        focus=(ConditionGroup.BREAST_CANCER,),
        languages=("en",),
        capacity=3,
        licences=(licence,),
        verified_on=date(2026, 1, 1),
    )
    return replace(plain, **changes)


def needs(**changes: Any) -> CaseNeeds:
    plain = CaseNeeds(
        case_id=CASE,
        program=ProgramRef(program_id="self-pay", version=1),
        jurisdictions_version=1,
        person_id=PERSON,
        condition_group=ConditionGroup.BREAST_CANCER,
        country="US",
        state="MA",
        minor=False,
        language="en",
        questions=2,
        licensed_only=True,
        treating_facility_ids=("facility-1",),
        partner_organisation_id="partner-1",
        sponsor_id="sponsor-1",
    )
    return replace(plain, **changes)


def standing(*ids: str, **changes: Any) -> tuple[Considered, ...]:
    return tuple(Considered(specialist=a_specialist(id_, **changes), load=Load()) for id_ in ids)


def inputs(*ids: str) -> MatchInputs:
    return MatchInputs(decision_id="d1", at=NOW, ranking=CURRENT, needs=needs(), off_focus=7, pool=standing(*ids))


def started(*ids: str) -> tuple[Any, ...]:
    begun = MatchingStarted(case_id=CASE, person_id=PERSON, round=1, started_at=NOW)
    return (begun, MatchDecisionRecorded(case_id=CASE, round=1, decision=match(inputs(*ids))))


def offered(specialist_id: str = "s1", n: int = 1, *, backup: bool = False, at: datetime = NOW) -> CaseOffered:
    return CaseOffered(
        case_id=CASE,
        offer_id=f"o-{specialist_id}",
        specialist_id=specialist_id,
        specialist_version=3,
        n=n,
        backup=backup,
        offered_at=at,
        expires_at=at + WINDOW,
        passed_over=(),
    )


def attested(specialist_id: str = "s1", *, conflict: bool = False) -> ConflictAttested:
    return ConflictAttested(
        case_id=CASE,
        offer_id=f"o-{specialist_id}",
        specialist_id=specialist_id,
        conflict=conflict,
        statement_version="1",
        attested_at=NOW,
    )


def accepted(specialist_id: str = "s1", at: datetime = NOW) -> OfferAccepted:
    return OfferAccepted(
        case_id=CASE,
        offer_id=f"o-{specialist_id}",
        assignment_id=f"a-{specialist_id}",
        specialist_id=specialist_id,
        specialist_version=3,
        accepted_at=at,
    )


def assigned(*ids: str) -> tuple[Any, ...]:
    """The first of `ids` has the case."""
    return (*started(*ids), offered(ids[0]), attested(ids[0]), accepted(ids[0]))
