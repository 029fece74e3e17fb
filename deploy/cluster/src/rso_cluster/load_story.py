"""The demo's story as a load plays it: it waits longer and asks more rarely, and takes a busy specialist for what it is."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from rso_onebox.client import ApiError
from rso_onebox.demo_story import Story

T = TypeVar("T")
WAIT_SECONDS = 900.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
BUSY = "specialist_not_eligible"


class StuckError(Exception):
    """What a case waits for did not come. The text names the case and what it was."""


def wait(get: Callable[[], T], enough: Callable[[T], bool], what: str) -> T:
    """Asks at growing distances, so that a hundred waiting cases are not the load themselves."""
    end, pause = time.monotonic() + WAIT_SECONDS, FIRST_PAUSE
    while not enough(found := get()):
        if time.monotonic() > end:
            raise StuckError(f"{what} did not come within {WAIT_SECONDS:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.4, LONGEST_PAUSE)
    return found


class LoadStory(Story):
    def play(self) -> None:
        for act in (
            self.open, self.join, self.authorize, self.pay, self.collect, self.summarize, self.accept_offer, self.review,
            self.receive,
        ):  # fmt: skip
            act()

    def stage(self, *wanted: str) -> Any:
        return wait(self._case, lambda case: case["stage"] in wanted, f"{self.case_id}: stage {' or '.join(wanted)}")

    def waits_for(self, what: str) -> Any:
        return wait(
            self._case,
            lambda case: any(item["what"] == what for item in case["waiting_on"]),
            f"{self.case_id}: waiting for {what}",
        )

    def accept_offer(self) -> None:
        """Who has become busy since the offer declines it, and the next is asked."""
        self.waits_for("offer")
        done: set[str] = set()
        while not self.specialist_id:
            offer = wait(lambda: self._open_offer(done), bool, f"{self.case_id}: an offer")
            done.add(offer["offer_id"])
            if self._accepted(offer):
                self.specialist_id = offer["specialist_id"]

    def _accepted(self, offer: Any) -> bool:
        specialist, at = self.cast.specialist(offer["specialist_id"]), f"/v1/offers/{offer['offer_id']}"
        version = specialist.get(at)["attestation"]["version"]
        specialist.post(f"{at}/attestation", {"conflict": False, "statement_version": version})
        try:
            specialist.post(f"{at}/acceptance")
        except ApiError as refusal:
            if refusal.code != BUSY:
                raise
            specialist.post(f"{at}/decline", {"reason": "no_capacity"})
            return False
        return True

    def _open_offer(self, done: set[str]) -> Any:
        offers = self.cast.desk.get("/v1/offers", case_id=self.case_id, status="offered")["offers"]
        return next((offer for offer in offers if offer["offer_id"] not in done), None)

    def receive(self) -> None:
        self.stage("delivered")
        finance = self.cast.finance
        honoraria = wait(
            lambda: finance.get("/v1/honoraria", case_id=self.case_id)["honoraria"], bool, f"{self.case_id}: honorarium"
        )
        finance.post(f"/v1/honoraria/{honoraria[0]['honorarium_id']}/approval")
        wait(lambda: finance.get(self.path("/invoices"))["invoices"], bool, f"{self.case_id}: invoice")

    def _case(self) -> Any:
        return self.cast.desk.get(self.path())
