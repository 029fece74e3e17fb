"""Which condition a case is about. A clinician codes what the map of conditions does not know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rso_intake.domain.person import Condition
from rso_intake.domain.submission import CaseSubmitted
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@event("intake.condition_coded")
class ConditionCoded:
    condition_group: ConditionGroup
    coded_at: datetime
    condition: Sealed[Condition]


@dataclass(frozen=True, slots=True)
class Coded:
    """`coded` is None while the condition of the submission stands."""

    group: ConditionGroup = ConditionGroup.RARE_UNDIAGNOSED
    coded: Sealed[Condition] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCondition:
    condition_group: ConditionGroup
    condition: Condition
    now: datetime


def code(command: CodeCondition, person_id: str) -> Sequence[ConditionCoded]:
    coded = ConditionCoded(
        condition_group=command.condition_group,
        coded_at=command.now,
        condition=Sealed(person_id, command.condition),
    )
    return (coded,)


def evolve(state: Coded, event: object) -> Coded:
    match event:
        case CaseSubmitted(condition_group=group):
            return Coded(group=group)
        case ConditionCoded(condition_group=group, condition=condition):
            return Coded(group=group, coded=condition)
        case _:
            return state
