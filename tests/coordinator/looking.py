"""What a case of a story is, as its API and its facts show it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordinator.world import World
from rso_onebox.client import until
from rso_shared.contracts import coordinator as said


@dataclass(slots=True)
class Looking:
    """`case_id` is the story's own, once it has one."""

    world: World

    def path(self, rest: str = "") -> str:
        return f"/v1/cases/{self.case_id}{rest}"

    def view(self) -> Any:
        return self.world.cast.desk.get(self.path())

    def stage(self) -> str:
        return str(self.view()["stage"])

    def waits_for(self, what: str) -> Any:
        view = until(
            self.view, lambda case: any(item["what"] == what for item in case["waiting_on"]), what=what, seconds=120
        )
        return next(item for item in view["waiting_on"] if item["what"] == what)

    def due(self, deadline: str) -> datetime:
        """The newest instant set for a deadline whose name begins like this."""
        self.world.settle()
        found = [d for d in self.world.facts(self.case_id, said.DeadlineSet) if d.deadline.startswith(deadline)]
        return datetime.fromisoformat(found[-1].due_at.isoformat())

    def rungs(self, deadline: str = "") -> list[str]:
        found = self.world.facts(self.case_id, said.RungFired)
        return [rung.rung for rung in found if rung.deadline.startswith(deadline)]

    def escalations(self) -> list[tuple[str, str]]:
        return [(e.reason, e.to) for e in self.world.facts(self.case_id, said.EscalationRaised)]

    def stages(self) -> list[str]:
        return [str(entered.stage) for entered in self.world.facts(self.case_id, said.StageEntered)]
