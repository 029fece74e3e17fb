"""From the coordinator's own events to its facts: each event is one fact, member by member."""

from dataclasses import fields

from rso_coordinator.domain import case_log
from rso_shared.contracts import coordinator as facts
from rso_shared.contracts.base import FactModel
from rso_shared.kit.events import Recorded

_FACTS: dict[type, type[FactModel]] = {
    case_log.StageEntered: facts.StageEntered,
    case_log.WaitingChanged: facts.WaitingChanged,
    case_log.DeadlineSet: facts.DeadlineSet,
    case_log.RungFired: facts.RungFired,
    case_log.EscalationRaised: facts.EscalationRaised,
    case_log.PromiseChanged: facts.PromiseChanged,
}


def publish(recorded: Recorded) -> FactModel | None:
    model = _FACTS.get(type(recorded.event))
    if model is None:
        return None
    return model.model_validate({field.name: getattr(recorded.event, field.name) for field in fields(recorded.event)})
