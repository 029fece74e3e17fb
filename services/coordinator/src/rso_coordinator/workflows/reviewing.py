"""From the signed summary to the signed opinion: offers, review, quality review, signature."""

from datetime import datetime, timedelta
from functools import partial

from temporalio import workflow

from rso_coordinator.workflows.base import CaseSteps, instant, waiting
from rso_coordinator.workflows.calls import INTAKE, MATCHING, OPINIONS

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain import ladder
    from rso_coordinator.domain.ladder import Rung
    from rso_coordinator.payloads import Saying


class Reviewing(CaseSteps):
    """Who reviews it, and the opinion until it is signed."""

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
            if not m.offers:  # declined at once: that was heard before the answer which named the offer
                continue
            offer_id, expires_at = next(iter(m.offers.items()))
            await self.say(
                Saying(
                    self.case_id, "matching", [waiting("specialist", "offer", f"/v1/offers/{offer_id}/acceptance")],
                    deadline=f"offer/{offer_id}", due_at=expires_at,
                )
            )  # fmt: skip
            rungs = [Rung("lapse", instant(expires_at), "lapse", offer_id)]
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
        await self.fire("matching", rung, self.nothing)
        await self.wait(lambda: not m.exhausted)

    async def reviewing(self) -> None:
        """Review, quality review and signature; back to matching if the assignment is released on the way."""
        m = self.milestones
        accepted = instant(m.accepted_at)
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
        lapses = [Rung(f"lapse_{offer}", instant(ends), "lapse", offer) for offer, ends in m.offers.items()]
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
        rungs = ladder.overdue_once(instant((await self.say(saying)).due_at), "medical_director")
        await self.wait(
            lambda: m.approved() or not m.submitted() or m.assignment_id != assignment,
            deadline=f"quality/{version}", ladder=rungs, effect=self.nothing,
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
        rungs = ladder.overdue_once(instant(said.due_at), "medical_director")
        await self.wait(
            lambda: m.signed or m.assignment_id != assignment, deadline=deadline, ladder=rungs, effect=self.nothing
        )
