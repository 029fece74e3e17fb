"""A case while one service is away for two minutes: it waits, goes on, and the history stays small."""

import time
from pathlib import Path
from typing import Any

from e2e import logbook
from e2e.onebox import Onebox, rso, wait_for
from e2e.playing import sueann_case
from rso_onebox.client import until
from rso_onebox.demo_people import Cast
from rso_onebox.demo_story import Story

OUTAGE_TEST = "test_a_service_that_is_away_for_two_minutes"
AWAY = "matching"
AWAY_SECONDS = 120.0


class PatientStory(Story):
    """Whoever lives through an outage waits longer than it lasts."""

    def waits_for(self, what: str) -> Any:
        return until(
            lambda: self.cast.desk.get(self.path()),
            lambda case: any(item["what"] == what for item in case["waiting_on"]),
            what=f"waiting for {what}",
            seconds=AWAY_SECONDS + 120,
        )


def live_through_an_outage(folder: Path) -> dict[str, Any]:
    """The case up to the summary; matching goes away; two minutes later it is back and the case is played to its end."""
    away = folder.parent / "away"
    box = Onebox(folder, E2E_AWAY=str(away)).start()
    cast = Cast(box.address, box.issuer)
    story = PatientStory(cast, sueann_case(), {}, lambda _who, _what: None)
    try:
        for act in (story.open, story.join, story.authorize, story.pay, story.collect):
            act()
        away.write_text(AWAY)
        story.summarize()
        started = time.monotonic()
        while time.monotonic() - started < AWAY_SECONDS:
            time.sleep(1)
        stage_meanwhile = cast.desk.get(story.path())["stage"]
        away.unlink()
        for act in (story.accept_offer, story.review, story.receive):
            act()
        history = cast.desk.get(story.path("/workflow"))
        lived = {"stage": cast.desk.get(story.path())["stage"], "meanwhile": stage_meanwhile, "history": history}
        wait_for("quiet", lambda: logbook.quiet(box.data))
        box.stop()
        return {**lived, "faults": rso(folder, "verify").returncode}
    finally:
        cast.close()
        box.end()
