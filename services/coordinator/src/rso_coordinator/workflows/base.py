"""What every step of a case is made of: calls of services, and `wait`.

One Temporal timer at a time, for the earliest next rung. A wait never hangs on a signal alone: before a rung acts, the service
it calls refuses what is no longer due.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

from temporalio import workflow

from rso_coordinator.workflows.calls import CaseCalls, CaseOverError, Effect

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain.ladder import Rung, first_contact, next_rung
    from rso_coordinator.payloads import CaseStart, Waiting

PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
FIRST_CONTACT = "first_contact"


class LongHistoryError(Exception):
    """The history of this run has become long. The case goes on in a new run, at the step that it rests in."""


class CaseSteps(CaseCalls):
    """A run that waits: for facts, for instants, and for the first human contact meanwhile."""

    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)
        self.due: datetime | None = None
        self.watches_contact = False
        self._pause = PAUSE
        self._clock_moves = 0

    def move_clock(self, offset: float) -> None:
        self.offset = timedelta(seconds=offset)
        self._clock_moves += 1

    async def go_on(self) -> NoReturn:
        """The same case in a new run, with an empty history."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.carried.heard = self._heard
        workflow.continue_as_new(CaseStart(self.case_id, self.carried))

    def rest(self) -> None:
        """Between two steps, where everything that has to be kept stands in `carried` or in a service. Raises LongHistoryError."""
        if self.is_long():
            raise LongHistoryError

    def is_long(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and workflow.patched("continue-as-new")

    async def wait(
        self,
        done: Callable[[], bool],
        *,
        deadline: str = "",
        ladder: Sequence[Rung] | Callable[[], Sequence[Rung]] = (),
        effect: Effect | None = None,
    ) -> None:
        """Until `done`, firing each rung of the ladder at its instant, once. Raises CaseOverError when the case ended meanwhile.

        A ladder that depends on facts is a function: it is asked again whenever a fact comes.
        """

        def upcoming() -> Rung | None:
            rungs = ladder() if callable(ladder) else ladder
            return next_rung(rungs, self.carried.fired.get(deadline, []))

        while not self._settled(done):
            self.rest()
            rung = upcoming()
            changed = partial(self._differs, rung, upcoming, done)
            due = rung.due if rung is not None and effect is not None else None
            if await self.until(due, changed) and rung is not None and effect is not None:
                await self.fire(deadline, rung, effect)
        self.check_over()

    def _differs(self, rung: Rung | None, upcoming: Callable[[], Rung | None], done: Callable[[], bool]) -> bool:
        return self._settled(done) or upcoming() != rung

    async def pause(self) -> None:
        """After a refusal: until a fact comes that the last reading did not have, or for a minute; then all is read anew.

        Each minute in vain is followed by twice as long a one, up to an hour: a history has room for so many events only.
        """
        try:
            await workflow.wait_condition(lambda: self._facts != self._facts_read, timeout=self._pause)
        except TimeoutError:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        else:
            self._pause = PAUSE

    async def heard(self, done: Callable[[], bool]) -> None:
        """Until the fact of one's own command comes back, a minute at most."""
        with suppress(TimeoutError):
            await workflow.wait_condition(done, timeout=PAUSE)

    def check_over(self) -> None:
        m = self.milestones
        if m.withdrawn or m.declined or m.expired or m.closed or self.erased:
            raise CaseOverError

    def _settled(self, done: Callable[[], bool]) -> bool:
        m = self.milestones
        return done() or m.withdrawn or m.declined or m.expired or m.closed

    def contact(self) -> Rung | None:
        """Somebody has to take the case out of its program's queue in time, whatever else it waits for meanwhile."""
        owner, rules = self.milestones.owner, self.policy
        if not self.watches_contact or rules is None or owner not in {None, rules.default_owner}:
            return None
        return next_rung(first_contact(self.contact_due()), self.carried.fired.get(FIRST_CONTACT, []))

    def contact_due(self) -> datetime:
        return datetime.fromisoformat(self.rules.submitted_at) + timedelta(seconds=self.rules.first_contact)

    async def until(self, due: datetime | None, done: Callable[[], bool]) -> bool:
        """True if the instant came first; False if `done` or if the case ended. A moved clock has the timer set anew.

        On the way the first contact is watched: one timer at a time, for whichever instant comes first.
        """
        while True:
            contact = self.contact()
            first = contact if contact is not None and (due is None or contact.due < due) else None
            came = await self._until(first.due if first else due, partial(self._differs_from, contact, done))
            if came and first:
                await self.fire(FIRST_CONTACT, first, self.nothing)
            elif came or self._settled(done):
                return came

    def _differs_from(self, contact: Rung | None, done: Callable[[], bool]) -> bool:
        """Somebody took the case meanwhile, or gave it back."""
        return self._settled(done) or self.contact() != contact

    async def _until(self, due: datetime | None, done: Callable[[], bool]) -> bool:
        if due is None:
            await workflow.wait_condition(done)
            return False
        moves, delay = self._clock_moves, due - self.now()
        if delay <= timedelta():
            return True
        self.due = due
        try:
            await workflow.wait_condition(lambda: done() or self._clock_moves != moves, timeout=delay)
        except TimeoutError:
            return True
        finally:
            self.due = None
        return False


def waiting(party: str, what: str, act: str) -> Waiting:
    return Waiting(party, what, act)


def instant(text: str | None) -> datetime:
    if text is None:
        raise workflow.NondeterminismError("an instant is missing")
    return datetime.fromisoformat(text)
