"""Every service's clock says something else: decisions follow the instants stored in facts, not whoever happens to be ahead."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from coordinator.story import Story
from coordinator.world import World
from rso_shared.contracts.billing import HonorariumAccrued
from rso_shared.contracts.matching import CaseOffered, OfferLapsed
from rso_shared.contracts.opinions import OpinionReleased
from rso_shared.kit.clock import Clock
from rso_shared.kit.tables import EVENTS

SECONDS = {"intake": 25, "records": -25, "matching": -20, "opinions": 20, "billing": -10, "coordinator": 10}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A clock that is off by so much."""

    right: Clock
    by: timedelta

    def now(self) -> datetime:
        return self.right.now() + self.by


@contextlib.contextmanager
def apart(world: World) -> Iterator[None]:
    services = world.running.box.services
    right = {name: services[name].clock for name in SECONDS}
    for name, seconds in SECONDS.items():
        services[name].clock = Wrong(right[name], timedelta(seconds=seconds))
    try:
        yield
    finally:
        for name, clock in right.items():
            services[name].clock = clock


def test_a_case_goes_its_way_while_no_two_services_agree_on_the_time(story: Story, world: World) -> None:
    with apart(world):
        story.to("offer")
        asked = story.offer()["specialist_id"]
        world.past(story.due("offer/"))
        assert len(world.facts(story.case_id, OfferLapsed)) == 1
        assert story.offer()["specialist_id"] != asked
        story.accept(story.offer())
        story.finish()
    assert world.status(story.case_id) == "completed"
    assert [len(world.facts(story.case_id, kind)) for kind in (CaseOffered, OpinionReleased, HonorariumAccrued)] == [
        2,
        1,
        1,
    ]
    assert story.rungs("follow_up") == ["window_over"]
    for service in SECONDS:
        in_order(world, service, story.case_id)


def in_order(world: World, service: str, case_id: str) -> None:
    """Within a stream time never runs backwards, whoever appended."""
    with world.running.box.services[service].db.read() as tx:
        query = EVENTS.select().where(EVENTS.c.stream.endswith(case_id)).order_by(EVENTS.c.stream, EVENTS.c.version)
        rows = [(row.stream, row.recorded_at) for row in tx.conn.execute(query)]
    assert rows
    assert rows == sorted(rows)
