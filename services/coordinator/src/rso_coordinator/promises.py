"""When a case is promised: in business days of the program's calendar, or, where it is urgent, in plain hours.

Kept apart from the workflow: who changes the priority changes the promise at once, whatever the case waits for.
"""

from datetime import datetime

from rso_coordinator.calendar import calendar_of
from rso_coordinator.domain.case_log import CASE_LOG, Note
from rso_shared.contracts.intake import CaseSubmitted, PriorityChanged, ProgramPublished
from rso_shared.contracts.program import Program
from rso_shared.contracts.records import RecordSetAccepted
from rso_shared.contracts.vocabulary import Priority, Stage
from rso_shared.kit import facts
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import NotYet
from rso_shared.kit.facts import Fact
from rso_shared.kit.reactions import Reacting
from rso_shared.kit.store import stream_id

CLOCK_STOPPED = frozenset({Stage.DELIVERED, Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED})


def promised_by(program: Program, priority: Priority, accepted_at: datetime) -> datetime:
    """Counted from the acceptance of the record set. No holiday and no night holds up what is expedited or urgent."""
    match priority:
        case Priority.URGENT:
            return accepted_at + program.urgent_promise
        case Priority.EXPEDITED:
            return accepted_at + program.expedited_promise
        case _:
            return calendar_of(program.calendar).add_business_days(accepted_at, program.promise_business_days)


def priority_of(tx: Tx, case: CaseSubmitted) -> Priority:
    changed = facts.latest(tx, PriorityChanged, case.case_id)
    return changed.priority if changed else case.priority


def program_of(tx: Tx, case: CaseSubmitted) -> Program:
    """The version the case was submitted under, and no other."""
    for published in facts.every(tx, ProgramPublished, case.program.program_id):
        if published.program.version == case.program.version:
            return published.program
    raise NotYet(f"program {case.program.program_id}@{case.program.version}")


def stream_of(case: CaseSubmitted) -> str:
    return stream_id(case.organisation_id, "coordination", case.case_id)


def renew(at: Reacting, fact: Fact) -> None:
    """A promise that was given follows the new priority; one that is still to come will be made by it."""
    case = facts.require(at.tx, CaseSubmitted, fact.key)
    state = at.store.fold(at.tx, CASE_LOG, stream_of(case)).state
    if state.promised_by is None or state.stage in CLOCK_STOPPED:
        return
    accepted = facts.require(at.tx, RecordSetAccepted, fact.key)
    promised = promised_by(program_of(at.tx, case), priority_of(at.tx, case), accepted.accepted_at)
    at.store.execute(at.tx, CASE_LOG, stream_of(case), Note(case.case_id, at.now, promised_by=promised), at.meta)
