"""A copy of the workflow that quotes before it asks for the authorization. Only a replay can tell the two apart."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.payloads import CaseStart
    from rso_coordinator.workflows import case


@workflow.defn(name="CaseWorkflow")
class CaseWorkflow(case.CaseWorkflow):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str:
        return await super().run(start)

    async def joining(self) -> None:
        await self.act("quote", case.BILLING + "/quote")
        await self.say_first()
        await super().joining()

    async def say_first(self) -> Any:
        return await self.say(case.Saying(self.case_id, "screening"))
