"""A copy of the workflow that fires the end of the follow-up window before it waits for it. Only a replay can tell the two apart."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain.ladder import Rung
    from rso_coordinator.payloads import CaseStart
    from rso_coordinator.workflows.case import CaseWorkflow as Original


@workflow.defn(name="CaseWorkflow")
class CaseWorkflow(Original):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str:
        return await super().run(start)

    async def following_up(self) -> None:
        over = Rung("window_over", workflow.now(), "close")
        await self.fire("follow_up", over, self.nothing)
        await super().following_up()
