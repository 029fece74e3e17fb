"""One example of every shape, made by the mapping itself from facts: what the documents show is what is sent."""

from datetime import UTC, datetime, timedelta

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.billing import ChargeCaptured
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, CaseResumed, CaseSubmitted
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import (
    ConditionGroup,
    CoverageRoute,
    HoldReason,
    Priority,
    RequesterRelation,
    Stage,
)
from rso_subscriptions.public.events import Event, Level, PublicType, Sponsor
from rso_subscriptions.public.mapping import Envelope, for_partner, for_sponsor, happening, shaped

AT = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
CASE = "0b9d2c1e-6a55-4f0e-9b1a-3d6f4f2f7a10"
CASE_KEY, MEMBER_KEY = f"c_{'4f' * 16}", f"m_{'7a' * 16}"
SPONSOR = Sponsor(sponsor_id="example-employer", external_id="EMP-0042")
ENDPOINT = "7a1e5c52-9a3c-4b7e-8a59-0f5f6d1c2b3a"
OPENED = CaseSubmitted(
    case_id=CASE, organisation_id="operator", program=ProgramRef(program_id="second-look", version=1), person_id="person",
    requester_relation=RequesterRelation.PARTNER, partner_organisation_id="example-health", sponsor_id="example-employer",
    client_reference="ORDER-1017", condition_group=ConditionGroup.HEART, country="US", state="MA", minor=False, language="en",
    priority=Priority.ROUTINE, question_ids=("q1",), coverage_route=CoverageRoute.EMPLOYER_PER_CASE, owner="team:desk",
    reference_last_four="1234", submitted_at=AT,
)  # fmt: skip
WAITED = WaitingOn(
    party="patient", what="authorization", since=AT, due=AT + timedelta(days=30),
    how_to_act=f"/v1/cases/{CASE}/authorizations",
)  # fmt: skip
FACTS: tuple[FactModel, ...] = (
    OPENED,
    StageEntered(case_id=CASE, stage=Stage.COMPILING_RECORDS, entered_at=AT),
    WaitingChanged(case_id=CASE, waiting_on=(WAITED,)),
    PromiseChanged(case_id=CASE, promised_by=AT + timedelta(days=7)),
    CaseHeld(case_id=CASE, reason=HoldReason.WAITING_PATIENT),
    CaseResumed(case_id=CASE, reason=HoldReason.WAITING_PATIENT),
    StageEntered(case_id=CASE, stage=Stage.DELIVERED, entered_at=AT),
    StageEntered(case_id=CASE, stage=Stage.WITHDRAWN, entered_at=AT),
    ChargeCaptured(case_id=CASE, charge_id="charge", amount_minor=120_000, currency="USD"),
)


def _envelope(sequence: int, organisation_id: str, sponsor: Sponsor | None = None) -> Envelope:
    return Envelope(f"{sequence:08d}-1d2c-5f0e-8b1a-3d6f4f2f7a10", sequence, organisation_id, True, sponsor)


def examples() -> dict[tuple[PublicType, Level | None], Event]:
    """By type and level, in the order in which a case goes."""
    found: dict[tuple[PublicType, Level | None], Event] = {}
    for sequence, fact in enumerate(FACTS, 1):
        told = happening(fact, AT)
        if told is None:
            raise ValueError(f"{fact.TYPE} is told to nobody")
        if told.of_sponsor is not None:
            envelope = _envelope(sequence, "example-benefits", SPONSOR)
            found[told.type, Level.STAGE] = for_sponsor(told, CASE_KEY, MEMBER_KEY, envelope)
        found[told.type, Level.PARTNER] = for_partner(told, OPENED, _envelope(sequence, "example-health"))
    return found | _others()


def _others() -> dict[tuple[PublicType, Level | None], Event]:
    month = {"month": "2026-03", "cases_opened": 14, "opinions_delivered": "<11", "cases_ended": 0}
    counts, paused, tested = PublicType.COUNTS_MONTHLY, PublicType.ENDPOINT_PAUSED, PublicType.ENDPOINT_TEST
    about = {"endpoint_id": ENDPOINT}
    return {
        (counts, Level.COUNTS): shaped(counts, Level.COUNTS, _envelope(10, "example-benefits", SPONSOR), AT, month),
        (paused, None): shaped(
            paused, None, _envelope(11, "example-benefits"), AT, {**about, "reason": "failing", "paused_at": AT}
        ),
        (tested, None): shaped(tested, None, _envelope(0, "example-benefits"), AT, about),
    }
