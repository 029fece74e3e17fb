"""A command carried out inside the caller's transaction, and the state it leaves as an answer."""

from rso_billing import cases
from rso_billing.api.models import ChargeState, HonorariumState
from rso_billing.domain.charge import CHARGE, ChargeCommand
from rso_billing.domain.honorarium import Honorarium
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.store import Executed
from rso_shared.kit.web.call import Call


def execute_charge(call: Call, tx: Tx, case: CaseSubmitted, command: ChargeCommand) -> ChargeState:
    done = call.service.store.execute(tx, CHARGE, cases.charge_stream(case), command, call.meta())
    return ChargeState.of(case.case_id, done.state, done.version)


def honorarium_state(done: Executed[Honorarium]) -> HonorariumState:
    accrued = done.state.accrued
    if accrued is None:
        raise unknown("honorarium_unknown", "There is no such honorarium.")
    return HonorariumState(
        case_id=accrued.case_id,
        version=done.version,
        honorarium_id=accrued.honorarium_id,
        specialist_id=accrued.specialist_id,
        amount_minor=accrued.amount.amount_minor,
        currency=accrued.amount.currency,
        status="approved" if done.state.approved_at else "accrued",
        accrued_at=accrued.accrued_at,
        approved_at=done.state.approved_at,
    )
