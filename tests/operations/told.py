"""Lives of cases as facts, each recorded at its own instant, for what is counted from them."""

from datetime import datetime, timedelta

from operations.cases import submitted
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.billing import ChargeCaptured, HonorariumAccrued, HonorariumApproved
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered
from rso_shared.contracts.intake import CaseClosed
from rso_shared.contracts.opinions import OpinionSigned
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import CloseReason, Effect, Stage
from support.harness import START, Harness

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def opened(case_id, *, program="direct", sponsor=None, at=START):
    known = submitted(case_id).model_copy(update={"sponsor_id": sponsor, "submitted_at": at})
    return known.model_copy(update={"program": ProgramRef(program_id=program, version=1)})


def entered(case_id, stage, at):
    return StageEntered(case_id=case_id, stage=stage, entered_at=at)


def signed(case_id, diagnosis, treatment, at, version=1):
    return OpinionSigned(
        case_id=case_id, opinion_version=version, specialist_id="dr-one", content_sha256="", diagnosis_effect=diagnosis,
        treatment_effect=treatment, signed_at=at,
    )  # fmt: skip


def say(harness: Harness, *told: tuple[datetime, FactModel]) -> None:
    """(instant, fact): the producer recorded each at its instant."""
    for at, fact in told:
        harness.clock.set(at)
        harness.receive(fact)


def life(case_id, *, hours, program="direct", sponsor=None, at=START, effect=Effect.CONFIRMED):
    """Delivered after so many hours, promised for the fourth, paid for, and closed a day later."""
    done, over = at + hours * HOUR, at + hours * HOUR + DAY
    charge = {"case_id": case_id, "charge_id": f"charge {case_id}", "amount_minor": 95_000, "currency": "USD"}
    pay = {"case_id": case_id, "honorarium_id": f"pay {case_id}"}
    return [
        (at, opened(case_id, program=program, sponsor=sponsor, at=at)),
        (at, entered(case_id, Stage.SCREENING, at)),
        (at, PromiseChanged(case_id=case_id, promised_by=at + 4 * HOUR)),
        (at + HOUR, entered(case_id, Stage.IN_REVIEW, at + HOUR)),
        (done, signed(case_id, effect, Effect.CHANGED, done)),
        (done, entered(case_id, Stage.DELIVERED, done)),
        (done, ChargeCaptured(**charge)),
        (done, HonorariumAccrued(**pay, specialist_id="dr-one", amount_minor=50_000, currency="USD")),
        (over, HonorariumApproved(**pay)),
        (over, CaseClosed(case_id=case_id, close_reason=CloseReason.COMPLETED, closed_at=over)),
        (over, entered(case_id, Stage.CLOSED, over)),
    ]
