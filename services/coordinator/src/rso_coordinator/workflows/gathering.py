"""From submission to the signed summary: screening, the join, records, summary."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from temporalio import workflow

from rso_coordinator.workflows.base import FIRST_CONTACT, CaseSteps, instant, waiting
from rso_coordinator.workflows.calls import BILLING, INTAKE, RECORDS, CaseOverError

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain import ladder
    from rso_coordinator.domain.ladder import OpenRequest, Rung
    from rso_coordinator.domain.stages import awaiting
    from rso_coordinator.payloads import Saying, Waiting


class Gathering(CaseSteps):
    """Everything before the record set is summarised: may we, may they, and what is there."""

    async def screening(self) -> None:
        if self.milestones.eligible:
            return
        saying = Saying(self.case_id, "screening", [waiting("program", "screening", "")])
        if self.watches_contact:
            saying.deadline, saying.due_at = FIRST_CONTACT, self.contact_due().isoformat()
        await self.say(saying)
        answer = await self.act("screening", INTAKE + "/screening")
        if not answer.body["eligible"]:
            self.milestones.declined = True
            raise CaseOverError
        self.milestones.apply("intake.eligibility_confirmed", answer.body)

    async def joining(self) -> None:
        """Authorization, participation and payment, in any order; reminders, then expiry."""
        m = self.milestones
        if m.record_set_accepted_at or m.compilation_started:
            return
        if not m.authorization_signed and m.authorization_id is None:
            answer = await self.act("authorization", INTAKE + "/authorization-request")
            m.authorization_id = answer.body["authorization_id"]
        if not m.payment_settled and not m.payment_quoted:
            quote = await self.act("quote", BILLING + "/quote")
            m.payment_settled = m.payment_settled or not quote.body["awaiting_payment"]
            m.payment_quoted = True
        since = datetime.fromisoformat(self.rules.submitted_at)
        rungs = ladder.reminders(
            since, [timedelta(seconds=s) for s in self.rules.reminders], timedelta(seconds=self.rules.expire_after)
        )
        for item in self._missing():
            await self.write_to(item.party, f"{item.what}_requested")
        while not m.joined():
            missing = self._missing()
            await self.say(
                Saying(self.case_id, awaiting(m).value, missing, deadline="joining", due_at=rungs[-1].due.isoformat())
            )
            await self.wait(partial(self._changed, missing), deadline="joining", ladder=rungs, effect=self._remind)

    def _changed(self, missing: list[Waiting]) -> bool:
        return self._missing() != missing

    def _missing(self) -> list[Waiting]:
        m, case = self.milestones, f"/v1/cases/{self.case_id}"
        found = []
        if not m.authorization_signed:
            found.append(waiting("patient", "authorization", f"{case}/authorizations/{m.authorization_id}/signature"))
        if m.local_provider_required and not m.provider_joined:
            found.append(waiting("local_provider", "participation", "/v1/case-joins"))
        if not m.payment_settled:
            found.append(waiting("patient", "payment", f"{case}/charges"))
        return found

    async def _remind(self, rung: Rung) -> None:
        missing = [item.what for item in self._missing()]
        if rung.effect == "expire":
            answer = await self.act("expiry", INTAKE + "/expiry", due=rung.due.isoformat(), waiting_on=missing)
            self.milestones.expired = answer.refused is None
            return
        parties = sorted({item.party for item in self._missing()})
        await self.act(
            "reminder",
            INTAKE + "/reminders",
            template="reminder",
            parties=parties,
            key=f"joining/{rung.rung}",
            waiting_on=missing,
        )

    async def compiling(self) -> None:
        """Records have a ladder per facility and no expiry. What is due is read from records, not remembered here."""
        m = self.milestones
        if m.record_set_accepted_at is not None:
            return
        if self.rules.charge_point == "before_records":
            await self.act("charge", BILLING + "/charge-capture")
        if not m.compilation_started:
            await self.act("compilation", RECORDS + "/compilation")
            m.compilation_started = True
        step, again = timedelta(seconds=self.rules.follow_up), "records" in self.carried.dues
        first = self.now() + step
        needed = [waiting("records_specialist", "records", f"/v1/cases/{self.case_id}/checklist")]
        said = await self.say(
            Saying(self.case_id, "compiling_records", needed, deadline="records", due_at=first.isoformat())
        )
        await self._chasing(instant(said.due_at) - step if again else instant(said.now))

    async def _chasing(self, entered: datetime) -> None:
        """Open requests are read anew when one may be due: a request sent later than the last look is due a whole step after it."""
        m, step = self.milestones, timedelta(seconds=self.rules.follow_up)
        look = entered + step
        while m.record_set_accepted_at is None:
            if await self.until(look, lambda: m.record_set_accepted_at is not None):
                looked = self.now()
                later = await self._chase(entered)
                look = min([looked + step, *(rung.due for rung in later)])
            self.check_over()
            self.rest()

    async def _chase(self, entered: datetime) -> list[Rung]:
        """Fires what is due by now and returns what is not."""
        rungs, now = await self._open_rungs(entered), self.now()
        for rung in rungs:
            if rung.due <= now:
                await self.fire("records", rung, self._follow_up)
        return [rung for rung in rungs if rung.due > now]

    async def _open_rungs(self, entered: datetime) -> list[Rung]:
        rules = self.rules
        listing = await self.read(RECORDS + "/requests")
        requests = [
            OpenRequest(item["request_id"], datetime.fromisoformat(item["sent_at"]), _attempt(item))
            for item in listing["requests"]
            if item["sent_at"]
        ]
        rungs = ladder.records(
            entered, requests, follow_up=timedelta(seconds=rules.follow_up), escalate=timedelta(seconds=rules.escalate),
            call=timedelta(seconds=rules.call), decide=timedelta(seconds=rules.decide),
        )  # fmt: skip
        fired = self.carried.fired.get("records", [])
        return sorted((r for r in rungs if r.rung not in fired), key=lambda r: (r.due, r.rung))

    async def _follow_up(self, rung: Rung) -> None:
        if rung.target:
            path = f"{RECORDS}/requests/{rung.target}/follow-up"
            await self.act("follow_up", path, rung=rung.rung, due=rung.due.isoformat())

    async def summarizing(self) -> None:
        m = self.milestones
        if m.summary_signed:
            return
        saying = Saying(
            self.case_id, "summarizing", [waiting("nurse_care_manager", "summary", f"/v1/cases/{self.case_id}/summary")],
            deadline="summary", due_days=self.rules.summary_days,
            promise_days=self.rules.promise_days, promise_from=m.record_set_accepted_at,
        )  # fmt: skip
        said = await self.say(saying)
        rungs = ladder.overdue_once(instant(said.due_at), "nurse_care_manager")
        await self.wait(lambda: m.summary_signed, deadline="summary", ladder=rungs, effect=self.nothing)


def _attempt(request: dict[str, Any]) -> int:
    """A case that slept through a second sending before attempts were told apart goes on as it began."""
    attempt = int(request["attempt"])
    return attempt if attempt > 1 and workflow.patched("rungs-per-attempt") else 1
