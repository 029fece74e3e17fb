"""CaseWorkflow: the life of one case, readable from top to bottom. What we wait for, until when, and what happens if it does not come."""

from datetime import datetime, timedelta
from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain import ladder
    from rso_coordinator.domain.ladder import OpenRequest, Rung
    from rso_coordinator.domain.stages import awaiting
    from rso_coordinator.payloads import CaseStart, FactSeen, Saying, Waiting
    from rso_coordinator.workflows.base import CaseOverError, CaseSteps, RefusedError, waiting

INTAKE = "/internal/v1/intake/cases/{case}"
RECORDS = "/internal/v1/records/cases/{case}"
MATCHING = "/internal/v1/matching/cases/{case}"
OPINIONS = "/internal/v1/opinions/cases/{case}"
BILLING = "/internal/v1/billing/cases/{case}"


@workflow.defn(name="CaseWorkflow")
class CaseWorkflow(CaseSteps):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.signal(name="fact_seen")
    def fact_seen(self, fact: FactSeen) -> None:
        self.note(fact)

    @workflow.signal(name="clock_moved")
    def clock_moved(self, offset: float) -> None:
        self.move_clock(offset)

    @workflow.query(name="next_due")
    def next_due(self) -> str | None:
        """The instant that the case sleeps until, if it waits for one."""
        return self.due.isoformat() if self.due else None

    @workflow.run
    async def run(self, _start: CaseStart) -> str:
        if not await self.load():
            return "closed"
        while True:
            try:
                return await self.to_the_end()
            except RefusedError:
                await self.pause()
                if not await self.load():
                    self.milestones.closed = True

    async def to_the_end(self) -> str:
        try:
            await self.life()
        except CaseOverError:
            return await self.winding_up()
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

    async def screening(self) -> None:
        if self.milestones.eligible:
            return
        await self.say(Saying(self.case_id, "screening", [waiting("program", "screening", "")]))
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
            await self._write_to(item.party, f"{item.what}_requested")
        while not m.joined():
            missing = self._missing()
            await self.say(
                Saying(self.case_id, awaiting(m).value, missing, deadline="joining", due_at=rungs[-1].due.isoformat())
            )
            await self.wait(partial(self._changed, missing), deadline="joining", ladder=rungs, effect=self._remind)

    async def _write_to(self, role: str, template: str) -> None:
        """One mail per role and template for the whole life of the case, however often this is reached."""
        await self.act("mail", INTAKE + "/notices", role=role, template=template, key=template)

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
        first = self.now() + timedelta(seconds=self.rules.follow_up)
        needed = [waiting("records_specialist", "records", f"/v1/cases/{self.case_id}/checklist")]
        said = await self.say(
            Saying(self.case_id, "compiling_records", needed, deadline="records", due_at=first.isoformat())
        )
        await self._chasing(_due(said.now))

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
            OpenRequest(item["request_id"], datetime.fromisoformat(item["sent_at"]))
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
        rungs = ladder.overdue_once(_due(said.due_at), "nurse_care_manager")
        await self.wait(lambda: m.summary_signed, deadline="summary", ladder=rungs, effect=self._nothing)

    async def matching(self) -> None:
        """Offers one after the other until a specialist accepts; none left: a hold and a person decides."""
        m = self.milestones
        if m.assignment_id is not None:
            return
        if not m.matching_started:
            await self.act("matching", MATCHING + "/matching")
            m.matching_started = True
        while m.assignment_id is None:
            if not m.offers:
                await self._offer(backup=False)
            if m.exhausted:
                await self._no_specialist()
                continue
            offer_id, expires_at = next(iter(m.offers.items()))
            await self.say(
                Saying(
                    self.case_id, "matching", [waiting("specialist", "offer", f"/v1/offers/{offer_id}/acceptance")],
                    deadline=f"offer/{offer_id}", due_at=expires_at,
                )
            )  # fmt: skip
            rungs = [Rung("lapse", _due(expires_at), "lapse", offer_id)]
            await self.wait(
                partial(self._answered, offer_id), deadline=f"offer/{offer_id}", ladder=rungs, effect=self._lapse
            )

    def _answered(self, offer_id: str) -> bool:
        return offer_id not in self.milestones.offers

    async def _offer(self, *, backup: bool) -> None:
        answer = await self.act("backup" if backup else "offer", MATCHING + "/offers", backup=backup)
        if backup:
            self.milestones.no_backup = bool(answer.body.get("exhausted"))
        if answer.body.get("exhausted"):
            self.milestones.exhausted = not backup
        elif answer.refused is None:
            self.milestones.apply("matching.case_offered", answer.body)

    async def _lapse(self, rung: Rung) -> None:
        answer = await self.act("lapse", f"/internal/v1/matching/offers/{rung.target}/lapse", due=rung.due.isoformat())
        if answer.refused is None:
            self.milestones.apply("matching.offer_lapsed", {"offer_id": rung.target})

    async def _no_specialist(self) -> None:
        m = self.milestones
        m.holds.add("no_specialist")
        await self.act("hold", INTAKE + "/hold", reason="no_specialist")
        await self.say(
            Saying(
                self.case_id,
                "matching",
                [waiting("medical_director", "no_specialist", f"/v1/cases/{self.case_id}/match-decision")],
            )
        )
        rung = Rung(f"no_specialist_{len(m.answered)}", self.now(), "escalate", "medical_director")
        await self.fire("matching", rung, self._nothing)
        await self.wait(lambda: not m.exhausted)

    async def reviewing(self) -> None:
        """Review, quality review and signature; back to matching if the assignment is released on the way."""
        m = self.milestones
        accepted = _due(m.accepted_at)
        due = accepted + timedelta(seconds=self.rules.review_due)
        await self.act(
            "review",
            OPINIONS + "/review",
            assignment_id=m.assignment_id,
            specialist_id=m.specialist_id,
            due_at=due.isoformat(),
        )
        assignment = m.assignment_id
        while not m.signed and m.assignment_id == assignment:
            if not m.submitted():
                await self._drafting(accepted, due, assignment)
            elif not m.approved():
                await self._quality_review(assignment)
            else:
                await self._signing(assignment)

    async def _drafting(self, accepted: datetime, due: datetime, assignment: str | None) -> None:
        m, rules = self.milestones, self.rules
        act = f"/v1/cases/{self.case_id}/opinion/submission"
        deadline = f"review/{assignment}"
        await self.say(
            Saying(
                self.case_id,
                "in_review",
                [waiting("specialist", "opinion", act)],
                deadline=deadline,
                due_at=due.isoformat(),
            )
        )
        rungs = ladder.review(accepted, due, rules.heads_up, [timedelta(seconds=s) for s in rules.overdue])
        await self.wait(
            lambda: m.submitted() or m.assignment_id != assignment,
            deadline=deadline, ladder=lambda: [*rungs, *self._backups(rungs, deadline)], effect=self._press,
        )  # fmt: skip

    def _backups(self, rungs: list[Rung], deadline: str) -> list[Rung]:
        """A backup's window ends like any offer's; one that was not taken up is followed by the next candidate's."""
        m, fired = self.milestones, self.carried.fired.get(deadline, [])
        lapses = [Rung(f"lapse_{offer}", _due(ends), "lapse", offer) for offer, ends in m.offers.items()]
        asked = [rung for rung in rungs if rung.effect == "overdue_backup" and rung.rung in fired]
        wanted = asked and not m.offers and not m.no_backup
        return [*lapses, *(Rung(f"backup_{len(m.answered)}", r.due, r.effect) for r in asked[:1] if wanted)]

    async def _press(self, rung: Rung) -> None:
        m = self.milestones
        if rung.effect == "lapse":
            await self._lapse(rung)
            return
        if rung.effect == "overdue_backup":
            await self._offer(backup=True)
            return
        template = "review_heads_up" if rung.effect == "heads_up" else "review_overdue"
        await self.act("notice", MATCHING + "/notices", specialist_id=m.specialist_id, template=template, key=rung.rung)

    async def _quality_review(self, assignment: str | None) -> None:
        m = self.milestones
        version = m.submitted_version
        await self.act("quality_review", OPINIONS + "/quality-review", opinion_version=version)
        saying = Saying(
            self.case_id, "quality_review",
            [waiting("quality_reviewer", "quality_review", f"/v1/cases/{self.case_id}/opinion/quality-review")],
            deadline=f"quality/{version}", due_days=self.rules.quality_days,
        )  # fmt: skip
        rungs = ladder.overdue_once(_due((await self.say(saying)).due_at), "medical_director")
        await self.wait(
            lambda: m.approved() or not m.submitted() or m.assignment_id != assignment,
            deadline=f"quality/{version}", ladder=rungs, effect=self._nothing,
        )  # fmt: skip

    async def _signing(self, assignment: str | None) -> None:
        m = self.milestones
        act = f"/v1/cases/{self.case_id}/opinion/signature"
        deadline = f"signature/{m.approved_version}"
        said = await self.say(
            Saying(
                self.case_id,
                "quality_review",
                [waiting("specialist", "signature", act)],
                deadline=deadline,
                due_days=self.rules.quality_days,
            )
        )
        rungs = ladder.overdue_once(_due(said.due_at), "medical_director")
        await self.wait(
            lambda: m.signed or m.assignment_id != assignment, deadline=deadline, ladder=rungs, effect=self._nothing
        )

    async def delivering(self) -> None:
        """Release by the program's policy; the honorarium follows the signature, never what it says."""
        m = self.milestones
        if not m.released_to:
            await self.say(Saying(self.case_id, "ready_for_delivery", [waiting("program", "release", "")]))
            await self.act("honorarium", BILLING + "/honorarium", specialist_id=m.specialist_id)
            await self._release()
            await self.act("completion", MATCHING + "/completion")
            if self.rules.charge_point == "at_release":
                await self.act("charge", BILLING + "/charge-capture")
            await self.act("invoice", BILLING + "/invoice")
        if self.rules.release_policy != "provider_first" or "patient" in m.released_to:
            return
        act = f"/v1/cases/{self.case_id}/report"
        said = await self.say(
            Saying(
                self.case_id,
                "delivered",
                [waiting("local_provider", "view", act)],
                deadline="provider_first",
                due_days=self.rules.provider_first_days,
            )
        )
        rungs = [Rung("patient_release", _due(said.due_at), "release")]
        await self.wait(
            lambda: "local_provider" in m.viewed_by or "patient" in m.released_to,
            deadline="provider_first", ladder=rungs, effect=self._release_at,
        )  # fmt: skip
        if "patient" not in m.released_to:
            await self._release()

    async def _release_at(self, _rung: Rung) -> None:
        await self._release()

    async def _release(self) -> None:
        answer = await self.act("release", OPINIONS + "/release")
        self.milestones.apply("opinions.opinion_released", answer.body)

    async def following_up(self) -> None:
        """The follow-up window; then the case closes by itself."""
        ends = self.now() + timedelta(seconds=self.rules.window)
        said = await self.say(Saying(self.case_id, "delivered", [], deadline="follow_up", due_at=ends.isoformat()))
        rungs = [Rung("window_over", _due(said.due_at), "close")]
        await self.wait(
            lambda: "window_over" in self.carried.fired.get("follow_up", []),
            deadline="follow_up",
            ladder=rungs,
            effect=self._nothing,
        )

    async def closing(self, reason: str) -> str:
        await self.act("closing", INTAKE + "/closing", close_reason=reason)
        await self._write_to("patient", "case_closed")
        await self.say(Saying(self.case_id, "closed", []))
        return reason

    async def winding_up(self) -> str:
        """Compensations: what was asked for is called back, and the case closes with its reason."""
        m = self.milestones
        by_hand = m.closed and not m.declined and not m.released_to
        if m.withdrawn or m.expired or by_hand:
            cause = "withdrawn" if m.withdrawn else "expired" if m.expired else "closed"
            await self.act("cancel_records", RECORDS + "/cancellation")
            await self.act("cancel_matching", MATCHING + "/release", reason=cause)
            await self.act("cancel_review", OPINIONS + "/cancellation")
            await self.act("cancel_billing", BILLING + "/cancellation")
        reason = "withdrawn_patient" if m.withdrawn else "expired_no_response" if m.expired else "declined"
        if not m.closed:
            await self.act("closing", INTAKE + "/closing", close_reason=reason)
        if m.declined:
            await self._write_to("patient", "case_declined")
        stage = "withdrawn" if m.withdrawn else "expired" if m.expired else "declined" if m.declined else "closed"
        await self.say(Saying(self.case_id, stage, []))
        return reason

    async def _nothing(self, _rung: Rung) -> None:
        """The rung and its escalation are recorded; there is nothing else to do."""


def _due(text: str | None) -> datetime:
    if text is None:
        raise workflow.NondeterminismError("an instant is missing")
    return datetime.fromisoformat(text)
