"""One command on one case, the same way for every route."""

from dataclasses import dataclass
from datetime import datetime

from rso_intake.domain.case import CASE, Case
from rso_intake.domain.person import Evidence
from rso_intake.queries import case_stream
from rso_intake.views import CaseVersion
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.database import Tx
from rso_shared.kit.web.call import Call, Purpose

_OWN_DATA = {Role.PATIENT, Role.LEGAL_REPRESENTATIVE}
_USER_AGENT_MAX = 300


@dataclass(frozen=True, slots=True)
class Done:
    case: Case
    version: int


def on_case(call: Call, tx: Tx, case_id: str, command: object) -> Done:
    executed = call.service.store.execute(tx, CASE, case_stream(tx, case_id), command, call.meta())
    return Done(executed.state, executed.version)


def answer(call: Call, tx: Tx, case_id: str, command: object) -> CaseVersion:
    """Runs the command and answers with the case's version."""
    done = on_case(call, tx, case_id, command)
    return CaseVersion(case_id=case_id, version=done.version, at=call.now)


def folded(call: Call, tx: Tx, case_id: str, as_of: datetime | None = None) -> Done:
    """The case as it is, or as it was at `as_of`. A case that was not there yet is unknown."""
    found = call.service.store.fold(tx, CASE, case_stream(tx, case_id), as_of=as_of)
    _ = found.state.submitted
    return Done(found.state, found.version)


def evidence(call: Call, typed_name: str, relation: str) -> Evidence:
    """What a signature is remembered by."""
    client = call.request.client
    agent = call.request.headers.get("user-agent")
    return Evidence(
        typed_name=typed_name,
        relation=relation,
        ip_address=client.host if client else None,
        user_agent=agent[:_USER_AGENT_MAX] if agent else None,
    )


def purpose_of(call: Call) -> Purpose:
    """Why a caller who did not say so looks: the patient's side at its own data, everybody else for the care."""
    return Purpose.OWN_DATA if call.principal.role in _OWN_DATA else Purpose.CARE
