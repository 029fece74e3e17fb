"""A copy of the workflow that asks the machine for the time. The sandbox of the replay refuses it."""

from datetime import UTC, datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.payloads import CaseStart
    from rso_coordinator.workflows.case import CaseWorkflow as Original


@workflow.defn(name="CaseWorkflow")
class CaseWorkflow(Original):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)
        self.began = datetime.now(UTC)

    @workflow.run
    async def run(self, start: CaseStart) -> str:
        return await super().run(start)
