"""CaseWorkflow: the life of one case, readable from top to bottom. What we wait for, until when, and what happens if it does not come."""

from temporalio import workflow

from rso_coordinator.workflows.base import LongHistoryError
from rso_coordinator.workflows.calls import CaseOverError, RefusedError
from rso_coordinator.workflows.delivering import Delivering
from rso_coordinator.workflows.gathering import Gathering
from rso_coordinator.workflows.reviewing import Reviewing

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.payloads import CaseStart, FactSeen


@workflow.defn(name="CaseWorkflow")
class CaseWorkflow(Gathering, Reviewing, Delivering):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.signal(name="fact_seen")
    def fact_seen(self, fact: FactSeen) -> None:
        self.hear(fact)

    @workflow.signal(name="clock_moved")
    def clock_moved(self, offset: float) -> None:
        self.move_clock(offset)

    @workflow.query(name="next_due")
    def next_due(self) -> str | None:
        """The instant that the case sleeps until, if it waits for one."""
        return self.due.isoformat() if self.due else None

    @workflow.run
    async def run(self, start: CaseStart) -> str:
        """A run that takes over from another winds up a case that was closed in between; it alone can."""
        first = not start.carried.counts
        self.watches_contact = workflow.patched("first-contact")
        if not await self.load():
            if first:
                return "closed"
            self.milestones.closed = True
        while True:
            try:
                return await self.to_the_end()
            except RefusedError:
                await self.pause()
                await self.again()
            except LongHistoryError:
                await self.go_on()

    async def again(self) -> None:
        """All is read anew, in a new run if this one's history has become long."""
        if self.is_long():
            await self.go_on()
        if not await self.load():
            self.milestones.closed = True

    async def to_the_end(self) -> str:
        self.ending = False
        try:
            await self.life()
        except CaseOverError:
            self.ending = True
            return await self.winding_up()
        self.ending = True
        return await self.closing("completed")

    async def life(self) -> None:
        self.check_over()
        await self.screening()
        await self.joining()
        await self.compiling()
        await self.summarizing()
        while not self.milestones.signed:
            await self.matching()
            await self.reviewing()
        await self.delivering()
        await self.following_up()
