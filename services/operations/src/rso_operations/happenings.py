"""What reports are counted from: one row per thing that happened to a case, with the instant at which its service recorded it.

Rows are added and never changed, so that a report as of any instant is the rows recorded by then. What a row needs of earlier facts
of the same stream (the stage that is left, the promise that stood, the charge that is taken back) is kept beside them by case.
"""

from typing import Any

from sqlalchemy import Column, Index, String, Table, bindparam, select

from rso_operations.board import ENDED as END_STAGES
from rso_operations.board import METADATA
from rso_shared.contracts.base import CaseFact, FactModel
from rso_shared.contracts.billing import (
    ChargeCaptured,
    ChargeVoided,
    HonorariumAccrued,
    HonorariumApproved,
    RefundIssued,
)
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered
from rso_shared.contracts.intake import CaseClosed, CaseDeclined, CaseExpired, CaseSubmitted, CaseWithdrawn
from rso_shared.contracts.opinions import OpinionSigned
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.hot import Hot
from rso_shared.kit.rows import Written
from rso_shared.kit.tables import COUNTER

OPENED, LEFT, DELIVERED, OVER, OUTCOME, ENDED = "opened", "left", "delivered", "over", "outcome", "ended"
EARNED, REFUNDED, VOIDED, ACCRUED, APPROVED = "earned", "refunded", "voided", "accrued", "approved"

CASES = Table(
    "report_cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("program_id", String),
    Column("sponsor_id", String),
    Column("submitted_at", String),
    Column("stage", String),
    Column("stage_since", String),
    Column("promised_by", String),
    Index("report_cases_by_sponsor", "sponsor_id", "program_id"),
    Index("report_cases_by_program", "program_id"),
)
HAPPENED = Table(
    "report_happenings",
    METADATA,
    Column("event_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("at", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("code", String),
    Column("other", String),
    Column("seconds", COUNTER),
    Column("amount_minor", COUNTER),
    Column("currency", String),
    Index("report_happenings_by_kind", "kind", "at"),
    Index("report_happenings_by_case", "case_id", "kind"),
)
"""`at` is when it happened. A case is opened, delivered, over and ended once: its first time counts. `over` is the coordinator's
word, by which sponsors are told; `ended` is intake's, which says how. `code` and `other` are what the kind needs: a stage, two effects,
an ending, a charge.
"""


def apply(tx: Tx, fact: Fact) -> None:
    match fact.data:
        case CaseSubmitted() as data:
            known = {"program_id": data.program.program_id, "sponsor_id": data.sponsor_id}
            _know(tx, data, **known, submitted_at=iso(data.submitted_at))
            _add(tx, fact, OPENED, at=iso(data.submitted_at))
        case PromiseChanged(promised_by=promised_by) as data:
            _know(tx, data, promised_by=iso(promised_by) if promised_by else None)
        case StageEntered() as data:
            _moved(tx, fact, data)
        case OpinionSigned() as data:
            effects = {"code": data.diagnosis_effect.value, "other": data.treatment_effect.value}
            _add(tx, fact, OUTCOME, at=iso(data.signed_at), **effects)
        case CaseClosed() | CaseDeclined() | CaseWithdrawn() | CaseExpired() as data:
            if _first(tx, data.case_id, ENDED) is None:
                _add(tx, fact, ENDED, **_ending(data))
        case _:
            _money(tx, fact)


def _know(tx: Tx, data: CaseFact, **known: Any) -> None:
    """Facts of different services come in any order: whoever is the first makes the case's row."""
    Written(tx).merge(CASES, {"case_id": data.case_id}, known)


def _add(tx: Tx, fact: Fact, kind: str, **columns: Any) -> None:
    recorded = iso(fact.time)
    row = {"event_id": fact.event_id, "kind": kind, "case_id": fact.key, "at": recorded, "recorded_at": recorded}
    Written(tx).insert(HAPPENED, {**row, **columns})


def _moved(tx: Tx, fact: Fact, data: StageEntered) -> None:
    """Ends the stage before."""
    known, at = Written(tx).get(CASES, data.case_id) or {}, iso(data.entered_at)
    if known.get("stage"):
        seconds = int((data.entered_at - parse_iso(known["stage_since"])).total_seconds())
        _add(tx, fact, LEFT, at=at, code=known["stage"], seconds=seconds)
    if data.stage is Stage.DELIVERED and _first(tx, data.case_id, DELIVERED) is None:
        _add(tx, fact, DELIVERED, at=at, other=known.get("promised_by"))
    if data.stage in END_STAGES and _first(tx, data.case_id, OVER) is None:
        _add(tx, fact, OVER, at=at)
    _know(tx, data, stage=data.stage.value, stage_since=at)


_OF_KIND = (
    select(HAPPENED.c.amount_minor, HAPPENED.c.currency)
    .where(HAPPENED.c.case_id == bindparam("case_id"), HAPPENED.c.kind == bindparam("kind"))
    .order_by(HAPPENED.c.recorded_at)
    .limit(1)
)
_ANY_OF_KIND, _OF_CODE = Hot(_OF_KIND), Hot(_OF_KIND.where(HAPPENED.c.code == bindparam("code")))


def _first(tx: Tx, case_id: str, kind: str, **code: str) -> tuple[int, str] | None:
    """(amount in minor units, currency) of the first one; with `code` only of those that have it."""
    found: tuple[int, str] | None = (_OF_CODE if code else _ANY_OF_KIND).first(tx, case_id=case_id, kind=kind, **code)
    return found


def _ending(data: FactModel) -> dict[str, str]:
    match data:
        case CaseClosed(close_reason=reason, closed_at=at):
            return {"code": Stage.CLOSED.value, "other": reason.value, "at": iso(at)}
        case CaseDeclined(reason=reason):
            return {"code": Stage.DECLINED.value, "other": reason.value}
        case CaseWithdrawn(by_role=role):
            return {"code": Stage.WITHDRAWN.value, "other": role.value}
    return {"code": Stage.EXPIRED.value, "other": ""}


def _money(tx: Tx, fact: Fact) -> None:
    """What was earned and is given back counts against it; a deposit that is given back was never earned."""
    match fact.data:
        case ChargeCaptured() as data:
            _amount(tx, fact, EARNED, data.charge_id, data.amount_minor, data.currency)
        case RefundIssued(charge_id=charge) | ChargeVoided(charge_id=charge) as data:
            earned = _first(tx, fact.key, EARNED, code=charge)
            if earned is not None:
                kind = REFUNDED if isinstance(data, RefundIssued) else VOIDED
                _amount(tx, fact, kind, charge, -earned[0], earned[1])
        case HonorariumAccrued() as data:
            _amount(tx, fact, ACCRUED, data.honorarium_id, data.amount_minor, data.currency)
        case HonorariumApproved(honorarium_id=honorarium):
            accrued = _first(tx, fact.key, ACCRUED, code=honorarium)
            if accrued is not None:
                _amount(tx, fact, APPROVED, honorarium, *accrued)


def _amount(tx: Tx, fact: Fact, kind: str, of: str, amount_minor: int, currency: str) -> None:
    _add(tx, fact, kind, code=of, amount_minor=amount_minor, currency=currency)


SHOWN: tuple[type[FactModel], ...] = (
    CaseSubmitted, PromiseChanged, StageEntered, OpinionSigned, CaseClosed, CaseDeclined, CaseWithdrawn, CaseExpired,
    ChargeCaptured, RefundIssued, ChargeVoided, HonorariumAccrued, HonorariumApproved,
)  # fmt: skip
