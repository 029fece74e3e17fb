"""A command on the opinion of a case, carried out in the caller's transaction, and its state as an answer."""

from dataclasses import dataclass
from datetime import datetime

from rso_opinions import cases
from rso_opinions.api.models import OpinionState
from rso_opinions.domain.opinion import OPINION
from rso_opinions.domain.opinion_commands import OpinionCommand
from rso_opinions.domain.opinion_state import Opinion
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.kit.database import Tx
from rso_shared.kit.store import Folded
from rso_shared.kit.web.call import Call


@dataclass(frozen=True, slots=True)
class Seen:
    """The opinion of a case as one read transaction found it."""

    case: CaseSubmitted
    opinion: Opinion
    version: int


def seen(call: Call, tx: Tx, case_id: str, *, as_of: datetime | None = None) -> Seen:
    case = cases.submitted(tx, case_id)
    folded: Folded[Opinion] = call.service.store.fold(tx, OPINION, cases.opinion_stream(case), as_of=as_of)
    return Seen(case, folded.state, folded.version)


def run(call: Call, tx: Tx, case: CaseSubmitted, command: OpinionCommand) -> OpinionState:
    done = call.service.store.execute(tx, OPINION, cases.opinion_stream(case), command, call.meta())
    return OpinionState.of(case.case_id, done.state, done.version)
