"""A submitted case, as operations hears of it."""

from rso_shared.contracts.base import AccessChange
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, CoverageRoute, Priority, RequesterRelation
from support.harness import START

CASE = "6f0c1b1e-5d1c-4c53-9a43-0a8d3f7f9d11"


def submitted(case_id=CASE, reference="4417", priority=Priority.ROUTINE):
    return CaseSubmitted(
        case_id=case_id,
        organisation_id="operator",
        program=ProgramRef(program_id="second-look", version=2),
        person_id="person-1",
        requester_relation=RequesterRelation.SELF,
        condition_group=ConditionGroup.BREAST_CANCER,
        country="US",
        state="CA",
        minor=False,
        language="en",
        priority=priority,
        question_ids=("q1",),
        coverage_route=CoverageRoute.SELF_PAY,
        owner="team:desk",
        reference_last_four=reference,
        submitted_at=START,
        access=(AccessChange(role="patient", subject="patient-sub-1"),),
    )
