"""From the signed opinion to the closed case, and the compensations of a case that ended early."""

from datetime import timedelta

from temporalio import workflow

from rso_coordinator.workflows.base import CaseSteps, instant, waiting
from rso_coordinator.workflows.calls import BILLING, ERASED, INTAKE, MATCHING, OPINIONS, RECORDS

with workflow.unsafe.imports_passed_through():
    from rso_coordinator.domain.ladder import Rung
    from rso_coordinator.payloads import Saying


class Delivering(CaseSteps):
    """Release, the follow-up window, and every way a case ends."""

    async def delivering(self) -> None:
        """Release by the program's policy; the honorarium follows the signature, never what it says."""
        m = self.milestones
        if not m.released_to:
            await self.say(Saying(self.case_id, "ready_for_delivery", [waiting("program", "release", "")]))
            await self.act("honorarium", BILLING + "/honorarium", specialist_id=m.specialist_id)
            self.carried.unsettled = True
            await self._release()
        if self.carried.unsettled:
            await self._settle()
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
        rungs = [Rung("patient_release", instant(said.due_at), "release")]
        await self.wait(
            lambda: "local_provider" in m.viewed_by or "patient" in m.released_to,
            deadline="provider_first", ladder=rungs, effect=self._release_at,
        )  # fmt: skip
        if "patient" not in m.released_to:
            await self._release()

    async def _settle(self) -> None:
        """After the first release. Where one of these is refused, all are asked again when the facts have been read anew."""
        await self.act("completion", MATCHING + "/completion")
        if self.rules.charge_point == "at_release":
            await self.act("charge", BILLING + "/charge-capture")
        await self.act("invoice", BILLING + "/invoice")
        self.carried.unsettled = False

    async def _release_at(self, _rung: Rung) -> None:
        await self._release()

    async def _release(self) -> None:
        answer = await self.act("release", OPINIONS + "/release")
        self.milestones.apply("opinions.opinion_released", answer.body)

    async def following_up(self) -> None:
        """The follow-up window; then the case closes by itself."""
        ends = self.now() + timedelta(seconds=self.rules.window)
        said = await self.say(Saying(self.case_id, "delivered", [], deadline="follow_up", due_at=ends.isoformat()))
        rungs = [Rung("window_over", instant(said.due_at), "close")]
        await self.wait(
            lambda: "window_over" in self.carried.fired.get("follow_up", []),
            deadline="follow_up",
            ladder=rungs,
            effect=self.nothing,
        )

    async def closing(self, reason: str) -> str:
        await self._close(reason)
        await self.write_to("patient", "case_closed")
        await self.say(Saying(self.case_id, "closed", []))
        return reason

    async def _close(self, reason: str) -> None:
        """Closes and hears of it before the run ends: a signal that meets the end of a run has that whole task done anew."""
        if not self.milestones.closed:
            answer = await self.act("closing", INTAKE + "/closing", close_reason=reason)
            if answer.refused != ERASED:
                await self.heard(lambda: self.milestones.closed)

    async def winding_up(self) -> str:
        """Compensations: what was asked for is called back, and the case closes with its reason."""
        m = self.milestones
        by_hand = (m.closed and not m.declined and not m.released_to) or (m.declined and m.eligible)
        if m.withdrawn or m.expired or by_hand or self.erased:
            cause = "withdrawn" if m.withdrawn else "expired" if m.expired else "closed"
            await self.act("cancel_records", RECORDS + "/cancellation")
            await self.act("cancel_matching", MATCHING + "/release", reason=cause)
            await self.act("cancel_review", OPINIONS + "/cancellation")
            await self.act("cancel_billing", BILLING + "/cancellation")
        ending = "declined" if m.declined else "closed"
        reason = "withdrawn_patient" if m.withdrawn else "expired_no_response" if m.expired else ending
        await self._close("withdrawn_patient" if self.erased else reason)
        if m.declined:
            await self.write_to("patient", "case_declined")
        stage = "withdrawn" if m.withdrawn else "expired" if m.expired else ending
        await self.say(Saying(self.case_id, stage, []))
        return reason
